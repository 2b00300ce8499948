//! Runs.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use coracle_app::{AppError, NewRun, Workbench};
use coracle_model::{RunId, RunState, StorageState, Timestamp};

use super::experiments::STORAGE_STATES;
use super::fault::Fault;
use super::json::{self, Object, OneOf};
use super::list::{Asked, List, Unfit};
use super::query::Query;
use super::run_message::RunMessage;
use super::source::{GivenSource, RuntimeConfig};
use super::verb::{Target, verb};
use super::write::{Empty, Message};

const LIST: List = List {
    noun: "Run",
    key: "runs",
    fields: &[
        "id",
        "run_id",
        "name",
        "display_name",
        "created_at",
        "finished_at",
        "scheduled_at",
        "description",
        "storage_state",
        "status",
        "namespace",
        "experiment_id",
        "state",
        "recurring_run_id",
    ],
    tagged: false,
};

/// The constants of `state`.
const STATES: [(&str, i32); 9] = [
    ("RUNTIME_STATE_UNSPECIFIED", 0),
    ("PENDING", 1),
    ("RUNNING", 2),
    ("SUCCEEDED", 3),
    ("SKIPPED", 4),
    ("FAILED", 5),
    ("CANCELING", 6),
    ("CANCELED", 7),
    ("PAUSED", 8),
];

/// The number of `ARCHIVED` among the constants of `storage_state`.
const ARCHIVED: i32 = 2;

/// What a request says of a run.
#[derive(Default)]
struct Given {
    run_id: String,
    experiment_id: String,
    display_name: String,
    description: String,
    source: GivenSource,
    config: RuntimeConfig,
    service_account: String,
    scheduled_at: Option<Timestamp>,
    recurring_run_id: String,
    archived: bool,
    has_plugins_output: bool,
}

fn read(object: Object<'_>) -> Result<Given, Fault> {
    let mut given = Given::default();
    let mut one_of = OneOf::new("kubeflow.pipelines.backend.api.v2beta1.Run.pipeline_source");
    object.read(|name, member| {
        if given.source.read(name, &member, &mut one_of)? {
            return Ok(());
        }
        match name {
            "run_id" => given.run_id = member.text()?,
            "experiment_id" => given.experiment_id = member.text()?,
            "display_name" => given.display_name = member.text()?,
            "description" => given.description = member.text()?,
            "runtime_config" => given.config = RuntimeConfig::read(&member)?,
            "service_account" => given.service_account = member.text()?,
            "scheduled_at" => given.scheduled_at = member.time()?,
            "recurring_run_id" => given.recurring_run_id = member.text()?,
            "storage_state" => given.archived = member.constant(&STORAGE_STATES)? == ARCHIVED,
            "plugins_output" => given.has_plugins_output = !member.structures()?.is_empty(),
            "plugins_input" => drop(member.structures()?),
            "created_at" | "finished_at" => drop(member.time()?),
            "state" => drop(member.constant(&STATES)?),
            "error" | "run_details" => drop(member.structure()?),
            "state_history" => drop(member.objects()?),
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok(given)
}

pub(super) async fn create(
    State(workbench): State<Workbench>,
    body: Bytes,
) -> Result<Response, Fault> {
    let given = json::read_body(&body, read)?;
    let experiment = given.experiment_id.clone();
    let new = new_run(given)?;
    let made = workbench.submit_run(new).await;
    let run =
        made.map_err(|error| refused(error, &experiment).wrap("Failed to create a new run"))?;
    Ok(Message(RunMessage::from(run)).into_response())
}

fn new_run(given: Given) -> Result<NewRun, Fault> {
    if given.has_plugins_output {
        return Err(Fault::conflict(
            "plugins_output is server-owned and populated exclusively via plugin lifecycle hooks",
            "plugins_output must not be set by the client",
        ));
    }
    let converting = "CreateJob(job.ToV2())Failed to create a run due to conversion error";
    if given.display_name.is_empty() {
        return Err(Fault::invalid("Run name cannot be empty").wrap(format!(
            "{converting}: Failed to convert a API run detail to its internal representation"
        )));
    }
    let id = match given.run_id.as_str() {
        "" => None,
        text => {
            let id: Option<RunId> = text.parse().ok();
            let unfit = || Fault::invalid(format!("the run id {text} is not a UUID"));
            Some(id.ok_or_else(|| unfit().wrap(converting))?)
        }
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(NewRun {
        id,
        display_name: given.display_name,
        description: given.description,
        experiment: some(given.experiment_id),
        source: given.source.into_source(),
        parameters: given.config.parameters,
        pipeline_root: some(given.config.pipeline_root),
        service_account: some(given.service_account),
        scheduled_at: given.scheduled_at,
        recurring: some(given.recurring_run_id),
        storage: if given.archived {
            StorageState::Archived
        } else {
            StorageState::Available
        },
    })
}

/// Why a run or a recurring run was not made, told up to what was being made.
fn refused(error: AppError, experiment: &str) -> Fault {
    match &error {
        AppError::NotFound {
            what: "experiment", ..
        } => Fault::from(error)
            .wrap(format!(
                "Failed to fetch namespace from experiment {experiment}"
            ))
            .wrap(format!(
                "Failed to fetch namespace for experiment {experiment}"
            ))
            .wrap("Failed to create a run due to invalid experimentId and namespace combination"),
        AppError::Parameters { .. } => Fault::from(error)
            .wrap("Failed to generate the ExecutionSpec: invalid pipeline job inputs"),
        AppError::NotFound { .. }
        | AppError::OtherPipeline { .. }
        | AppError::NoVersions(_)
        | AppError::NoSource
        | AppError::Definition { .. } => {
            Fault::from(error).wrap("Failed to create a run due to error fetching manifest")
        }
        _ => error.into(),
    }
}

pub(super) async fn list(
    State(workbench): State<Workbench>,
    query: Query,
) -> Result<Response, Fault> {
    let experiment = query.given("experiment_id")?;
    let unfit = |unfit: Unfit| unfit.into_fault().wrap("Failed to create list options");
    let ask = async |query| {
        let found = workbench.run_overviews(experiment.clone(), query).await;
        found.map_err(|error| {
            not_of_experiment(error, "runs", experiment.as_deref()).wrap("Failed to list runs")
        })
    };
    LIST.answer::<_, RunMessage>(&Asked::read(&query)?, unfit, ask)
        .await
}

/// Why what is in an experiment was not listed.
pub(super) fn not_of_experiment(error: AppError, what: &str, experiment: Option<&str>) -> Fault {
    match (&error, experiment) {
        (AppError::NotFound { .. }, Some(id)) => Fault::from(error)
            .wrap(format!("Failed to fetch namespace from experiment {id}"))
            .wrap(format!(
                "Failed to list {what} due to error fetching namespace for experiment {id}. Try filtering based on \
                 namespace"
            )),
        _ => Fault::from(error).wrap(format!("Failed to list {what}")),
    }
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Target(id): Target,
) -> Result<Response, Fault> {
    let found = workbench.run_overview(id.clone()).await;
    let run = found.map_err(|error| fetching(error, &id).wrap("Failed to get a run"))?;
    Ok(Message(RunMessage::from(run)).into_response())
}

fn fetching(error: AppError, id: &str) -> Fault {
    Fault::from(error).wrap(format!("Failed to fetch run {id}"))
}

/// `{run}:archive`, `{run}:unarchive`, `{run}:terminate` and `{run}:retry`.
pub(super) async fn act(
    State(workbench): State<Workbench>,
    Path(target): Path<String>,
) -> Result<Empty, Fault> {
    let (id, action) = verb(&target)?;
    let run = id.to_owned();
    match action {
        "archive" => workbench.archive_run(run).await.map_err(|error| {
            let doing = format!("Failed to archive run {id} as it failed to be retrieved");
            fetching(error, id).wrap(doing)
        }),
        "unarchive" => workbench
            .unarchive_run(run)
            .await
            .map_err(|error| not_brought_back(error, id)),
        "terminate" => workbench
            .terminate_run(run)
            .await
            .map_err(|error| not_terminated(error, id)),
        "retry" => workbench
            .retry_run(run)
            .await
            .map_err(|error| not_retried(error, id)),
        _ => return Err(Fault::no_method()),
    }
    .map_err(|fault| fault.wrap(format!("Failed to {action} a run")))?;
    Ok(Empty)
}

fn not_brought_back(error: AppError, id: &str) -> Fault {
    match &error {
        AppError::ExperimentArchived { experiment, .. } => Fault::precondition(
            format!(
                "Failed to unarchive run {id} as experiment {experiment} must be un-archived first"
            ),
            "Unarchive the experiment first to allow the run to be restored",
        ),
        AppError::NotFound {
            what: "experiment", ..
        } => Fault::from(error).wrap(format!(
            "Failed to unarchive run {id} due to experiment fetching error"
        )),
        _ => {
            let doing = format!("Failed to unarchive run {id} as it does not exist");
            fetching(error, id).wrap(doing)
        }
    }
}

fn not_terminated(error: AppError, id: &str) -> Fault {
    match &error {
        AppError::WrongState { .. } => {
            Fault::invalid(format!("Failed to terminate a run {id}. Row not found"))
                .wrap(format!("Failed to terminate run {id}"))
        }
        _ => {
            let doing = format!("Failed to terminate run {id} due to error fetching the run");
            fetching(error, id).wrap(doing)
        }
    }
}

fn not_retried(error: AppError, id: &str) -> Fault {
    match &error {
        AppError::WrongState {
            state: RunState::Pending | RunState::Running | RunState::Canceling,
            ..
        } => Fault::conflict(
            format!("Failed to retry run {id} due to error fetching workflow manifest"),
            "Invalid input error: Workflow manifest cannot be empty",
        ),
        AppError::WrongState {
            state: RunState::Succeeded | RunState::Failed,
            ..
        } => Fault::conflict(
            "Workflow must be Failed/Error to retry",
            "workflow cannot be retried",
        )
        .wrap(format!("Failed to retry run {id}")),
        _ => {
            let doing = format!("Failed to retry run {id} due to error fetching the run");
            fetching(error, id).wrap(doing)
        }
    }
}

pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Target(id): Target,
) -> Result<Empty, Fault> {
    let done = workbench.delete_run(id.clone()).await;
    done.map_err(|error| {
        let doing = format!("Failed to delete run {id} as it does not exist");
        fetching(error, &id)
            .wrap(doing)
            .wrap("Failed to delete a run")
    })?;
    Ok(Empty)
}
