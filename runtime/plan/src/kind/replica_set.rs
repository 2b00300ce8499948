//! Replica sets: as many pods of a template as are asked for, whatever they are called.

use std::sync::Arc;

use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use super::pod_status::{has_ended, is_ready, ready_since};
use super::pod_template::{self, fresh_name};
use super::step::{About, ObjectPlan, ObjectStep, World, is_controlled_by};

/// The most pods that are made at once.
const MOST_AT_ONCE: u64 = 500;

/// What is to be done for a replica set.
pub fn reconcile(set: &Object, world: &dyn World) -> ObjectPlan {
    if set.is_being_deleted() {
        return ObjectPlan::default();
    }
    let others = world.list(kind::pods(), Some(set.namespace()));
    let lives = |pod: &&Arc<Object>| {
        is_controlled_by(pod, set) && !pod.is_being_deleted() && !has_ended(pod)
    };
    let mut pods: Vec<_> = others.iter().filter(lives).cloned().collect();
    let wanted = replicas(set);
    let there = pods.len() as u64;
    let mut steps = Vec::new();
    let taken = others.iter().map(|pod| pod.name()).collect();
    for number in there..wanted.min(there + MOST_AT_ONCE) {
        // One that takes another's place later has another name.
        let seed = format!("{} {} {number}", set.uid(), world.now());
        let name = fresh_name(set.name(), &seed, &taken);
        steps.push(said(
            set,
            "SuccessfulCreate",
            &format!("Created pod: {name}"),
        ));
        let mut pod = pod_template::pod(set);
        pod.metadata_mut().insert("name".to_owned(), name.into());
        steps.push(ObjectStep::Create {
            resource: kind::pods(),
            object: pod,
        });
    }
    let too_many = usize::try_from(there.saturating_sub(wanted)).unwrap_or_default();
    pods.sort_by_key(|pod| worth(pod));
    for pod in &pods[..too_many] {
        steps.push(said(
            set,
            "SuccessfulDelete",
            &format!("Deleted pod: {}", pod.name()),
        ));
        steps.push(ObjectStep::delete(kind::pods(), pod));
    }
    let (status, wake) = status(set, &pods, world.now());
    steps.extend(ObjectStep::status(kind::replica_sets(), set, status));
    ObjectPlan { steps, wake }
}

/// How many pods there are to be.
pub(super) fn replicas(owner: &Object) -> u64 {
    owner
        .at(&["spec", "replicas"])
        .and_then(Value::as_u64)
        .unwrap_or(1)
}

/// Which pods are kept rather than others: those that are ready, of these the older ones.
fn worth(pod: &Object) -> (bool, bool, std::cmp::Reverse<Timestamp>, String) {
    let is_placed = !pod.text_at(&["spec", "nodeName"]).is_empty();
    let since = pod.created_at().unwrap_or(Timestamp::UNIX_EPOCH);
    (
        is_ready(pod),
        is_placed,
        std::cmp::Reverse(since),
        pod.name().to_owned(),
    )
}

/// The status, and when more pods will have been ready for long enough.
fn status(set: &Object, pods: &[Arc<Object>], now: Timestamp) -> (Value, Option<Timestamp>) {
    let seconds = set
        .at(&["spec", "minReadySeconds"])
        .and_then(Value::as_i64)
        .unwrap_or(0);
    let ready: Vec<_> = pods.iter().filter(|pod| is_ready(pod)).collect();
    let available_from = ready.iter().map(|pod| {
        let since = ready_since(pod).unwrap_or(now);
        Timestamp::from_second(since.as_second().saturating_add(seconds)).unwrap_or(now)
    });
    let (available, later): (Vec<_>, Vec<_>) = available_from.partition(|from| *from <= now);
    let status = json!({
        "observedGeneration": set.generation(),
        "replicas": pods.len(),
        "fullyLabeledReplicas": pods.len(),
        "readyReplicas": ready.len(),
        "availableReplicas": available.len(),
    });
    (status, later.into_iter().min())
}

fn said(set: &Object, reason: &str, message: &str) -> ObjectStep {
    ObjectStep::Say {
        about: About::object(set),
        warning: false,
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}
