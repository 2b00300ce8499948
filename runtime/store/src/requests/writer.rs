//! The one thread that writes the log.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use rusqlite::{Connection, TransactionBehavior, params};

use super::Room;
use super::exchange::{Exchange, Message};

/// How many orders are carried out in one transaction.
const BATCH: usize = 256;

/// Of a room that is full, how much is left when the oldest have gone: they go in few steps.
const LEFT: (u64, u64) = (9, 10);

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Order {
    /// To keep an exchange that takes so many bytes.
    Keep(Box<Exchange>, u64),
    /// To tell when it comes to this.
    Tell(SyncSender<()>),
    /// To forget what a model server was asked.
    Clear {
        namespace: String,
        server: String,
        done: SyncSender<rusqlite::Result<u64>>,
    },
}

/// How many bytes wait to be written.
#[derive(Debug, Default)]
pub(super) struct Pending(AtomicU64);

impl Pending {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, size: u64) {
        self.0.fetch_add(size, Ordering::Relaxed);
    }

    pub(super) fn remove(&self, size: u64) {
        self.0.fetch_sub(size, Ordering::Relaxed);
    }
}

/// What writes.
pub(super) struct Writer {
    connection: Connection,
    room: Room,
    pending: Arc<Pending>,
    /// How many bytes the exchanges of each model server take, by namespace and name.
    taken: HashMap<(String, String), u64>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        room: Room,
        pending: Arc<Pending>,
    ) -> rusqlite::Result<Self> {
        let taken = {
            let mut sums = connection.prepare(
                "SELECT namespace, server, sum(kept) FROM exchanges GROUP BY namespace, server",
            )?;
            let sums = sums.query_map([], |row| {
                Ok(((row.get(0)?, row.get(1)?), row.get::<_, i64>(2)? as u64))
            })?;
            sums.collect::<rusqlite::Result<_>>()?
        };
        Ok(Self {
            connection,
            room,
            pending,
            taken,
        })
    }

    /// Carries out orders until nobody is left to give one.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            let more = orders.try_iter().take(BATCH - 1);
            let batch: Vec<Order> = std::iter::once(first).chain(more).collect();
            let mut told = Vec::new();
            if let Err(error) = self.carry_out(batch, &mut told) {
                tracing::warn!(%error, "requests to model servers were not kept");
            }
            for done in told {
                // Whoever waited may be gone.
                let _ = done.send(());
            }
        }
    }

    fn carry_out(
        &mut self,
        batch: Vec<Order>,
        told: &mut Vec<SyncSender<()>>,
    ) -> rusqlite::Result<()> {
        let mut clears = Vec::new();
        let mut kept = Vec::new();
        for order in batch {
            match order {
                Order::Keep(exchange, size) => kept.push((exchange, size)),
                Order::Tell(done) => told.push(done),
                Order::Clear {
                    namespace,
                    server,
                    done,
                } => clears.push(((namespace, server), done)),
            }
        }
        let all: u64 = kept.iter().map(|(_, size)| size).sum();
        let written = self.write(&kept);
        self.pending.remove(all);
        for (key, done) in clears {
            // Whoever asked for it may be gone.
            let _ = done.send(self.clear(&key));
        }
        written
    }

    fn write(&mut self, kept: &[(Box<Exchange>, u64)]) -> rusqlite::Result<()> {
        if kept.is_empty() {
            return Ok(());
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (exchange, size) in kept {
            insert(&transaction, exchange, *size)?;
        }
        transaction.commit()?;
        for (exchange, size) in kept {
            let key = (exchange.namespace.clone(), exchange.server.clone());
            *self.taken.entry(key).or_default() += size;
        }
        self.make_room()
    }

    /// Has the oldest go where there are too many.
    fn make_room(&mut self) -> rusqlite::Result<()> {
        let full: Vec<_> = self
            .taken
            .iter()
            .filter(|(_, taken)| **taken > self.room.of_server)
            .map(|(key, taken)| (key.clone(), taken - left(self.room.of_server)))
            .collect();
        for (key, surplus) in full {
            self.remove_oldest(&key, surplus)?;
        }
        let all: u64 = self.taken.values().sum();
        if all > self.room.of_all
            && let Some(largest) = self.taken.iter().max_by_key(|(_, taken)| **taken)
        {
            let (key, taken) = (largest.0.clone(), *largest.1);
            self.remove_oldest(&key, taken.min(all - left(self.room.of_all)))?;
        }
        Ok(())
    }

    /// Removes the oldest exchanges of a model server that take so many bytes together.
    fn remove_oldest(&mut self, key: &(String, String), surplus: u64) -> rusqlite::Result<()> {
        let (mut removed, mut last) = (0, 0);
        {
            let mut oldest = self.connection.prepare_cached(
                "SELECT number, kept FROM exchanges WHERE namespace = ?1 AND server = ?2 ORDER BY number",
            )?;
            let mut rows = oldest.query(params![key.0, key.1])?;
            while removed < surplus
                && let Some(row) = rows.next()?
            {
                last = row.get::<_, i64>(0)?;
                removed += row.get::<_, i64>(1)? as u64;
            }
        }
        self.connection.execute(
            "DELETE FROM exchanges WHERE namespace = ?1 AND server = ?2 AND number <= ?3",
            params![key.0, key.1, last],
        )?;
        if let Some(taken) = self.taken.get_mut(key) {
            *taken = taken.saturating_sub(removed);
        }
        self.give_back()
    }

    fn clear(&mut self, key: &(String, String)) -> rusqlite::Result<u64> {
        let removed = self.connection.execute(
            "DELETE FROM exchanges WHERE namespace = ?1 AND server = ?2",
            params![key.0, key.1],
        )?;
        self.taken.remove(key);
        self.give_back()?;
        Ok(removed as u64)
    }

    /// Gives the room of what was removed back to the file system. Each row that this is asked for frees one page.
    fn give_back(&self) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    }
}

fn left(room: u64) -> u64 {
    room / LEFT.1 * LEFT.0
}

fn insert(connection: &Connection, exchange: &Exchange, size: u64) -> rusqlite::Result<()> {
    let headers = |message: &Message| {
        serde_json::to_string(&message.headers)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    };
    let micros =
        |duration: std::time::Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    let mut insert = connection.prepare_cached(
        "INSERT INTO exchanges (id, namespace, server, revision, at, took, method, path, code,
             request_headers, request_size, request, answer_headers, answer_size, answer, kept)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    insert.execute(params![
        exchange.id,
        exchange.namespace,
        exchange.server,
        exchange.revision,
        exchange.at.as_microsecond(),
        micros(exchange.took),
        exchange.method,
        exchange.path,
        exchange.code,
        headers(&exchange.request)?,
        exchange.request.size as i64,
        exchange.request.body,
        headers(&exchange.answer)?,
        exchange.answer.size as i64,
        exchange.answer.body,
        size as i64,
    ])?;
    Ok(())
}
