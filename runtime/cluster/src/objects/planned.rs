//! The record of a deployment as it is while its objects are sent: everything that may come to be there, and how it was.

use serde_json::Value;

use super::apply::Consent;
use super::deployment::{DeployError, DeployOptions, Deployment, left_out};
use super::diff::without_noise;
use super::inventory::{Before, Body, Entry, body};
use super::look::Seen;
use super::managed::{applied_by_us, extract, union};
use super::stored::Record;
use crate::key::ObjectKey;

impl Deployment<'_> {
    /// The record as it is while the objects are sent: everything that may come to be there, and how it was.
    pub(super) async fn planned(
        &self,
        old: Option<&Record>,
        seen: &[Seen],
        options: DeployOptions,
    ) -> Result<Record, DeployError> {
        let mut record = old
            .cloned()
            .unwrap_or_else(|| Record::new(self.name.clone()));
        let unfinished = !record.inventory.finished;
        record.bodies.clear();
        record.inventory.entries.clear();
        if !unfinished {
            record.inventory.removed.clear();
            record.inventory.revision += 1;
        }
        record.inventory.finished = false;
        let empty = Record::new(self.name.clone());
        let old = old.unwrap_or(&empty);
        let removed_before = record.inventory.removed.clone();
        for entry in &removed_before {
            keep_body(&mut record, &old.bodies, &entry.object);
        }
        for seen in seen {
            if seen.key.is_secret() && options.consent() == Consent::Missing {
                // It is not sent; what was sent of it earlier is still ours.
                if let Some(entry) = old.inventory.entry(&seen.key) {
                    let mut entry = entry.clone();
                    if unfinished {
                        keep_body(&mut record, &old.bodies, &seen.key);
                    } else {
                        // This deployment does not touch it, so going back from it does not either.
                        entry.before = Before::Untouched;
                    }
                    record.inventory.entries.push(entry);
                }
                continue;
            }
            let (entry, config) = entry_of(old, seen, unfinished);
            if let Some(config) = config {
                let object = entry.object.clone();
                record.bodies.push(Body { object, config });
            }
            record
                .inventory
                .removed
                .retain(|removed| !removed.object.same_object(&seen.key));
            record.inventory.entries.push(entry);
        }
        for entry in left_out(&old.inventory, seen) {
            self.plan_left_out(&mut record, old, entry, options).await?;
        }
        Ok(record)
    }

    async fn plan_left_out(
        &self,
        record: &mut Record,
        old: &Record,
        entry: &Entry,
        options: DeployOptions,
    ) -> Result<(), DeployError> {
        let mut entry = entry.clone();
        let carried = !old.inventory.finished && entry.before != Before::Untouched;
        if !options.prune {
            if carried {
                keep_body(record, &old.bodies, &entry.object);
            } else {
                entry.before = Before::Untouched;
            }
            record.inventory.entries.push(entry);
            return Ok(());
        }
        if carried {
            keep_body(record, &old.bodies, &entry.object);
        } else if let Some(live) = self
            .cluster
            .get(&entry.object)
            .await
            .map_err(DeployError::Request)?
        {
            let config = match applied_by_us(&live) {
                Some(fields) => extract(&live, &fields),
                None => without_noise(&live),
            };
            let object = entry.object.clone();
            record.bodies.push(Body { object, config });
            entry.before = Before::Ours;
        } else {
            entry.before = Before::Untouched;
        }
        record.inventory.removed.push(entry);
        Ok(())
    }
}

/// The record's entry of an object that is about to be sent, and its values as they are.
fn entry_of(old: &Record, seen: &Seen, unfinished: bool) -> (Entry, Option<Value>) {
    let known = old.inventory.entry(&seen.key);
    let removed = old
        .inventory
        .removed
        .iter()
        .find(|entry| unfinished && entry.object.same_object(&seen.key));
    if let Some(known) = known
        .or(removed)
        .filter(|known| unfinished && known.before != Before::Untouched)
    {
        return (known.clone(), body(&old.bodies, &seen.key).cloned());
    }
    let ours = seen.live.as_ref().and_then(applied_by_us);
    let (before, config) = match &seen.live {
        None => (Before::Absent, None),
        Some(_) if ours.is_some() && seen.is_unchanged() => (Before::Untouched, None),
        Some(live) => {
            let before = if ours.is_some() {
                Before::Ours
            } else {
                Before::Others
            };
            (before, Some(values(live, ours.as_ref(), seen)))
        }
    };
    let entry = Entry {
        object: seen.key.clone(),
        uid: known.and_then(|known| known.uid.clone()),
        created: seen
            .live
            .as_ref()
            .is_none_or(|live| known.is_some_and(|known| is_our_making(known, live))),
        before,
    };
    (entry, config)
}

/// Whether an object is the one that we made, rather than another of its name that came later.
fn is_our_making(known: &Entry, live: &Value) -> bool {
    let uid = live.pointer("/metadata/uid").and_then(Value::as_str);
    known.created && (known.uid.is_none() || known.uid.as_deref() == uid)
}

/// The values at all fields that were ours or will be. All values where the server did not say which.
fn values(live: &Value, ours: Option<&Value>, seen: &Seen) -> Value {
    let will_be = seen
        .dry
        .as_ref()
        .ok()
        .and_then(|answer| applied_by_us(&answer.value));
    match (ours, will_be) {
        (Some(ours), Some(will_be)) => extract(live, &union(ours, &will_be)),
        (Some(ours), None) => extract(live, ours),
        (None, Some(will_be)) => extract(live, &will_be),
        (None, None) => without_noise(live),
    }
}

fn keep_body(record: &mut Record, bodies: &[Body], key: &ObjectKey) {
    if let Some(config) = body(bodies, key) {
        record.bodies.push(Body {
            object: key.clone(),
            config: config.clone(),
        });
    }
}
