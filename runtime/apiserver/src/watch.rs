//! Watching: the changes of a resource from some moment on.

use std::collections::VecDeque;
use std::sync::Arc;

use coracle_objects::{Reason, Resource, Status};
use coracle_store::{ObjectChange, Objects, StoredObject};
use tokio::sync::watch::Receiver;

use crate::place::resource_key;
use crate::read::Selectors;
use crate::server::ApiServer;

/// What became of an object, for those that the watch selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchEventKind {
    /// It is there, or is selected from now on.
    Added,
    /// It changed.
    Modified,
    /// It is gone, or is no longer selected.
    Deleted,
}

/// Something to tell a watcher.
#[derive(Debug, Clone)]
pub struct WatchEvent {
    /// What became of it.
    pub kind: WatchEventKind,
    /// The object; of one that is no longer there or selected, as it was.
    pub object: Arc<StoredObject>,
    /// The time of the change, which is the object's `resourceVersion` in the event.
    pub version: u64,
}

/// A watch.
#[derive(Debug)]
pub struct Watch {
    objects: Objects,
    clock: Receiver<u64>,
    resource: &'static Resource,
    key: String,
    namespace: Option<String>,
    selectors: Selectors,
    version: u64,
    initial: VecDeque<WatchEvent>,
}

impl ApiServer {
    /// Watches from a version on; with none, what is there now comes first, as added.
    pub fn watch(
        &self,
        resource: &'static Resource,
        namespace: Option<&str>,
        selectors: Selectors,
        since: Option<u64>,
    ) -> Watch {
        let clock = self.objects.clock();
        let key = resource_key(resource);
        let (initial, version) = match since {
            Some(version) => (VecDeque::new(), version),
            None => {
                let page = self.objects.list(&key, namespace);
                let selected = page
                    .objects
                    .into_iter()
                    .filter(|object| selectors.match_object(&object.body, resource));
                let added = selected.map(|object| WatchEvent {
                    kind: WatchEventKind::Added,
                    version: object.version,
                    object,
                });
                (added.collect(), page.version)
            }
        };
        Watch {
            objects: self.objects.clone(),
            clock,
            resource,
            key,
            namespace: namespace.map(str::to_owned),
            selectors,
            version,
            initial,
        }
    }
}

impl Watch {
    /// The version up to which everything was told.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether everything that was there at the beginning was told.
    pub fn told_all_initial(&self) -> bool {
        self.initial.is_empty()
    }

    /// What comes next, at least one event; waits for it. Cancel-safe.
    ///
    /// # Errors
    /// 410 when what follows is not kept any more.
    pub async fn next(&mut self) -> Result<Vec<WatchEvent>, Status> {
        loop {
            if !self.initial.is_empty() {
                return Ok(self.initial.drain(..).collect());
            }
            let events = self.news()?;
            if !events.is_empty() {
                return Ok(events);
            }
            // The sender goes with the last of the objects, and this holds them.
            let _ = self.clock.changed().await;
        }
    }

    fn news(&mut self) -> Result<Vec<WatchEvent>, Status> {
        // Seen before it is read: what comes in between wakes the next wait.
        self.clock.borrow_and_update();
        let (changes, version) = self.objects.changes(self.version).map_err(|too_old| {
            let asked = self.version;
            let message = format!("too old resource version: {asked} ({})", too_old.oldest);
            Status::new(Reason::Expired, message)
        })?;
        // A version of the future is waited for.
        self.version = self.version.max(version);
        Ok(changes
            .into_iter()
            .filter_map(|change| self.event(change))
            .collect())
    }

    fn event(&self, change: ObjectChange) -> Option<WatchEvent> {
        let key = &change.object.key;
        let meant = key.resource == self.key
            && self
                .namespace
                .as_ref()
                .is_none_or(|namespace| *namespace == key.namespace);
        if !meant {
            return None;
        }
        let selects =
            |object: &StoredObject| self.selectors.match_object(&object.body, self.resource);
        let before = change.before.filter(|before| selects(before));
        let after = !change.removed && selects(&change.object);
        let (kind, object) = match (before, after) {
            (None, false) => return None,
            (None, true) => (WatchEventKind::Added, change.object),
            (Some(_), true) => (WatchEventKind::Modified, change.object),
            (Some(_), false) if change.removed => (WatchEventKind::Deleted, change.object),
            (Some(before), false) => (WatchEventKind::Deleted, before),
        };
        Some(WatchEvent {
            kind,
            object,
            version: change.version,
        })
    }
}
