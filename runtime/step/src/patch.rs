//! What the pod of a step has that follows from the step's inputs: an image, sizes, secrets and claims that are given as
//! parameters. It is known only once those that produce them have ended, so it travels as a patch of the pod.

use coracle_model::Resources;
use coracle_plan::{InitLaunch, Launch, PlannedMount, PlannedSource, PlannedVariable};
use serde_json::{Map, Value, json};

/// The strategic merge patch of the pod of a step; the step's container is `main`.
pub fn pod_patch(launch: &Launch) -> Value {
    let stored: Vec<Value> = launch.variables.iter().filter_map(stored).collect();
    let mounts: Vec<(Value, Value)> = launch
        .mounts
        .iter()
        .enumerate()
        .filter_map(|(index, mount)| volume(index, mount))
        .collect();
    let volume_mounts: Vec<_> = mounts.iter().map(|(_, mount)| mount).collect();
    let volumes: Vec<_> = mounts.iter().map(|(volume, _)| volume).collect();
    json!({
        "initContainers": launch.init.iter().map(init).collect::<Vec<_>>(),
        "containers": [{
            "name": "main",
            "image": launch.image.to_string(),
            "env": stored,
            "resources": resources(&launch.resources),
            "volumeMounts": volume_mounts,
        }],
        "volumes": volumes,
    })
}

fn init(init: &InitLaunch) -> Value {
    json!({"name": init.name, "command": init.command, "args": init.args})
}

fn stored(variable: &PlannedVariable) -> Option<Value> {
    let PlannedVariable::Stored(stored) = variable else {
        return None;
    };
    let kind = if stored.secret {
        "secretKeyRef"
    } else {
        "configMapKeyRef"
    };
    let reference = json!({"name": stored.name, "key": stored.key, "optional": stored.optional});
    Some(json!({"name": stored.variable, "valueFrom": {kind: reference}}))
}

/// The volume and its mount that a planned mount stands for, where it stands for one of the cluster's.
fn volume(index: usize, mount: &PlannedMount) -> Option<(Value, Value)> {
    let name = format!("given-{index}");
    let (source, sub_path) = match &mount.source {
        PlannedSource::Stored {
            secret: true,
            name,
            optional,
        } => (
            json!({"secret": {"secretName": name, "optional": optional}}),
            "",
        ),
        PlannedSource::Stored {
            secret: false,
            name,
            optional,
        } => (
            json!({"configMap": {"name": name, "optional": optional}}),
            "",
        ),
        PlannedSource::Volume { name, sub_path } => (
            json!({"persistentVolumeClaim": {"claimName": name}}),
            sub_path.as_str(),
        ),
        PlannedSource::Directory(_) | PlannedSource::Existing(_) | PlannedSource::Memory { .. } => {
            return None;
        }
    };
    let Value::Object(mut volume) = source else {
        return None;
    };
    volume.insert("name".to_owned(), json!(name));
    let mut mounted = Map::new();
    mounted.insert("name".to_owned(), json!(name));
    mounted.insert("mountPath".to_owned(), json!(mount.target));
    if !sub_path.is_empty() {
        mounted.insert("subPath".to_owned(), json!(sub_path));
    }
    Some((Value::Object(volume), Value::Object(mounted)))
}

fn resources(resources: &Resources) -> Value {
    let mut requests = Map::new();
    let mut limits = Map::new();
    let put = |map: &mut Map<String, Value>, name: &str, value: Option<String>| {
        if let Some(value) = value {
            map.insert(name.to_owned(), Value::String(value));
        }
    };
    let cpu = |cpu: Option<coracle_model::Cpu>| cpu.map(|cpu| format!("{}m", cpu.0));
    let memory = |memory: Option<coracle_model::Memory>| memory.map(|memory| memory.0.to_string());
    put(&mut requests, "cpu", cpu(resources.cpu_request));
    put(&mut requests, "memory", memory(resources.memory_request));
    put(&mut limits, "cpu", cpu(resources.cpu_limit));
    put(&mut limits, "memory", memory(resources.memory_limit));
    let gpus = Some(resources.gpus).filter(|gpus| *gpus > 0);
    put(
        &mut limits,
        "nvidia.com/gpu",
        gpus.map(|gpus| gpus.to_string()),
    );
    json!({"requests": requests, "limits": limits})
}
