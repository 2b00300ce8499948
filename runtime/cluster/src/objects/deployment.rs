//! Objects that are sent together under a name: what would become of them, sending, going back, removing.

use serde_json::Value;

use super::apply::{Consent, Sender, plain};
use super::diff::Difference;
use super::inventory::{Entry, Inventory};
use super::look::{LookError, Looked, Preview, Seen, Would, look};
use super::name::DeploymentName;
use super::order::{in_order, rank};
use super::outcome::{Deployed, Done, Outcome};
use super::requests::{Cluster, Conflicts, RequestError};
use super::stored::{Place, Record, RecordError};
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

    pub(super) fn consent(self) -> Consent {
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
        let mut looked: Vec<_> = seen
            .iter()
            .map(|seen| match options.consent().refusal(seen) {
                Some(refusal) => seen.refused(refusal),
                None => seen.looked(),
            })
            .collect();
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
        self.apply_around(objects, options, async { None }).await
    }

    /// Sends the objects as [`Deployment::apply`], and has something be done once claims are there, before what may use them is sent.
    /// Where that returns a reason, nothing more is sent.
    pub async fn apply_around(
        &self,
        objects: &[Value],
        options: DeployOptions,
        between: impl Future<Output = Option<String>>,
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
            // What nobody has to send is there, whatever became of what is between.
            between.await;
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
        if let Err(error) = self.place().save(&mut record).await {
            if outcomes.is_empty() {
                return Err(error.into());
            }
            let reason = format!("the record of what is sent could not be written: {error}");
            outcomes.extend(others.iter().map(|seen| {
                let reason = reason.clone();
                plain(&seen.key, Done::NotReached { reason })
            }));
            return Ok(self.deployed(outcomes, Some(error)));
        }
        let claims = rank("PersistentVolumeClaim");
        let (before, after): (Vec<_>, Vec<_>) = others
            .into_iter()
            .partition(|seen| rank(&seen.key.kind) <= claims);
        for seen in before {
            outcomes.push(send(&mut sender, &mut record, seen).await);
        }
        if sender.ended.is_none() {
            sender.ended = between.await;
        }
        for seen in after {
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

    /// What was sent under this name. None where nothing was.
    pub async fn inventory(&self) -> Result<Option<Inventory>, DeployError> {
        Ok(self.place().load().await?.map(|record| record.inventory))
    }

    pub(super) fn place(&self) -> Place<'_> {
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

    pub(super) fn deployed(
        &self,
        outcomes: Vec<Outcome>,
        problem: Option<RecordError>,
    ) -> Deployed {
        Deployed {
            deployment: self.name.clone(),
            namespace: self.namespace.clone(),
            outcomes,
            data: Vec::new(),
            record_problem: problem.map(|problem| problem.to_string()),
        }
    }

    pub(super) fn not_deployed(&self) -> DeployError {
        DeployError::NotDeployed {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        }
    }
}

async fn send(sender: &mut Sender<'_>, record: &mut Record, seen: &Seen) -> Outcome {
    let sent = sender.send(seen).await;
    if let (Some(uid), Some(entry)) = (sent.uid, record.inventory.entry_mut(&seen.key)) {
        entry.uid = Some(uid);
    }
    sent.outcome
}

/// What an earlier deployment sent, and this one does not.
pub(super) fn left_out<'a>(inventory: &'a Inventory, seen: &[Seen]) -> Vec<&'a Entry> {
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
