//! Which container of a pod is meant, at which try, and where it is.

use coracle_host::WorkloadName;
use coracle_objects::{Object, ObjectExt as _, Reason, Status, kind};
use coracle_plan::pod::{ContainerAttempt, ContainerTry, workload_name};
use coracle_spec::kind::pod::PodUid;
use serde_json::Value;

use crate::workbench::Workbench;

/// The lists of a pod's containers, and those of their statuses.
const LISTS: [(&str, &str); 3] = [
    ("containers", "containerStatuses"),
    ("initContainers", "initContainerStatuses"),
    ("ephemeralContainers", "ephemeralContainerStatuses"),
];

/// A container of a pod.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    pub(super) pod: Object,
    pub(super) container: String,
    /// What the pod's status says of it; nothing when it says nothing yet.
    status: Option<Value>,
}

impl Meant {
    /// The container of that name, or the only one.
    ///
    /// # Errors
    /// 404 for no such pod, 400 where it is not clear which container is meant.
    pub(super) fn find(
        workbench: &Workbench,
        namespace: &str,
        pod: &str,
        container: Option<&str>,
    ) -> Result<Self, Status> {
        let found = workbench.kubernetes().find(kind::pods(), namespace, pod);
        let pods = kind::pods();
        let found = found.ok_or_else(|| Status::not_found(pods.group, pods.plural, pod))?;
        let pod = found.body.clone();
        let container = choose(&pod, container)?;
        let status = LISTS
            .iter()
            .flat_map(|(_, statuses)| pod.list_at(&["status", statuses]))
            .find(|status| status["name"] == container.as_str())
            .cloned();
        Ok(Self {
            pod,
            container,
            status,
        })
    }

    /// Whether the pod was given a place to run.
    pub(super) fn is_placed(&self) -> bool {
        !self.pod.text_at(&["spec", "nodeName"]).is_empty()
    }

    /// The try whose output is read: the one at work, or the last that was.
    ///
    /// # Errors
    /// 400 where there is none.
    pub(super) fn logged_try(&self, previous: bool) -> Result<u32, Status> {
        let (pod, container) = (self.pod.name(), &self.container);
        let tries = self.number("restartCount");
        let state = |name: &str| self.state("state", name);
        let ended_before = self.state("lastState", "terminated").is_some();
        if previous {
            let waits = state("running").is_none() && state("terminated").is_none();
            return match (ended_before, waits) {
                (true, true) => Ok(tries),
                (true, false) => Ok(tries.saturating_sub(1)),
                (false, _) => Err(Status::bad_request(format!(
                    "previous terminated container {container:?} in pod {pod:?} not found"
                ))),
            };
        }
        if state("running").is_some() || state("terminated").is_some() || ended_before {
            return Ok(tries);
        }
        let why = state("waiting")
            .and_then(|waiting| waiting.get("reason"))
            .and_then(Value::as_str)
            .unwrap_or("ContainerCreating");
        let waits = match why {
            "ContainerCreating" | "PodInitializing" => format!("waiting to start: {why}"),
            "ErrImagePull" | "ImagePullBackOff" => {
                format!("waiting to start: {}", self.waits_for(why))
            }
            why => format!("waiting to start: {why}"),
        };
        Err(Status::bad_request(format!(
            "container {container:?} in pod {pod:?} is {waits}"
        )))
    }

    /// Its workload, which runs now.
    ///
    /// # Errors
    /// 500 in a kubelet's words where it does not run.
    pub(super) fn running(&self) -> Result<WorkloadName, Status> {
        if !self.is_placed() {
            let message = format!("pod {} does not have a host assigned", self.pod.name());
            return Err(Status::bad_request(message));
        }
        if self.state("state", "running").is_none() {
            let message = format!("container not found ({:?})", self.container);
            return Err(Status::new(Reason::InternalError, message));
        }
        let which = self.at_try(self.number("restartCount"));
        let uid = PodUid::from(self.pod.uid());
        Ok(WorkloadName(workload_name(&uid, &which)))
    }

    /// It, at one of its tries.
    pub(super) fn at_try(&self, attempt: u32) -> ContainerTry {
        ContainerTry {
            container: self.container.as_str().into(),
            attempt: ContainerAttempt(attempt),
        }
    }

    fn waits_for(&self, why: &str) -> String {
        if why == "ErrImagePull" {
            "image can't be pulled".to_owned()
        } else {
            "trying and failing to pull image".to_owned()
        }
    }

    fn state(&self, of: &str, name: &str) -> Option<&Value> {
        self.status.as_ref()?.get(of)?.get(name)
    }

    fn number(&self, field: &str) -> u32 {
        let number = self
            .status
            .as_ref()
            .and_then(|status| status.get(field)?.as_u64());
        number
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or_default()
    }
}

/// The name of the container that is meant.
fn choose(pod: &Object, container: Option<&str>) -> Result<String, Status> {
    let names = |list: &str| -> Vec<String> {
        let containers = pod.list_at(&["spec", list]).iter();
        containers
            .filter_map(|container| Some(container.get("name")?.as_str()?.to_owned()))
            .collect()
    };
    if let Some(wanted) = container.filter(|name| !name.is_empty()) {
        let known = LISTS
            .iter()
            .any(|(list, _)| names(list).iter().any(|name| name == wanted));
        if known {
            return Ok(wanted.to_owned());
        }
        let message = format!("container {wanted} is not valid for pod {}", pod.name());
        return Err(Status::bad_request(message));
    }
    let mut main = names("containers");
    if main.len() == 1 {
        return Ok(main.swap_remove(0));
    }
    let mut message = format!(
        "a container name must be specified for pod {}, choose one of: [{}]",
        pod.name(),
        main.join(" ")
    );
    let init = names("initContainers");
    if !init.is_empty() {
        message = format!(
            "{message} or one of the init containers: [{}]",
            init.join(" ")
        );
    }
    Err(Status::bad_request(message))
}
