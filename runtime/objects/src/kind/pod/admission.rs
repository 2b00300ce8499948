//! What an API server's admission adds to a new pod, and what it refuses it for.

use serde_json::{Map, Value, json};

use super::super::fill;
use crate::object::{Object, ObjectExt};
use crate::status::Status;

/// Where a token for the API stands in each container.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Taints that a pod endures for five minutes.
const ENDURED: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

/// The priorities that classes stand for which every cluster has.
const PRIORITIES: [(&str, i64); 3] = [
    ("", 0),
    ("system-cluster-critical", 2_000_000_000),
    ("system-node-critical", 2_000_001_000),
];

const PREEMPTION: &str = "PreemptLowerPriority";

/// Adds priority, tolerations, the service account and its token.
pub(super) fn admit(pod: &mut Object) -> Result<(), Status> {
    let name = pod.name().to_owned();
    let letters = letters_of(pod.uid());
    let Some(spec) = fill::map_at(pod, "spec") else {
        return Ok(());
    };
    set_priority(spec, &name)?;
    refuse_runtime(spec, &name)?;
    endure_taints(spec);
    fill::text(spec, "serviceAccountName", "default");
    let account = spec.get("serviceAccountName").cloned();
    spec.insert("serviceAccount".to_owned(), account.unwrap_or_default());
    if spec.get("automountServiceAccountToken") != Some(&Value::Bool(false)) {
        mount_token(spec, &format!("kube-api-access-{letters}"));
    }
    Ok(())
}

/// Gives a new pod that names no pull secrets those of its account.
pub fn take_pull_secrets(pod: &mut Object, account: &Object) {
    let secrets = account.list_at(&["imagePullSecrets"]);
    if secrets.is_empty() || !pod.list_at(&["spec", "imagePullSecrets"]).is_empty() {
        return;
    }
    if let Some(spec) = fill::map_at(pod, "spec") {
        spec.insert("imagePullSecrets".to_owned(), secrets.to_vec().into());
    }
}

/// Keeps on a change what a client need not send, and adds tolerations again.
pub(super) fn admit_change(new: &mut Object, old: &Object) {
    let Some(spec) = fill::map_at(new, "spec") else {
        return;
    };
    for field in ["priority", "preemptionPolicy"] {
        if let Some(value) = old.at(&["spec", field]) {
            fill::value(spec, field, value.clone());
        }
    }
    endure_taints(spec);
}

fn set_priority(spec: &mut Map<String, Value>, pod: &str) -> Result<(), Status> {
    let class = spec.get("priorityClassName").and_then(Value::as_str);
    let class = class.unwrap_or_default();
    let known = PRIORITIES.iter().find(|(name, _)| *name == class);
    let Some((_, priority)) = known else {
        let why = format!("no PriorityClass with name {class} was found");
        return Err(Status::forbidden("", "pods", pod, &why));
    };
    let given = spec.get("priority").and_then(Value::as_i64);
    if given.is_some_and(|given| given != *priority) {
        let why = format!(
            "the integer value of priority ({}) must not be provided in pod spec; priority admission controller \
             computed {priority} from the given PriorityClass name",
            given.unwrap_or_default()
        );
        return Err(Status::forbidden("", "pods", pod, &why));
    }
    spec.insert("priority".to_owned(), (*priority).into());
    fill::text(spec, "preemptionPolicy", PREEMPTION);
    let given = spec.get("preemptionPolicy").and_then(Value::as_str);
    if let Some(given) = given.filter(|given| *given != PREEMPTION) {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission \
             controller computed {PREEMPTION} from the given PriorityClass name"
        );
        return Err(Status::forbidden("", "pods", pod, &why));
    }
    Ok(())
}

/// No class of container runtimes is known, nor what one takes for itself.
fn refuse_runtime(spec: &Map<String, Value>, pod: &str) -> Result<(), Status> {
    let class = spec.get("runtimeClassName").and_then(Value::as_str);
    let overhead = spec.get("overhead").and_then(Value::as_object);
    let why = match class {
        Some(class) => format!("pod rejected: RuntimeClass {class:?} not found"),
        None if overhead.is_some_and(|overhead| !overhead.is_empty()) => {
            "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
                .to_owned()
        }
        None => return Ok(()),
    };
    Err(Status::forbidden("", "pods", pod, &why))
}

fn endure_taints(spec: &mut Map<String, Value>) {
    fill::value(spec, "tolerations", Value::Array(Vec::new()));
    let Some(tolerations) = spec.get_mut("tolerations").and_then(Value::as_array_mut) else {
        return;
    };
    let endures = |toleration: &Value, taint: &str| {
        let text = |field: &str| toleration.get(field).and_then(Value::as_str);
        [None, Some(""), Some(taint)].contains(&text("key"))
            && matches!(text("effect"), None | Some("" | "NoExecute"))
    };
    let missing: Vec<_> = ENDURED
        .into_iter()
        .filter(|taint| !tolerations.iter().any(|given| endures(given, taint)))
        .collect();
    tolerations.extend(missing.into_iter().map(|taint| {
        json!({
            "key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
        })
    }));
}

fn mount_token(spec: &mut Map<String, Value>, volume: &str) {
    let mut is_needed = false;
    for field in ["initContainers", "containers"] {
        for container in fill::each(spec, field) {
            fill::value(container, "volumeMounts", Value::Array(Vec::new()));
            let mounts = container.get_mut("volumeMounts");
            let Some(mounts) = mounts.and_then(Value::as_array_mut) else {
                continue;
            };
            if mounts.iter().any(|mount| mount["mountPath"] == TOKEN_PATH) {
                continue;
            }
            is_needed = true;
            mounts.push(json!({"name": volume, "readOnly": true, "mountPath": TOKEN_PATH}));
        }
    }
    if is_needed {
        fill::value(spec, "volumes", Value::Array(Vec::new()));
        if let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) {
            volumes.push(token_volume(volume));
        }
    }
}

fn token_volume(name: &str) -> Value {
    json!({
        "name": name,
        "projected": {
            "defaultMode": 0o644,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {
                    "name": "kube-root-ca.crt",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                }},
                {"downwardAPI": {"items": [{
                    "path": "namespace",
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                }]}},
            ],
        },
    })
}

/// Five letters that are as much by chance as the uid is.
fn letters_of(uid: &str) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut sum = uid.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut letters = String::new();
    for _ in 0..5 {
        let count = LETTERS.len() as u64;
        letters.push(char::from(
            LETTERS[usize::try_from(sum % count).unwrap_or(0)],
        ));
        sum /= count;
    }
    letters
}
