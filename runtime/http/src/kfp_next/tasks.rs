//! Tasks.

use axum::Json;
use axum::extract::{Path, State};
use coracle_app::Workbench;
use coracle_app::view::{ErrorCode, Task};
use coracle_model::{RunId, TaskPath};

use super::present;
use super::query::{Fields, task};
use super::wire::{ListTasksResponse, PipelineTaskDetail};
use crate::error::Refusal;

pub(super) async fn list(
    State(workbench): State<Workbench>,
    fields: Fields,
) -> Result<Json<ListTasksResponse>, Refusal> {
    fields.only(&["run_id", "parent_id"])?;
    let (run, parent) = parent(&fields)?;
    let all = workbench.tasks(run.to_string()).await?.tasks;
    page(run, parent.as_ref(), &all, &fields).map(Json)
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<PipelineTaskDetail>, Refusal> {
    let (run, path) = task(&id)?;
    let all = workbench.tasks(run.to_string()).await?.tasks;
    let found = all.iter().find(|task| task.path == path);
    let task = found.ok_or_else(|| {
        Refusal::new(
            ErrorCode::NotFound,
            format!("there is no task `{id}`"),
            "`GET /apis/v2beta1/tasks?run_id=` lists those of a run",
        )
    })?;
    Ok(Json(present::task(run, task, &all)))
}

/// The run that is asked about, and the task whose children are, where it is not all tasks of the run.
fn parent(fields: &Fields) -> Result<(RunId, Option<TaskPath>), Refusal> {
    let wanted = || {
        Refusal::request(
            "neither a run nor a task is named, or both are",
            "give either `run_id` or `parent_id`",
        )
    };
    match (fields.one("run_id"), fields.one("parent_id")) {
        (Some(run), None) => Ok((run.parse().map_err(|_| wanted())?, None)),
        (None, Some(parent)) => task(parent).map(|(run, path)| (run, Some(path))),
        (None, None) | (Some(_), Some(_)) => Err(wanted()),
    }
}

fn page(
    run: RunId,
    parent: Option<&TaskPath>,
    all: &[Task],
    fields: &Fields,
) -> Result<ListTasksResponse, Refusal> {
    let asked = |task: &&Task| parent.is_none_or(|it| task.path.parent().as_ref() == Some(it));
    let asked: Vec<&Task> = all.iter().filter(asked).collect();
    let start: usize = fields.page_token(|text| text.parse().ok())?.unwrap_or(0);
    let end = start.saturating_add(fields.page_size()?);
    let shown = asked.iter().take(end).skip(start);
    Ok(ListTasksResponse {
        tasks: shown.map(|task| present::task(run, task, all)).collect(),
        next_page_token: if end < asked.len() {
            end.to_string()
        } else {
            String::new()
        },
        total_size: i32::try_from(asked.len()).unwrap_or(i32::MAX),
    })
}
