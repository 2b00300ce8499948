//! Being told that a directory changed.
//!
//! The kernel gives each user few notifiers (128 on most machines), so all followers of a process share one,
//! which lives as long as somebody follows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;

/// How often a directory is looked at where the machine has no notifier left.
const WITHOUT_NOTIFIER: Duration = Duration::from_millis(300);

static SHARED: Mutex<Weak<Hub>> = Mutex::new(Weak::new());

type Senders = Arc<Mutex<BTreeMap<PathBuf, watch::Sender<()>>>>;

struct Hub {
    /// Held while directories are added and removed. The notifier's thread takes only `senders`, so the two
    /// cannot wait for each other.
    watcher: Mutex<RecommendedWatcher>,
    senders: Senders,
}

/// A directory that is watched.
pub struct Watched {
    directory: PathBuf,
    changes: Option<(Arc<Hub>, watch::Receiver<()>)>,
}

impl Watched {
    /// Watches an existing directory.
    ///
    /// # Errors
    /// When it is not there.
    pub fn new(directory: &Path) -> std::io::Result<Self> {
        let directory = fs_err::canonicalize(directory)?;
        let changes = shared()
            .and_then(|hub| Ok((hub.add(&directory)?, hub)))
            .map(|(receiver, hub)| (hub, receiver))
            .inspect_err(|error| {
                tracing::warn!(%error, directory = %directory.display(), "no change notifier, looking every 300 ms");
            })
            .ok();
        Ok(Self { directory, changes })
    }

    /// From here on a change counts as news.
    pub fn mark_seen(&mut self) {
        if let Some((_, receiver)) = &mut self.changes {
            receiver.mark_unchanged();
        }
    }

    /// Waits for news. Cancel-safe.
    pub async fn changed(&mut self) {
        let ended = match &mut self.changes {
            Some((_, receiver)) => receiver.changed().await.is_err(),
            None => true,
        };
        if ended {
            tokio::time::sleep(WITHOUT_NOTIFIER).await;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some((hub, receiver)) = self.changes.take() {
            drop(receiver);
            hub.remove_unused(&self.directory);
        }
    }
}

impl Hub {
    fn new() -> notify::Result<Self> {
        let senders = Senders::default();
        let told = Arc::clone(&senders);
        let watcher = notify::recommended_watcher(move |event| announce(&told, event))?;
        Ok(Self {
            watcher: Mutex::new(watcher),
            senders,
        })
    }

    fn add(&self, directory: &Path) -> notify::Result<watch::Receiver<()>> {
        let mut watcher = lock(&self.watcher);
        // Also when it is watched already: it may have been removed and made again since.
        watcher.watch(directory, RecursiveMode::NonRecursive)?;
        if let Some(sender) = lock(&self.senders).get(directory) {
            return Ok(sender.subscribe());
        }
        let (sender, receiver) = watch::channel(());
        lock(&self.senders).insert(directory.to_owned(), sender);
        Ok(receiver)
    }

    fn remove_unused(&self, directory: &Path) {
        let mut watcher = lock(&self.watcher);
        let unused = lock(&self.senders)
            .get(directory)
            .is_some_and(|sender| sender.receiver_count() == 0);
        if unused {
            lock(&self.senders).remove(directory);
            // It fails when the directory itself is gone, and then nothing is watched either.
            drop(watcher.unwatch(directory));
        }
    }
}

fn shared() -> notify::Result<Arc<Hub>> {
    let mut shared = lock(&SHARED);
    if let Some(hub) = shared.upgrade() {
        return Ok(hub);
    }
    let hub = Arc::new(Hub::new()?);
    *shared = Arc::downgrade(&hub);
    Ok(hub)
}

fn announce(senders: &Senders, event: notify::Result<notify::Event>) {
    let senders = lock(senders);
    match event {
        // Reading is no change, and a follower that woke itself would never rest.
        Ok(event) if is_reading(event.kind) => {}
        Ok(event) => {
            for path in &event.paths {
                let directories = [Some(path.as_path()), path.parent()];
                for sender in directories
                    .into_iter()
                    .flatten()
                    .filter_map(|directory| senders.get(directory))
                {
                    sender.send_replace(());
                }
            }
        }
        // The notifier lost count: anybody may have missed something.
        Err(_) => senders.values().for_each(|sender| sender.send_replace(())),
    }
}

fn is_reading(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access != AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => false,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing here is left half done by a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
