//! Real clusters: which there are, and whether they can take what is to be sent.

use axum::Json;
use axum::extract::State;
use coracle_app::Workbench;
use coracle_app::view::{ClusterContextList, ContextsQuery};

use crate::body::Asked;
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
