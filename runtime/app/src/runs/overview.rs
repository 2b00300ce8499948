//! Runs as lists show them, each with its history and its tasks.

use coracle_model::{
    Comparison, ExperimentId, ListQuery, Operand, Page, Predicate, RunId, RunRecord, RunState,
    Timestamp,
};
use coracle_spec::pipeline;
use coracle_store::{RunEntry, Store, TaskEntry};
use std::collections::HashMap;

use crate::error::AppError;
use crate::exact::exact;
use crate::workbench::Workbench;

/// A run as it stands in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOverview {
    /// What is remembered of it.
    pub entry: RunEntry,
    /// Its definition as JSON, unless it is that of a pipeline version.
    pub definition: Option<String>,
    /// The states that it was in, with when each began, oldest first.
    pub states: Vec<(Timestamp, RunState)>,
    /// Its tasks, in the order in which they were first recorded.
    pub tasks: Vec<TaskEntry>,
}

impl RunOverview {
    /// A run that was stored just now and has not begun.
    pub(super) fn of_new(record: RunRecord) -> Self {
        let request = record.request;
        let inline = request.origin.version.is_none();
        Self {
            definition: inline
                .then(|| pipeline::to_json(&request.definition))
                .flatten(),
            states: vec![(record.created_at, record.state)],
            tasks: Vec::new(),
            entry: RunEntry {
                id: record.id,
                display_name: request.display_name,
                origin: request.origin,
                definition: None,
                parameters: request.parameters,
                pipeline_root: request.pipeline_root,
                state: record.state,
                failure: record.failure,
                storage: record.storage,
                created_at: record.created_at,
                finished_at: record.finished_at,
            },
        }
    }
}

impl Workbench {
    /// A run, by its whole id.
    ///
    /// # Errors
    /// When there is none of this id.
    pub async fn run_overview(&self, id: String) -> Result<RunOverview, AppError> {
        self.ask_store(move |store| overview(store, exact("run", &id)?))
            .await
    }

    /// A page of runs, of one experiment or of all.
    ///
    /// # Errors
    /// When there is no such experiment, and for a field that runs do not have.
    pub async fn run_overviews(
        &self,
        experiment: Option<String>,
        mut query: ListQuery,
    ) -> Result<Page<RunOverview>, AppError> {
        self.ask_store(move |store| {
            if let Some(experiment) = experiment {
                query.predicates.push(of_experiment(store, experiment)?);
            }
            let page = store.list_runs(&query)?;
            Ok(Page {
                items: overviews(store, page.items)?,
                total: page.total,
                next: page.next,
            })
        })
        .await
    }
}

/// What an item of a list has to fit to be of an experiment that is there.
pub(crate) fn of_experiment(store: &Store, experiment: String) -> Result<Predicate, AppError> {
    let id: ExperimentId = exact("experiment", &experiment)?;
    if store.experiment(id)?.is_none() {
        return Err(AppError::not_found("experiment", &experiment));
    }
    Ok(Predicate {
        field: "experiment_id".to_owned(),
        comparison: Comparison::Equals,
        operand: Operand::Text(experiment),
    })
}

/// A run with all that lists show of it.
pub(super) fn overview(store: &Store, run: RunId) -> Result<RunOverview, AppError> {
    let missing = || AppError::no_run(&run.to_string());
    let entry = store.run_entry(run)?.ok_or_else(missing)?;
    let mut found = overviews(store, vec![entry])?;
    found.pop().ok_or_else(missing)
}

fn overviews(store: &Store, entries: Vec<RunEntry>) -> Result<Vec<RunOverview>, AppError> {
    let ids: Vec<RunId> = entries.iter().map(|entry| entry.id).collect();
    let mut states = store.run_states(&ids)?;
    let mut tasks = store.task_entries(&ids)?;
    // Runs of one page often have the same definition, which is the long part of them.
    let mut known: HashMap<String, Option<String>> = HashMap::new();
    let mut json = |text: String| {
        known
            .entry(text)
            .or_insert_with_key(|text| pipeline::to_json(text))
            .clone()
    };
    let overview = |mut entry: RunEntry| RunOverview {
        states: states.remove(&entry.id).unwrap_or_default(),
        tasks: tasks.remove(&entry.id).unwrap_or_default(),
        definition: entry.definition.take().and_then(&mut json),
        entry,
    };
    Ok(entries.into_iter().map(overview).collect())
}
