//! A run as KFP's API shows it.

use coracle_app::RunOverview;
use coracle_model::RunState;
use serde::Serialize;
use serde_json::value::RawValue;

use super::source::{Reference, RuntimeConfig};
use super::task_message::{TaskMessage, messages};
use super::write::{is_empty, time, time_or_epoch};

/// The account of runs that name none.
pub(super) const USUAL_ACCOUNT: &str = "pipeline-runner";

#[derive(Serialize)]
pub(super) struct RunMessage {
    #[serde(skip_serializing_if = "is_empty")]
    experiment_id: String,
    run_id: String,
    display_name: String,
    storage_state: &'static str,
    #[serde(skip_serializing_if = "is_empty")]
    description: String,
    #[serde(skip_serializing_if = "is_empty")]
    pipeline_version_reference: Option<Reference>,
    #[serde(skip_serializing_if = "is_empty")]
    pipeline_spec: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "is_empty")]
    runtime_config: Option<RuntimeConfig>,
    service_account: String,
    created_at: String,
    scheduled_at: String,
    finished_at: String,
    state: &'static str,
    #[serde(skip_serializing_if = "is_empty")]
    run_details: Option<RunDetails>,
    #[serde(skip_serializing_if = "is_empty")]
    recurring_run_id: String,
    #[serde(skip_serializing_if = "is_empty")]
    state_history: Vec<StateMessage>,
}

#[derive(Serialize)]
struct RunDetails {
    task_details: Vec<TaskMessage>,
}

/// A state and when it began.
#[derive(Serialize)]
pub(super) struct StateMessage {
    pub(super) update_time: String,
    pub(super) state: &'static str,
}

impl From<RunOverview> for RunMessage {
    fn from(overview: RunOverview) -> Self {
        let run_details = details(&overview);
        let RunOverview {
            entry,
            definition,
            states,
            ..
        } = overview;
        let origin = entry.origin;
        let id = |id: Option<String>| id.unwrap_or_default();
        Self {
            experiment_id: id(origin.experiment.map(|id| id.to_string())),
            run_id: entry.id.to_string(),
            display_name: entry.display_name,
            storage_state: entry.storage.as_str(),
            description: origin.description,
            pipeline_version_reference: origin.version.map(Into::into),
            pipeline_spec: definition.and_then(|json| RawValue::from_string(json).ok()),
            runtime_config: RuntimeConfig::of(entry.parameters, entry.pipeline_root),
            service_account: origin
                .service_account
                .unwrap_or_else(|| USUAL_ACCOUNT.to_owned()),
            created_at: time(entry.created_at),
            scheduled_at: time(origin.scheduled_at.unwrap_or(entry.created_at)),
            finished_at: time_or_epoch(entry.finished_at),
            state: entry.state.as_str(),
            run_details,
            recurring_run_id: id(origin.recurring.map(|id| id.to_string())),
            state_history: states
                .into_iter()
                .map(|(at, state)| StateMessage {
                    update_time: time(at),
                    state: state.as_str(),
                })
                .collect(),
        }
    }
}

/// The tasks of a run. As on a cluster, whose server hears of a run's tasks when its agent first reports, there are none
/// until one has ended.
fn details(overview: &RunOverview) -> Option<RunDetails> {
    let over = match overview.entry.state {
        RunState::Succeeded | RunState::Failed => true,
        RunState::Pending | RunState::Running | RunState::Canceling => false,
    };
    let reported = over || overview.tasks.iter().any(|task| task.finished_at.is_some());
    (reported && !overview.tasks.is_empty()).then(|| RunDetails {
        task_details: messages(overview),
    })
}
