//! Adding pod defaults to a pod, as the admission webhook of Kubeflow does.

use serde_json::{Map, Value};

use super::super::fill;
use super::super::pod;
use crate::object::{Object, ObjectExt};
use crate::status::{Reason, Status};

/// A pod with this annotation is left as it is.
const EXCLUDED: &str = "poddefault.admission.kubeflow.org/exclude";

/// Before the name of a pod default that was applied; the annotation's value is the version that was.
const APPLIED: &str = "poddefault.admission.kubeflow.org/poddefault-";

/// A container that another part of the cluster puts in, and that is nothing of the user's.
const PROXY: &str = "istio-proxy";

/// Something already there with the same name and another content.
struct Conflict(String);

type Fields = Map<String, Value>;

/// Adds to a new pod what those of its namespace's `PodDefault`s say that select it, in the order given, and fills in
/// the defaults of what was added.
///
/// # Errors
/// 400, as an admission webhook answers, when one wants something else than the pod or another one has.
pub fn apply(pod: &mut Object, defaults: &[&Object]) -> Result<(), Status> {
    let selected: Vec<_> = defaults
        .iter()
        .filter(|default| selects(default, pod))
        .collect();
    if selected.is_empty() || pod.annotation(EXCLUDED) == Some("true") {
        return Ok(());
    }
    let mut changed = pod.clone();
    for default in &selected {
        add(&mut changed, default).map_err(|Conflict(what)| refusal(&selected, &what))?;
    }
    for default in &selected {
        let annotation = format!("{APPLIED}{}", default.name());
        let version = default.resource_version();
        if let Some(annotations) = fill::map_in(changed.metadata_mut(), "annotations") {
            annotations.insert(annotation, version.into());
        }
    }
    pod::set_pod_defaults(&mut changed);
    *pod = changed;
    Ok(())
}

/// Whether a pod default is for a pod. One whose selector says nothing is for all.
pub fn selects(default: &Object, pod: &Object) -> bool {
    let of = default.at(&["spec", "selector"]);
    let labels = of.and_then(|selector| selector.get("matchLabels"));
    let terms = of.and_then(|selector| selector.get("matchExpressions"));
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    let mut terms = terms.and_then(Value::as_array).into_iter().flatten();
    labels
        .into_iter()
        .all(|(key, value)| pod.label(key) == value.as_str())
        && terms.all(|term| holds(term, pod))
}

fn holds(term: &Value, pod: &Object) -> bool {
    let text = |field: &str| term.get(field).and_then(Value::as_str).unwrap_or_default();
    let value = pod.label(text("key"));
    let values = term.get("values").and_then(Value::as_array);
    let is_listed = values.is_some_and(|values| values.iter().any(|one| one.as_str() == value));
    match text("operator") {
        "In" => value.is_some() && is_listed,
        "NotIn" => value.is_none() || !is_listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

fn refusal(selected: &[&&Object], what: &str) -> Status {
    let names: Vec<_> = selected.iter().map(|default| default.name()).collect();
    Status {
        code: 400,
        reason: Reason::Unknown,
        message: format!(
            "admission webhook \"admission-webhook-deployment.kubeflow.org\" denied the request: conflict occurred while \
             applying poddefaults: {}: {what}",
            names.join(",")
        ),
        details: None,
    }
}

fn add(pod: &mut Object, default: &Object) -> Result<(), Conflict> {
    let Some(wanted) = default.get("spec").and_then(Value::as_object) else {
        return Ok(());
    };
    for field in ["labels", "annotations"] {
        add_texts(pod.metadata_mut(), field, wanted)?;
    }
    let Some(spec) = fill::map_in(pod, "spec") else {
        return Ok(());
    };
    let lists = [
        ("volumes", "volumes", "name"),
        ("tolerations", "tolerations", "key"),
        ("imagePullSecrets", "imagePullSecrets", "name"),
        ("initContainers", "initContainers", "name"),
    ];
    for container in fill::each(spec, "containers").filter(|container| !is(container, PROXY)) {
        add_to_container(container, wanted)?;
    }
    for (field, of, key) in lists {
        add_entries(spec, field, wanted.get(of), key)?;
    }
    add_entries(spec, "containers", wanted.get("sidecars"), "name")?;
    let account = wanted.get("serviceAccountName").and_then(Value::as_str);
    if let Some(account) = account.filter(|account| !account.is_empty()) {
        for field in ["serviceAccountName", "serviceAccount"] {
            spec.insert(field.to_owned(), account.into());
        }
    }
    if let Some(mounts) = wanted
        .get("automountServiceAccountToken")
        .filter(|flag| !flag.is_null())
    {
        spec.insert("automountServiceAccountToken".to_owned(), mounts.clone());
    }
    Ok(())
}

fn is(container: &Fields, name: &str) -> bool {
    container.get("name").is_some_and(|given| given == name)
}

fn add_to_container(container: &mut Fields, wanted: &Fields) -> Result<(), Conflict> {
    add_entries(container, "env", wanted.get("env"), "name")?;
    add_mounts(container, wanted)?;
    let from = wanted.get("envFrom").and_then(Value::as_array);
    if let Some(from) = from.filter(|from| !from.is_empty()) {
        list_in(container, "envFrom").extend(from.iter().cloned());
    }
    for field in ["command", "args"] {
        let words = wanted
            .get(field)
            .filter(|words| words.as_array().is_some_and(|words| !words.is_empty()));
        if let Some(words) = words {
            fill::value(container, field, words.clone());
        }
    }
    Ok(())
}

/// A volume is mounted once, and one at each place.
fn add_mounts(container: &mut Fields, wanted: &Fields) -> Result<(), Conflict> {
    let mounts = wanted.get("volumeMounts").and_then(Value::as_array);
    for mount in mounts.into_iter().flatten() {
        let mounted = list_in(container, "volumeMounts");
        let same = |key: &str| mounted.iter().find(|one| one.get(key) == mount.get(key));
        match same("mountPath").or(same("name")) {
            Some(found) if fits(found, mount) => {}
            Some(_) => return Err(conflict("volumeMounts", mount, "mountPath")),
            None => list_in(container, "volumeMounts").push(mount.clone()),
        }
    }
    Ok(())
}

fn add_texts(metadata: &mut Fields, field: &str, wanted: &Fields) -> Result<(), Conflict> {
    let texts = wanted.get(field).and_then(Value::as_object);
    for (key, text) in texts.into_iter().flatten() {
        let Some(given) = fill::map_in(metadata, field) else {
            continue;
        };
        if given.get(key).is_some_and(|given| given != text) {
            return Err(Conflict(format!("{field} has another value for `{key}`")));
        }
        given.insert(key.clone(), text.clone());
    }
    Ok(())
}

fn add_entries(
    into: &mut Fields,
    field: &str,
    wanted: Option<&Value>,
    key: &str,
) -> Result<(), Conflict> {
    for entry in wanted.and_then(Value::as_array).into_iter().flatten() {
        let list = list_in(into, field);
        let found = list.iter().find(|given| given.get(key) == entry.get(key));
        match found {
            Some(found) if fits(found, entry) => {}
            Some(_) => return Err(conflict(field, entry, key)),
            None => list.push(entry.clone()),
        }
    }
    Ok(())
}

/// Whether what is there says all that is wanted; what the server filled in since does not count.
fn fits(given: &Value, wanted: &Value) -> bool {
    match (given, wanted) {
        (Value::Object(given), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| given.get(key).is_some_and(|given| fits(given, wanted))),
        (Value::Array(given), Value::Array(wanted)) => {
            given.len() == wanted.len()
                && given
                    .iter()
                    .zip(wanted)
                    .all(|(given, wanted)| fits(given, wanted))
        }
        (given, wanted) => given == wanted,
    }
}

fn conflict(field: &str, entry: &Value, key: &str) -> Conflict {
    let name = entry.get(key).and_then(Value::as_str).unwrap_or_default();
    Conflict(format!("{field} has another entry for `{name}`"))
}

/// The list in a field, made when there is none.
fn list_in<'map>(map: &'map mut Fields, field: &str) -> &'map mut Vec<Value> {
    if !map.get(field).is_some_and(Value::is_array) {
        map.insert(field.to_owned(), Value::Array(Vec::new()));
    }
    map.get_mut(field)
        .and_then(Value::as_array_mut)
        .expect("it was just made a list where it was none")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Object {
        value.as_object().cloned().expect("a map")
    }

    fn pod() -> Object {
        object(&json!({
            "metadata": {"name": "p", "labels": {"gpu": "yes"}},
            "spec": {"containers": [
                {"name": "main", "image": "x:1", "env": [{"name": "A", "value": "1"}]},
                {"name": "istio-proxy", "image": "x:1"},
            ]},
        }))
    }

    fn default(spec: &Value) -> Object {
        let mut spec = spec.clone();
        spec["selector"] = json!({"matchLabels": {"gpu": "yes"}});
        object(&json!({"metadata": {"name": "d", "resourceVersion": "7"}, "spec": spec}))
    }

    #[test]
    fn what_a_default_says_is_added_once() {
        let mut pod = pod();
        let wanted = default(&json!({
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "volumes": [{"name": "v"}],
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            "labels": {"x": "y"},
            "command": ["run"],
            "sidecars": [{"name": "side", "image": "s:1"}],
            "serviceAccountName": "editor",
        }));
        apply(&mut pod, &[&wanted, &wanted]).expect("nothing conflicts");
        let containers = pod.list_at(&["spec", "containers"]);
        assert_eq!(containers.len(), 3);
        assert_eq!(containers[0]["env"].as_array().map(Vec::len), Some(2));
        assert_eq!(containers[0]["command"], json!(["run"]));
        assert_eq!(containers[1].get("env"), None);
        assert_eq!(containers[2]["imagePullPolicy"], "IfNotPresent");
        assert_eq!(pod.list_at(&["spec", "volumes"])[0]["emptyDir"], json!({}));
        assert_eq!(pod.label("x"), Some("y"));
        assert_eq!(pod.text_at(&["spec", "serviceAccountName"]), "editor");
        let applied = "poddefault.admission.kubeflow.org/poddefault-d";
        assert_eq!(pod.annotation(applied), Some("7"));
    }

    #[test]
    fn a_conflict_refuses_the_pod_and_leaves_it() {
        let mut pod = pod();
        let before = pod.clone();
        let wanted = default(&json!({"labels": {"x": "y"}, "env": [{"name": "A", "value": "2"}]}));
        let status = apply(&mut pod, &[&wanted]).expect_err("A is another");
        assert_eq!(status.code, 400);
        assert!(status.message.contains("denied the request"), "{status}");
        assert_eq!(pod, before);
    }

    #[test]
    fn others_pods_and_excluded_ones_are_left() {
        let mut pod = pod();
        pod.metadata_mut().insert(
            "annotations".to_owned(),
            json!({"poddefault.admission.kubeflow.org/exclude": "true"}),
        );
        let before = pod.clone();
        apply(
            &mut pod,
            &[&default(&json!({"env": [{"name": "A", "value": "2"}]}))],
        )
        .expect("it is excluded");
        assert_eq!(pod, before);
        let other = object(&json!({
            "metadata": {"name": "d"},
            "spec": {"selector": {"matchExpressions": [
                {"key": "gpu", "operator": "NotIn", "values": ["yes"]},
            ]}},
        }));
        assert!(!selects(&other, &pod));
    }
}
