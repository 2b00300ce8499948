//! What follows from a pod's or a template's `spec`: the pod that a template makes, and all that one asks for.

use coracle_model::{Cpu, Memory, Quantity, Resources};
use serde_json::{Map, Value, json};

use crate::object::{Object, OwnerReference};

/// The resource that GPUs are asked for as.
const GPU: &str = "nvidia.com/gpu";

/// The pod that an owner makes from a template. It has no name yet; the template's labels and annotations are its own.
pub fn from_template(template: &Value, namespace: &str, owner: &OwnerReference) -> Object {
    let of_template = template.get("metadata");
    let mut metadata = Map::new();
    for field in ["labels", "annotations", "finalizers"] {
        let value = of_template.and_then(|metadata| metadata.get(field));
        metadata.extend(value.map(|value| (field.to_owned(), value.clone())));
    }
    metadata.insert("namespace".to_owned(), namespace.into());
    let owner = json!({
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": owner.controller,
        "blockOwnerDeletion": owner.block_owner_deletion,
    });
    metadata.insert("ownerReferences".to_owned(), json!([owner]));
    let spec = template.get("spec").cloned().unwrap_or_else(|| json!({}));
    Object::from_iter([
        ("apiVersion".to_owned(), "v1".into()),
        ("kind".to_owned(), "Pod".into()),
        ("metadata".to_owned(), metadata.into()),
        ("spec".to_owned(), spec),
    ])
}

/// All that a pod asks for: what its containers and sidecars ask for together, or what one of the containers before
/// them asks for while the sidecars that began earlier run, whichever is more. A limit holds where every container
/// has one.
pub fn resources(spec: &Value) -> Resources {
    let asked = |name| {
        peak(spec, |container| {
            amount(container, "requests", name).or_else(|| amount(container, "limits", name))
        })
    };
    let limit = |name| {
        every_container_has(spec, name)
            .then(|| peak(spec, |container| amount(container, "limits", name)))
    };
    Resources {
        cpu_request: some(asked("cpu")).map(cpu),
        cpu_limit: limit("cpu").and_then(some).map(cpu),
        memory_request: some(asked("memory")).map(memory),
        memory_limit: limit("memory").and_then(some).map(memory),
        gpus: u32::try_from(asked(GPU).ceiling()).unwrap_or(0),
    }
}

fn some(amount: Quantity) -> Option<Quantity> {
    (!amount.is_zero() && !amount.is_negative()).then_some(amount)
}

fn cpu(amount: Quantity) -> Cpu {
    Cpu(amount.thousandths().unsigned_abs())
}

fn memory(amount: Quantity) -> Memory {
    Memory(amount.ceiling().unsigned_abs())
}

fn containers<'spec>(spec: &'spec Value, field: &str) -> &'spec [Value] {
    let list = spec.get(field).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn is_sidecar(container: &Value) -> bool {
    container
        .get("restartPolicy")
        .is_some_and(|policy| policy == "Always")
}

/// The most of a resource that runs at once.
fn peak(spec: &Value, amount: impl Fn(&Value) -> Option<Quantity>) -> Quantity {
    let of = |container: &Value| amount(container).unwrap_or(Quantity::ZERO);
    let mut beside = Quantity::ZERO;
    let mut most = Quantity::ZERO;
    for container in containers(spec, "initContainers") {
        if is_sidecar(container) {
            beside = beside.plus(of(container));
            most = most.max(beside);
        } else {
            most = most.max(beside.plus(of(container)));
        }
    }
    let together = containers(spec, "containers")
        .iter()
        .fold(beside, |sum, container| sum.plus(of(container)));
    // A pod that says for itself what it asks for has said it for all of its containers.
    amount(spec).unwrap_or_else(|| most.max(together))
}

fn every_container_has(spec: &Value, name: &str) -> bool {
    amount(spec, "limits", name).is_some()
        || containers(spec, "containers")
            .iter()
            .chain(containers(spec, "initContainers"))
            .all(|container| amount(container, "limits", name).is_some())
}

fn amount(container: &Value, kind: &str, name: &str) -> Option<Quantity> {
    let amount = container.get("resources")?.get(kind)?.get(name)?;
    match amount {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectExt as _;

    #[test]
    fn what_runs_at_once_counts() {
        let spec = json!({
            "initContainers": [
                {"name": "big", "resources": {"requests": {"cpu": "3"}}},
                {"name": "side", "restartPolicy": "Always", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}},
                {"name": "late", "resources": {"requests": {"cpu": "1"}}},
            ],
            "containers": [
                {"name": "a", "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi", "nvidia.com/gpu": "2"}}},
                {"name": "b"},
            ],
        });
        let asked = resources(&spec);
        assert_eq!(asked.cpu_request, Some(Cpu(3000)));
        assert_eq!(asked.memory_request, Some(Memory(2 << 30)));
        assert_eq!(asked.memory_limit, None);
        assert_eq!(asked.gpus, 2);
    }

    #[test]
    fn a_template_makes_a_pod_of_its_owner() {
        let template =
            json!({"metadata": {"labels": {"a": "b"}, "name": "no"}, "spec": {"containers": []}});
        let owner = OwnerReference {
            api_version: "batch/v1".to_owned(),
            kind: "Job".to_owned(),
            name: "j".to_owned(),
            uid: "u".to_owned(),
            controller: true,
            block_owner_deletion: true,
        };
        let pod = from_template(&template, "dev", &owner);
        assert_eq!(pod.controller(), Some(owner));
        assert_eq!(
            (pod.name(), pod.namespace(), pod.label("a")),
            ("", "dev", Some("b"))
        );
    }
}
