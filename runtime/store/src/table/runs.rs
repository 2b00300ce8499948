//! Runs: what was asked for, and how far it came.

use std::collections::HashSet;

use coracle_model::{
    EngineKind, Event, EventKind, Failure, PipelineName, RunId, RunOrigin, RunRecord, RunRequest,
    RunState, Timestamp,
};
use rusqlite::types::Value as Parameter;
use rusqlite::{OptionalExtension, Row, named_params, params_from_iter};

use crate::column::{Columns, json, micros, whole_micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Column, Format, Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-23",
    name: "runs",
    columns: &[],
    // AUTOINCREMENT: a number is never used again, so a higher one is always a later run, whatever the
    // clock said. Every index ends in the number by itself, which is the order of lists.
    sql: "
        CREATE TABLE IF NOT EXISTS runs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            pipeline TEXT NOT NULL,
            display_name TEXT NOT NULL,
            definition INTEGER NOT NULL REFERENCES texts (number),
            pipeline_root TEXT,
            cache INTEGER NOT NULL,
            rerun_run TEXT,
            rerun_path TEXT,
            engine TEXT NOT NULL,
            state TEXT NOT NULL,
            failure TEXT, -- versioned JSON
            created_at INTEGER NOT NULL,
            finished_at INTEGER,
            parameters TEXT NOT NULL -- versioned JSON; last, since lists do not read it and it may be long
        ) STRICT;
        CREATE INDEX IF NOT EXISTS runs_by_state ON runs (state);
        CREATE INDEX IF NOT EXISTS runs_by_created ON runs (created_at);
        CREATE INDEX IF NOT EXISTS runs_by_pipeline ON runs (pipeline);
        CREATE INDEX IF NOT EXISTS runs_by_name ON runs (display_name);
        CREATE INDEX IF NOT EXISTS runs_by_definition ON runs (definition);
    ",
    older: Older::MayNot(Format(1)),
}, Migration {
    date: "2026-11-27",
    name: "runs_in_experiments",
    columns: &[
        added("experiment", "TEXT"), // the id; the experiment may be gone
        added("description", "TEXT NOT NULL DEFAULT ''"),
        added("storage", "TEXT NOT NULL DEFAULT 'AVAILABLE'"),
        added("version", "TEXT"), // versioned JSON: the pipeline and the version that it is made of
        added("recurring", "TEXT"), // the id of the recurring run that began it
        added("scheduled_at", "INTEGER"),
        added("service_account", "TEXT"),
    ],
    sql: "
        CREATE INDEX IF NOT EXISTS runs_by_experiment ON runs (experiment);
        CREATE INDEX IF NOT EXISTS runs_by_recurring ON runs (recurring);
        CREATE INDEX IF NOT EXISTS runs_by_finished ON runs (finished_at);
        CREATE TABLE IF NOT EXISTS run_states (
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            at INTEGER NOT NULL,
            state TEXT NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS run_states_by_run ON run_states (run);
    ",
    older: Older::MayNot(Format(2)),
}, Migration {
    date: "2026-11-27",
    name: "runs_counted_by_recurring_runs",
    columns: &[added("recurring_index", "INTEGER")],
    sql: "",
    older: Older::MayNot(Format(3)),
}, Migration {
    date: "2026-11-28",
    name: "runs_brought_from_clusters",
    columns: &[added("brought", "TEXT")], // versioned JSON: where it ran before
    sql: "",
    // It sees a run that ended.
    older: Older::MayOpen,
}];

const fn added(name: &'static str, definition: &'static str) -> Column {
    Column {
        table: "runs",
        name,
        definition,
    }
}

/// Which runs to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFilter {
    /// Those in one of these states; all when empty.
    pub states: Vec<RunState>,
    /// Those of this pipeline.
    pub pipeline: Option<PipelineName>,
    /// Those that were asked for before this run: the last one of the page before.
    pub before: Option<RunId>,
    /// Those that had ended by this time.
    pub finished_before: Option<Timestamp>,
    /// How many of them to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// A run as it stands in a list: a [`RunRecord`] without what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// Its id.
    pub id: RunId,
    /// The name of its pipeline.
    pub pipeline: PipelineName,
    /// The name people see.
    pub display_name: String,
    /// The engine it runs on.
    pub engine: EngineKind,
    /// Its state.
    pub state: RunState,
    /// Why it failed, once it has.
    pub failure: Option<Failure>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Default for RunFilter {
    /// The newest hundred.
    fn default() -> Self {
        Self {
            states: Vec::new(),
            pipeline: None,
            before: None,
            finished_before: None,
            offset: 0,
            limit: 100,
        }
    }
}

const RECORD: &str = "SELECT id, pipeline, display_name, body, parameters, pipeline_root, cache, rerun_run, rerun_path,
    engine, state, failure, created_at, finished_at, experiment, description, storage, version, recurring,
    scheduled_at, service_account, recurring_index, brought FROM runs JOIN texts ON texts.number = runs.definition";

impl Store {
    /// A run with all that was asked for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.read("read a run", |reading| {
            let mut statement = reading.prepare_cached(&format!("{RECORD} WHERE id = ?1"))?;
            statement.query_row([run.to_string()], record).optional()
        })
    }

    /// The runs that have not ended, oldest first: what to take up again after a start.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.read("read the open runs", |reading| {
            // Few are open, so they are found by state and then sorted: the `+` keeps SQLite from going
            // through all runs in their order.
            let open = "state IN ('PENDING', 'RUNNING', 'CANCELING') ORDER BY +runs.number";
            let mut statement = reading.prepare_cached(&format!("{RECORD} WHERE {open}"))?;
            statement.query_map([], record)?.collect()
        })
    }

    /// A list of runs, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, StoreError> {
        self.read("list runs", |reading| {
            let (query, parameters) = list(filter);
            let mut statement = reading.prepare_cached(&query)?;
            statement
                .query_map(params_from_iter(parameters), summary)?
                .collect()
        })
    }

    /// The ids of all runs.
    pub(crate) fn run_ids(&self) -> Result<HashSet<RunId>, StoreError> {
        self.read("list runs", |reading| {
            let mut statement = reading.prepare_cached("SELECT id FROM runs")?;
            statement.query_map([], |row| row.word("id"))?.collect()
        })
    }

    /// The runs whose ids begin with a text, at most ten: enough to tell one from many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find_runs_by_prefix(&self, prefix: &str) -> Result<Vec<RunId>, StoreError> {
        let prefix = prefix.to_ascii_lowercase();
        self.read("find a run", |reading| {
            // `g` comes after all that an id is written with.
            let mut statement = reading.prepare_cached(
                "SELECT id FROM runs WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT 10",
            )?;
            let ids: Vec<RunId> = statement
                .query_map([&prefix], |row| row.word("id"))?
                .collect::<Result<_, _>>()?;
            Ok(ids
                .into_iter()
                .filter(|id| id.to_string().starts_with(&prefix))
                .collect())
        })
    }
}

impl Writing<'_> {
    /// Adds a run with its definition, and the event that tells of it. The time of the event is the run's own.
    pub(crate) fn add_run(&self, run: &RunRecord) -> Result<Event, Refusal> {
        let known = self
            .prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?
            .exists([run.id.to_string()])?;
        if known {
            return Err(StoreError::RunExists { run: run.id }.into());
        }
        // One that was removed and is brought here again is no longer what is left of it.
        self.prepare_cached("DELETE FROM removed_runs WHERE id = ?1")?
            .execute([run.id.to_string()])?;
        let definition = self.keep_text(&run.request.definition)?;
        let rerun = run.request.rerun.as_ref();
        let origin = &run.request.origin;
        self.prepare_cached(
            "INSERT INTO runs (id, pipeline, display_name, definition, parameters, pipeline_root, cache, rerun_run,
                rerun_path, engine, state, failure, created_at, finished_at, experiment, description, storage,
                version, recurring, scheduled_at, service_account, recurring_index, brought)
            VALUES (:id, :pipeline, :display_name, :definition, :parameters, :pipeline_root, :cache, :rerun_run,
                :rerun_path, :engine, :state, :failure, :created_at, :finished_at, :experiment, :description, :storage,
                :version, :recurring, :scheduled_at, :service_account, :recurring_index, :brought)",
        )?
        .execute(named_params! {
            ":id": run.id.to_string(),
            ":pipeline": run.pipeline.as_str(),
            ":display_name": run.request.display_name,
            ":definition": definition,
            ":parameters": json(&run.request.parameters),
            ":pipeline_root": run.request.pipeline_root,
            ":cache": run.request.cache,
            ":rerun_run": rerun.map(|(run, _)| run.to_string()),
            ":rerun_path": rerun.map(|(_, path)| path.as_str()),
            ":engine": run.engine.as_str(),
            ":state": run.state.as_str(),
            ":failure": run.failure.as_ref().map(json),
            ":created_at": micros(run.created_at),
            ":finished_at": run.finished_at.map(micros),
            ":experiment": origin.experiment.map(|id| id.to_string()),
            ":description": origin.description,
            ":storage": run.storage.as_str(),
            ":version": origin.version.as_ref().map(json),
            ":recurring": origin.recurring.map(|id| id.to_string()),
            ":scheduled_at": origin.scheduled_at.map(micros),
            ":service_account": origin.service_account,
            ":recurring_index": origin.index.map(|index| i64::try_from(index).unwrap_or(i64::MAX)),
            ":brought": origin.brought.as_ref().map(json),
        })?;
        self.note_state(self.run_number(run.id)?, run.state, run.created_at)?;
        if let Some(experiment) = origin.experiment {
            self.note_run_in(experiment, run.created_at)?;
        }
        let kind = EventKind::Run {
            state: run.state,
            failure: run.failure.clone(),
        };
        self.append_event(run.id, whole_micros(run.created_at), kind)
    }

    fn note_state(&self, run: i64, state: RunState, at: Timestamp) -> Result<(), Refusal> {
        self.prepare_cached("INSERT INTO run_states (run, at, state) VALUES (?1, ?2, ?3)")?
            .execute((run, micros(at), state.as_str()))?;
        Ok(())
    }

    /// Gives a run a state; true when the state or the failure is another than before.
    pub(crate) fn change_run(
        &self,
        run: RunId,
        state: RunState,
        failure: Option<&Failure>,
        finished_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<bool, Refusal> {
        let number = self.run_number(run)?;
        let failure = failure.map(json);
        let (same_state, same_failure): (bool, bool) = self
            .prepare_cached("SELECT state = ?2, failure IS ?3 FROM runs WHERE number = ?1")?
            .query_row((number, state.as_str(), &failure), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        if !same_state {
            self.note_state(number, state, at)?;
        }
        self.prepare_cached(
            "UPDATE runs SET state = ?2, failure = ?3, finished_at = ?4 WHERE number = ?1",
        )?
        .execute((number, state.as_str(), &failure, finished_at.map(micros)))?;
        Ok(!(same_state && same_failure))
    }
}

/// The query for a list, built of the conditions that are asked for, so that each can use its index. The
/// inner one chooses by indexes alone where it can; only the rows that are shown are read.
fn list(filter: &RunFilter) -> (String, Vec<Parameter>) {
    let mut conditions = vec!["TRUE".to_owned()];
    let mut parameters = Vec::new();
    if !filter.states.is_empty() {
        let places = vec!["?"; filter.states.len()].join(", ");
        conditions.push(format!("state IN ({places})"));
        let words = filter.states.iter().map(|state| state.as_str().to_owned());
        parameters.extend(words.map(Parameter::from));
    }
    if let Some(pipeline) = &filter.pipeline {
        conditions.push("pipeline = ?".to_owned());
        parameters.push(pipeline.as_str().to_owned().into());
    }
    if let Some(run) = filter.before {
        conditions.push("number < (SELECT number FROM runs WHERE id = ?)".to_owned());
        parameters.push(run.to_string().into());
    }
    if let Some(at) = filter.finished_before {
        conditions.push("finished_at < ?".to_owned());
        parameters.push(micros(at).into());
    }
    let count = |number: usize| Parameter::from(i64::try_from(number).unwrap_or(i64::MAX));
    parameters.extend([count(filter.limit), count(filter.offset)]);
    let conditions = conditions.join(" AND ");
    let query = format!(
        "SELECT id, pipeline, display_name, engine, state, failure, created_at, finished_at
        FROM runs WHERE number IN (
            SELECT number FROM runs WHERE {conditions} ORDER BY number DESC LIMIT ? OFFSET ?
        ) ORDER BY number DESC"
    );
    (query, parameters)
}

fn record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let rerun_run: Option<String> = row.get("rerun_run")?;
    let rerun = rerun_run
        .map(|_| Ok::<_, rusqlite::Error>((row.word("rerun_run")?, row.text("rerun_path")?)));
    Ok(RunRecord {
        id: row.word("id")?,
        pipeline: row.text("pipeline")?,
        request: RunRequest {
            definition: row.get("body")?,
            display_name: row.get("display_name")?,
            parameters: row.json("parameters")?,
            pipeline_root: row.get("pipeline_root")?,
            cache: row.get("cache")?,
            rerun: rerun.transpose()?,
            origin: origin(row)?,
        },
        engine: row.word("engine")?,
        state: row.word("state")?,
        failure: row.maybe_json("failure")?,
        storage: row.word("storage")?,
        created_at: row.time("created_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}

pub(super) fn origin(row: &Row<'_>) -> rusqlite::Result<RunOrigin> {
    Ok(RunOrigin {
        description: row.get("description")?,
        experiment: row.maybe_word("experiment")?,
        version: row.maybe_json("version")?,
        recurring: row.maybe_word("recurring")?,
        scheduled_at: row.maybe_time("scheduled_at")?,
        service_account: row.get("service_account")?,
        index: row
            .get::<_, Option<i64>>("recurring_index")?
            .map(i64::unsigned_abs),
        brought: row.maybe_json("brought")?,
    })
}

pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<RunSummary> {
    Ok(RunSummary {
        id: row.word("id")?,
        pipeline: row.text("pipeline")?,
        display_name: row.get("display_name")?,
        engine: row.word("engine")?,
        state: row.word("state")?,
        failure: row.maybe_json("failure")?,
        created_at: row.time("created_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}
