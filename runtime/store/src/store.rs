//! The store: one handle to everything that is remembered in the database.
//!
//! ```text
//! create_run, record, delete_run --> one connection that writes --> rows + events, one transaction
//! run, tasks, events_after, ...  --> connections that read       --> the last commit
//! ```
//!
//! What reads a table stands in the table's file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use coracle_model::{ArtifactId, Event, EventCursor, RunRecord, Timestamp};
use tokio::sync::watch;

use crate::change::Change;
use crate::column::whole_micros;
use crate::database::{Database, Reading, Refusal, Writing};
use crate::error::StoreError;
use crate::home::Home;
use crate::table::last_artifact_id;
use crate::touched::TableCounts;

/// What the workbench remembers. Clones share one database.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    next_artifact: AtomicI64,
}

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Runs.
    pub runs: u64,
    /// Runs that have not ended.
    pub open_runs: u64,
    /// Tasks of all runs.
    pub tasks: u64,
    /// Attempts of all tasks.
    pub attempts: u64,
    /// Artifacts.
    pub artifacts: u64,
    /// Steps whose outputs can be taken from the cache.
    pub cache_entries: u64,
    /// Events.
    pub events: u64,
    /// Bytes of the database without its write-ahead log.
    pub database_bytes: u64,
}

impl Store {
    /// Opens the database of a home, makes it when there is none, and brings an older one to the form of
    /// this version. The caller holds the home's lock.
    ///
    /// # Errors
    /// [`StoreError::NewerDatabase`] and [`StoreError::Corrupt`], with the file as it was;
    /// [`StoreError::ReadOnly`] and [`StoreError::DiskFull`].
    pub fn open(home: &Home) -> Result<Self, StoreError> {
        home.prepare()?;
        Self::over(Database::open(&home.database())?)
    }

    /// A store that is gone with its last clone.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        Self::over(Database::in_memory()?)
    }

    /// Opens the database of a home for reading, whether or not a workbench writes to it. One that is not
    /// there reads as an empty one. One of an older version is brought to the form of this version first,
    /// unless a workbench uses it.
    ///
    /// # Errors
    /// As [`Store::open`]; [`StoreError::Locked`] when a workbench of an older version uses the home.
    pub fn open_read_only(home: &Home) -> Result<Self, StoreError> {
        let path = home.database();
        if !path.exists() {
            return Self::open_in_memory();
        }
        if let Some(database) = Database::open_to_read(&path)? {
            return Self::over(database);
        }
        let lock = home.lock()?;
        drop(Database::open(&path)?);
        drop(lock);
        Self::over(Database::open_to_read(&path)?.ok_or_else(|| {
            let source = rusqlite::Error::QueryReturnedNoRows;
            StoreError::database("bring the database up to date", &path, source)
        })?)
    }

    /// A number for a new artifact: above all that were ever recorded, and given out once.
    pub fn next_artifact_id(&self) -> ArtifactId {
        ArtifactId(self.inner.next_artifact.fetch_add(1, Ordering::Relaxed))
    }

    /// Remembers a new run, and its definition, of which equal ones are kept once. The time of the event is
    /// the run's own.
    ///
    /// # Errors
    /// [`StoreError::RunExists`] when its id is taken; [`StoreError::DiskFull`] and the like.
    pub fn create_run(&self, run: &RunRecord) -> Result<EventCursor, StoreError> {
        self.write("record a run", |writing| Ok(writing.add_run(run)?.cursor))
    }

    /// Remembers a run that ended elsewhere with all that is known of it, all or nothing. The bytes of these artifacts are not here.
    ///
    /// # Errors
    /// As [`Store::create_run`] and [`Store::record`].
    pub fn bring_run(
        &self,
        run: &RunRecord,
        changes: &[Change],
        missing: &[ArtifactId],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let at = whole_micros(at);
        self.write("record a run that was brought here", |writing| {
            writing.add_run(run)?;
            for change in changes {
                for (run, kind) in change.apply(writing, at)? {
                    writing.append_event(run, at, kind)?;
                }
            }
            for id in missing {
                writing.note_without_bytes(*id, at)?;
            }
            Ok(())
        })
    }

    /// Remembers changes and the events that tell of them, all or none, in their order. When this returns,
    /// they outlive a `kill -9`.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRun`]; [`StoreError::Unnumbered`]; [`StoreError::DiskFull`] and the like, after
    /// which the same call can be made again.
    pub fn record(&self, changes: &[Change], at: Timestamp) -> Result<Vec<Event>, StoreError> {
        let at = whole_micros(at);
        self.write("record changes", |writing| {
            let mut events = Vec::with_capacity(changes.len());
            for change in changes {
                for (run, kind) in change.apply(writing, at)? {
                    events.push(writing.append_event(run, at, kind)?);
                }
            }
            Ok(events)
        })
    }

    /// Which tables were written to, as it happens; none where the store was opened for reading.
    pub fn touched(&self) -> Option<watch::Receiver<TableCounts>> {
        self.inner.database.touched()
    }

    /// Counts what is stored.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn statistics(&self) -> Result<Statistics, StoreError> {
        self.read("count what is stored", |reading| {
            let count = |query: &str| -> rusqlite::Result<u64> {
                let count: i64 = reading.query_row(query, [], |row| row.get(0))?;
                Ok(count.unsigned_abs())
            };
            Ok(Statistics {
                runs: count("SELECT count(*) FROM runs")?,
                open_runs: count(
                    "SELECT count(*) FROM runs WHERE state IN ('PENDING', 'RUNNING', 'CANCELING')",
                )?,
                tasks: count("SELECT count(*) FROM tasks")?,
                attempts: count("SELECT count(*) FROM attempts")?,
                artifacts: count("SELECT count(*) FROM artifacts")?,
                cache_entries: count("SELECT count(*) FROM cache_entries")?,
                events: count("SELECT count(*) FROM events")?,
                database_bytes: count(
                    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                )?,
            })
        })
    }

    /// Reads the whole database and tells what is damaged in it; empty when nothing is. Takes seconds for a
    /// large one.
    ///
    /// # Errors
    /// When the database cannot be read for another reason.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        let problems = self.read("check the database", |reading| {
            let mut statement = reading.prepare("PRAGMA quick_check(20)")?;
            statement
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()
        });
        match problems {
            Ok(problems) => Ok(problems
                .into_iter()
                .filter(|problem| problem != "ok")
                .collect()),
            // Some damage keeps SQLite from even looking for more.
            Err(StoreError::Corrupt { source, .. }) => Ok(vec![source.to_string()]),
            Err(error) => Err(error),
        }
    }

    /// Gives the room of what was deleted back to the file system.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn shrink(&self) -> Result<(), StoreError> {
        self.inner.database.shrink()
    }

    /// Sees to it that what was written outlives a loss of power, not only a `kill -9`.
    ///
    /// # Errors
    /// When the database cannot be written, or somebody reads it for seconds.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.inner.database.flush()
    }

    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Reading<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.inner.database.read(doing, query)
    }

    pub(crate) fn write<T>(
        &self,
        doing: &'static str,
        change: impl FnOnce(&Writing<'_>) -> Result<T, Refusal>,
    ) -> Result<T, StoreError> {
        self.inner.database.write(doing, change)
    }

    fn over(database: Database) -> Result<Self, StoreError> {
        let next = database.read("read the last artifact", last_artifact_id)? + 1;
        Ok(Self {
            inner: Arc::new(Inner {
                database,
                next_artifact: AtomicI64::new(next),
            }),
        })
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Store")
            .field("database", &self.inner.database.path())
            .finish_non_exhaustive()
    }
}
