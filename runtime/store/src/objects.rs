//! The objects of the Kubernetes API: all of them in memory, every change on disk first, and the newest changes
//! kept for those who watch.
//!
//! ```text
//!   commit ──► SQLite (one transaction) ──► memory + log ──► wake
//!   get, list ◄── memory                      changes ◄── log   from a version on; too old is told
//! ```
//!
//! A clock counts the changes, and each object carries the time of its last one: its `resourceVersion`. A list is
//! of one moment of that clock, and whoever goes on from there with [`Objects::changes`] misses nothing.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::error::StoreError;
use crate::store::Store;

/// How many changes are kept for those who watch. Who is further behind lists anew.
const KEPT_CHANGES: usize = 8192;

/// Names an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The resource with its group: `pods`, `notebooks.kubeflow.org`.
    pub resource: String,
    /// The namespace; empty for what belongs to none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// An object as it was at some moment.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredObject {
    /// Its name.
    pub key: ObjectKey,
    /// When it was last changed, by the clock of changes; stands in the body, too.
    pub version: u64,
    /// The JSON that the API answers.
    pub body: Map<String, Value>,
}

/// What has to be so for a write to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is no object of that name.
    Absent,
    /// The object has not changed since this version.
    Version(u64),
}

/// One object to be written, or removed.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectWrite {
    /// Which.
    pub key: ObjectKey,
    /// What it is expected to be now.
    pub expected: Expected,
    /// What it becomes; none to remove it. Its `metadata.resourceVersion` is set by the commit.
    pub body: Option<Map<String, Value>>,
}

/// Something that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectChange {
    /// The time of the change.
    pub version: u64,
    /// The object before; none when it is new.
    pub before: Option<Arc<StoredObject>>,
    /// The object from then on; of a removed one, as it was, with the time of its removal.
    pub object: Arc<StoredObject>,
    /// Whether it was removed.
    pub removed: bool,
}

/// Objects of one moment.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The objects, by namespace and name.
    pub objects: Vec<Arc<StoredObject>>,
    /// The moment.
    pub version: u64,
}

/// The changes after the asked version are not all kept any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("changes before {oldest} are not kept")]
pub struct TooOld {
    /// The oldest version from which one can go on.
    pub oldest: u64,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// An object is not what was expected.
    #[error("`{}` is not what it was expected to be", key.name)]
    Changed {
        /// Which.
        key: ObjectKey,
        /// Its version now; none when it is not there.
        found: Option<u64>,
    },
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All objects. Clones share them.
#[derive(Clone)]
pub struct Objects {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    /// Held through a commit, so that the clock and the log have one order.
    writing: Mutex<()>,
    memory: RwLock<Memory>,
    clock: watch::Sender<u64>,
}

struct Memory {
    objects: BTreeMap<ObjectKey, Arc<StoredObject>>,
    version: u64,
    log: VecDeque<ObjectChange>,
    /// The version from which on the log is complete.
    oldest: u64,
}

impl ObjectKey {
    /// A key of its parts.
    pub fn new(
        resource: impl Into<String>,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            resource: resource.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl Objects {
    /// Reads all objects of a store. There may be one of these at a time that writes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        let (objects, version) = store.objects()?;
        let objects = objects
            .into_iter()
            .map(|object| (object.key.clone(), Arc::new(object)))
            .collect();
        let memory = Memory {
            objects,
            version,
            log: VecDeque::new(),
            oldest: version,
        };
        let (clock, _) = watch::channel(version);
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                writing: Mutex::default(),
                memory: RwLock::new(memory),
                clock,
            }),
        })
    }

    /// An object as it is now.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<StoredObject>> {
        self.memory().objects.get(key).cloned()
    }

    /// The objects of a resource as they are now: of one namespace, or of all.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> Page {
        let memory = self.memory();
        let first = ObjectKey::new(resource, namespace.unwrap_or_default(), "");
        let objects = memory
            .objects
            .range((Bound::Included(first), Bound::Unbounded))
            .map(|(_, object)| object)
            .take_while(|object| {
                object.key.resource == resource
                    && namespace.is_none_or(|namespace| object.key.namespace == namespace)
            })
            .cloned()
            .collect();
        Page {
            objects,
            version: memory.version,
        }
    }

    /// The objects of a resource as they were at a version, which is not one to come.
    ///
    /// # Errors
    /// When not everything that changed since is kept.
    pub fn list_at(
        &self,
        resource: &str,
        namespace: Option<&str>,
        version: u64,
    ) -> Result<Page, TooOld> {
        let page = self.list(resource, namespace);
        // Nothing that came after the page is in what changed up to it.
        let (changes, _) = self.changes(version)?;
        let changes = changes
            .into_iter()
            .filter(|change| change.version <= page.version)
            .filter(|change| change.object.key.resource == resource)
            .filter(|change| {
                namespace.is_none_or(|namespace| change.object.key.namespace == namespace)
            });
        let mut objects: BTreeMap<ObjectKey, Arc<StoredObject>> = page
            .objects
            .into_iter()
            .map(|object| (object.key.clone(), object))
            .collect();
        for change in changes.rev() {
            match change.before {
                Some(before) => drop(objects.insert(before.key.clone(), before)),
                None => drop(objects.remove(&change.object.key)),
            }
        }
        Ok(Page {
            objects: objects.into_values().collect(),
            version,
        })
    }

    /// The time of the last change.
    pub fn version(&self) -> u64 {
        self.memory().version
    }

    /// What changed after a version, oldest first, and the time up to which that is all.
    ///
    /// # Errors
    /// When not all of it is kept any more.
    pub fn changes(&self, after: u64) -> Result<(Vec<ObjectChange>, u64), TooOld> {
        let memory = self.memory();
        if after < memory.oldest {
            return Err(TooOld {
                oldest: memory.oldest,
            });
        }
        let begin = memory.log.partition_point(|change| change.version <= after);
        Ok((memory.log.range(begin..).cloned().collect(), memory.version))
    }

    /// Changes with each commit.
    pub fn clock(&self) -> watch::Receiver<u64> {
        self.inner.clock.subscribe()
    }

    /// Writes all of it or nothing, and returns the objects as they are from then on; of removed ones as they
    /// were. When this returns, they outlive a `kill -9`.
    ///
    /// # Errors
    /// [`CommitError::Changed`] when one is not what was expected; what the database said.
    pub fn commit(&self, writes: Vec<ObjectWrite>) -> Result<Vec<Arc<StoredObject>>, CommitError> {
        let _turn = locked(&self.inner.writing);
        let changes = self.changes_of(writes)?;
        let Some(last) = changes.last().map(|change| change.version) else {
            return Ok(Vec::new());
        };
        self.inner.store.write("write objects", |writing| {
            for change in &changes {
                match change.removed {
                    true => writing.drop_object(&change.object.key)?,
                    false => writing.put_object(&change.object)?,
                }
            }
            writing.set_object_clock(last)
        })?;
        let written = changes
            .iter()
            .map(|change| Arc::clone(&change.object))
            .collect();
        self.remember(changes, last);
        self.inner.clock.send_replace(last);
        Ok(written)
    }

    /// What the writes change, each with its time; a write that finds another object than it expects stops all.
    fn changes_of(&self, writes: Vec<ObjectWrite>) -> Result<Vec<ObjectChange>, CommitError> {
        let memory = self.memory();
        let mut version = memory.version;
        let mut changes = Vec::with_capacity(writes.len());
        for ObjectWrite {
            key,
            expected,
            body,
        } in writes
        {
            let before = memory.objects.get(&key).cloned();
            let found = before.as_ref().map(|object| object.version);
            let as_expected = match expected {
                Expected::Absent => found.is_none(),
                Expected::Version(version) => found == Some(version),
            };
            let removed = body.is_none();
            let body = body.or_else(|| before.as_ref().map(|object| object.body.clone()));
            let Some(mut body) = body.filter(|_| as_expected) else {
                return Err(CommitError::Changed { key, found });
            };
            version += 1;
            set_version(&mut body, version);
            changes.push(ObjectChange {
                version,
                before,
                object: Arc::new(StoredObject { key, version, body }),
                removed,
            });
        }
        Ok(changes)
    }

    fn remember(&self, changes: Vec<ObjectChange>, version: u64) {
        let mut memory = self
            .inner
            .memory
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            let object = &change.object;
            match change.removed {
                true => drop(memory.objects.remove(&object.key)),
                false => drop(
                    memory
                        .objects
                        .insert(object.key.clone(), Arc::clone(object)),
                ),
            }
            memory.log.push_back(change);
        }
        while memory.log.len() > KEPT_CHANGES {
            let dropped = memory.log.pop_front().map(|change| change.version);
            memory.oldest = dropped.unwrap_or(memory.oldest);
        }
        memory.version = version;
    }

    fn memory(&self) -> std::sync::RwLockReadGuard<'_, Memory> {
        self.inner
            .memory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Objects")
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

fn set_version(body: &mut Map<String, Value>, version: u64) {
    let metadata = body
        .entry("metadata")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("resourceVersion".to_owned(), version.to_string().into());
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn put(name: &str, expected: Expected) -> ObjectWrite {
        let body = json!({ "metadata": { "name": name } });
        ObjectWrite {
            key: ObjectKey::new("configmaps", "default", name),
            expected,
            body: body.as_object().cloned(),
        }
    }

    fn removal(name: &str, version: u64) -> ObjectWrite {
        ObjectWrite {
            body: None,
            ..put(name, Expected::Version(version))
        }
    }

    fn objects() -> Objects {
        Objects::open(Store::open_in_memory().unwrap()).unwrap()
    }

    #[test]
    fn a_write_that_finds_something_else_stops_all_of_its_commit() {
        let objects = objects();
        let written = objects.commit(vec![put("a", Expected::Absent)]).unwrap();
        let both = vec![put("b", Expected::Absent), put("a", Expected::Absent)];
        let refused = objects.commit(both).unwrap_err();
        let CommitError::Changed { key, found } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((key.name.as_str(), found), ("a", Some(written[0].version)));
        assert_eq!(objects.list("configmaps", None).objects.len(), 1);
        let stale = put("a", Expected::Version(written[0].version - 1));
        assert!(objects.commit(vec![stale]).is_err());
        let fresh = put("a", Expected::Version(written[0].version));
        let newer = objects.commit(vec![fresh]).unwrap();
        assert!(newer[0].version > written[0].version);
        assert_eq!(
            newer[0].body["metadata"]["resourceVersion"],
            newer[0].version.to_string()
        );
    }

    #[test]
    fn who_goes_on_from_a_list_misses_nothing_and_hears_of_removals_at_their_time() {
        let objects = objects();
        objects.commit(vec![put("a", Expected::Absent)]).unwrap();
        let list = objects.list("configmaps", Some("default"));
        let made = objects.commit(vec![put("b", Expected::Absent)]).unwrap();
        objects.commit(vec![removal("b", made[0].version)]).unwrap();
        let (changes, version) = objects.changes(list.version).unwrap();
        let seen: Vec<_> = changes
            .iter()
            .map(|change| {
                (
                    change.removed,
                    change.before.is_some(),
                    change.object.version,
                )
            })
            .collect();
        assert_eq!(seen, [(false, false, version - 1), (true, true, version)]);
        assert_eq!(objects.changes(version).unwrap(), (vec![], version));
    }

    #[test]
    fn a_list_can_be_had_as_it_was() {
        let objects = objects();
        let made = objects
            .commit(vec![put("a", Expected::Absent), put("b", Expected::Absent)])
            .unwrap();
        let then = objects.list("configmaps", None);
        objects.commit(vec![removal("a", made[0].version)]).unwrap();
        objects
            .commit(vec![
                put("b", Expected::Version(made[1].version)),
                put("c", Expected::Absent),
            ])
            .unwrap();
        let again = objects.list_at("configmaps", Some("default"), then.version);
        let again = again.unwrap();
        assert_eq!((again.objects, again.version), (then.objects, then.version));
        assert_eq!(
            objects
                .list_at("secrets", None, then.version)
                .unwrap()
                .objects,
            []
        );
    }

    #[test]
    fn the_clock_never_goes_back_and_a_new_life_keeps_no_old_changes() {
        let root = tempfile::tempdir().unwrap();
        let home = crate::Home::at(root.path());
        let last = {
            let objects = Objects::open(Store::open(&home).unwrap()).unwrap();
            let made = objects.commit(vec![put("a", Expected::Absent)]).unwrap();
            objects.commit(vec![removal("a", made[0].version)]).unwrap();
            objects.version()
        };
        let objects = Objects::open(Store::open(&home).unwrap()).unwrap();
        assert_eq!(objects.version(), last);
        assert_eq!(objects.changes(last - 1), Err(TooOld { oldest: last }));
        let made = objects.commit(vec![put("a", Expected::Absent)]).unwrap();
        assert_eq!(made[0].version, last + 1);
    }

    #[test]
    fn the_log_is_bounded_and_says_what_it_no_longer_has() {
        let objects = objects();
        let begin = objects.version();
        for number in 0..KEPT_CHANGES + 10 {
            objects
                .commit(vec![put(&number.to_string(), Expected::Absent)])
                .unwrap();
        }
        let oldest = begin + 10;
        assert_eq!(objects.changes(begin), Err(TooOld { oldest }));
        assert_eq!(objects.changes(oldest).unwrap().0.len(), KEPT_CHANGES);
    }

    #[test]
    fn a_list_is_of_one_resource_and_one_namespace() {
        let objects = objects();
        let other = |resource: &str, namespace: &str| ObjectWrite {
            key: ObjectKey::new(resource, namespace, "a"),
            ..put("a", Expected::Absent)
        };
        objects
            .commit(vec![
                other("pods", "one"),
                other("pods", "one-more"),
                other("pods.metrics", "one"),
            ])
            .unwrap();
        assert_eq!(objects.list("pods", Some("one")).objects.len(), 1);
        assert_eq!(objects.list("pods", None).objects.len(), 2);
        assert_eq!(objects.list("pod", None).objects.len(), 0);
    }
}
