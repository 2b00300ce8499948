//! Definitions that are no run's: those of versions, and texts that are still being written.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use coracle_app::Workbench;
use coracle_app::view::{
    CheckDefinition, CompileDefinition, CompiledDefinition, DefinitionReport, LowerDefinition,
    LoweredDefinition,
};

use crate::body::Sent;
use crate::error::Refusal;

/// The definition of a pipeline version, as it was written.
#[utoipa::path(
    get,
    path = "/pipeline-versions/{id}/definition",
    operation_id = "get_pipeline_version_definition",
    tag = "definitions",
    params(("id" = String, Path, description = "The version's id")),
    responses((status = 200, description = "The text of the file", body = String, content_type = "application/yaml"))
)]
pub(super) async fn of_version(
    State(workbench): State<Workbench>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let text = workbench.pipeline_version_text(id).await?;
    Ok(([(header::CONTENT_TYPE, "application/yaml")], text).into_response())
}

/// Everything that is wrong with a text that is to be a definition.
#[utoipa::path(
    post,
    path = "/definitions:check",
    operation_id = "check_definition",
    tag = "definitions",
    request_body = CheckDefinition,
    responses((status = 200, description = "What is to be said of it, whether it can be run or not", body = DefinitionReport))
)]
pub(super) async fn check(
    State(workbench): State<Workbench>,
    Sent(request): Sent<CheckDefinition>,
) -> Result<Json<DefinitionReport>, Refusal> {
    Ok(Json(workbench.check_definition(request).await?))
}

/// Writes a pipeline as a workflow for a cluster that has Argo Workflows, or says why it cannot be one. No cluster is asked.
#[utoipa::path(
    post,
    path = "/definitions:lower",
    operation_id = "lower_definition",
    tag = "definitions",
    request_body = LowerDefinition,
    responses((status = 200, description = "The workflow, and what of the pipeline does not go over as it is", body = LoweredDefinition))
)]
pub(super) async fn lower(
    State(workbench): State<Workbench>,
    Sent(request): Sent<LowerDefinition>,
) -> Result<Json<LoweredDefinition>, Refusal> {
    Ok(Json(workbench.lower_definition(request).await?))
}

/// Compiles a Python file or a notebook with the user's own `kfp`.
#[utoipa::path(
    post,
    path = "/definitions:compile",
    operation_id = "compile_definition",
    tag = "definitions",
    request_body = CompileDefinition,
    responses((status = 200, description = "The definition, or the pipelines to choose from", body = CompiledDefinition))
)]
pub(super) async fn compile(
    State(workbench): State<Workbench>,
    Sent(request): Sent<CompileDefinition>,
) -> Result<Json<CompiledDefinition>, Refusal> {
    Ok(Json(workbench.compile_definition(request).await?))
}
