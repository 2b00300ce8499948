//! This machine as the one node there is.

use coracle_apiserver::{ApiServer, Place};
use coracle_host::EngineDescription;
use coracle_host::gpu::GpuSurvey;
use coracle_host::machine::Machine;
use coracle_objects::{Object, ObjectExt as _, Status, kind};
use coracle_plan::Budget;
use serde_json::{Value, json};

use crate::view::{GpuCheck, GpuCheckState};

/// Who writes it, in `managedFields`.
const MANAGER: &str = "kubelet";

/// Whether a workload has seen the GPUs that it was given.
const GPU_LABEL: &str = "coracle.dev/gpu-verified";
const GPU_CONDITION: &str = "coracle.dev/GPUVerified";

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

/// Adds to the node whether its GPUs can be used, as a label and a condition.
///
/// # Errors
/// What the store said.
pub(crate) fn tell_of_gpus(api: &ApiServer, name: &str, check: &GpuCheck) -> Result<(), Status> {
    let (status, reason) = match check.state {
        GpuCheckState::Pending => return Ok(()),
        GpuCheckState::Verified => ("True", "SeenByWorkload"),
        GpuCheckState::NotVerified => ("False", "NotSeenByWorkload"),
    };
    let Some(found) = api.find(kind::nodes(), "", name) else {
        return Ok(());
    };
    let place = Place::of(kind::nodes(), "", name);
    let mut node = found.body.clone();
    let labels = node.metadata_mut().get_mut("labels");
    if let Some(labels) = labels.and_then(Value::as_object_mut) {
        let verified = (status == "True").to_string();
        labels.insert(GPU_LABEL.to_owned(), verified.into());
    }
    let written = api.update_object(&place, &node, MANAGER)?;
    let mut node = written.body.clone();
    let now = api.now().to_string();
    let condition = json!({
        "type": GPU_CONDITION,
        "status": status,
        "reason": reason,
        "message": check.message,
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    });
    let conditions = node
        .get_mut("status")
        .and_then(|status| status.get_mut("conditions"));
    if let Some(conditions) = conditions.and_then(Value::as_array_mut) {
        conditions.push(condition);
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use coracle_host::gpu::Driver;
    use coracle_model::{Cpu, EngineKind, Memory, Timestamp};
    use coracle_store::{Objects, Store};

    use super::*;

    #[test]
    fn a_node_claims_of_its_gpus_what_was_seen_in_this_life() {
        let store = Store::open_in_memory().unwrap();
        let api = ApiServer::new(
            Objects::open(store).unwrap(),
            Arc::new(|| Timestamp::UNIX_EPOCH),
            "owner",
        );
        let budget = Budget {
            cpu: Cpu(1000),
            memory: Memory(1 << 30),
            gpus: vec!["GPU-1".into()],
        };
        let gpus = GpuSurvey {
            driver: Driver::Absent { why: String::new() },
            devices: Vec::new(),
            notices: Vec::new(),
        };
        let known = Known {
            name: "here",
            machine: None,
            gpus: &gpus,
            budget: &budget,
            engine: &EngineDescription {
                kind: EngineKind::Fake,
                summary: "fake".to_owned(),
                isolates: true,
                gpus: true,
                workbench_address: None,
                forwarder: None,
            },
        };
        let claims = || {
            let node = api.find(kind::nodes(), "", "here").unwrap();
            let conditions = node.body.list_at(&["status", "conditions"]).iter();
            let mut own = conditions.filter(|condition| condition["type"] == GPU_CONDITION);
            let condition = own.next().map(|own| own["status"].clone());
            let label = node.body["metadata"]["labels"].get(GPU_LABEL).cloned();
            (label, condition, own.count())
        };
        for (state, label, condition) in [
            (GpuCheckState::Verified, "true", "True"),
            (GpuCheckState::NotVerified, "false", "False"),
        ] {
            stand_node(&api, &known).unwrap();
            let node = api.find(kind::nodes(), "", "here").unwrap();
            assert_eq!(node.body["status"]["capacity"]["nvidia.com/gpu"], "1");
            assert_eq!(claims(), (None, None, 0));
            let check = |state| GpuCheck {
                state,
                message: "seen".to_owned(),
            };
            tell_of_gpus(&api, "here", &check(GpuCheckState::Pending)).unwrap();
            assert_eq!(claims(), (None, None, 0));
            tell_of_gpus(&api, "here", &check(state)).unwrap();
            assert_eq!(claims(), (Some(label.into()), Some(condition.into()), 0));
        }
    }
}
