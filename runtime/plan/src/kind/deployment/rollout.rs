//! How many pods each replica set of a deployment is to have next.

use std::sync::Arc;

use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::Value;

use super::super::replica_set::replicas;
use super::super::step::{World, is_controlled_by};
use super::Sets;
use super::share::Share;

/// Replica sets and the number of pods that they are to have. One step at a time: each is seen before the next is decided.
pub(super) fn sizes(
    deployment: &Object,
    sets: &Sets,
    is_paused: bool,
    world: &dyn World,
) -> Vec<(Arc<Object>, u64)> {
    let wanted = replicas(deployment);
    let Some(new) = &sets.new else {
        // The template is not to be used yet; what is there follows the number all the same.
        let last = sets.old.iter().rev().find(|set| replicas(set) > 0);
        return last
            .into_iter()
            .filter(|_| is_paused)
            .map(|set| (Arc::clone(set), wanted))
            .collect();
    };
    let others_are_gone = sets.old.iter().all(|set| replicas(set) == 0);
    if others_are_gone {
        let is_recreated = deployment.text_at(&["spec", "strategy", "type"]) == "Recreate";
        if is_recreated && replicas(new) < wanted && old_pods_are_left(sets, world) {
            return Vec::new();
        }
        return vec![(Arc::clone(new), wanted)];
    }
    if is_paused {
        return Vec::new();
    }
    match deployment.text_at(&["spec", "strategy", "type"]) {
        "Recreate" => sets.old.iter().map(|set| (Arc::clone(set), 0)).collect(),
        _ => roll(deployment, new, &sets.old),
    }
}

fn old_pods_are_left(sets: &Sets, world: &dyn World) -> bool {
    sets.old.iter().any(|set| {
        let pods = world.list(kind::pods(), Some(set.namespace()));
        pods.iter().any(|pod| is_controlled_by(pod, set))
    })
}

/// The new set grows as far as there may be too many, the old ones shrink as far as enough are available.
fn roll(deployment: &Object, new: &Arc<Object>, old: &[Arc<Object>]) -> Vec<(Arc<Object>, u64)> {
    let (wanted, share) = (replicas(deployment), Share::of(deployment));
    let old_size: u64 = old.iter().map(|set| replicas(set)).sum();
    let room = (wanted + share.surge).saturating_sub(old_size + replicas(new));
    let size = (replicas(new) + room).min(wanted);
    if size != replicas(new) {
        return vec![(Arc::clone(new), size)];
    }
    let least = wanted.saturating_sub(share.unavailable);
    // Pods of the new set that are not available yet count as missing.
    let mut spare = (old_size + available(new)).saturating_sub(least);
    let mut sizes: Vec<_> = old
        .iter()
        .map(|set| (Arc::clone(set), replicas(set)))
        .collect();
    // What answers to nobody goes first: it is missed by none.
    for (set, size) in &mut sizes {
        let useless = size.saturating_sub(available(set)).min(spare);
        spare -= useless;
        *size -= useless;
    }
    for (_, size) in &mut sizes {
        let fewer = (*size).min(spare);
        spare -= fewer;
        *size -= fewer;
    }
    sizes
}

/// How many pods have been ready for long enough, of those that are to stay.
pub(super) fn available(set: &Object) -> u64 {
    let told = set
        .at(&["status", "availableReplicas"])
        .and_then(Value::as_u64);
    told.unwrap_or_default().min(replicas(set))
}

/// Old replica sets without pods that are more than are kept.
pub(super) fn forgotten<'a>(
    deployment: &Object,
    sets: &'a Sets,
) -> impl Iterator<Item = &'a Object> {
    let kept = deployment
        .at(&["spec", "revisionHistoryLimit"])
        .and_then(Value::as_u64)
        .unwrap_or(10);
    let is_over = |set: &&Arc<Object>| {
        replicas(set) == 0 && set.at(&["status", "replicas"]).and_then(Value::as_u64) == Some(0)
    };
    let over: Vec<_> = sets.old.iter().filter(is_over).collect();
    let many = over
        .len()
        .saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
    over.into_iter().take(many).map(|set| &**set)
}
