//! Notebooks: a stateful set of one pod and a service for each, as Kubeflow's own controller makes them, and the
//! notebook's status from that pod's.
//!
//! ```text
//!   Notebook ──► StatefulSet (0 replicas while stopped) ──► Pod NAME-0
//!           └──► Service NAME: port 80 to the server's port
//! ```

use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Map, Value, json};

use super::pod_template::map_at;
use super::step::{ObjectStep, World, controlled_by, is_controlled_by};

/// The annotation that stops a notebook; its value is when.
pub const STOPPED: &str = "kubeflow-resource-stopped";

/// The port on which a server listens that names none.
pub const DEFAULT_PORT: u16 = 8888;

/// The label of a notebook's pod with the notebook's name.
pub const NAME_LABEL: &str = "notebook-name";

/// The group that owns the files of a home directory, unless the notebook says otherwise.
const FS_GROUP: i64 = 100;

/// The path below which a notebook is served.
pub fn prefix(namespace: &str, name: &str) -> String {
    format!("/notebook/{namespace}/{name}")
}

/// What is to be done for a notebook.
pub fn reconcile(notebook: &Object, world: &dyn World) -> Vec<ObjectStep> {
    if notebook.is_being_deleted() {
        return Vec::new();
    }
    let mut steps = Vec::new();
    steps.extend(reconcile_set(notebook, world));
    steps.extend(reconcile_service(notebook, world));
    steps.extend(status(notebook, world));
    steps
}

fn reconcile_set(notebook: &Object, world: &dyn World) -> Option<ObjectStep> {
    let (sets, name) = (kind::stateful_sets(), notebook.name());
    let wanted = stateful_set(notebook);
    let Some(found) = world.get(sets, notebook.namespace(), name) else {
        return Some(ObjectStep::create(sets, wanted));
    };
    if !is_controlled_by(&found, notebook) || found.is_being_deleted() {
        return None;
    }
    let mut object = Object::clone(&found);
    let spec = object.get_mut("spec").and_then(Value::as_object_mut)?;
    for field in ["replicas", "template"] {
        spec.insert(field.to_owned(), wanted["spec"][field].clone());
    }
    // Where this says nothing new once it is defaulted, it is no change.
    Some(ObjectStep::update(sets, object))
}

fn reconcile_service(notebook: &Object, world: &dyn World) -> Option<ObjectStep> {
    let services = kind::services();
    let wanted = service(notebook);
    let Some(found) = world.get(services, notebook.namespace(), notebook.name()) else {
        return Some(ObjectStep::create(services, wanted));
    };
    if !is_controlled_by(&found, notebook) || found.is_being_deleted() {
        return None;
    }
    let mut object = Object::clone(&found);
    let spec = object.get_mut("spec").and_then(Value::as_object_mut)?;
    spec.insert("ports".to_owned(), wanted["spec"]["ports"].clone());
    Some(ObjectStep::update(services, object))
}

fn stateful_set(notebook: &Object) -> Value {
    let name = notebook.name();
    let replicas = i32::from(notebook.annotation(STOPPED).is_none());
    let own = json!({ "statefulset": name, NAME_LABEL: name });
    let mut labels = own.as_object().cloned().unwrap_or_default();
    labels.extend(map_at(notebook, &["metadata", "labels"]));
    let mut annotations = map_at(notebook, &["metadata", "annotations"]);
    annotations.retain(|key, _| !key.contains("kubectl") && !key.contains("notebook"));
    annotations.remove(STOPPED);
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": name,
            "namespace": notebook.namespace(),
            "ownerReferences": controlled_by(notebook),
        },
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "selector": { "matchLabels": { "statefulset": name } },
            "template": {
                "metadata": { "labels": labels, "annotations": annotations },
                "spec": pod_spec(notebook),
            },
        },
    })
}

/// The notebook's pod with what a server of notebooks needs to be told.
fn pod_spec(notebook: &Object) -> Map<String, Value> {
    let mut spec = map_at(notebook, &["spec", "template", "spec"]);
    let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
    let first = containers
        .and_then(|containers| containers.first_mut())
        .and_then(Value::as_object_mut);
    if let Some(server) = first {
        server
            .entry("workingDir")
            .or_insert_with(|| "/home/jovyan".into());
        if is_empty_list(server.get("ports")) {
            let port = json!([{ "containerPort": DEFAULT_PORT, "name": "notebook-port", "protocol": "TCP" }]);
            server.insert("ports".to_owned(), port);
        }
        let mut environment = server
            .get("env")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        // One that the user has set stands, as with Kubeflow's controller.
        if !environment
            .iter()
            .any(|variable| variable["name"] == "NB_PREFIX")
        {
            let prefix = prefix(notebook.namespace(), notebook.name());
            environment.push(json!({ "name": "NB_PREFIX", "value": prefix }));
        }
        server.insert("env".to_owned(), environment.into());
    }
    spec.entry("securityContext")
        .or_insert_with(|| json!({ "fsGroup": FS_GROUP }));
    spec
}

fn service(notebook: &Object) -> Value {
    let name = notebook.name();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": notebook.namespace(),
            "ownerReferences": controlled_by(notebook),
        },
        "spec": {
            "type": "ClusterIP",
            "selector": { "statefulset": name },
            "ports": [{
                "name": format!("http-{name}"),
                "port": 80,
                "targetPort": server_port(notebook),
                "protocol": "TCP",
            }],
        },
    })
}

/// The port on which the notebook's server listens.
pub fn server_port(notebook: &Object) -> u16 {
    let containers = notebook.list_at(&["spec", "template", "spec", "containers"]);
    containers
        .first()
        .and_then(|server| server.get("ports")?.get(0)?.get("containerPort")?.as_u64())
        .and_then(|port| u16::try_from(port).ok())
        .unwrap_or(DEFAULT_PORT)
}

fn status(notebook: &Object, world: &dyn World) -> Option<ObjectStep> {
    let name = notebook.name();
    let pod = world
        .get(kind::pods(), notebook.namespace(), &format!("{name}-0"))
        .filter(|pod| pod.label(NAME_LABEL) == Some(name));
    let ready = world
        .get(kind::stateful_sets(), notebook.namespace(), name)
        .and_then(|set| set.at(&["status", "readyReplicas"])?.as_u64())
        .unwrap_or_default();
    let state = pod.as_deref().map(container_state).unwrap_or_default();
    let stands = notebook.get("status");
    // Of a server that has not begun, or is gone and was told to be, there is nothing to say.
    let told = stands.and_then(|status| status.get("containerState")?.as_object());
    if state.is_empty() && told.is_none_or(Map::is_empty) {
        return None;
    }
    let ready = if state.is_empty() { 0 } else { ready };
    let mut conditions = pod.as_deref().map(pod_conditions).unwrap_or_default();
    conditions.extend(state_condition(&state, pod.as_deref()));
    let status = json!({
        "readyReplicas": ready,
        "containerState": state,
        "conditions": conditions,
    });
    ObjectStep::status(kind::notebooks(), notebook, status)
}

/// The state of the server's container.
fn container_state(pod: &Object) -> Map<String, Value> {
    let containers = pod.list_at(&["spec", "containers"]);
    let first = containers
        .first()
        .and_then(|container| container.get("name"));
    let statuses = pod.list_at(&["status", "containerStatuses"]);
    let of_first = statuses
        .iter()
        .find(|status| status.get("name") == first)
        .and_then(|status| status.get("state")?.as_object());
    let state = of_first.cloned().unwrap_or_default();
    let waits = state
        .get("waiting")
        .and_then(|waiting| waiting.get("reason"));
    match waits.and_then(Value::as_str) {
        // It has not come as far as to have anything to tell.
        Some("ContainerCreating" | "PodInitializing") => Map::new(),
        Some(_) | None => state,
    }
}

/// The pod's conditions, in the form that a notebook has them.
fn pod_conditions(pod: &Object) -> Vec<Value> {
    let conditions = pod.list_at(&["status", "conditions"]).iter();
    conditions
        .map(|condition| {
            let mut kept = Map::new();
            for field in [
                "type",
                "status",
                "reason",
                "message",
                "lastProbeTime",
                "lastTransitionTime",
            ] {
                if let Some(value) = condition.get(field).filter(|value| !value.is_null()) {
                    kept.insert(field.to_owned(), value.clone());
                }
            }
            kept.into()
        })
        .collect()
}

/// `Running`, `Waiting` or `Terminated`, with why.
fn state_condition(state: &Map<String, Value>, pod: Option<&Object>) -> Option<Value> {
    let (word, kind) = [
        ("running", "Running"),
        ("waiting", "Waiting"),
        ("terminated", "Terminated"),
    ]
    .into_iter()
    .find(|(word, _)| state.contains_key(*word))?;
    let detail = state.get(word)?;
    let mut condition = json!({ "type": kind, "status": "True" });
    for field in ["reason", "message"] {
        if let Some(text) = detail.get(field).filter(|text| !text.is_null()) {
            condition[field] = text.clone();
        }
    }
    let since = detail
        .get("startedAt")
        .or_else(|| detail.get("finishedAt"))
        .cloned()
        .or_else(|| Some(pod?.at(&["status", "startTime"])?.clone()));
    if let Some(since) = since {
        condition["lastTransitionTime"] = since;
    }
    Some(condition)
}

fn is_empty_list(value: Option<&Value>) -> bool {
    value.and_then(Value::as_array).is_none_or(Vec::is_empty)
}
