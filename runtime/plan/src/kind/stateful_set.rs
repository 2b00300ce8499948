//! Stateful sets: a pod for each number below `replicas`, of the template as it is now.

use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use super::pod_status::{has_ended, is_ready};
use super::pod_template;
use super::step::{About, ObjectStep, World, is_controlled_by};

/// The label that tells of which template a pod is.
const REVISION: &str = "controller-revision-hash";

/// What is to be done for a stateful set.
pub fn reconcile(set: &Object, world: &dyn World) -> Vec<ObjectStep> {
    if set.is_being_deleted() {
        return Vec::new();
    }
    let replicas = set
        .at(&["spec", "replicas"])
        .and_then(Value::as_u64)
        .unwrap_or(1);
    let revision = revision(set);
    let mut steps = Vec::new();
    let pods: Vec<_> = world
        .list(kind::pods(), Some(set.namespace()))
        .into_iter()
        .filter(|pod| is_controlled_by(pod, set))
        .collect();
    for number in 0..replicas {
        let name = format!("{}-{number}", set.name());
        match pods.iter().find(|pod| pod.name() == name) {
            None => {
                // Another's pod of that name is waited for.
                if world.get(kind::pods(), set.namespace(), &name).is_none() {
                    steps.push(said(set, "SuccessfulCreate", "create", &name));
                    let pod = pod(set, number, &name, &revision);
                    steps.push(ObjectStep::Create {
                        resource: kind::pods(),
                        object: pod,
                    });
                }
            }
            Some(pod) if pod.is_being_deleted() => {}
            Some(pod) if pod.label(REVISION) != Some(&revision) || has_ended(pod) => {
                steps.push(said(set, "SuccessfulDelete", "delete", &name));
                steps.push(ObjectStep::delete(kind::pods(), pod));
            }
            Some(_) => {}
        }
    }
    for pod in &pods {
        if number_of(set, pod).is_none_or(|number| number >= replicas) && !pod.is_being_deleted() {
            steps.push(said(set, "SuccessfulDelete", "delete", pod.name()));
            steps.push(ObjectStep::delete(kind::pods(), pod));
        }
    }
    steps.extend(status(set, &pods, &revision));
    steps
}

fn status(set: &Object, pods: &[std::sync::Arc<Object>], revision: &str) -> Option<ObjectStep> {
    let living: Vec<_> = pods.iter().filter(|pod| !pod.is_being_deleted()).collect();
    let ready = living.iter().filter(|pod| is_ready(pod)).count();
    let current = living
        .iter()
        .filter(|pod| pod.label(REVISION) == Some(revision))
        .count();
    let status = json!({
        "observedGeneration": set.generation(),
        "replicas": living.len(),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "currentReplicas": current,
        "updatedReplicas": current,
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    });
    ObjectStep::status(kind::stateful_sets(), set, status)
}

fn pod(set: &Object, number: u64, name: &str, revision: &str) -> Object {
    let mut pod = pod_template::pod(set);
    let metadata = pod.metadata_mut();
    metadata.insert("name".to_owned(), name.into());
    let labels = metadata.entry("labels").or_insert_with(|| json!({}));
    labels["statefulset.kubernetes.io/pod-name"] = name.into();
    labels["apps.kubernetes.io/pod-index"] = number.to_string().into();
    labels[REVISION] = revision.into();
    let spec = &mut pod["spec"];
    spec["hostname"] = name.into();
    let service = set.text_at(&["spec", "serviceName"]);
    if !service.is_empty() {
        spec["subdomain"] = service.into();
    }
    pod
}

/// The name of a template: `web-` and the beginning of its hash.
fn revision(set: &Object) -> String {
    format!("{}-{}", set.name(), pod_template::hash(set))
}

fn number_of(set: &Object, pod: &Object) -> Option<u64> {
    let rest = pod.name().strip_prefix(set.name())?;
    rest.strip_prefix('-')?.parse().ok()
}

fn said(set: &Object, reason: &str, verb: &str, pod: &str) -> ObjectStep {
    ObjectStep::Say {
        about: About::object(set),
        warning: false,
        reason: reason.to_owned(),
        message: format!("{verb} Pod {pod} in StatefulSet {} successful", set.name()),
    }
}
