//! This machine as the one node there is.

use coracle_apiserver::{ApiServer, Place};
use coracle_host::EngineDescription;
use coracle_host::gpu::GpuSurvey;
use coracle_host::machine::Machine;
use coracle_objects::{Object, ObjectExt as _, Status, kind};
use coracle_plan::Budget;
use serde_json::{Value, json};

/// Who writes it, in `managedFields`.
const MANAGER: &str = "kubelet";

/// The most pods that a node takes: a kubelet's own default.
const MOST_PODS: &str = "110";

/// What is known of the machine.
pub(crate) struct Known<'a> {
    pub(crate) name: &'a str,
    pub(crate) machine: Option<&'a Machine>,
    pub(crate) gpus: &'a GpuSurvey,
    pub(crate) budget: &'a Budget,
    pub(crate) engine: &'a EngineDescription,
}

/// Writes the node as the machine is now. Nodes of other names, from before this machine was renamed, go.
///
/// # Errors
/// What the store said.
pub(crate) fn stand_node(api: &ApiServer, known: &Known<'_>) -> Result<(), Status> {
    for node in api.all(kind::nodes(), None) {
        if node.key.name != known.name {
            api.delete(
                &Place::of(kind::nodes(), "", &node.key.name),
                &Default::default(),
            )?;
        }
    }
    let place = Place::of(kind::nodes(), "", known.name);
    let mut node = match api.find(kind::nodes(), "", known.name) {
        Some(found) => found.body.clone(),
        None => {
            let body = json!({
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": { "name": known.name },
            });
            let body: Object = body.as_object().cloned().unwrap_or_default();
            api.create_object(&place, &body, MANAGER)?.body.clone()
        }
    };
    let metadata = node.metadata_mut();
    metadata.insert("labels".to_owned(), labels(known));
    let written = api.update_object(&place, &node, MANAGER)?;
    let mut node = written.body.clone();
    node.insert("status".to_owned(), status(api, &node, known));
    api.update_object(&place.part("status"), &node, MANAGER)?;
    Ok(())
}

fn labels(known: &Known<'_>) -> Value {
    let mut labels = json!({
        "kubernetes.io/hostname": known.name,
        "kubernetes.io/os": std::env::consts::OS,
        "kubernetes.io/arch": architecture(),
    });
    if let Some(gpu) = known
        .gpus
        .units()
        .first()
        .filter(|_| !known.budget.gpus.is_empty())
    {
        labels["nvidia.com/gpu.present"] = "true".into();
        labels["nvidia.com/gpu.count"] = known.budget.gpus.len().to_string().into();
        labels["nvidia.com/gpu.product"] = gpu.name.replace(' ', "-").into();
    }
    labels
}

fn status(api: &ApiServer, node: &Object, known: &Known<'_>) -> Value {
    let mut capacity = json!({
        "cpu": known.budget.cpu.to_string(),
        "memory": format!("{}Ki", known.budget.memory.0 / 1024),
        "pods": MOST_PODS,
    });
    if !known.budget.gpus.is_empty() {
        capacity["nvidia.com/gpu"] = known.budget.gpus.len().to_string().into();
    }
    if let Some(machine) = known.machine {
        capacity["ephemeral-storage"] = format!("{}Ki", machine.disk_free.0 / 1024).into();
    }
    let system = |of: fn(&Machine) -> &String| known.machine.map(of).cloned().unwrap_or_default();
    json!({
        "capacity": capacity,
        "allocatable": capacity,
        "addresses": [
            { "type": "InternalIP", "address": "127.0.0.1" },
            { "type": "Hostname", "address": known.name },
        ],
        "conditions": conditions(api, node),
        "daemonEndpoints": { "kubeletEndpoint": { "Port": 0 } },
        "nodeInfo": {
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
            "architecture": architecture(),
            "operatingSystem": std::env::consts::OS,
            "kernelVersion": system(|machine| &machine.kernel),
            "osImage": system(|machine| &machine.os),
            "containerRuntimeVersion": runtime_version(known.engine),
            "kubeletVersion": concat!("v1.34.4+coracle-", env!("CARGO_PKG_VERSION")),
            "kubeProxyVersion": "",
        },
    })
}

fn conditions(api: &ApiServer, node: &Object) -> Vec<Value> {
    let now = api.now().to_string();
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        let stands = node
            .list_at(&["status", "conditions"])
            .iter()
            .find(|stands| stands["type"] == kind && stands["status"] == status);
        let since = stands.map_or_else(
            || now.clone().into(),
            |stands| stands["lastTransitionTime"].clone(),
        );
        json!({
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": now,
            "lastTransitionTime": since,
        })
    };
    vec![
        condition(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        condition(
            "DiskPressure",
            "False",
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure",
        ),
        condition(
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
        condition(
            "Ready",
            "True",
            "KubeletReady",
            "kubelet is posting ready status",
        ),
    ]
}

/// `docker://20.10.24`, from `Docker 20.10.24 at ...`.
fn runtime_version(engine: &EngineDescription) -> String {
    let mut words = engine.summary.split_whitespace();
    let name = words.next().unwrap_or_default().to_lowercase();
    let version = words
        .find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))
        .unwrap_or(env!("CARGO_PKG_VERSION"));
    format!("{name}://{version}")
}

/// The machine's architecture in Go's words.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
