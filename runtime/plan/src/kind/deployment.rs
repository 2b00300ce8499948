//! Deployments: a replica set for each template there has been, of which the newest takes the pods over.
//!
//! ```text
//!   Deployment ──► ReplicaSet NAME-HASH of the template as it is ──► pods
//!             └──► those of earlier templates: fewer pods as the new one's become ready; kept without any to go back to
//! ```

mod progress;
mod rollout;
mod share;

use std::sync::Arc;

use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use super::pod_template::{self, map_at};
use super::replica_set::replicas;
use super::step::{About, ObjectPlan, ObjectStep, World, controlled_by, is_controlled_by};

/// The label that tells of which template a replica set and its pods are.
pub const HASH: &str = "pod-template-hash";

/// The annotation that counts the templates there have been.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// Annotations of a deployment that say nothing of its replica sets.
const OF_DEPLOYMENT_ALONE: [&str; 2] =
    [REVISION, "kubectl.kubernetes.io/last-applied-configuration"];

/// The replica sets of a deployment.
struct Sets {
    /// That of the template as it is now.
    new: Option<Arc<Object>>,
    /// The others, the oldest first.
    old: Vec<Arc<Object>>,
}

impl Sets {
    fn of(deployment: &Object, world: &dyn World) -> Self {
        let mut sets: Vec<_> = world
            .list(kind::replica_sets(), Some(deployment.namespace()))
            .into_iter()
            .filter(|set| is_controlled_by(set, deployment) && !set.is_being_deleted())
            .collect();
        sets.sort_by_key(|set| (revision(set), set.name().to_owned()));
        let hash = pod_template::hash(deployment);
        let is_new = |set: &Arc<Object>| set.label(HASH) == Some(&hash);
        let (mut new, old): (Vec<_>, Vec<_>) = sets.into_iter().partition(is_new);
        Self {
            new: new.pop(),
            old,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.old.iter().chain(&self.new)
    }
}

/// What is to be done for a deployment.
pub fn reconcile(deployment: &Object, world: &dyn World) -> ObjectPlan {
    if deployment.is_being_deleted() {
        return ObjectPlan::default();
    }
    let sets = Sets::of(deployment, world);
    let is_paused = deployment.at(&["spec", "paused"]) == Some(&Value::Bool(true));
    let mut steps = Vec::new();
    match &sets.new {
        Some(new) => {
            steps.extend(bring_to_the_front(deployment, new, &sets));
            steps.extend(tell_revision(deployment, new));
        }
        None if is_paused => {}
        None => {
            steps.push(ObjectStep::create(
                kind::replica_sets(),
                replica_set(deployment, &sets),
            ));
        }
    }
    for (set, wanted) in rollout::sizes(deployment, &sets, is_paused, world) {
        steps.extend(scale(deployment, &set, wanted));
    }
    steps.extend(
        rollout::forgotten(deployment, &sets)
            .map(|set| ObjectStep::delete(kind::replica_sets(), set)),
    );
    let (status, wake) = progress::status(deployment, &sets, is_paused, world.now());
    steps.extend(ObjectStep::status(kind::deployments(), deployment, status));
    ObjectPlan { steps, wake }
}

fn replica_set(deployment: &Object, sets: &Sets) -> Value {
    let hash = pod_template::hash(deployment);
    let mut selector = map_at(deployment, &["spec", "selector"]);
    let labels = selector.entry("matchLabels").or_insert_with(|| json!({}));
    labels[HASH] = hash.as_str().into();
    let mut template = map_at(deployment, &["spec", "template"]);
    let metadata = template.entry("metadata").or_insert_with(|| json!({}));
    metadata["labels"][HASH] = hash.as_str().into();
    let mut labels = map_at(deployment, &["spec", "template", "metadata", "labels"]);
    labels.insert(HASH.to_owned(), hash.as_str().into());
    let mut annotations = map_at(deployment, &["metadata", "annotations"]);
    annotations.retain(|key, _| !OF_DEPLOYMENT_ALONE.contains(&key.as_str()));
    annotations.insert(REVISION.to_owned(), next_revision(sets).into());
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", deployment.name()),
            "namespace": deployment.namespace(),
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": controlled_by(deployment),
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": deployment.at(&["spec", "minReadySeconds"]).cloned().unwrap_or(0.into()),
            "selector": selector,
            "template": template,
        },
    })
}

fn revision(object: &Object) -> u64 {
    let told = object
        .annotation(REVISION)
        .and_then(|told| told.parse().ok());
    told.unwrap_or_default()
}

fn next_revision(sets: &Sets) -> String {
    let last = sets.old.iter().map(|set| revision(set)).max();
    (last.unwrap_or_default() + 1).to_string()
}

/// A template that is gone back to counts as the newest again.
fn bring_to_the_front(deployment: &Object, new: &Object, sets: &Sets) -> Option<ObjectStep> {
    let next = next_revision(sets);
    let is_newest = next.parse().is_ok_and(|next: u64| revision(new) >= next);
    let ready_after = deployment
        .at(&["spec", "minReadySeconds"])
        .cloned()
        .unwrap_or(0.into());
    let stands = new
        .at(&["spec", "minReadySeconds"])
        .cloned()
        .unwrap_or(0.into());
    if is_newest && stands == ready_after {
        return None;
    }
    let mut set = new.clone();
    if !is_newest {
        annotate(&mut set, &next);
    }
    set["spec"]["minReadySeconds"] = ready_after;
    Some(ObjectStep::update(kind::replica_sets(), set))
}

/// The deployment itself says which of them is in use.
fn tell_revision(deployment: &Object, new: &Object) -> Option<ObjectStep> {
    let newest = new.annotation(REVISION)?;
    if deployment.annotation(REVISION) == Some(newest) {
        return None;
    }
    let mut told = deployment.clone();
    annotate(&mut told, newest);
    Some(ObjectStep::update(kind::deployments(), told))
}

fn annotate(object: &mut Object, revision: &str) {
    let annotations = object
        .metadata_mut()
        .entry("annotations")
        .or_insert_with(|| json!({}));
    annotations[REVISION] = revision.into();
}

fn scale(deployment: &Object, set: &Object, wanted: u64) -> Vec<ObjectStep> {
    let stands = replicas(set);
    if stands == wanted {
        return Vec::new();
    }
    let direction = if wanted > stands { "up" } else { "down" };
    let mut scaled = set.clone();
    scaled["spec"]["replicas"] = wanted.into();
    let said = ObjectStep::Say {
        about: About::object(deployment),
        warning: false,
        reason: "ScalingReplicaSet".to_owned(),
        message: format!(
            "Scaled {direction} replica set {} from {stands} to {wanted}",
            set.name()
        ),
    };
    vec![said, ObjectStep::update(kind::replica_sets(), scaled)]
}
