//! The log of requests to model servers: a database of its own, which may be lost.
//!
//! ```text
//!   keep(exchange) ──► as many a second as are kept ──► queue ──► one thread: a transaction a batch, the oldest go
//!                           └──► counted as not kept                └──► readers, who first wait for what is queued
//! ```
//!
//! Whoever answers requests never waits for it. A file that is damaged or of another format is put aside, and a new one is begun.

mod exchange;
mod query;
mod rate;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::durable;
use crate::error::StoreError;

pub use exchange::{Exchange, ExchangeFilter, KeptExchange, Message};

use rate::Rate;
use writer::{Order, Pending, Writer};

/// How many exchanges wait to be written.
const LONGEST_QUEUE: usize = 4096;

/// How many bytes of them.
const LARGEST_QUEUE: u64 = 64 << 20;

/// The format of the file. One of another is put aside.
const FORMAT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS exchanges (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        namespace TEXT NOT NULL,
        server TEXT NOT NULL,
        revision TEXT NOT NULL,
        at INTEGER NOT NULL,
        took INTEGER NOT NULL,
        method TEXT NOT NULL,
        path TEXT NOT NULL,
        code INTEGER NOT NULL,
        request_headers TEXT NOT NULL,
        request_size INTEGER NOT NULL,
        request BLOB,
        answer_headers TEXT NOT NULL,
        answer_size INTEGER NOT NULL,
        answer BLOB,
        kept INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS exchanges_by_server ON exchanges (namespace, server, number, kept);
    CREATE INDEX IF NOT EXISTS exchanges_by_id ON exchanges (namespace, server, id);
";

/// How many bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Of the exchanges of one model server.
    pub of_server: u64,
    /// Of all.
    pub of_all: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            of_server: 64 << 20,
            of_all: 512 << 20,
        }
    }
}

/// The log.
#[derive(Debug, Clone)]
pub struct RequestLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// None after the last handle went, and where it is only read.
    orders: Option<SyncSender<Order>>,
    writer: Option<JoinHandle<()>>,
    reader: Mutex<Connection>,
    rate: Rate,
    pending: Arc<Pending>,
    unkept: AtomicU64,
}

impl RequestLog {
    /// Opens the log in a file, or begins it. Nobody else may write to it meanwhile.
    ///
    /// # Errors
    /// When neither can be.
    pub fn open(path: &Path, room: Room) -> Result<Self, StoreError> {
        let failed = |error| StoreError::database("open the request log", path, error);
        let pending = Arc::new(Pending::default());
        let begin = || Writer::new(connect(path)?, room, Arc::clone(&pending));
        let writer = match begin() {
            Err(error) if is_unreadable(&error) => {
                tracing::warn!(path = %path.display(), %error, "the log of requests cannot be read and is begun anew");
                put_aside(path)?;
                begin()
            }
            begun => begun,
        };
        let writer = writer.map_err(failed)?;
        let (orders, received) = sync_channel(LONGEST_QUEUE);
        let writer = std::thread::Builder::new()
            .name("request log".to_owned())
            .spawn(move || writer.run(&received))
            .map_err(|error| StoreError::disk("begin to write", path, error))?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            orders: Some(orders),
            writer: Some(writer),
            reader: Mutex::new(connect_to_read(path).map_err(failed)?),
            rate: Rate::default(),
            pending,
            unkept: AtomicU64::new(0),
        })))
    }

    /// Opens a log that somebody else may write to, to read it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::database("open the request log", path, error);
        let reader = connect_to_read(path).map_err(failed)?;
        check_format(&reader).map_err(failed)?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            orders: None,
            writer: None,
            reader: Mutex::new(reader),
            rate: Rate::default(),
            pending: Arc::default(),
            unkept: AtomicU64::new(0),
        })))
    }

    /// Keeps an exchange, if there are not too many; never waits.
    pub fn keep(&self, exchange: Exchange) {
        let inner = &self.0;
        let size = exchange.kept() as u64;
        let is_kept = inner.rate.admits(&exchange)
            && inner.pending.bytes() + size <= LARGEST_QUEUE
            && inner.orders.as_ref().is_some_and(|orders| {
                inner.pending.add(size);
                let sent = orders.try_send(Order::Keep(Box::new(exchange), size));
                if sent.is_err() {
                    inner.pending.remove(size);
                }
                sent.is_ok()
            });
        if !is_kept {
            inner.unkept.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many exchanges were not kept since the start, because there were too many at once.
    pub fn unkept(&self) -> u64 {
        self.0.unkept.load(Ordering::Relaxed)
    }

    /// The exchanges of a model server that a filter means, newest first, without their bodies.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(
        &self,
        namespace: &str,
        server: &str,
        filter: &ExchangeFilter,
        most: usize,
    ) -> Result<Vec<KeptExchange>, StoreError> {
        let select = query::Select {
            bodies: false,
            most,
        };
        self.read(|connection| query::list(connection, namespace, server, filter, select))
    }

    /// The same with their bodies.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_whole(
        &self,
        namespace: &str,
        server: &str,
        filter: &ExchangeFilter,
        most: usize,
    ) -> Result<Vec<KeptExchange>, StoreError> {
        let select = query::Select { bodies: true, most };
        self.read(|connection| query::list(connection, namespace, server, filter, select))
    }

    /// One exchange of a model server.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn get(
        &self,
        namespace: &str,
        server: &str,
        number: i64,
    ) -> Result<Option<KeptExchange>, StoreError> {
        self.read(|connection| query::get(connection, namespace, server, number))
    }

    /// Forgets the exchanges of a model server: how many there were.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn clear(&self, namespace: &str, server: &str) -> Result<u64, StoreError> {
        let (done, cleared) = sync_channel(1);
        self.order(Order::Clear {
            namespace: namespace.to_owned(),
            server: server.to_owned(),
            done,
        });
        match cleared.recv() {
            Ok(cleared) => cleared.map_err(|error| self.failed("clear the request log", error)),
            // It dropped the order, or there is none.
            Err(_) => Err(StoreError::ReadOnly {
                path: self.0.path.clone(),
                source: "nobody writes to it here".into(),
            }),
        }
    }

    /// Waits until what was kept so far can be read.
    fn flush(&self) {
        let (done, written) = sync_channel(1);
        self.order(Order::Tell(done));
        // Where the writer is gone there is nothing to wait for.
        let _ = written.recv();
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.0.orders {
            // A writer that is gone drops what it was sent, which whoever waits for it hears.
            let _ = orders.send(order);
        }
    }

    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.flush();
        let connection = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner);
        query(&connection).map_err(|error| self.failed("read the request log", error))
    }

    fn failed(&self, doing: &'static str, error: rusqlite::Error) -> StoreError {
        StoreError::database(doing, &self.0.path, error)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(writer) = self.writer.take() {
            // A panic of it was told when it happened.
            let _ = writer.join();
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // It holds what people asked models: theirs alone. Where that cannot be, opening says why.
    let _ = durable::make_private_file(path);
    let connection = Connection::open(path)?;
    connection.busy_timeout(crate::database::BUSY_TIMEOUT)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    if check_format(&connection)? == Begun::No {
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", FORMAT)?;
    }
    Ok(connection)
}

fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(crate::database::BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Whether a file has its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    Yes,
    No,
}

fn check_format(connection: &Connection) -> rusqlite::Result<Begun> {
    match connection.pragma_query_value(None, "user_version", |row| row.get(0))? {
        0 => Ok(Begun::No),
        FORMAT => Ok(Begun::Yes),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(0, other)),
    }
}

/// Whether a file is none of ours, or damaged: it will not be another time either.
fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::IntegralValueOutOfRange(..))
        || matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
        )
}

/// Moves a file that cannot be used out of the way, in the place of one that was moved before.
fn put_aside(path: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal", "-shm"] {
        let mut from = path.as_os_str().to_owned();
        from.push(ending);
        let from = PathBuf::from(from);
        let mut to = path.as_os_str().to_owned();
        to.push(".unread");
        to.push(ending);
        if from.exists() {
            fs_err::rename(&from, &to)
                .map_err(|error| StoreError::disk("put aside", &from, error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
