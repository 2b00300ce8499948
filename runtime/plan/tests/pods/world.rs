//! A machine that carries out a pod's steps at once, and does what a scene tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coracle_model::{GpuUuid, ImageDigest, Timestamp};
use coracle_objects::Object;
use coracle_plan::pod::{
    ContainerEnd, ContainerTry, HeldContainer, HeldSandbox, HookKind, Lacking, PodEvent, PodHeld,
    PodObjects, PodObservation, PodPlan, PodSetting, PodStep, ProbeAnswer, ProbeKind, PullFault,
    PulledHow, PulledImage, StartContainer, StartFault, StartedContainer, VolumeWork,
};
use coracle_spec::kind::pod::Pod;
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) object: Value,
    pub(crate) plan: PodPlan,
    pub(crate) now: Timestamp,
    pub(crate) objects: PodObjects,
    /// GPUs that are free; none says that there is no room at all.
    pub(crate) gpus: Option<Vec<&'static str>>,
    /// Images that cannot be pulled.
    pub(crate) missing_images: BTreeSet<&'static str>,
    pub(crate) image_user: Option<&'static str>,
    /// Containers that do not start.
    pub(crate) unstartable: BTreeSet<&'static str>,
    /// What probes hear; well by default.
    pub(crate) probes: BTreeMap<(&'static str, ProbeKind), ProbeAnswer>,
    /// Hooks that fail, or are not answered.
    pub(crate) failing_hooks: BTreeSet<HookKind>,
    pub(crate) endless_hooks: BTreeSet<HookKind>,
    /// Containers that do not heed the polite word.
    pub(crate) stubborn: BTreeSet<&'static str>,
    pub(crate) running: BTreeMap<ContainerTry, StartContainer>,
    pub(crate) started: BTreeSet<ContainerTry>,
    pub(crate) volumes: Vec<VolumeWork>,
    /// What was carried out, in words.
    pub(crate) done: Vec<String>,
    pub(crate) events: Vec<PodEvent>,
    kills: Vec<(Timestamp, ContainerTry)>,
    pub(crate) gone: bool,
}

pub(crate) fn start_time() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub(crate) fn setting() -> PodSetting {
    PodSetting {
        node_name: "coracle".to_owned(),
        host_ip: "192.168.1.9".parse().unwrap(),
        cpu: "4".parse().unwrap(),
        memory: "8Gi".parse().unwrap(),
        directory: "/home/pods/uid-1".into(),
    }
}

impl World {
    /// A pod of this spec, to which nothing was done.
    pub(crate) fn new(spec: &Value) -> Self {
        let object = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "web",
                "namespace": "team",
                "uid": "uid-1",
                "generation": 1,
                "labels": { "app": "web" },
                "annotations": { "note": "say \"hi\"" },
            },
            "spec": spec,
            "status": { "phase": "Pending", "qosClass": "BestEffort" },
        });
        let plan = PodPlan::new(read(&object), setting());
        Self {
            object,
            plan,
            now: start_time(),
            objects: PodObjects::default(),
            gpus: Some(Vec::new()),
            missing_images: BTreeSet::new(),
            image_user: None,
            unstartable: BTreeSet::new(),
            probes: BTreeMap::new(),
            failing_hooks: BTreeSet::new(),
            endless_hooks: BTreeSet::new(),
            stubborn: BTreeSet::new(),
            running: BTreeMap::new(),
            started: BTreeSet::new(),
            volumes: Vec::new(),
            done: Vec::new(),
            events: Vec::new(),
            kills: Vec::new(),
            gone: false,
        }
    }

    /// A pod of one container.
    pub(crate) fn of(container: Value) -> Self {
        Self::new(&json!({ "containers": [named(container)] }))
    }

    /// Tells the plan what there is, and lets it do what it can.
    pub(crate) fn run(&mut self) -> &mut Self {
        self.see(PodObservation::Objects(Box::new(self.objects.clone())));
        self
    }

    pub(crate) fn see(&mut self, observation: PodObservation) -> &mut Self {
        self.plan.observe(observation, self.now);
        self.settle();
        self
    }

    pub(crate) fn settle(&mut self) {
        loop {
            let steps = self.plan.advance(self.now);
            self.events.extend(self.plan.drain_events());
            if steps.is_empty() {
                break;
            }
            for step in steps {
                self.carry_out(step);
            }
        }
        assert_eq!(self.plan.advance(self.now), [], "planned again");
    }

    /// Lets time pass, stopping wherever the plan wants to be asked.
    pub(crate) fn pass(&mut self, seconds: u64) -> &mut Self {
        let end = self.now + Duration::from_secs(seconds);
        loop {
            let kill = self.kills.iter().map(|(at, _)| *at).min();
            let wake = [self.plan.next_wake(), kill].into_iter().flatten().min();
            let Some(wake) = wake.filter(|wake| *wake <= end) else {
                break;
            };
            assert!(wake >= self.now, "a wake in the past");
            if wake == self.now && kill != Some(wake) {
                let steps = self.plan.advance(self.now);
                assert_eq!(steps, [], "settled");
                break;
            }
            self.now = wake;
            let due: Vec<_> = self.kills.extract_if(.., |(at, _)| *at <= wake).collect();
            for (_, which) in due {
                self.end(&which, 137);
            }
            self.settle();
        }
        self.now = end;
        self.settle();
        self
    }

    fn carry_out(&mut self, step: PodStep) {
        self.done.push(in_words(&step));
        let seen = match step {
            PodStep::Reserve { held: Some(_), .. } => return,
            PodStep::Reserve { resources, .. } => match &self.gpus {
                Some(gpus) if gpus.len() >= resources.gpus as usize => {
                    let gpus = gpus[..resources.gpus as usize].iter();
                    PodObservation::Admitted {
                        gpus: gpus.map(|gpu| GpuUuid::from(*gpu)).collect(),
                    }
                }
                Some(_) => PodObservation::Waiting {
                    lacking: [Lacking::Extended("nvidia.com/gpu".to_owned())].into(),
                },
                None => PodObservation::Waiting {
                    lacking: [Lacking::Memory, Lacking::Cpu].into(),
                },
            },
            PodStep::PrepareVolume(work) => {
                let volume = work.volume.clone();
                self.volumes.push(*work);
                PodObservation::VolumePrepared {
                    volume,
                    result: Ok(()),
                }
            }
            PodStep::OpenSandbox(_) => PodObservation::SandboxOpened {
                result: Ok("10.1.0.2".parse().unwrap()),
            },
            PodStep::Pull {
                container, image, ..
            } => PodObservation::Pulled {
                container,
                image: image.to_string(),
                result: self.pull(image.as_str()),
            },
            PodStep::Start(start) => {
                let which = start.which.clone();
                let result = if self.unstartable.contains(which.container.as_str()) {
                    Err(StartFault::Run("exec: \"x\": not found".to_owned()))
                } else {
                    assert!(
                        self.started.insert(which.clone()),
                        "{which:?} started twice"
                    );
                    self.running.insert(which.clone(), *start);
                    Ok(StartedContainer {
                        id: format!("docker://{}-{}", which.container, which.attempt),
                        at: self.now,
                    })
                };
                PodObservation::Started { which, result }
            }
            PodStep::Probe(work) => {
                let kind = work.kind;
                let mut scripted = self.probes.iter();
                let scripted = scripted.find(|((name, asked), _)| {
                    *name == work.which.container.as_str() && *asked == kind
                });
                let answer = scripted.map_or(ProbeAnswer::Success, |(_, answer)| answer.clone());
                PodObservation::Probed {
                    which: work.which,
                    kind,
                    answer,
                }
            }
            PodStep::RunHook(work) => {
                if self.endless_hooks.contains(&work.kind) {
                    return;
                }
                let fails = self.failing_hooks.contains(&work.kind);
                PodObservation::Hooked {
                    which: work.which,
                    kind: work.kind,
                    result: if fails {
                        Err("exited with 1".to_owned())
                    } else {
                        Ok(())
                    },
                }
            }
            PodStep::Stop { which, grace } => {
                if self.stubborn.contains(which.container.as_str()) {
                    self.kills.push((self.now + grace, which));
                } else {
                    self.end(&which, 143);
                }
                return;
            }
            PodStep::CloseSandbox => PodObservation::SandboxClosed,
            PodStep::RemoveContainers => PodObservation::Removed,
            PodStep::Gone => {
                self.gone = true;
                return;
            }
            PodStep::Release | PodStep::Attend(_) | PodStep::RemoveContainer(_) => return,
        };
        self.plan.observe(seen, self.now);
    }

    fn pull(&self, image: &str) -> Result<PulledImage, PullFault> {
        if self.missing_images.contains(image) {
            return Err(PullFault::Failed("manifest unknown".to_owned()));
        }
        Ok(PulledImage {
            digest: ImageDigest::from(format!("sha256:{image}")),
            how: PulledHow::Present,
            user: self.image_user.map(str::to_owned),
        })
    }

    fn end(&mut self, which: &ContainerTry, code: i64) {
        if self.running.remove(which).is_some() {
            let end = self.ended_with(code, "");
            let which = which.clone();
            self.plan
                .observe(PodObservation::Ended { which, end }, self.now);
        }
    }

    pub(crate) fn ended_with(&self, code: i64, message: &str) -> ContainerEnd {
        ContainerEnd {
            code,
            out_of_memory: false,
            started_at: None,
            finished_at: self.now,
            message: message.to_owned(),
        }
    }

    /// A container ends by itself.
    pub(crate) fn exit(&mut self, name: &str, code: i64) -> &mut Self {
        let which = self.which(name);
        self.end(&which, code);
        self.settle();
        self
    }

    /// The container of that name that runs.
    pub(crate) fn which(&self, name: &str) -> ContainerTry {
        let mut running = self.running.keys();
        running
            .find(|which| which.container.as_str() == name)
            .unwrap_or_else(|| panic!("{name} does not run; {:?}", self.done))
            .clone()
    }

    /// How the container of that name was started.
    pub(crate) fn start(&self, name: &str) -> &StartContainer {
        &self.running[&self.which(name)]
    }

    /// The object is changed.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Value)) -> &mut Self {
        change(&mut self.object);
        let pod = read(&self.object);
        self.see(PodObservation::Pod(Box::new(pod)))
    }

    pub(crate) fn delete(&mut self, grace: u64) -> &mut Self {
        let at = (self.now + Duration::from_secs(grace)).to_string();
        self.edit(|object| {
            object["metadata"]["deletionTimestamp"] = at.into();
            object["metadata"]["deletionGracePeriodSeconds"] = grace.into();
        })
    }

    pub(crate) fn status(&mut self) -> Value {
        self.plan.status(self.now)
    }

    pub(crate) fn phase(&mut self) -> String {
        self.status()["phase"].as_str().unwrap().to_owned()
    }

    /// The status of a container.
    pub(crate) fn container(&mut self, name: &str) -> Value {
        let status = self.status();
        let lists = ["containerStatuses", "initContainerStatuses"];
        let mut all = lists
            .iter()
            .filter_map(|list| status[*list].as_array())
            .flatten();
        all.find(|status| status["name"] == name)
            .unwrap_or_else(|| panic!("no {name} in {status}"))
            .clone()
    }

    /// `True`, or `False` with its reason.
    pub(crate) fn condition(&mut self, kind: &str) -> String {
        let status = self.status();
        let conditions = status["conditions"].as_array().unwrap();
        let condition = conditions
            .iter()
            .find(|condition| condition["type"] == kind);
        let Some(condition) = condition else {
            return String::new();
        };
        let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
        let words = [text("status"), text("reason"), text("message")];
        words.join(" ").trim().to_owned()
    }

    /// What was told with this reason.
    pub(crate) fn told(&self, reason: &str) -> Vec<&str> {
        let events = self.events.iter().filter(|event| event.reason == reason);
        events.map(|event| event.message.as_str()).collect()
    }

    /// How often a container was started.
    pub(crate) fn starts(&self, name: &str) -> usize {
        self.started
            .iter()
            .filter(|which| which.container.as_str() == name)
            .count()
    }

    /// The workbench is killed and comes back; what runs, runs on.
    pub(crate) fn restart_workbench(&mut self) -> &mut Self {
        let status = self.status();
        self.object["status"] = status.clone();
        let containers = self.running.values().map(|start| HeldContainer {
            which: start.which.clone(),
            id: format!("docker://{}-{}", start.which.container, start.which.attempt),
            has_begun: true,
            started_at: Some(self.now),
            gpus: start.gpus.clone(),
        });
        let held = PodHeld {
            sandbox: (!self.running.is_empty()).then(|| HeldSandbox {
                number: 0,
                address: "10.1.0.2".parse().unwrap(),
            }),
            containers: containers.collect(),
        };
        self.plan = PodPlan::resume(read(&self.object), &status, &held, setting(), self.now);
        self.run()
    }
}

pub(crate) fn read(object: &Value) -> Pod {
    let object: &Object = object.as_object().unwrap();
    Pod::read(object).unwrap()
}

/// A container with what every one has.
pub(crate) fn named(mut container: Value) -> Value {
    for (field, value) in [("name", "main"), ("image", "busybox:1")] {
        if container.get(field).is_none() {
            container[field] = value.into();
        }
    }
    container
}

fn in_words(step: &PodStep) -> String {
    let who = |which: &ContainerTry| format!("{} {}", which.container, which.attempt);
    match step {
        PodStep::Reserve { held: None, .. } => "reserve".to_owned(),
        PodStep::Reserve { held: Some(_), .. } => "hold".to_owned(),
        PodStep::Release => "release".to_owned(),
        PodStep::PrepareVolume(work) => format!("volume {}", work.volume),
        PodStep::OpenSandbox(_) => "open".to_owned(),
        PodStep::Pull { container, .. } => format!("pull {container}"),
        PodStep::Start(start) => format!("start {}", who(&start.which)),
        PodStep::Attend(follow) => format!("attend {}", who(&follow.which)),
        PodStep::Probe(work) => format!("{} {}", work.kind.as_str(), work.which.container),
        PodStep::RunHook(work) => format!("{:?} {}", work.kind, work.which.container),
        PodStep::Stop { which, grace } => format!("stop {} {}s", which.container, grace.as_secs()),
        PodStep::CloseSandbox => "close".to_owned(),
        PodStep::RemoveContainer(which) => format!("remove {}", who(which)),
        PodStep::RemoveContainers => "remove all".to_owned(),
        PodStep::Gone => "gone".to_owned(),
    }
}
