//! Real clusters: which there are, and whether they can take what is to be sent.

use axum::Json;
use axum::extract::State;
use coracle_app::Workbench;
use coracle_app::view::{ClusterContextList, ContextsQuery, PreflightReport, PreflightRequest};

use crate::body::{Asked, Sent};
use crate::error::Refusal;

/// The contexts of a kubeconfig, each with what is wrong with it. No cluster is asked, and no file is written.
#[utoipa::path(
    get,
    path = "/clusters/contexts",
    operation_id = "list_cluster_contexts",
    tag = "clusters",
    params(ContextsQuery),
    responses((status = 200, description = "By name", body = ClusterContextList))
)]
pub(super) async fn contexts(
    State(workbench): State<Workbench>,
    Asked(query): Asked<ContextsQuery>,
) -> Result<Json<ClusterContextList>, Refusal> {
    Ok(Json(workbench.cluster_contexts(query).await?))
}

/// Whether a cluster can take what is to be sent. Nothing is written there; a credential plugin of the context is run.
#[utoipa::path(
    post,
    path = "/clusters/preflight",
    operation_id = "post_preflight",
    tag = "clusters",
    request_body = PreflightRequest,
    responses((status = 200, description = "What was found; a cluster that cannot be reached is a finding", body = PreflightReport))
)]
pub(super) async fn preflight(
    State(workbench): State<Workbench>,
    Sent(request): Sent<PreflightRequest>,
) -> Result<Json<PreflightReport>, Refusal> {
    Ok(Json(workbench.preflight(request).await?))
}
