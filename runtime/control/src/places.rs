//! Where the pods at work are: the network place of each, by uid.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use coracle_host::SandboxName;

/// The network places of pods. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct PodPlaces {
    sandboxes: Arc<RwLock<HashMap<String, SandboxName>>>,
}

impl PodPlaces {
    /// The sandbox of a pod; none while it has none.
    pub fn sandbox(&self, pod_uid: &str) -> Option<SandboxName> {
        let sandboxes = self
            .sandboxes
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        sandboxes.get(pod_uid).cloned()
    }

    /// Says in which sandbox a pod is.
    pub(crate) fn enter(&self, pod_uid: &str, sandbox: SandboxName) {
        let mut sandboxes = self
            .sandboxes
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        sandboxes.insert(pod_uid.to_owned(), sandbox);
    }

    /// Says that a pod is in none any more.
    pub(crate) fn leave(&self, pod_uid: &str) {
        let mut sandboxes = self
            .sandboxes
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        sandboxes.remove(pod_uid);
    }
}
