//! One arm a step: most spawn a task that answers by an observation. No arm decides anything.

use std::time::Duration;

use coracle_host::{
    EngineError, HostAlias, NetworkName, Opening, Protocol, PublishedPort, SandboxName,
    SandboxRequest,
};
use coracle_plan::pod::{PodObservation, PodStep, SandboxPlan, VolumeWork};
use tokio::sync::mpsc::UnboundedReceiver;

use super::files;
use super::hands::Hands;
use super::world::PodLedger;
use crate::room::RoomNews;
use crate::supervisor::{Supervisor, TaskKind};

impl Hands {
    pub(super) fn carry_out(&self, step: PodStep, supervisor: &Supervisor, ledger: &dyn PodLedger) {
        let hands = self.clone();
        match step {
            PodStep::Reserve { resources, held } => {
                let news = match held {
                    Some(gpus) => ledger.hold(&self.key.uid, resources, gpus),
                    None => ledger.reserve(&self.key.uid, resources),
                };
                supervisor.spawn(TaskKind::Lookup, hands.pass_on(news));
            }
            PodStep::Release => ledger.release(&self.key.uid),
            PodStep::PrepareVolume(work) => {
                supervisor.spawn(TaskKind::Lookup, hands.prepare_volume(*work));
            }
            PodStep::OpenSandbox(plan) => {
                self.enter(SandboxName(plan.name.clone()));
                supervisor.spawn(TaskKind::Lookup, hands.open_sandbox(*plan));
            }
            PodStep::Pull {
                container,
                image,
                policy,
                users,
            } => supervisor.spawn(
                TaskKind::Lookup,
                hands.pull(container, image, policy, users),
            ),
            PodStep::Start(start) => supervisor.spawn(TaskKind::Attempt, hands.start(*start)),
            PodStep::Attend(follow) => supervisor.spawn(TaskKind::Attempt, hands.attend(*follow)),
            PodStep::Probe(work) => supervisor.spawn(TaskKind::Lookup, hands.probe(*work)),
            PodStep::RunHook(work) => supervisor.spawn(TaskKind::Lookup, hands.run_hook(*work)),
            PodStep::Stop { which, grace } => {
                supervisor.spawn(TaskKind::Lookup, hands.stop(which, grace));
            }
            PodStep::CloseSandbox => supervisor.spawn(TaskKind::Lookup, hands.close_sandbox()),
            PodStep::RemoveContainer(which) => {
                supervisor.spawn(TaskKind::Cleanup, hands.remove_container(which));
            }
            PodStep::RemoveContainers => supervisor.spawn(TaskKind::Lookup, async move {
                hands.clone().sweep().await;
                hands.tell(PodObservation::Removed);
            }),
            // The worker has done this itself.
            PodStep::Gone => {}
        }
    }

    async fn pass_on(self, mut news: UnboundedReceiver<RoomNews>) {
        while let Some(news) = news.recv().await {
            self.tell(match news {
                RoomNews::Admitted { gpus } => PodObservation::Admitted { gpus },
                RoomNews::Waiting { lacking } => PodObservation::Waiting { lacking },
            });
        }
    }

    async fn prepare_volume(self, work: VolumeWork) {
        let volume = work.volume.clone();
        let claims = self.claims();
        let made = tokio::task::spawn_blocking(move || files::prepare_volume(&claims, &work)).await;
        let result =
            made.unwrap_or_else(|error| Err(format!("work on the disk ended badly: {error}")));
        self.tell(PodObservation::VolumePrepared { volume, result });
    }

    async fn open_sandbox(self, plan: SandboxPlan) {
        let request = sandbox_request(&plan, &self.workbench_names);
        let engine = self.engine.as_ref();
        let opened = async {
            let opening = self.patiently(|| engine.open_sandbox(&request)).await?;
            let status = self.patiently(|| engine.sandbox(&request.name)).await?;
            Ok((opening, status.and_then(|status| status.address)))
        };
        let result = match opened.await {
            // Nothing was in it: the plan asks for a place before it starts anything there.
            Ok((Opening::Made | Opening::Found | Opening::Restored, Some(address))) => Ok(address),
            Ok((_, None)) => Err("it has no address".to_owned()),
            Err(error) => Err(EngineError::to_string(&error)),
        };
        self.tell(PodObservation::SandboxOpened { result });
    }

    async fn close_sandbox(self) {
        let name = self.sandbox();
        let engine = self.engine.as_ref();
        if let Err(error) = self.persistently(|| engine.close_sandbox(&name)).await {
            tracing::warn!(%error, "a pod's network place was left behind; its removal is tried again at its end");
        }
        self.tell(PodObservation::SandboxClosed);
    }

    /// Removes what is left of the pod: its containers, its network place, its directory.
    pub(super) async fn sweep(self) {
        let engine = self.engine.as_ref();
        let uid = &self.key.uid;
        match self.persistently(|| engine.observe()).await {
            Ok(held) => {
                for workload in super::held::of_pod(&held, uid) {
                    super::held::discard(engine, workload).await;
                }
            }
            Err(error) => tracing::warn!(%error, %uid, "a pod's containers were left behind"),
        }
        if let Err(error) = engine.close_sandbox(&self.sandbox()).await {
            tracing::warn!(%error, %uid, "a pod's network place was left behind");
        }
        let directory = self.directory.clone();
        let remove = move || match fs_err::remove_dir_all(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        };
        let first = tokio::task::spawn_blocking(remove.clone()).await;
        if matches!(first, Ok(Ok(()))) {
            return;
        }
        // Containers wrote as other users; their files are given back first.
        let reclaimed = engine.reclaim(&self.directory).await;
        let second = tokio::task::spawn_blocking(remove).await;
        if !matches!(second, Ok(Ok(()))) {
            tracing::warn!(%uid, ?reclaimed, "a pod's directory was left behind");
        }
    }

    /// Waits out what a hook waits for.
    pub(super) async fn wait_out(&self, seconds: u64) {
        self.pause(Duration::from_secs(seconds)).await;
    }
}

fn sandbox_request(plan: &SandboxPlan, workbench_names: &[String]) -> SandboxRequest {
    let tcp = plan
        .ports
        .iter()
        .filter(|port| protocol(&port.protocol) == Protocol::Tcp);
    let published = plan.ports.iter().filter(|port| port.host_port > 0);
    let aliases = plan.host_aliases.iter().filter_map(|alias| {
        Some(HostAlias {
            ip: alias.ip.parse().ok()?,
            names: alias.hostnames.clone(),
        })
    });
    SandboxRequest {
        network: Some(NetworkName(plan.namespace.clone())),
        host_network: plan.host_network,
        hostname: Some(plan.hostname.clone()),
        aliases: plan.aliases.clone(),
        workbench_names: workbench_names.to_vec(),
        host_aliases: aliases.collect(),
        ports: tcp.map(|port| port.container_port).collect(),
        published: published
            .map(|port| PublishedPort {
                container_port: port.container_port,
                host_ip: None,
                host_port: Some(port.host_port),
                protocol: protocol(&port.protocol),
            })
            .collect(),
        labels: plan.labels.clone(),
        ..SandboxRequest::new(SandboxName(plan.name.clone()))
    }
}

fn protocol(written: &str) -> Protocol {
    match written {
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}
