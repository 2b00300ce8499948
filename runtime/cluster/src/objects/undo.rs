//! Taking back what was sent to one object: removing it, bringing it back, giving it back to others.

use serde_json::{Value, json};

use super::inventory::Entry;
use super::managed::{applied_by_us, is_ours};
use super::outcome::Done;
use super::requests::{Cluster, Conflicts, RequestError, Write};
use crate::key::ObjectKey;

/// How often fields are given back whose object changes at the same time.
const TRIES: u32 = 5;

/// Kinds that take everything along that is in them or of them, also what others put there.
const HOLD_OTHERS: [&str; 2] = ["Namespace", "CustomResourceDefinition"];

/// Removes an object that we created, and no other.
pub(super) async fn remove(cluster: &Cluster, entry: &Entry) -> Result<Done, RequestError> {
    let key = &entry.object;
    if HOLD_OTHERS.contains(&key.kind.as_str()) {
        let kind = key.kind.to_lowercase();
        return Ok(kept(format!(
            "it may hold what others put there; `kubectl delete {kind} {}` removes it with everything",
            key.name
        )));
    }
    let Some(live) = cluster.get(key).await? else {
        return Ok(Done::Gone);
    };
    if !entry.created {
        release(cluster, key).await?;
        return Ok(kept(
            "it was there before; its fields are no longer ours".to_owned(),
        ));
    }
    let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
    let is_it = match &entry.uid {
        Some(sent) => sent == uid,
        None => applied_by_us(&live).is_some(),
    };
    if !is_it {
        return Ok(kept("another object has this name now".to_owned()));
    }
    match cluster.delete(key, uid).await {
        Ok(()) => Ok(Done::Deleted),
        Err(error) if error.is_missing() => Ok(Done::Gone),
        // The precondition: it was replaced in between.
        Err(error) if error.has_code(409) => {
            Ok(kept("another object has this name now".to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// Brings values back as they were. Says the uid.
pub(super) async fn restore(
    cluster: &Cluster,
    key: &ObjectKey,
    config: &Value,
) -> Result<Option<String>, RequestError> {
    let answer = cluster
        .apply(key, config, Conflicts::TakeOver, Write::Persist)
        .await?;
    Ok(answer.value["metadata"]["uid"].as_str().map(str::to_owned))
}

/// Brings back the values of what others had made, and has it be theirs alone again. None where nothing of it is ours: then it was never
/// sent, and whatever became of it since is theirs.
pub(super) async fn restore_others(
    cluster: &Cluster,
    key: &ObjectKey,
    config: &Value,
) -> Result<Option<Option<String>>, RequestError> {
    let live = cluster.get(key).await?;
    if live.is_some_and(|live| applied_by_us(&live).is_none()) {
        return Ok(None);
    }
    let uid = restore(cluster, key, config).await?;
    release(cluster, key).await?;
    Ok(Some(uid))
}

/// Has the server forget that fields are ours; their values stay.
pub(super) async fn release(cluster: &Cluster, key: &ObjectKey) -> Result<(), RequestError> {
    let mut tried = 0;
    loop {
        tried += 1;
        let Some(live) = cluster.get(key).await? else {
            return Ok(());
        };
        let entries = live["metadata"]["managedFields"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut others: Vec<_> = entries
            .iter()
            .filter(|entry| !is_ours(entry))
            .cloned()
            .collect();
        if others.len() == entries.len() {
            return Ok(());
        }
        if others.is_empty() {
            // An empty list would be taken for one that was not sent.
            others.push(json!({}));
        }
        let patch = json!({"metadata": {
            "managedFields": others,
            "resourceVersion": live["metadata"]["resourceVersion"],
        }});
        match cluster.merge(key, &patch).await {
            Ok(_) => return Ok(()),
            Err(error) if error.has_code(409) && tried < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

fn kept(reason: String) -> Done {
    Done::Kept { reason }
}
