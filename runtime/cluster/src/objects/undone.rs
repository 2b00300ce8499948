//! Going back from the last deployment of a name, and removing what was sent under it.

use super::apply::plain;
use super::deployment::{DeployError, Deployment};
use super::inventory::{Before, Body, Entry, body};
use super::order::rank;
use super::outcome::{Deployed, Done, Outcome};
use super::refusal::{Refusal, RefusalKind};
use super::requests::RequestError;
use super::stored::Record;
use super::undo;

impl Deployment<'_> {
    /// Brings everything back as it was before the last time that something was sent.
    pub async fn rollback(&self) -> Result<Deployed, DeployError> {
        let Some(mut record) = self.place().load().await? else {
            return Err(DeployError::NothingBefore(self.not_deployed().to_string()));
        };
        if !record.inventory.can_go_back() {
            return Err(DeployError::NothingBefore(format!(
                "`{}` is as it was before revision {} already",
                self.name, record.inventory.revision
            )));
        }
        let mut outcomes = Vec::new();
        let mut ended = None;
        let removed = std::mem::take(&mut record.inventory.removed);
        let mut entries = std::mem::take(&mut record.inventory.entries);
        let brought_back: Vec<_> = removed.iter().map(|entry| entry.object.clone()).collect();
        entries.extend(removed);
        entries.sort_by_key(|entry| rank(&entry.object.kind));
        let mut absent = Vec::new();
        for mut entry in entries {
            if entry.before == Before::Absent {
                absent.push(entry);
                continue;
            }
            let (outcome, next) = self.back(&mut entry, &record.bodies, &mut ended).await;
            let is_done = outcome
                .as_ref()
                .is_none_or(|outcome| outcome.done.is_done());
            outcomes.extend(outcome);
            match next {
                Next::Forget if is_done => {}
                _ if !is_done && brought_back.contains(&entry.object) => {
                    record.inventory.removed.push(entry);
                }
                _ => record.inventory.entries.push(entry),
            }
        }
        for entry in absent.into_iter().rev() {
            let outcome = self.remove_one(&entry, &mut ended).await;
            if !outcome.done.is_done() {
                record.inventory.entries.push(entry);
            }
            outcomes.push(outcome);
        }
        let inventory = &record.inventory;
        record.bodies.retain(|body| {
            let needed = |entry: &Entry| {
                entry.object.same_object(&body.object) && entry.before != Before::Untouched
            };
            inventory
                .entries
                .iter()
                .chain(&inventory.removed)
                .any(needed)
        });
        Ok(self.settle(record, outcomes).await)
    }

    /// Removes exactly what was sent. What was there before stays, and its fields are given back.
    pub async fn remove(&self) -> Result<Deployed, DeployError> {
        let Some(mut record) = self.place().load().await? else {
            return Err(self.not_deployed());
        };
        let mut entries = std::mem::take(&mut record.inventory.entries);
        let removed = std::mem::take(&mut record.inventory.removed);
        if !record.inventory.finished {
            // What was to be removed may still be there.
            entries.extend(removed);
        }
        entries.sort_by_key(|entry| rank(&entry.object.kind));
        let mut outcomes = Vec::new();
        let mut ended = None;
        for entry in entries.into_iter().rev() {
            let outcome = self.remove_one(&entry, &mut ended).await;
            if !outcome.done.is_done() {
                record.inventory.entries.push(entry);
            }
            outcomes.push(outcome);
        }
        Ok(self.settle(record, outcomes).await)
    }

    pub(super) async fn remove_one(&self, entry: &Entry, ended: &mut Option<String>) -> Outcome {
        if let Some(reason) = ended {
            return plain(
                &entry.object,
                Done::NotReached {
                    reason: reason.clone(),
                },
            );
        }
        let done = undo::remove(self.cluster, entry).await;
        plain(
            &entry.object,
            done.unwrap_or_else(|error| failed(error, ended)),
        )
    }

    /// Goes back with one object that was there. None where there is nothing to do.
    async fn back(
        &self,
        entry: &mut Entry,
        bodies: &[Body],
        ended: &mut Option<String>,
    ) -> (Option<Outcome>, Next) {
        let is_others = entry.before == Before::Others;
        let next = if is_others { Next::Forget } else { Next::Keep };
        if entry.before == Before::Untouched {
            return (None, next);
        }
        let key = entry.object.clone();
        if let Some(reason) = ended {
            return (
                Some(plain(
                    &key,
                    Done::NotReached {
                        reason: reason.clone(),
                    },
                )),
                next,
            );
        }
        let Some(config) = body(bodies, &key) else {
            let refusal = Refusal::own(
                RefusalKind::Forbidden,
                "what it was before is in the deployment's record of Secrets, which may not be read",
            );
            return (Some(plain(&key, Done::refused(refusal))), Next::Keep);
        };
        let restored = if is_others {
            undo::restore_others(self.cluster, &key, config).await
        } else {
            let restored = undo::restore(self.cluster, &key, config).await;
            restored.map(Some)
        };
        let done = match restored {
            // It was planned, and never sent.
            Ok(None) => return (None, next),
            Ok(Some(uid)) => {
                entry.uid = uid;
                entry.before = Before::Untouched;
                Done::Restored
            }
            Err(error) => failed(error, ended),
        };
        (Some(plain(&key, done)), next)
    }

    /// Writes down where going back or removing has come to. A record of nothing is removed.
    async fn settle(&self, mut record: Record, outcomes: Vec<Outcome>) -> Deployed {
        record.inventory.finished = outcomes.iter().all(|outcome| outcome.done.is_done());
        let is_empty = record.inventory.entries.is_empty() && record.inventory.removed.is_empty();
        let written = if is_empty {
            self.place().remove(&record).await
        } else {
            self.place().save(&mut record).await
        };
        self.deployed(outcomes, written.err())
    }
}

/// Whether an entry stays in the record.
enum Next {
    Keep,
    Forget,
}

fn failed(error: RequestError, ended: &mut Option<String>) -> Done {
    match error {
        RequestError::Lost(reason) => {
            let reason = format!("the cluster was lost: {reason}");
            *ended = Some(reason.clone());
            Done::NotReached { reason }
        }
        RequestError::Refused(refusal) => {
            if refusal.kind == RefusalKind::Unauthorized {
                *ended = Some(refusal.message.clone());
            }
            Done::refused(refusal)
        }
    }
}
