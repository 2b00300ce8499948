//! Recurring runs.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use coracle_app::{AppError, NewRecurringRun, NewTrigger, RecurringDetail, Rhythm, Workbench};
use coracle_model::{RunSource, Schedule, Timestamp, Trigger};
use serde::Serialize;
use serde_json::value::RawValue;

use super::fault::Fault;
use super::json::{self, Member, Object, OneOf};
use super::list::{Asked, List, Unfit};
use super::query::Query;
use super::run_message::USUAL_ACCOUNT;
use super::runs::not_of_experiment;
use super::source::{GivenSource, Reference, RuntimeConfig};
use super::verb::{Target, verb};
use super::write::{Empty, Message, is_empty, time};

const LIST: List = List {
    noun: "Job",
    // The one list of the API whose name is not in snake case.
    key: "recurringRuns",
    fields: &[
        "id",
        "recurring_run_id",
        "name",
        "display_name",
        "created_at",
        "updated_at",
        "description",
    ],
    tagged: false,
};

/// The constants of `mode`.
const MODES: [(&str, i32); 3] = [("MODE_UNSPECIFIED", 0), ("ENABLE", 1), ("DISABLE", 2)];

/// The constants of `status`.
const STATUSES: [(&str, i32); 3] = [("STATUS_UNSPECIFIED", 0), ("ENABLED", 1), ("DISABLED", 2)];

/// The namespace that workloads have on a cluster with KFP's usual installation.
const NAMESPACE: &str = "kubeflow";

#[derive(Serialize)]
struct RecurringMessage {
    recurring_run_id: String,
    display_name: String,
    #[serde(skip_serializing_if = "is_empty")]
    description: String,
    #[serde(skip_serializing_if = "is_empty")]
    pipeline_spec: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "is_empty")]
    pipeline_version_reference: Option<Reference>,
    #[serde(skip_serializing_if = "is_empty")]
    runtime_config: Option<RuntimeConfig>,
    #[serde(skip_serializing_if = "is_empty")]
    service_account: String,
    max_concurrency: String,
    trigger: TriggerMessage,
    mode: &'static str,
    created_at: String,
    updated_at: String,
    status: &'static str,
    #[serde(skip_serializing_if = "is_empty")]
    no_catchup: bool,
    namespace: &'static str,
    experiment_id: String,
}

#[derive(Serialize, Default)]
struct TriggerMessage {
    #[serde(skip_serializing_if = "is_empty")]
    cron_schedule: Option<CronMessage>,
    #[serde(skip_serializing_if = "is_empty")]
    periodic_schedule: Option<PeriodicMessage>,
}

#[derive(Serialize)]
struct CronMessage {
    #[serde(skip_serializing_if = "is_empty")]
    start_time: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    end_time: Option<String>,
    cron: String,
}

#[derive(Serialize)]
struct PeriodicMessage {
    #[serde(skip_serializing_if = "is_empty")]
    start_time: Option<String>,
    #[serde(skip_serializing_if = "is_empty")]
    end_time: Option<String>,
    interval_second: String,
}

impl From<Trigger> for TriggerMessage {
    fn from(trigger: Trigger) -> Self {
        let (start_time, end_time) = (trigger.start.map(time), trigger.end.map(time));
        match trigger.schedule {
            Schedule::Cron(cron) => Self {
                cron_schedule: Some(CronMessage {
                    start_time,
                    end_time,
                    cron,
                }),
                ..Self::default()
            },
            Schedule::Periodic(seconds) => Self {
                periodic_schedule: Some(PeriodicMessage {
                    start_time,
                    end_time,
                    interval_second: seconds.to_string(),
                }),
                ..Self::default()
            },
            Schedule::Once => Self::default(),
        }
    }
}

impl From<RecurringDetail> for RecurringMessage {
    fn from(detail: RecurringDetail) -> Self {
        let run = detail.run;
        let (reference, usual_account) = match run.source {
            RunSource::Pinned { version, .. } => (version.map(Into::into), USUAL_ACCOUNT),
            RunSource::Latest(pipeline) => (Some(Reference::latest(pipeline)), ""),
        };
        let (mode, status) = if run.enabled {
            ("ENABLE", "ENABLED")
        } else {
            ("DISABLE", "DISABLED")
        };
        Self {
            recurring_run_id: run.id.to_string(),
            display_name: run.display_name,
            description: run.description,
            pipeline_spec: detail
                .definition
                .and_then(|json| RawValue::from_string(json).ok()),
            pipeline_version_reference: reference,
            runtime_config: RuntimeConfig::of(run.parameters, run.pipeline_root),
            service_account: run
                .service_account
                .unwrap_or_else(|| usual_account.to_owned()),
            max_concurrency: run.max_concurrency.to_string(),
            trigger: run.trigger.into(),
            mode,
            created_at: time(run.created_at),
            updated_at: time(run.updated_at),
            status,
            no_catchup: !run.catch_up,
            namespace: NAMESPACE,
            experiment_id: run.experiment.to_string(),
        }
    }
}

/// What a request says of a recurring run.
#[derive(Default)]
struct Given {
    display_name: String,
    description: String,
    source: GivenSource,
    config: RuntimeConfig,
    service_account: String,
    max_concurrency: i64,
    trigger: NewTrigger,
    mode: i32,
    no_catchup: bool,
    namespace: String,
    experiment_id: String,
}

fn read(object: Object<'_>) -> Result<Given, Fault> {
    let mut given = Given::default();
    let mut one_of =
        OneOf::new("kubeflow.pipelines.backend.api.v2beta1.RecurringRun.pipeline_source");
    object.read(|name, member| {
        if given.source.read(name, &member, &mut one_of)? {
            return Ok(());
        }
        match name {
            "display_name" => given.display_name = member.text()?,
            "description" => given.description = member.text()?,
            "runtime_config" => given.config = RuntimeConfig::read(&member)?,
            "service_account" => given.service_account = member.text()?,
            "max_concurrency" => given.max_concurrency = member.int64()?,
            "trigger" => {
                if let Some(object) = member.object()? {
                    given.trigger = read_trigger(object)?;
                }
            }
            "mode" => given.mode = member.constant(&MODES)?,
            "no_catchup" => given.no_catchup = member.boolean()?,
            "namespace" => given.namespace = member.text()?,
            "experiment_id" => given.experiment_id = member.text()?,
            "recurring_run_id" => drop(member.text()?),
            "created_at" | "updated_at" => drop(member.time()?),
            "status" => drop(member.constant(&STATUSES)?),
            "error" => drop(member.structure()?),
            "plugins_input" => drop(member.structures()?),
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok(given)
}

fn read_trigger(object: Object<'_>) -> Result<NewTrigger, Fault> {
    let mut trigger = NewTrigger::default();
    let mut one_of = OneOf::new("kubeflow.pipelines.backend.api.v2beta1.Trigger.trigger");
    object.read(|name, member| {
        let known = matches!(name, "cron_schedule" | "periodic_schedule");
        if !known {
            return Err(member.unknown());
        }
        one_of.take(&member)?;
        if let Some(object) = member.object()? {
            trigger = read_schedule(name == "cron_schedule", object)?;
        }
        Ok(())
    })?;
    Ok(trigger)
}

fn read_schedule(is_cron: bool, object: Object<'_>) -> Result<NewTrigger, Fault> {
    let mut rhythm = if is_cron {
        Rhythm::Cron(String::new())
    } else {
        Rhythm::Every(0)
    };
    let (mut start, mut end) = (None, None);
    object.read(|name, member: Member<'_>| {
        match name {
            "start_time" => start = member.time()?,
            "end_time" => end = member.time()?,
            "cron" if is_cron => rhythm = Rhythm::Cron(member.text()?),
            "interval_second" if !is_cron => rhythm = Rhythm::Every(member.int64()?),
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    let whole =
        |at: Option<Timestamp>| at.and_then(|at| Timestamp::from_second(at.as_second()).ok());
    Ok(NewTrigger {
        rhythm: Some(rhythm),
        start: whole(start),
        end: whole(end),
    })
}

pub(super) async fn create(
    State(workbench): State<Workbench>,
    body: Bytes,
) -> Result<Response, Fault> {
    let given = json::read_body(&body, read)?;
    let experiment = given.experiment_id.clone();
    let namespace = given.namespace.clone();
    let latest = given.source.is_latest();
    let new = new_recurring_run(given)?;
    if !namespace.is_empty() && !experiment.is_empty() {
        return Err(Fault::invalid(format!(
            "Experiment {experiment} belongs to namespace '' instead of '{namespace}'"
        ))
        .wrap("Failed to create a recurring run due to invalid experimentId and namespace combination")
        .wrap("Failed to create a recurring run"));
    }
    let made = workbench.create_recurring_run(new).await;
    let run = made.map_err(|error| not_made(error, &experiment, latest))?;
    Ok(Message(RecurringMessage::from(run)).into_response())
}

fn new_recurring_run(given: Given) -> Result<NewRecurringRun, Fault> {
    let converting =
        |fault: Fault| fault.wrap("Failed to create a recurring run due to conversion error");
    if given.display_name.is_empty() {
        return Err(converting(
            Fault::invalid("Recurring run's name cannot be empty")
                .wrap("Failed to convert a API recurring run to its internal representation"),
        ));
    }
    let enabled = match given.mode {
        1 => true,
        0 | 2 => false,
        other => {
            let fault = Fault::invalid(format!("Recurring run's mode is invalid: {other}"));
            return Err(converting(fault.wrap(
                "Failed to convert a API recurring run to its internal representation due to parsing error occurred \
                 in its mode field: Failed to convert API recurring run's mode to its internal \
                 representation",
            )));
        }
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(NewRecurringRun {
        display_name: given.display_name,
        description: given.description,
        experiment: some(given.experiment_id),
        source: given.source.into_source(),
        parameters: given.config.parameters,
        pipeline_root: some(given.config.pipeline_root),
        service_account: some(given.service_account),
        trigger: given.trigger,
        max_concurrency: given.max_concurrency,
        catch_up: !given.no_catchup,
        enabled,
    })
}

/// What is being done when the newest version of a pipeline does not fit.
const VALIDATING: &str = "Failed to validate the input parameters on the latest pipeline version";

fn not_made(error: AppError, experiment: &str, latest: bool) -> Fault {
    let converting = "Failed to create a recurring run due to conversion error";
    let making = "Failed to create a recurring run";
    match &error {
        AppError::Concurrency(count) => Fault::invalid(format!(
            "Max concurrency of a recurring run must be at least 1 and at most 10. Received {count}"
        ))
        .wrap(converting),
        AppError::Cron(problem) => Fault::invalid(format!(
            "Schedule cron is not a supported format(https://godoc.org/github.com/robfig/cron). Error: {problem}"
        ))
        .wrap(converting),
        AppError::Interval(seconds) => Fault::invalid(format!(
            "Found invalid period schedule interval {seconds}. Set at interval to least 1 second"
        ))
        .wrap(converting),
        AppError::NotFound {
            what: "experiment", ..
        } => Fault::from(error)
            .wrap(format!("Failed to fetch namespace from experiment {experiment}"))
            .wrap(format!("Failed to fetch namespace for experiment {experiment}"))
            .wrap("Failed to create a recurring run due to invalid experimentId and namespace combination")
            .wrap(making),
        AppError::NoVersions(pipeline) => {
            Fault::not_found("PipelineVersion", &pipeline.to_string())
                .wrap("Failed to get the latest template for a pipeline")
                .wrap(VALIDATING)
                .wrap(making)
        }
        AppError::NotFound {
            what: "pipeline", ..
        } => Fault::from(error)
            .wrap("Failed to get the latest template as pipeline was not found")
            .wrap(VALIDATING)
            .wrap(making),
        AppError::Parameters { .. } if latest => Fault::from(error).wrap(VALIDATING).wrap(making),
        AppError::Parameters { .. } => Fault::from(error)
            .wrap("Failed to create a recurring run during scheduled workflow creation: invalid pipeline job inputs")
            .wrap(making),
        _ => Fault::from(error)
            .wrap("Failed to create a recurring run with an invalid pipeline spec manifest")
            .wrap(making),
    }
}

pub(super) async fn list(
    State(workbench): State<Workbench>,
    query: Query,
) -> Result<Response, Fault> {
    let experiment = query.given("experiment_id")?;
    let unfit = |unfit: Unfit| {
        unfit
            .into_fault()
            .wrap("Failed to list recurring runs due to error parsing the listing options")
    };
    let ask = async |query| {
        let found = workbench.recurring_runs(experiment.clone(), query).await;
        found.map_err(|error| {
            not_of_experiment(error, "recurring runs", experiment.as_deref())
                .wrap("Failed to list jobs")
        })
    };
    LIST.answer::<_, RecurringMessage>(&Asked::read(&query)?, unfit, ask)
        .await
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Target(id): Target,
) -> Result<Response, Fault> {
    let found = workbench.recurring_run(id).await;
    let run = found.map_err(|error| Fault::from(error).wrap("Failed to fetch a recurring run"))?;
    Ok(Message(RecurringMessage::from(run)).into_response())
}

/// `{recurring run}:enable` and `{recurring run}:disable`.
pub(super) async fn act(
    State(workbench): State<Workbench>,
    Path(target): Path<String>,
) -> Result<Empty, Fault> {
    let (id, action) = verb(&target)?;
    let enabled = match action {
        "enable" => true,
        "disable" => false,
        _ => return Err(Fault::no_method()),
    };
    let done = workbench.enable_recurring_run(id.to_owned(), enabled).await;
    done.map_err(|error| {
        Fault::from(error)
            .wrap(format!(
                "Failed to change recurring run's mode to enable:{enabled}. Check if recurring run {id} exists"
            ))
            .wrap(format!("Failed to {action} a recurring run"))
    })?;
    Ok(Empty)
}

pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Target(id): Target,
    query: Query,
) -> Result<Empty, Fault> {
    query.constant(
        "propagation_policy",
        &[
            "DELETE_PROPAGATION_POLICY_UNSPECIFIED",
            "FOREGROUND",
            "BACKGROUND",
            "ORPHAN",
        ],
    )?;
    let done = workbench.delete_recurring_run(id.clone()).await;
    done.map_err(|error| {
        Fault::from(error)
            .wrap(format!(
                "Failed to delete recurring run {id}. Check if exists"
            ))
            .wrap("Failed to delete a recurring run")
    })?;
    Ok(Empty)
}
