//! What a deployment has sent, and what it takes to go back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::name::DeploymentName;
use crate::key::ObjectKey;

/// The version of what is stored. Others are refused, since what to remove would be guessed.
pub(super) const VERSION: u32 = 1;

/// How an object was before the last deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Before {
    /// The last deployment left it as it was.
    Untouched,
    /// It was not there.
    Absent,
    /// We had applied it already; the values are kept.
    Ours,
    /// It was there, and others had made it; the values are kept.
    Others,
}

/// One object of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which object.
    pub object: ObjectKey,
    /// The object's uid once it was sent. None while it was not, or while that is not known.
    pub uid: Option<String>,
    /// Whether it was not there before the first time.
    pub created: bool,
    /// How it was before the last deployment.
    pub before: Before,
}

/// Everything that a deployment has sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Of what is stored.
    pub version: u32,
    /// The deployment.
    pub deployment: DeploymentName,
    /// Counts the times that something was sent.
    pub revision: u64,
    /// Whether the last time came to its end.
    pub finished: bool,
    /// What was sent and is not removed.
    pub entries: Vec<Entry>,
    /// What the last time removed; going back brings it again.
    pub removed: Vec<Entry>,
}

impl Inventory {
    pub(super) fn new(deployment: DeploymentName) -> Self {
        Self {
            version: VERSION,
            deployment,
            revision: 0,
            finished: true,
            entries: Vec::new(),
            removed: Vec::new(),
        }
    }

    pub(super) fn entry(&self, key: &ObjectKey) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.object.same_object(key))
    }

    pub(super) fn entry_mut(&mut self, key: &ObjectKey) -> Option<&mut Entry> {
        self.entries
            .iter_mut()
            .find(|entry| entry.object.same_object(key))
    }

    /// Whether there is something to go back to.
    pub fn can_go_back(&self) -> bool {
        !self.removed.is_empty()
            || self
                .entries
                .iter()
                .any(|entry| entry.before != Before::Untouched)
    }
}

/// An object's values as they were before the last deployment, where they are needed to go back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) object: ObjectKey,
    pub(super) config: Value,
}

/// The values of an object.
pub(super) fn body<'a>(bodies: &'a [Body], key: &ObjectKey) -> Option<&'a Value> {
    let found = bodies.iter().find(|body| body.object.same_object(key));
    found.map(|body| &body.config)
}
