//! Room for pods: the loop's ledger counts them beside the steps of runs.

use std::collections::BTreeSet;

use coracle_model::{GpuUuid, Resources};
use coracle_plan::pod::Lacking;
use coracle_plan::{AdmissionId, Verdict};
use coracle_spec::kind::pod::{GPU, PodUid};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::batch::Message;
use crate::handle::Control;
use crate::run_loop::RunLoop;

/// What a pod that wants room hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomNews {
    /// There is room, and it is the pod's.
    Admitted {
        /// The GPUs it is leased.
        gpus: Vec<GpuUuid>,
    },
    /// There is not.
    Waiting {
        /// What there is too little of; nothing while only others come first.
        lacking: BTreeSet<Lacking>,
    },
}

/// A pod that wants room.
#[derive(Debug)]
pub(crate) struct RoomRequest {
    pub(crate) pod: PodUid,
    pub(crate) resources: Resources,
    /// What its containers hold already.
    pub(crate) held: Option<Vec<GpuUuid>>,
    pub(crate) news: UnboundedSender<RoomNews>,
}

/// A pod that wants room or has it.
#[derive(Debug)]
pub(crate) struct PodRoom {
    news: UnboundedSender<RoomNews>,
    told: Option<BTreeSet<Lacking>>,
}

impl Control {
    /// Asks for room for a pod. The answers end when the workbench shuts down; nobody listening any more gives nothing
    /// back, [`Self::release`] does.
    pub fn reserve(&self, pod: &PodUid, resources: Resources) -> UnboundedReceiver<RoomNews> {
        self.ask_for_room(pod, resources, None)
    }

    /// Counts a pod that is at work already.
    pub fn hold(
        &self,
        pod: &PodUid,
        resources: Resources,
        gpus: Vec<GpuUuid>,
    ) -> UnboundedReceiver<RoomNews> {
        self.ask_for_room(pod, resources, Some(gpus))
    }

    /// Gives back what a pod has, or takes its question back.
    pub fn release(&self, pod: &PodUid) {
        // A loop that has ended counts anew at the next start.
        let _ = self.messages.send(Message::Release(pod.clone()));
    }

    fn ask_for_room(
        &self,
        pod: &PodUid,
        resources: Resources,
        held: Option<Vec<GpuUuid>>,
    ) -> UnboundedReceiver<RoomNews> {
        // Unbounded: the loop never waits, and says something only when it changes.
        let (news, heard) = mpsc::unbounded_channel();
        let request = RoomRequest {
            pod: pod.clone(),
            resources,
            held,
            news,
        };
        let _ = self.messages.send(Message::Reserve(Box::new(request)));
        heard
    }
}

impl RunLoop {
    pub(crate) fn reserve(&mut self, request: RoomRequest) {
        let RoomRequest {
            pod,
            resources,
            held,
            news,
        } = request;
        // Asking anew is asking instead.
        self.release(pod.clone());
        let id = AdmissionId::Pod(pod.clone());
        if let Some(gpus) = held {
            self.admission.hold(id, &resources, gpus);
        } else {
            match self.admission.enqueue(id, &resources) {
                Verdict::Queued => {}
                Verdict::Reduced(message) => {
                    tracing::info!(%pod, "a pod {message}");
                }
                Verdict::Impossible(_) => {
                    let lacking = [Lacking::Extended(GPU.to_owned())].into();
                    // Whoever asked may have gone.
                    let _ = news.send(RoomNews::Waiting { lacking });
                }
            }
        }
        self.pods.insert(pod, PodRoom { news, told: None });
    }

    pub(crate) fn release(&mut self, pod: PodUid) {
        self.pods.remove(&pod);
        let id = AdmissionId::Pod(pod);
        self.admission.dequeue(&id);
        self.admission.release(&id);
    }

    pub(crate) fn let_in(&mut self, pod: &PodUid, gpus: Vec<GpuUuid>) {
        let heard = self
            .pods
            .get(pod)
            .is_some_and(|room| room.news.send(RoomNews::Admitted { gpus }).is_ok());
        if !heard {
            self.release(pod.clone());
        }
    }

    /// Tells pods that wait what they wait for, when that is news.
    pub(crate) fn tell_waiting_pods(&mut self) {
        for (pod, lacking) in self.admission.waiting_pods() {
            let Some(room) = self.pods.get_mut(&pod) else {
                continue;
            };
            if room.told.as_ref() != Some(&lacking) {
                room.told = Some(lacking.clone());
                let _ = room.news.send(RoomNews::Waiting { lacking });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use coracle_apiserver::ApiServer;
    use coracle_host::clock::SystemClock;
    use coracle_host::fake::{Act, FakeEngine};
    use coracle_model::{Cpu, EngineKind, Timestamp};
    use coracle_plan::Budget;
    use coracle_store::{Home, Objects, Store};

    use super::*;
    use crate::setting::{Setting, Surroundings};
    use crate::supervisor::Supervisor;

    fn asks(cpu: u64, gpus: u32) -> Resources {
        Resources {
            cpu_request: Some(Cpu(cpu)),
            gpus,
            ..Resources::default()
        }
    }

    #[tokio::test]
    async fn pods_share_the_ledger_and_hear_what_they_wait_for() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        let store = Store::open(&home).unwrap();
        let clock = Arc::new(SystemClock::new());
        let setting = Setting {
            store: store.clone(),
            api: ApiServer::new(
                Objects::open(store).unwrap(),
                Arc::new(|| Timestamp::UNIX_EPOCH),
                "test",
            ),
            home,
            engine: Arc::new(FakeEngine::new(clock.clone(), |_| Act::succeed())),
            clock,
            budget: Budget {
                cpu: Cpu(1000),
                gpus: vec![GpuUuid::from("GPU-a")],
                ..Budget::default()
            },
            surroundings: Surroundings {
                engine: EngineKind::Fake,
                prepare_environments: false,
                index_settings: Default::default(),
                step_variables: Default::default(),
                workbench_names: Vec::new(),
                user: None,
                engine_patience: Duration::from_secs(1),
            },
            run_variables: Arc::new(|_| Default::default()),
        };
        let supervisor = Supervisor::new(tokio::runtime::Handle::current());
        let control = Control::start(setting, &supervisor).await.unwrap();
        let [first, second, third] = ["1", "2", "3"].map(PodUid::from);
        let waiting = |lacking: &[Lacking]| {
            Some(RoomNews::Waiting {
                lacking: lacking.iter().cloned().collect(),
            })
        };
        let admitted = |gpus: &[&str]| {
            Some(RoomNews::Admitted {
                gpus: gpus.iter().map(|gpu| GpuUuid::from(*gpu)).collect(),
            })
        };
        let gpu = Lacking::Extended(GPU.to_owned());
        // One that is at work already is counted.
        let _held = control.hold(&first, asks(600, 1), vec![GpuUuid::from("GPU-a")]);
        let mut news = control.reserve(&second, asks(500, 1));
        assert_eq!(news.recv().await, waiting(&[Lacking::Cpu, gpu.clone()]));
        control.release(&first);
        assert_eq!(news.recv().await, admitted(&["GPU-a"]));
        let mut more = control.reserve(&third, asks(100, 2));
        assert_eq!(more.recv().await, waiting(&[gpu]));
        // One that nobody listens for any more takes nothing.
        let mut given_up = control.reserve(&first, asks(600, 0));
        assert_eq!(given_up.recv().await, waiting(&[Lacking::Cpu]));
        drop(given_up);
        control.release(&second);
        let mut large = control.reserve(&third, asks(900, 0));
        assert_eq!(large.recv().await, admitted(&[]));
        supervisor.shutdown(Duration::from_secs(5)).await;
    }
}
