//! Objects that are sent together under a name: what would become of them, sending, going back, removing.

use serde_json::Value;

use super::apply::{Consent, Sender, plain};
use super::diff::{Difference, without_noise};
use super::inventory::{Before, Body, Entry, Inventory, body};
use super::look::{LookError, Looked, Preview, Seen, Would, look};
use super::managed::{applied_by_us, extract, union};
use super::name::DeploymentName;
use super::order::{in_order, rank};
use super::outcome::{Deployed, Done, Outcome};
use super::refusal::RefusalKind;
use super::requests::{Cluster, Conflicts, RequestError};
use super::stored::{Place, Record, RecordError};
use super::undo;
use crate::key::{NotAnObject, ObjectKey};

/// What somebody agreed to beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeployOptions {
    /// Fields of other managers are taken over.
    pub force_conflicts: bool,
    /// Secrets are created and changed.
    pub with_secrets: bool,
    /// What an earlier deployment of the name sent and this one does not is removed.
    pub prune: bool,
}

impl DeployOptions {
    fn conflicts(self) -> Conflicts {
        if self.force_conflicts {
            Conflicts::TakeOver
        } else {
            Conflicts::Refuse
        }
    }

    fn consent(self) -> Consent {
        if self.with_secrets {
            Consent::Given
        } else {
            Consent::Missing
        }
    }
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// A value is no object.
    #[error(transparent)]
    Object(#[from] NotAnObject),
    /// An object is there twice.
    #[error("{0} is there twice; one of them has to go")]
    Twice(ObjectKey),
    /// The cluster was lost, or does not accept the credentials.
    #[error(transparent)]
    Request(RequestError),
    /// The record of what was sent could not be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Nothing was sent under this name, or it was gone back from already.
    #[error("there is nothing to go back to: {0}")]
    NothingBefore(String),
    /// Nothing was sent under this name.
    #[error("nothing was sent under the name `{name}` to namespace `{namespace}`")]
    NotDeployed {
        /// The deployment.
        name: DeploymentName,
        /// Where its record would be.
        namespace: String,
    },
}

impl From<LookError> for DeployError {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Object(error) => Self::Object(error),
            LookError::Request(error) => Self::Request(error),
        }
    }
}

/// Objects that are sent together under a name.
pub struct Deployment<'a> {
    /// Where to.
    pub cluster: &'a Cluster,
    /// Under which name.
    pub name: DeploymentName,
    /// The namespace of objects that name none, and of the record.
    pub namespace: String,
}

impl Deployment<'_> {
    /// What sending would do. Nothing is written.
    pub async fn preview(
        &self,
        objects: &[Value],
        options: DeployOptions,
    ) -> Result<Preview, DeployError> {
        let seen = self.look(objects, options).await?;
        let mut looked: Vec<_> = seen.iter().map(Seen::looked).collect();
        if options.prune
            && let Some(record) = self.place().load().await?
        {
            for entry in left_out(&record.inventory, &seen) {
                looked.push(self.would_prune(entry).await?);
            }
        }
        Ok(Preview { objects: looked })
    }

    /// Sends the objects. What was refused or not reached is in the answer; the same call finishes the work.
    pub async fn apply(
        &self,
        objects: &[Value],
        options: DeployOptions,
    ) -> Result<Deployed, DeployError> {
        let old = self.place().load().await?;
        let seen = self.look(objects, options).await?;
        let mut record = self.planned(old.as_ref(), &seen, options).await?;
        let nothing_changes = seen.iter().all(Seen::is_unchanged)
            && record.inventory.removed.is_empty()
            && old.as_ref().is_some_and(|old| {
                old.inventory.finished && same_objects(&old.inventory, &record.inventory)
            });
        if nothing_changes {
            let outcomes = seen
                .iter()
                .map(|seen| plain(&seen.key, Done::Unchanged))
                .collect();
            return Ok(self.deployed(outcomes, None));
        }
        let mut sender = Sender {
            cluster: self.cluster,
            conflicts: options.conflicts(),
            consent: options.consent(),
            ended: None,
        };
        // The record's own namespace may be among what is sent.
        let (namespaces, others): (Vec<_>, Vec<_>) =
            seen.iter().partition(|seen| seen.key.kind == "Namespace");
        let mut outcomes = Vec::new();
        for seen in namespaces {
            outcomes.push(send(&mut sender, &mut record, seen).await);
        }
        self.place().save(&mut record).await?;
        for seen in others {
            outcomes.push(send(&mut sender, &mut record, seen).await);
        }
        let removed = record.inventory.removed.clone();
        for entry in removed.iter().rev() {
            outcomes.push(self.remove_one(entry, &mut sender.ended).await);
        }
        // What could not be removed is still ours.
        let stuck = |entry: &Entry| {
            outcome_of(&outcomes, &entry.object).is_some_and(|done| !done.is_done())
        };
        let (stuck, gone) = removed.into_iter().partition(stuck);
        let stuck: Vec<Entry> = stuck;
        record.inventory.removed = gone;
        record.inventory.entries.extend(stuck);
        record.inventory.finished = outcomes.iter().all(|outcome| outcome.done.is_done());
        let problem = self.place().save(&mut record).await.err();
        Ok(self.deployed(outcomes, problem))
    }

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
        record.inventory.removed.clear();
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

    /// What was sent under this name. None where nothing was.
    pub async fn inventory(&self) -> Result<Option<Inventory>, DeployError> {
        Ok(self.place().load().await?.map(|record| record.inventory))
    }

    fn place(&self) -> Place<'_> {
        Place {
            cluster: self.cluster,
            name: &self.name,
            namespace: &self.namespace,
        }
    }

    async fn look(
        &self,
        objects: &[Value],
        options: DeployOptions,
    ) -> Result<Vec<Seen>, DeployError> {
        let objects = in_order(objects.to_vec());
        let seen = look(self.cluster, &self.namespace, &objects, options.conflicts()).await?;
        for (place, one) in seen.iter().enumerate() {
            if seen[..place]
                .iter()
                .any(|other| other.key.same_object(&one.key))
            {
                return Err(DeployError::Twice(one.key.clone()));
            }
        }
        Ok(seen)
    }

    /// The record as it is while the objects are sent: everything that may come to be there, and how it was.
    async fn planned(
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

    async fn would_prune(&self, entry: &Entry) -> Result<Looked, DeployError> {
        let live = self
            .cluster
            .get(&entry.object)
            .await
            .map_err(DeployError::Request)?;
        let would = match live {
            Some(_) => Would::Prune,
            None => Would::Nothing,
        };
        Ok(Looked {
            object: entry.object.clone(),
            would,
            difference: Difference::between(&entry.object, live.as_ref(), None),
            warnings: Vec::new(),
        })
    }

    async fn remove_one(&self, entry: &Entry, ended: &mut Option<String>) -> Outcome {
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
        let restored = match body(bodies, &key) {
            None => return (None, next),
            Some(config) => undo::restore(self.cluster, &key, config).await,
        };
        let done = match restored {
            Ok(uid) if is_others => undo::release(self.cluster, &key).await.map(|()| uid),
            other => other,
        };
        let done = match done {
            Ok(uid) => {
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

    fn deployed(&self, outcomes: Vec<Outcome>, problem: Option<RecordError>) -> Deployed {
        Deployed {
            deployment: self.name.clone(),
            namespace: self.namespace.clone(),
            outcomes,
            record_problem: problem.map(|problem| problem.to_string()),
        }
    }

    fn not_deployed(&self) -> DeployError {
        DeployError::NotDeployed {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        }
    }
}

/// Whether an entry stays in the record.
enum Next {
    Keep,
    Forget,
}

async fn send(sender: &mut Sender<'_>, record: &mut Record, seen: &Seen) -> Outcome {
    let sent = sender.send(seen).await;
    if let (Some(uid), Some(entry)) = (sent.uid, record.inventory.entry_mut(&seen.key)) {
        entry.uid = Some(uid);
    }
    sent.outcome
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

/// What an earlier deployment sent, and this one does not.
fn left_out<'a>(inventory: &'a Inventory, seen: &[Seen]) -> Vec<&'a Entry> {
    let is_sent = |entry: &Entry| seen.iter().any(|seen| seen.key.same_object(&entry.object));
    inventory
        .entries
        .iter()
        .filter(|entry| !is_sent(entry))
        .collect()
}

fn same_objects(left: &Inventory, right: &Inventory) -> bool {
    left.entries.len() == right.entries.len()
        && left
            .entries
            .iter()
            .all(|entry| right.entry(&entry.object).is_some())
}

fn outcome_of<'a>(outcomes: &'a [Outcome], key: &ObjectKey) -> Option<&'a Done> {
    let found = outcomes
        .iter()
        .find(|outcome| outcome.object.same_object(key));
    found.map(|outcome| &outcome.done)
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
