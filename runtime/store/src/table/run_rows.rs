//! Runs as a table shows them: sorted and filtered by any of their columns, parameters and metrics among them.
//!
//! The numbers of a page's rows are found first, and only those rows are read whole. Metrics are numbers in the metadata
//! of `system.Metrics` that stand in a run, also where they were taken from the cache, which is not told as lineage; of
//! equal names the last one recorded stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coracle_model::{
    ExperimentId, Outputs, PipelineName, RecurringRunId, RunId, RunState, StorageState, Value,
};
use rusqlite::types::Value as Parameter;
use rusqlite::{Row, params_from_iter};

use super::runs::{RunSummary, summary};
use crate::column::Columns;
use crate::database::Reading;
use crate::error::StoreError;
use crate::store::Store;

/// Which runs to show, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunRowQuery {
    /// Those in one of these states; all when empty.
    pub states: Vec<RunState>,
    /// Those of this pipeline.
    pub pipeline: Option<PipelineName>,
    /// Those in this experiment.
    pub experiment: Option<ExperimentId>,
    /// Those that this recurring run began.
    pub recurring: Option<RecurringRunId>,
    /// Only those that were put aside, or only those that were not.
    pub storage: Option<StorageState>,
    /// Those with every one of these words in a name, or at the beginning of the id.
    pub words: Vec<String>,
    /// Those that were asked for before this run: the last one of the page before.
    pub before: Option<RunId>,
    /// By what they are sorted.
    pub sort: RunSort,
    /// Whether the greatest comes first. What has no value is last in either order.
    pub descending: bool,
    /// How many of them to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
    /// Whether parameters, metrics and counts of tasks are read as well.
    pub values: bool,
}

/// By what runs are sorted; of equal ones the newer stands above.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RunSort {
    /// The order in which they were asked for.
    #[default]
    Created,
    /// When they ended.
    Finished,
    /// How long they took.
    Took,
    /// The name people see.
    Name,
    /// The state's word.
    State,
    /// The pipeline's name.
    Pipeline,
    /// The experiment's name.
    Experiment,
    /// The recurring run's name.
    Recurring,
    /// A parameter that they were given.
    Parameter(String),
    /// A metric that they left.
    Metric(String),
}

/// A page of runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunRows {
    /// The runs.
    pub rows: Vec<RunRow>,
    /// How many there are on all pages.
    pub total: u64,
}

/// A run as it stands in a table.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub summary: RunSummary,
    /// Whether it was put aside.
    pub storage: StorageState,
    /// The experiment with its name, which is none once the experiment is gone.
    pub experiment: Option<(ExperimentId, Option<String>)>,
    /// The recurring run that began it, with its name, which is none once that is gone.
    pub recurring: Option<(RecurringRunId, Option<String>)>,
    /// What was asked for beside, where it is read.
    pub values: Option<RunValues>,
}

/// What a run was given and what came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunValues {
    /// The parameters it was given, and once it has begun also the defaults that it took.
    pub parameters: BTreeMap<String, Value>,
    /// The metrics it left.
    pub metrics: BTreeMap<String, f64>,
    /// Its steps so far.
    pub steps: u64,
    /// Those of them that are over.
    pub steps_over: u64,
}

/// What runs can be told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunFields {
    /// The names of the pipelines.
    pub pipelines: Vec<String>,
    /// The names of parameters that any had.
    pub parameters: BTreeSet<String>,
    /// The names of metrics that any left.
    pub metrics: BTreeSet<String>,
}

const METRICS: &str = "artifacts JOIN artifact_uses ON artifact_uses.artifact = artifacts.id WHERE artifacts.schema_title = 'system.Metrics'";

const STEPS: &str = "kind NOT IN ('dag', 'loop', 'iteration')";

impl Store {
    /// A page of runs as a table shows them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run_rows(&self, query: &RunRowQuery) -> Result<RunRows, StoreError> {
        self.read("list runs", |reading| {
            let chosen = Chosen::new(query);
            let mut rows = chosen.rows(reading, query)?;
            if query.values {
                add_values(reading, &mut rows)?;
            }
            Ok(RunRows {
                rows: rows.into_iter().map(|(_, row)| row).collect(),
                total: chosen.total(reading)?,
            })
        })
    }

    /// The pipelines, parameters and metrics that there are among all runs.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn run_fields(&self) -> Result<RunFields, StoreError> {
        self.read("list the columns of runs", |reading| {
            let names = |query: &str| -> rusqlite::Result<Vec<String>> {
                let mut statement = reading.prepare_cached(query)?;
                statement.query_map([], |row| row.get(0))?.collect()
            };
            let metrics = format!(
                "SELECT DISTINCT key FROM (SELECT artifacts.metadata FROM {METRICS}) AS made,
                json_each(made.metadata, '$.value') WHERE type IN ('integer', 'real')"
            );
            Ok(RunFields {
                pipelines: names(
                    "SELECT DISTINCT pipeline FROM runs ORDER BY pipeline COLLATE NOCASE",
                )?,
                parameters: names(
                    "SELECT key FROM runs, json_each(parameters, '$.value')
                    UNION SELECT key FROM runs JOIN tasks ON tasks.run = runs.number AND tasks.path = '',
                        json_each(tasks.inputs, '$.value.parameters')",
                )?
                .into_iter()
                .collect(),
                metrics: names(&metrics)?.into_iter().collect(),
            })
        })
    }
}

/// The runs that fit, as a part of a query.
struct Chosen {
    conditions: String,
    parameters: Vec<Parameter>,
}

impl Chosen {
    fn new(query: &RunRowQuery) -> Self {
        let mut conditions = vec!["TRUE".to_owned()];
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut add = |condition: &str, values: Vec<String>| {
            conditions.push(condition.to_owned());
            parameters.extend(values.into_iter().map(Parameter::from));
        };
        if !query.states.is_empty() {
            let places = vec!["?"; query.states.len()].join(", ");
            let words = query.states.iter().map(|state| state.as_str().to_owned());
            add(&format!("runs.state IN ({places})"), words.collect());
        }
        if let Some(pipeline) = &query.pipeline {
            add("runs.pipeline = ?", vec![pipeline.as_str().to_owned()]);
        }
        if let Some(experiment) = query.experiment {
            add("runs.experiment = ?", vec![experiment.to_string()]);
        }
        if let Some(recurring) = query.recurring {
            add("runs.recurring = ?", vec![recurring.to_string()]);
        }
        if let Some(storage) = query.storage {
            add("runs.storage = ?", vec![storage.as_str().to_owned()]);
        }
        for word in &query.words {
            let word = word.to_lowercase();
            let condition = "(instr(lower(runs.display_name), ?) OR instr(lower(runs.pipeline), ?) OR instr(runs.id, ?) = 1)";
            add(condition, vec![word.clone(), word.clone(), word]);
        }
        if let Some(run) = query.before {
            let condition = "runs.number < (SELECT number FROM runs WHERE id = ?)";
            add(condition, vec![run.to_string()]);
        }
        Self {
            conditions: conditions.join(" AND "),
            parameters,
        }
    }

    fn total(&self, reading: &Reading<'_>) -> rusqlite::Result<u64> {
        let query = format!("SELECT count(*) FROM runs WHERE {}", self.conditions);
        let total: i64 = reading
            .prepare_cached(&query)?
            .query_row(params_from_iter(&self.parameters), |row| row.get(0))?;
        Ok(total.unsigned_abs())
    }

    /// The rows of a page, each with its number.
    fn rows(
        &self,
        reading: &Reading<'_>,
        query: &RunRowQuery,
    ) -> rusqlite::Result<Vec<(i64, RunRow)>> {
        let Order {
            joined,
            by,
            mut parameters,
        } = Order::of(&query.sort, query.descending);
        parameters.extend(self.parameters.iter().cloned());
        let count = |number: usize| Parameter::from(i64::try_from(number).unwrap_or(i64::MAX));
        parameters.extend([count(query.limit), count(query.offset)]);
        let conditions = &self.conditions;
        // The second order is that of the first, which a join does not keep.
        let page = format!(
            "WITH page (place, number) AS (
                SELECT row_number() OVER (), number FROM (
                    SELECT runs.number FROM runs {joined} WHERE {conditions} ORDER BY {by} LIMIT ? OFFSET ?
                )
            )
            SELECT runs.number AS run_number, runs.id AS id, pipeline, runs.display_name AS display_name, engine, state,
                failure, runs.created_at AS created_at, finished_at, runs.storage AS storage, runs.experiment AS experiment,
                experiments.display_name AS experiment_name, recurring, recurring_runs.display_name AS recurring_name
            FROM page JOIN runs ON runs.number = page.number
            LEFT JOIN experiments ON experiments.id = runs.experiment
            LEFT JOIN recurring_runs ON recurring_runs.id = runs.recurring
            ORDER BY place"
        );
        let mut statement = reading.prepare_cached(&page)?;
        let rows = statement.query_map(params_from_iter(parameters), |row| {
            Ok((row.get("run_number")?, run_row(row)?))
        })?;
        rows.collect()
    }
}

/// An order as a part of a query: tables to join, what to order by, and what stands for the places in the tables.
struct Order {
    joined: String,
    by: String,
    parameters: Vec<Parameter>,
}

impl Order {
    fn of(sort: &RunSort, descending: bool) -> Self {
        let direction = if descending { "DESC" } else { "ASC" };
        let plain = |value: &str| Self {
            joined: String::new(),
            by: format!("{value} {direction} NULLS LAST, runs.number DESC"),
            parameters: Vec::new(),
        };
        let joined = |table: &str, join: String, parameters: Vec<Parameter>| Self {
            joined: join,
            by: format!("{table} {direction} NULLS LAST, runs.number DESC"),
            parameters,
        };
        match sort {
            RunSort::Created => Self {
                by: format!("runs.number {direction}"),
                ..plain("")
            },
            RunSort::Finished => plain("runs.finished_at"),
            RunSort::Took => plain("runs.finished_at - runs.created_at"),
            RunSort::Name => plain("runs.display_name COLLATE NOCASE"),
            RunSort::State => plain("runs.state"),
            RunSort::Pipeline => plain("runs.pipeline COLLATE NOCASE"),
            RunSort::Experiment => joined(
                "experiments.display_name COLLATE NOCASE",
                "LEFT JOIN experiments ON experiments.id = runs.experiment".to_owned(),
                Vec::new(),
            ),
            RunSort::Recurring => joined(
                "recurring_runs.display_name COLLATE NOCASE",
                "LEFT JOIN recurring_runs ON recurring_runs.id = runs.recurring".to_owned(),
                Vec::new(),
            ),
            RunSort::Parameter(name) => Self {
                parameters: vec![input(name).into(), member(name).into()],
                ..joined(
                    "given.value COLLATE NOCASE",
                    "LEFT JOIN (
                        SELECT runs.number AS run, ifnull(json_extract(tasks.inputs, ?), json_extract(runs.parameters, ?)) AS value
                        FROM runs LEFT JOIN tasks ON tasks.run = runs.number AND tasks.path = ''
                    ) AS given ON given.run = runs.number"
                        .to_owned(),
                    Vec::new(),
                )
            },
            RunSort::Metric(name) => joined(
                "measured.value",
                // With `max`, SQLite takes the other columns of a group from the row that has the most.
                format!(
                    "LEFT JOIN (SELECT run, value, max(id) FROM (
                        SELECT artifact_uses.run AS run, artifacts.id AS id, json_extract(artifacts.metadata, ?) AS value
                        FROM {METRICS}
                    ) WHERE typeof(value) IN ('integer', 'real') GROUP BY run) AS measured ON measured.run = runs.number"
                ),
                vec![member(name).into()],
            ),
        }
    }
}

/// Where a member of a versioned map stands in its JSON.
fn member(name: &str) -> String {
    format!("$.value.{}", Value::from(name).to_json())
}

/// Where an input of a run's own DAG stands in its JSON.
fn input(name: &str) -> String {
    format!("$.value.parameters.{}", Value::from(name).to_json())
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let experiment: Option<ExperimentId> = row.maybe_word("experiment")?;
    let recurring: Option<RecurringRunId> = row.maybe_word("recurring")?;
    Ok(RunRow {
        summary: summary(row)?,
        storage: row.word("storage")?,
        experiment: experiment
            .map(|id| Ok::<_, rusqlite::Error>((id, row.get("experiment_name")?)))
            .transpose()?,
        recurring: recurring
            .map(|id| Ok::<_, rusqlite::Error>((id, row.get("recurring_name")?)))
            .transpose()?,
        values: None,
    })
}

/// Reads what belongs to the rows of a page, each kind in one query.
fn add_values(reading: &Reading<'_>, rows: &mut [(i64, RunRow)]) -> rusqlite::Result<()> {
    let numbers: Vec<Parameter> = rows.iter().map(|(number, _)| (*number).into()).collect();
    let places = vec!["?"; numbers.len()].join(", ");
    let mut found: HashMap<i64, RunValues> = HashMap::new();
    let mut each =
        |query: String, read: &dyn Fn(&Row<'_>, &mut RunValues) -> rusqlite::Result<()>| {
            let mut statement = reading.prepare_cached(&query)?;
            let mut rows = statement.query(params_from_iter(&numbers))?;
            while let Some(row) = rows.next()? {
                read(row, found.entry(row.get("run")?).or_default())?;
            }
            Ok::<_, rusqlite::Error>(())
        };
    each(
        format!(
            "SELECT runs.number AS run, parameters, inputs FROM runs
            LEFT JOIN tasks ON tasks.run = runs.number AND tasks.path = '' WHERE runs.number IN ({places})"
        ),
        &|row, values| {
            let inputs: Option<Outputs> = row.maybe_json("inputs")?;
            values.parameters = row.json("parameters")?;
            // Its own DAG has the defaults as well, once it has begun.
            values.parameters.extend(inputs.unwrap_or_default().parameters);
            Ok(())
        },
    )?;
    each(
        // The `+` keeps SQLite from going through all metrics that there are: a page's runs have few.
        format!(
            "SELECT artifact_uses.run AS run, artifacts.metadata AS metadata FROM artifact_uses
            JOIN artifacts ON artifacts.id = artifact_uses.artifact AND +artifacts.schema_title = 'system.Metrics'
            WHERE artifact_uses.run IN ({places}) ORDER BY artifacts.id"
        ),
        &|row, values| {
            let metadata: BTreeMap<String, Value> = row.json("metadata")?;
            values.metrics.extend(metadata.into_iter().filter_map(|(name, value)| match value {
                Value::Number(number) => Some((name, number)),
                Value::Null | Value::Bool(_) | Value::String(_) | Value::List(_) | Value::Struct(_) => None,
            }));
            Ok(())
        },
    )?;
    each(
        format!(
            "SELECT run, count(*) AS steps, total(state NOT IN ('PENDING', 'RUNNING')) AS steps_over FROM tasks
            WHERE run IN ({places}) AND {STEPS} GROUP BY run"
        ),
        &|row, values| {
            values.steps = row.get::<_, i64>("steps")?.unsigned_abs();
            values.steps_over = row.get::<_, f64>("steps_over")? as u64;
            Ok(())
        },
    )?;
    for (number, row) in rows {
        row.values = Some(found.remove(number).unwrap_or_default());
    }
    Ok(())
}
