//! Steps, opened as notebooks.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use coracle_app::Workbench;
use coracle_app::view::{OpenStep, OpenedStep};

use crate::body::Sent;
use crate::error::Refusal;

/// Starts a notebook in the image of a step's last attempt, with its inputs mounted and its code to run. Where it was
/// opened before, that notebook is started again and answered. Answered once JupyterLab is installed beside what is in
/// the image, which takes a minute the first time.
#[utoipa::path(
    post,
    path = "/opened-steps",
    operation_id = "open_step",
    tag = "runs",
    request_body = OpenStep,
    responses((status = 201, description = "The notebook starts", body = OpenedStep))
)]
pub(super) async fn open(
    State(workbench): State<Workbench>,
    Sent(request): Sent<OpenStep>,
) -> Result<(StatusCode, Json<OpenedStep>), Refusal> {
    Ok((
        StatusCode::CREATED,
        Json(workbench.open_step(request).await?),
    ))
}
