//! Connections: one that writes, and some that read beside it.
//!
//! In WAL mode readers see the last commit and never wait for the writer. A commit is a `write` into the
//! log file; with `synchronous=NORMAL` it is not flushed to the disk each time. What a killed process has
//! written is the kernel's and stays, so `kill -9` loses nothing that was committed. A loss of power may
//! take the last commits, each as a whole, and never damages the file: SQLite flushes at every checkpoint.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coracle_model::RunId;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
};
use tokio::sync::watch;

use crate::durable;
use crate::error::StoreError;
use crate::migration::{self, Format};
use crate::touched::{TableCounts, Touched};

/// How long to wait for another process that writes, such as a backup. Within the process a mutex orders
/// the writers, so this is not met in ordinary use.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Kept open for the next reader; more are opened when needed and closed again.
const IDLE_READERS: usize = 4;

/// More than the number of different statements in this crate.
const CACHED_STATEMENTS: usize = 64;

/// How long the write-ahead log grows before its pages go into the file, which flushes the disk twice: 16 MiB
/// of them. Steps that end in quick succession then wait for few flushes, and a start after a kill still
/// reads the log in some ten milliseconds.
const LOG_PAGES: i64 = 4096;

/// The log is cut back to this after a burst has made it longer.
const LOG_BYTES: i64 = LOG_PAGES * 4096;

/// The fields go in this order: the last connection to close puts the log into the file, which only the one
/// that writes can do.
pub(crate) struct Database {
    path: PathBuf,
    readers: Option<Readers>,
    writer: Option<Mutex<Connection>>,
    touched: Option<Touched>,
}

/// Where readers connect to. A database in memory has none: its one connection reads, too.
struct Readers {
    uri: String,
    idle: Mutex<Vec<Connection>>,
}

/// The right to read.
pub(crate) struct Reading<'a>(&'a Connection);

/// The right to write, inside one transaction.
pub(crate) struct Writing<'a> {
    transaction: &'a Transaction<'a>,
    numbers: RefCell<HashMap<RunId, i64>>,
}

/// Why a transaction was given up.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// SQLite refused, or a row could not be read.
    Sqlite(rusqlite::Error),
    /// What was asked does not fit what is stored.
    Store(StoreError),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Deref for Reading<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

impl Deref for Writing<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.transaction
    }
}

impl Writing<'_> {
    /// Changes the one row of something that has to be stored.
    pub(crate) fn change(
        &self,
        what: &'static str,
        id: impl std::fmt::Display,
        statement: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<(), Refusal> {
        match self.prepare_cached(statement)?.execute(parameters)? {
            0 => Err(StoreError::not_stored(what, id).into()),
            _ => Ok(()),
        }
    }

    /// Refuses a name when a row is found that bears it.
    pub(crate) fn keep_unique(
        &self,
        what: &'static str,
        name: &str,
        found: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<(), Refusal> {
        if self.prepare_cached(found)?.exists(parameters)? {
            let name = name.to_owned();
            return Err(StoreError::NameTaken { what, name }.into());
        }
        Ok(())
    }

    /// The row number of a run, which other tables refer to.
    pub(crate) fn run_number(&self, run: RunId) -> Result<i64, Refusal> {
        if let Some(number) = self.numbers.borrow().get(&run) {
            return Ok(*number);
        }
        let number = self
            .prepare_cached("SELECT number FROM runs WHERE id = ?1")?
            .query_row([run.to_string()], |row| row.get(0))
            .optional()?
            .ok_or(StoreError::NoSuchRun { run })?;
        self.numbers.borrow_mut().insert(run, number);
        Ok(number)
    }
}

impl Database {
    /// Opens or makes a database file for reading and writing, in the newest form.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        if path.exists() {
            look(path)?;
        }
        keep_private(path).map_err(|error| StoreError::disk("protect", path, error))?;
        let failed = |error| StoreError::database("open the database", path, error);
        let mut connection = Connection::open(path).map_err(failed)?;
        if connection.is_readonly("main").map_err(failed)? {
            let source = "the file is not writable".into();
            return Err(StoreError::ReadOnly {
                path: path.to_owned(),
                source,
            });
        }
        set_up(&connection).map_err(failed)?;
        migration::migrate(&mut connection).map_err(failed)?;
        let readers = Readers::of(file_uri(path));
        Ok(Self {
            touched: Some(Touched::of(&connection).map_err(failed)?),
            path: path.to_owned(),
            writer: Some(Mutex::new(connection)),
            readers: Some(readers),
        })
    }

    /// Makes a database that lives as long as this value.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        let path = PathBuf::from(":memory:");
        let failed = |error| StoreError::database("open the database", &path, error);
        let mut connection = Connection::open_in_memory().map_err(failed)?;
        set_up(&connection).map_err(failed)?;
        migration::migrate(&mut connection).map_err(failed)?;
        Ok(Self {
            touched: Some(Touched::of(&connection).map_err(failed)?),
            path,
            writer: Some(Mutex::new(connection)),
            readers: None,
        })
    }

    /// Opens a database file for reading; none when it lacks tables that this version reads.
    pub(crate) fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        let database = Self {
            path: path.to_owned(),
            writer: None,
            touched: None,
            readers: Some(look(path)?),
        };
        let complete = database.read("read the migrations", |reading| {
            Ok(migration::pending(reading)?.is_empty())
        })?;
        Ok(complete.then_some(database))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads; never waits for a writer when the database is a file.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Reading<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let failed = |error| StoreError::database(doing, &self.path, error);
        match (&self.readers, &self.writer) {
            (Some(readers), _) => {
                let connection = readers.take().map_err(failed)?;
                let answer = query(&Reading(&connection));
                readers.give_back(connection);
                answer.map_err(failed)
            }
            (None, Some(writer)) => query(&Reading(&locked(writer))).map_err(failed),
            (None, None) => Err(self.not_writable()),
        }
    }

    /// Writes in one transaction: all of it is stored when this returns a value, and nothing otherwise.
    pub(crate) fn write<T>(
        &self,
        doing: &'static str,
        change: impl FnOnce(&Writing<'_>) -> Result<T, Refusal>,
    ) -> Result<T, StoreError> {
        let mut connection = self.writer()?;
        let in_transaction = || -> Result<T, Refusal> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = change(&Writing {
                transaction: &transaction,
                numbers: RefCell::default(),
            })?;
            transaction.commit()?;
            Ok(answer)
        };
        let answer = in_transaction();
        if let Some(touched) = &self.touched {
            // Still holding the connection: what the next transaction touches is not this one's.
            match &answer {
                Ok(_) => touched.commit(),
                Err(_) => touched.roll_back(),
            }
        }
        answer.map_err(|refusal| match refusal {
            Refusal::Sqlite(error) => StoreError::database(doing, &self.path, error),
            Refusal::Store(error) => error,
        })
    }

    /// Gives the room of what was deleted back to the file system.
    pub(crate) fn shrink(&self) -> Result<(), StoreError> {
        let connection = self.writer()?;
        // Each row that this statement is asked for frees one page.
        let free_pages = || -> rusqlite::Result<()> {
            let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            drop(rows);
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        };
        free_pages().map_err(|error| StoreError::database("shrink the database", &self.path, error))
    }

    /// Which tables were written to; none where nothing is written.
    pub(crate) fn touched(&self) -> Option<watch::Receiver<TableCounts>> {
        self.touched.as_ref().map(Touched::counts)
    }

    /// Sees to it that what was committed outlives a loss of power, too.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let connection = self.writer()?;
        let held_up = connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| {
            row.get::<_, bool>("busy")
        });
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        let flushed = match held_up {
            Ok(false) => Ok(()),
            Ok(true) => Err(rusqlite::Error::SqliteFailure(busy, None)),
            Err(error) => Err(error),
        };
        flushed.map_err(|error| StoreError::database("flush the database", &self.path, error))
    }

    /// The connection that writes. One that a panic left has rolled its transaction back, so it can be used.
    pub(crate) fn writer(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.writer
            .as_ref()
            .map(locked)
            .ok_or_else(|| self.not_writable())
    }

    fn not_writable(&self) -> StoreError {
        StoreError::ReadOnly {
            path: self.path.clone(),
            source: "it was opened for reading only".into(),
        }
    }
}

impl Readers {
    fn of(uri: String) -> Self {
        Self {
            uri,
            idle: Mutex::default(),
        }
    }

    fn take(&self) -> rusqlite::Result<Connection> {
        if let Some(connection) = locked(&self.idle).pop() {
            return Ok(connection);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.uri, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        Ok(connection)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = locked(&self.idle);
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Settings of the connection that writes. `auto_vacuum` has to come before the file has content.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" && mode != "memory" {
        tracing::warn!(
            mode,
            "the file system has no shared memory, so readers wait for the writer"
        );
    }
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Sees to it that only this user can read the file, which holds secrets. SQLite gives the files that it makes beside it
/// the same rights; those that a killed process left may be from before.
fn keep_private(path: &Path) -> io::Result<()> {
    durable::make_private_file(path)?;
    let left = ["-wal", "-shm"].map(|ending| beside(path, ending));
    left.iter()
        .filter(|path| path.exists())
        .try_for_each(|path| durable::make_private_file(path))
}

/// Connects without the right to write and looks at the format, so that a newer file stays as it is.
fn look(path: &Path) -> Result<Readers, StoreError> {
    let failed = |error| StoreError::database("open the database", path, error);
    let format = |readers: &Readers| migration::format_of(&readers.take()?);
    let mut readers = Readers::of(file_uri(path));
    let mut found = format(&readers);
    // SQLite wants to make files beside the database. On a read-only medium it cannot, and reads all the
    // same when it is told that nothing changes; that is so when no log with newer pages was left.
    let blocked = |error: &rusqlite::Error| {
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
        )
    };
    if found.as_ref().is_err_and(blocked) && !has_log(path) {
        readers = Readers::of(format!("{}?immutable=1", file_uri(path)));
        found = format(&readers);
    }
    let found = found.map_err(failed)?;
    if found > Format::KNOWN {
        return Err(StoreError::NewerDatabase {
            path: path.to_owned(),
            found,
            known: Format::KNOWN,
        });
    }
    Ok(readers)
}

fn has_log(path: &Path) -> bool {
    fs_err::metadata(beside(path, "-wal")).is_ok_and(|metadata| metadata.len() > 0)
}

/// A file that SQLite makes beside the database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn file_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02x}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(database: &Database) -> i64 {
        database
            .read("count", |reading| {
                reading.query_row("SELECT count(*) FROM texts", [], |row| row.get(0))
            })
            .unwrap()
    }

    fn write(database: &Database, number: usize) -> Result<(), StoreError> {
        database.write("write", |writing| {
            let body = format!("{number} {}", "x".repeat(2000));
            writing.execute(
                "INSERT INTO texts (hash, body) VALUES (?1, ?2)",
                [number.to_string(), body],
            )?;
            Ok(())
        })
    }

    #[test]
    fn a_database_without_room_refuses_whole_and_goes_on_when_there_is_some() {
        let root = tempfile::tempdir().unwrap();
        let database = Database::open(&root.path().join("full.db")).unwrap();
        let limit = |pages: i64| {
            let set = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            database
                .writer()
                .unwrap()
                .pragma_update_and_check(None, "max_page_count", pages, set)
                .unwrap();
        };
        limit(100);
        let stored = (0..)
            .take_while(|number| write(&database, *number).is_ok())
            .count();
        let error = write(&database, stored).unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
        assert_eq!(rows(&database), i64::try_from(stored).unwrap());
        limit(200);
        write(&database, stored).unwrap();
        assert_eq!(rows(&database), i64::try_from(stored).unwrap() + 1);
    }

    #[test]
    fn a_panic_in_a_transaction_takes_nothing_along() {
        let database = Database::in_memory().unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _ = database.write("write", |writing| -> Result<(), Refusal> {
                writing.execute("INSERT INTO texts (hash, body) VALUES ('a', 'b')", [])?;
                panic!("on purpose")
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(rows(&database), 0);
        write(&database, 1).unwrap();
        assert_eq!(rows(&database), 1);
    }

    #[test]
    fn paths_with_odd_characters_can_be_read_again() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("50% of #1? & ü");
        fs_err::create_dir(&directory).unwrap();
        let path = directory.join("coracle.db");
        let database = Database::open(&path).unwrap();
        write(&database, 1).unwrap();
        assert_eq!(rows(&database), 1);
        drop(database);
        assert_eq!(rows(&Database::open_to_read(&path).unwrap().unwrap()), 1);
    }
}
