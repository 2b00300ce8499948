//! The log of what happened, in the order it was recorded.

use coracle_model::{Event, EventCursor, EventKind, RunId, Timestamp};
use rusqlite::Row;

use crate::column::{Columns, json, micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-23",
    name: "events",
    columns: &[],
    // AUTOINCREMENT: a cursor is never used again, also when the events of a removed run are gone.
    sql: "
        CREATE TABLE IF NOT EXISTS events (
            cursor INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            kind TEXT NOT NULL -- versioned JSON
        ) STRICT;
        CREATE INDEX IF NOT EXISTS events_by_run ON events (run);
    ",
    older: Older::MayNot(Format(1)),
}];

impl Store {
    /// What happened after a place in the log, oldest first: to one run, or to all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn events_after(
        &self,
        cursor: EventCursor,
        run: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read("read events", |reading| match run {
            Some(run) => reading
                .prepare_cached(
                    "SELECT cursor, at, id, kind FROM runs JOIN events ON events.run = runs.number
                    WHERE id = ?1 AND cursor > ?2 ORDER BY cursor LIMIT ?3",
                )?
                .query_map((run.to_string(), cursor.0, limit), event)?
                .collect(),
            None => reading
                .prepare_cached(
                    "SELECT cursor, at, id, kind FROM events JOIN runs ON runs.number = events.run
                    WHERE cursor > ?1 ORDER BY cursor LIMIT ?2",
                )?
                .query_map((cursor.0, limit), event)?
                .collect(),
        })
    }

    /// The place of the last event in the log: what comes after is new.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_cursor(&self) -> Result<EventCursor, StoreError> {
        self.read("read the last event", |reading| {
            let mut statement =
                reading.prepare_cached("SELECT coalesce(max(cursor), 0) FROM events")?;
            statement.query_row([], |row| row.get(0)).map(EventCursor)
        })
    }
}

impl Writing<'_> {
    /// Puts an event at the end of the log.
    pub(crate) fn append_event(
        &self,
        run: RunId,
        at: Timestamp,
        kind: EventKind,
    ) -> Result<Event, Refusal> {
        let number = self.run_number(run)?;
        self.prepare_cached("INSERT INTO events (at, run, kind) VALUES (?1, ?2, ?3)")?
            .execute((micros(at), number, json(&kind)))?;
        Ok(Event {
            cursor: EventCursor(self.last_insert_rowid()),
            at,
            run,
            kind,
        })
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        cursor: EventCursor(row.get("cursor")?),
        at: row.time("at")?,
        run: row.word("id")?,
        kind: row.json("kind")?,
    })
}
