//! Sending objects one after another, and saying what came of each.

use std::time::Duration;

use tokio::time;

use super::diff::without_noise;
use super::look::Seen;
use super::outcome::{Done, Outcome};
use super::refusal::{Refusal, RefusalKind};
use super::requests::{Answer, Cluster, Conflicts, RequestError, Write};
use crate::key::ObjectKey;

/// How long the server may take to serve a kind whose definition was just created, and how often it is asked.
const SERVED_WITHIN: (Duration, u32) = (Duration::from_millis(250), 40);

/// Whether Secrets may be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    Given,
    Missing,
}

impl Consent {
    /// Why an object is not sent without it. One that is as it should be already needs none.
    pub(super) fn refusal(self, seen: &Seen) -> Option<Refusal> {
        let is_missing = self == Self::Missing && seen.key.is_secret() && !seen.is_unchanged();
        is_missing.then(|| {
            Refusal::own(
                RefusalKind::NoConsent,
                "a Secret is created and changed only by consent",
            )
        })
    }
}

/// Sends objects. It goes on after a refusal, as `kubectl apply` does, and stops where nothing more can be reached.
pub(super) struct Sender<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) conflicts: Conflicts,
    pub(super) consent: Consent,
    /// Why nothing more is asked.
    pub(super) ended: Option<String>,
}

/// What came of an object, with its uid where it is there.
pub(super) struct Sent {
    pub(super) outcome: Outcome,
    pub(super) uid: Option<String>,
}

impl Sender<'_> {
    pub(super) async fn send(&mut self, seen: &Seen) -> Sent {
        let key = &seen.key;
        if let Some(reason) = &self.ended {
            return without_uid(
                key,
                Done::NotReached {
                    reason: reason.clone(),
                },
            );
        }
        if let Some(refusal) = self.consent.refusal(seen) {
            return without_uid(key, Done::refused(refusal));
        }
        if key.is_secret() && self.consent == Consent::Missing {
            return without_uid(key, Done::Unchanged);
        }
        if let Err(refusal) = &seen.dry
            && refusal.kind == RefusalKind::BeingDeleted
        {
            return without_uid(key, Done::refused(refusal.clone()));
        }
        match self.apply(seen).await {
            Ok(answer) => done(seen, answer),
            Err(RequestError::Lost(reason)) => {
                let reason = format!("the cluster was lost: {reason}");
                self.ended = Some(reason.clone());
                without_uid(key, Done::NotReached { reason })
            }
            Err(RequestError::Refused(refusal)) => {
                if refusal.ends_all() {
                    self.ended = Some(refusal.message.clone());
                }
                without_uid(key, Done::refused(refusal))
            }
        }
    }

    /// Applies; a kind whose definition was just sent is waited for.
    async fn apply(&self, seen: &Seen) -> Result<Answer, RequestError> {
        let waited_for = seen.waits_for.as_deref().unwrap_or_default();
        let is_new_kind = waited_for.starts_with("CustomResourceDefinition/");
        let (pause, most) = SERVED_WITHIN;
        let mut tried = 0;
        loop {
            let applied = self
                .cluster
                .apply(&seen.key, &seen.object, self.conflicts, Write::Persist)
                .await;
            let not_served = matches!(&applied, Err(RequestError::Refused(refusal)) if refusal.kind == RefusalKind::KindMissing);
            if !(is_new_kind && not_served) || tried == most {
                return applied;
            }
            tried += 1;
            time::sleep(pause).await;
        }
    }
}

fn done(seen: &Seen, answer: Answer) -> Sent {
    let done = match &seen.live {
        None => Done::Created,
        Some(live) if without_noise(live) == without_noise(&answer.value) => Done::Unchanged,
        Some(_) => Done::Changed,
    };
    Sent {
        outcome: Outcome {
            object: seen.key.clone(),
            done,
            warnings: answer.warnings,
        },
        uid: answer.value["metadata"]["uid"].as_str().map(str::to_owned),
    }
}

fn without_uid(key: &ObjectKey, done: Done) -> Sent {
    Sent {
        outcome: plain(key, done),
        uid: None,
    }
}

/// An outcome of which the server warned nobody.
pub(super) fn plain(key: &ObjectKey, done: Done) -> Outcome {
    Outcome {
        object: key.clone(),
        done,
        warnings: Vec::new(),
    }
}
