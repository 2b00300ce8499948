//! Attempts at steps: what each was started with, and how it ended.

use coracle_model::{Attempt, AttemptNumber, RunId};
use rusqlite::{OptionalExtension, Row, named_params};

use crate::column::{Columns, json, micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Column, Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[ATTEMPTS, SETTING];

const ATTEMPTS: Migration = Migration {
    date: "2026-11-23",
    name: "attempts",
    columns: &[],
    // No reference to tasks: attempts stay when their task begins anew.
    sql: "
        CREATE TABLE IF NOT EXISTS attempts (
            row INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            path TEXT NOT NULL,
            number INTEGER NOT NULL, -- from 1
            state TEXT NOT NULL,
            image TEXT NOT NULL,
            digest TEXT NOT NULL,
            command TEXT NOT NULL, -- versioned JSON
            environment TEXT NOT NULL, -- versioned JSON
            resources TEXT NOT NULL, -- versioned JSON
            gpus TEXT NOT NULL, -- versioned JSON
            usage TEXT NOT NULL, -- versioned JSON
            exit_code INTEGER,
            failure TEXT, -- versioned JSON
            before_retry INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            UNIQUE (run, path, number)
        ) STRICT;
    ",
    older: Older::MayNot(Format(1)),
};

const SETTING: Migration = Migration {
    date: "2026-11-27",
    name: "what attempts were given by name",
    columns: &[Column {
        table: "attempts",
        name: "setting",
        definition: "TEXT", // versioned JSON; null in attempts of before
    }],
    sql: "",
    older: Older::MayOpen,
};

impl Store {
    /// The attempts of all tasks of a run, in the order they were first recorded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn attempts(&self, run: RunId) -> Result<Vec<Attempt>, StoreError> {
        self.read("read attempts", |reading| {
            let mut statement = reading.prepare_cached(
                "SELECT path, number, state, image, digest, command, environment, setting, resources, gpus, usage,
                    exit_code, failure, before_retry, started_at, finished_at
                FROM attempts WHERE run = (SELECT number FROM runs WHERE id = ?1) ORDER BY row",
            )?;
            statement.query_map([run.to_string()], |row| record(row, run))?.collect()
        })
    }
}

impl Writing<'_> {
    /// Adds or replaces an attempt; true when it is new or its state was another.
    pub(crate) fn put_attempt(&self, attempt: &Attempt) -> Result<bool, Refusal> {
        let run = self.run_number(attempt.run)?;
        let same = self
            .prepare_cached(
                "SELECT state = ?4 FROM attempts WHERE run = ?1 AND path = ?2 AND number = ?3",
            )?
            .query_row(
                (
                    run,
                    attempt.path.as_str(),
                    attempt.number.0,
                    attempt.state.as_str(),
                ),
                |row| row.get::<_, bool>(0),
            )
            .optional()?;
        self.prepare_cached(
            "INSERT INTO attempts (run, path, number, state, image, digest, command, environment, setting, resources,
                gpus, usage, exit_code, failure, before_retry, started_at, finished_at)
            VALUES (:run, :path, :number, :state, :image, :digest, :command, :environment, :setting, :resources,
                :gpus, :usage, :exit_code, :failure, :before_retry, :started_at, :finished_at)
            ON CONFLICT (run, path, number) DO UPDATE SET state = excluded.state, image = excluded.image,
                digest = excluded.digest, command = excluded.command, environment = excluded.environment,
                setting = excluded.setting, resources = excluded.resources, gpus = excluded.gpus, usage = excluded.usage,
                exit_code = excluded.exit_code, failure = excluded.failure, before_retry = excluded.before_retry,
                started_at = excluded.started_at, finished_at = excluded.finished_at",
        )?
        .execute(named_params! {
            ":run": run,
            ":path": attempt.path.as_str(),
            ":number": attempt.number.0,
            ":state": attempt.state.as_str(),
            ":image": attempt.image,
            ":digest": attempt.digest.as_str(),
            ":command": json(&attempt.command),
            ":environment": json(&attempt.environment),
            ":setting": json(&attempt.setting),
            ":resources": json(&attempt.resources),
            ":gpus": json(&attempt.gpus),
            ":usage": json(&attempt.usage),
            ":exit_code": attempt.exit_code,
            ":failure": attempt.failure.as_ref().map(json),
            ":before_retry": attempt.before_retry,
            ":started_at": micros(attempt.started_at),
            ":finished_at": attempt.finished_at.map(micros),
        })?;
        Ok(same != Some(true))
    }
}

fn record(row: &Row<'_>, run: RunId) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        run,
        path: row.text("path")?,
        number: AttemptNumber(row.get("number")?),
        state: row.word("state")?,
        image: row.get("image")?,
        digest: row.text("digest")?,
        command: row.json("command")?,
        environment: row.json("environment")?,
        setting: row.maybe_json("setting")?.unwrap_or_default(),
        resources: row.json("resources")?,
        gpus: row.json("gpus")?,
        usage: row.json("usage")?,
        exit_code: row.get("exit_code")?,
        failure: row.maybe_json("failure")?,
        before_retry: row.get("before_retry")?,
        started_at: row.time("started_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}
