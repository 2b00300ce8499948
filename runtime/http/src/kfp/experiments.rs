//! Experiments.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use coracle_app::{AppError, Workbench};
use coracle_model::{Experiment, StorageState};
use serde::Serialize;

use super::fault::Fault;
use super::json::{self, Object};
use super::list::{Asked, List, Unfit};
use super::query::Query;
use super::verb::{Target, verb};
use super::write::{Empty, Message, is_empty, time, time_or_epoch};

/// Bytes of the longest name.
const LONGEST_NAME: usize = 128;

const LIST: List = List {
    noun: "Experiment",
    key: "experiments",
    fields: &[
        "id",
        "experiment_id",
        "name",
        "display_name",
        "created_at",
        "last_run_created_at",
        "description",
        "namespace",
        "storage_state",
    ],
    tagged: false,
};

#[derive(Serialize)]
struct ExperimentMessage {
    experiment_id: String,
    display_name: String,
    #[serde(skip_serializing_if = "is_empty")]
    description: String,
    created_at: String,
    storage_state: &'static str,
    last_run_created_at: String,
}

impl From<Experiment> for ExperimentMessage {
    fn from(experiment: Experiment) -> Self {
        Self {
            experiment_id: experiment.id.to_string(),
            display_name: experiment.display_name,
            description: experiment.description,
            created_at: time(experiment.created_at),
            storage_state: experiment.storage.as_str(),
            last_run_created_at: time_or_epoch(experiment.last_run_at),
        }
    }
}

pub(super) async fn create(
    State(workbench): State<Workbench>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (name, description) = json::read_body(&body, read)?;
    check_name(&name).map_err(|fault| {
        fault.wrap(
            "[ExperimentServer]: Failed to create a experiment due to conversion error: Failed \
             to convert API experiment to model experiment",
        )
    })?;
    let created = workbench.create_experiment(name, description).await;
    let experiment = created.map_err(|error| {
        let fault = match &error {
            // The plural of this one message is KFP's own.
            AppError::NameTaken { name, .. } => Fault::taken(format!(
                "Failed to create a new experiment. The name {name} already exists. Please specify a new name"
            )),
            _ => error.into(),
        };
        fault.wrap("Failed to create a experiment")
    })?;
    Ok(Message(ExperimentMessage::from(experiment)).into_response())
}

fn read(object: Object<'_>) -> Result<(String, String), Fault> {
    let (mut display_name, mut description) = (String::new(), String::new());
    object.read(|name, member| {
        match name {
            "display_name" => display_name = member.text()?,
            "description" => description = member.text()?,
            "experiment_id" | "namespace" => drop(member.text()?),
            "created_at" | "last_run_created_at" => drop(member.time()?),
            "storage_state" => drop(member.constant(&STORAGE_STATES)?),
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok((display_name, description))
}

/// The constants of `storage_state`.
pub(super) const STORAGE_STATES: [(&str, i32); 3] = [
    ("STORAGE_STATE_UNSPECIFIED", 0),
    ("AVAILABLE", 1),
    ("ARCHIVED", 2),
];

fn check_name(name: &str) -> Result<(), Fault> {
    if name.is_empty() {
        return Err(Fault::invalid("Experiment must have a non-empty name"));
    }
    if name.len() > LONGEST_NAME {
        return Err(Fault::invalid(format!(
            "Experiment.Name length cannot exceed {LONGEST_NAME}"
        )));
    }
    Ok(())
}

pub(super) async fn list(
    State(workbench): State<Workbench>,
    query: Query,
) -> Result<Response, Fault> {
    let unfit = |unfit: Unfit| unfit.into_fault().wrap("Failed to create list options");
    let ask = async |query| {
        workbench.experiments(query).await.map_err(|error| {
            Fault::from(error)
                .wrap("List experiments failed")
                .wrap("List experiments failed")
        })
    };
    LIST.answer::<_, ExperimentMessage>(&Asked::read(&query)?, unfit, ask)
        .await
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Target(id): Target,
) -> Result<Response, Fault> {
    let found = workbench.experiment(id).await;
    let experiment =
        found.map_err(|error| Fault::from(error).wrap("Failed to fetch experiment"))?;
    Ok(Message(ExperimentMessage::from(experiment)).into_response())
}

/// `{experiment}:archive` and `{experiment}:unarchive`.
pub(super) async fn act(
    State(workbench): State<Workbench>,
    Path(target): Path<String>,
) -> Result<Empty, Fault> {
    let (id, action) = verb(&target)?;
    let (storage, doing) = match action {
        "archive" => (StorageState::Archived, "archive"),
        "unarchive" => (StorageState::Available, "unarchive"),
        _ => return Err(Fault::no_method()),
    };
    let done = workbench.store_experiment(id.to_owned(), storage).await;
    done.map_err(|error| Fault::from(error).wrap(format!("Failed to {doing} experiment")))?;
    Ok(Empty)
}

pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Target(id): Target,
) -> Result<Empty, Fault> {
    let done = workbench.delete_experiment(id.clone()).await;
    done.map_err(|error| {
        let fault = match &error {
            AppError::DefaultExperiment(_) => Fault::conflict(
                format!(
                    "Failed to delete experiment {id}. The default experiment cannot be deleted"
                ),
                format!(
                    "Invalid input error: Experiment id cannot be equal to the default id {id}"
                ),
            ),
            AppError::NotFound { .. } => Fault::from(error).wrap(format!(
                "Failed to delete experiment {id} due to error fetching it"
            )),
            _ => error.into(),
        };
        fault.wrap("Failed to delete experiment")
    })?;
    Ok(Empty)
}
