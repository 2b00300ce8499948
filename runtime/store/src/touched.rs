//! Which tables were written to, for whoever shows what is in them.
//!
//! SQLite tells of each row that a statement touches. Tables are counted up when their transaction is committed, so that
//! who compares two counts has seen every change between them, however many there were.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::watch;

/// How often each table was written to since the store was opened.
pub type TableCounts = BTreeMap<String, u64>;

/// Tables of the transaction that is open.
type Open = Arc<Mutex<BTreeSet<String>>>;

/// Listens to the connection that writes.
#[derive(Debug)]
pub(crate) struct Touched {
    open: Open,
    counts: watch::Sender<TableCounts>,
}

impl Touched {
    /// Has a connection tell what it touches.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let open = Open::default();
        let told = Arc::clone(&open);
        connection.update_hook(Some(move |_, _: &str, table: &str, _| {
            let mut tables = told.lock().unwrap_or_else(PoisonError::into_inner);
            if !tables.contains(table) {
                tables.insert(table.to_owned());
            }
        }))?;
        let (counts, _) = watch::channel(TableCounts::new());
        Ok(Self { open, counts })
    }

    /// Counts what the transaction touched that was just committed.
    pub(crate) fn commit(&self) {
        let tables = self.take();
        if tables.is_empty() {
            return;
        }
        self.counts.send_modify(|counts| {
            for table in tables {
                *counts.entry(table).or_default() += 1;
            }
        });
    }

    /// Forgets what a transaction touched that was given up.
    pub(crate) fn roll_back(&self) {
        self.take();
    }

    pub(crate) fn counts(&self) -> watch::Receiver<TableCounts> {
        self.counts.subscribe()
    }

    fn take(&self) -> BTreeSet<String> {
        mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
