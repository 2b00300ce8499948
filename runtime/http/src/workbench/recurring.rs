//! Recurring runs: where they stand.

use axum::Json;
use axum::extract::{Path, State};
use coracle_app::Workbench;
use coracle_app::view::RecurringStatus;

use crate::error::Refusal;

/// Where a recurring run stands: when it is due next, and what it waits for.
#[utoipa::path(
    get,
    path = "/recurring-runs/{id}",
    operation_id = "get_recurring_run_status",
    tag = "recurring runs",
    params(("id" = String, Path, description = "The recurring run's id")),
    responses((status = 200, description = "Where it stands", body = RecurringStatus))
)]
pub(super) async fn status(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Json<RecurringStatus>, Refusal> {
    Ok(Json(workbench.recurring_status(id).await?))
}
