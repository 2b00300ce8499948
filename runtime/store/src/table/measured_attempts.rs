//! What attempts at the steps of a pipeline used, newest runs first.

use coracle_model::{AttemptUsage, PipelineName, Resources, RunId, TaskPath, Timestamp};
use rusqlite::Row;

use crate::column::Columns;
use crate::error::StoreError;
use crate::store::Store;

/// What one attempt that succeeded asked for and used.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredAttempt {
    /// Its run.
    pub run: RunId,
    /// Its step.
    pub path: TaskPath,
    /// What it asked of the machine.
    pub resources: Resources,
    /// What it used of it.
    pub usage: AttemptUsage,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}

impl Store {
    /// The attempts that succeeded in the newest so many runs of a pipeline, of the newest run first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn measured_attempts(
        &self,
        pipeline: &PipelineName,
        runs: usize,
    ) -> Result<Vec<MeasuredAttempt>, StoreError> {
        let runs = i64::try_from(runs).unwrap_or(i64::MAX);
        self.read("read what steps used", |reading| {
            let mut statement = reading.prepare_cached(
                "SELECT newest.id AS id, path, resources, usage, started_at, attempts.finished_at AS finished_at
                FROM (SELECT number, id FROM runs WHERE pipeline = ?1 ORDER BY number DESC LIMIT ?2) AS newest
                JOIN attempts ON attempts.run = newest.number
                WHERE attempts.state = 'SUCCEEDED' AND attempts.finished_at IS NOT NULL
                ORDER BY newest.number DESC, row",
            )?;
            statement
                .query_map((pipeline.as_str(), runs), measured)?
                .collect()
        })
    }
}

fn measured(row: &Row<'_>) -> rusqlite::Result<MeasuredAttempt> {
    Ok(MeasuredAttempt {
        run: row.word("id")?,
        path: row.text("path")?,
        resources: row.json("resources")?,
        usage: row.json("usage")?,
        started_at: row.time("started_at")?,
        finished_at: row.time("finished_at")?,
    })
}
