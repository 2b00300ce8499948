//! A run of something that is named or given whole, as programs ask for it.

use std::collections::BTreeMap;

use coracle_model::{
    Comparison, ExperimentId, ListQuery, Operand, Predicate, RecurringRunId, RunId, RunOrigin,
    RunRequest, Sort, StorageState, Timestamp, Value,
};
use coracle_store::Store;

use super::create::{Accepted, begin, checked_root};
use super::overview::{RunOverview, overview};
use super::parameters;
use crate::error::AppError;
use crate::exact::exact;
use crate::pipelines::{Resolved, Source, resolve};
use crate::workbench::Workbench;

/// A run to be made. Ids are texts, as they were given.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// The id that it is to have; a random one when it is left out.
    pub id: Option<RunId>,
    /// The name people see.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// The experiment; the default one when it is left out.
    pub experiment: Option<String>,
    /// What is to be run.
    pub source: Source,
    /// Values for the pipeline's parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Where artifacts go instead of the default root, as a URI.
    pub pipeline_root: Option<String>,
    /// The account that it would have on a cluster.
    pub service_account: Option<String>,
    /// The time it is made for.
    pub scheduled_at: Option<Timestamp>,
    /// The recurring run that it is counted to. A run of it that has the same name already is this one.
    pub recurring: Option<String>,
    /// Whether it stands in the ordinary lists.
    pub storage: StorageState,
}

/// What was found when a run was asked for.
enum Found {
    /// It is there already.
    Known(RunId),
    /// It can be made.
    New(Box<Accepted>),
}

impl Workbench {
    /// Makes a run and returns at once; the loop works on it from then on.
    ///
    /// # Errors
    /// An experiment, pipeline or version that is not there; a definition or parameters that KFP would refuse; an id
    /// that is taken; no engine, and nobody who works on runs here.
    pub async fn submit_run(&self, new: NewRun) -> Result<RunOverview, AppError> {
        let now = self.inner.clock.now();
        let (storage, id) = (new.storage, new.id);
        let working = self.working().await;
        // Nobody closes it.
        let _turn = self.inner.turns.acquire().await;
        self.ask_store(move |store| match find(store, new, now)? {
            Found::Known(run) => overview(store, run),
            Found::New(accepted) => {
                let id = id.unwrap_or_else(RunId::random);
                let record = begin(store, &*working?, id, storage, *accepted, now)?;
                Ok(RunOverview::of_new(record))
            }
        })
        .await
    }
}

fn find(store: &Store, new: NewRun, now: Timestamp) -> Result<Found, AppError> {
    let experiment = match &new.experiment {
        Some(experiment) => known_experiment(store, experiment)?,
        None => store.default_experiment(now)?,
    };
    let recurring = match &new.recurring {
        Some(recurring) => Some(exact::<RecurringRunId>("recurring run", recurring)?),
        None => None,
    };
    if let Some(recurring) = recurring {
        if let Some(run) = same_run(store, recurring, &new.display_name)? {
            return Ok(Found::Known(run));
        }
        if store.recurring_run(recurring)?.is_none() {
            return Err(AppError::not_found("recurring run", &recurring.to_string()));
        }
    }
    let Resolved {
        definition,
        version,
    } = resolve(store, &new.source)?;
    parameters::check(&definition.spec, &new.parameters)?;
    let request = RunRequest {
        definition: definition.text,
        display_name: new.display_name,
        parameters: new.parameters,
        pipeline_root: new.pipeline_root.map(checked_root).transpose()?,
        cache: true,
        rerun: None,
        origin: RunOrigin {
            description: new.description,
            experiment: Some(experiment),
            version,
            recurring,
            scheduled_at: new.scheduled_at,
            index: None,
            service_account: new.service_account,
            brought: None,
        },
    };
    Ok(Found::New(Box::new(Accepted {
        pipeline: definition.spec.name,
        request,
        warnings: Vec::new(),
    })))
}

pub(crate) fn known_experiment(store: &Store, id: &str) -> Result<ExperimentId, AppError> {
    let found: ExperimentId = exact("experiment", id)?;
    match store.experiment(found)? {
        Some(_) => Ok(found),
        None => Err(AppError::not_found("experiment", id)),
    }
}

/// The run of a recurring run that has a name.
fn same_run(
    store: &Store,
    recurring: RecurringRunId,
    name: &str,
) -> Result<Option<RunId>, AppError> {
    let is = |field: &str, text: &str| Predicate {
        field: field.to_owned(),
        comparison: Comparison::Equals,
        operand: Operand::Text(text.to_owned()),
    };
    let query = ListQuery {
        predicates: vec![
            is("recurring_run_id", &recurring.to_string()),
            is("display_name", name),
        ],
        sort: Sort {
            field: "created_at".to_owned(),
            descending: false,
        },
        after: None,
        limit: 1,
    };
    let page = store.list_runs(&query)?;
    Ok(page.items.first().map(|entry| entry.id))
}
