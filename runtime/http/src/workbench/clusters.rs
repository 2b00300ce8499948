//! Real clusters: which there are, and whether they can take what is to be sent.

use axum::Json;
use axum::extract::State;
use coracle_app::Workbench;
use coracle_app::view::{
    ClusterContextList, ContextsQuery, DeployObjects, Deployed, DeploymentList, DeploymentPlace,
    DeploymentStanding, DeploymentsQuery, ExportObjects, ExportedObjects, FoundLocalImages,
    LocalImages, PreflightReport, PreflightRequest, PreviewedDeployment,
};

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

/// Which images of objects only this machine has, and where at a registry they would go. Nothing is pushed.
#[utoipa::path(
    post,
    path = "/clusters/images",
    operation_id = "list_local_images",
    tag = "clusters",
    request_body = LocalImages,
    responses((status = 200, description = "Each as a push takes it", body = FoundLocalImages))
)]
pub(super) async fn images(
    State(workbench): State<Workbench>,
    Sent(request): Sent<LocalImages>,
) -> Result<Json<FoundLocalImages>, Refusal> {
    Ok(Json(workbench.local_images(request).await?))
}

/// What sending objects would do: what becomes of every field, and what the server would make of them. Nothing is written there.
#[utoipa::path(
    post,
    path = "/clusters/deployments:preview",
    operation_id = "preview_deployment",
    tag = "clusters",
    request_body = DeployObjects,
    responses((status = 200, description = "An account of every field, and the difference", body = PreviewedDeployment))
)]
pub(super) async fn preview(
    State(workbench): State<Workbench>,
    Sent(request): Sent<DeployObjects>,
) -> Result<Json<PreviewedDeployment>, Refusal> {
    Ok(Json(workbench.preview_deployment(request).await?))
}

/// What was sent to a cluster, by its records there.
#[utoipa::path(
    get,
    path = "/clusters/deployments",
    operation_id = "list_deployments",
    tag = "clusters",
    params(DeploymentsQuery),
    responses((status = 200, description = "By namespace and name", body = DeploymentList))
)]
pub(super) async fn deployments(
    State(workbench): State<Workbench>,
    Asked(query): Asked<DeploymentsQuery>,
) -> Result<Json<DeploymentList>, Refusal> {
    Ok(Json(workbench.deployments(query).await?))
}

/// Sends objects together under a name. The same request again finishes what broke off.
#[utoipa::path(
    post,
    path = "/clusters/deployments",
    operation_id = "deploy_objects",
    tag = "clusters",
    request_body = DeployObjects,
    responses((status = 200, description = "What came of each object, those included that were refused", body = Deployed))
)]
pub(super) async fn deploy(
    State(workbench): State<Workbench>,
    Sent(request): Sent<DeployObjects>,
) -> Result<Json<Deployed>, Refusal> {
    Ok(Json(workbench.deploy_objects(request).await?))
}

/// How what was sent under a name stands in its cluster now: each object as far as it tells of itself.
#[utoipa::path(
    post,
    path = "/clusters/deployments:look",
    operation_id = "look_at_deployment",
    tag = "clusters",
    request_body = DeploymentPlace,
    responses((status = 200, description = "Each object; one that the cluster does not show is said to be so", body = DeploymentStanding))
)]
pub(super) async fn look(
    State(workbench): State<Workbench>,
    Sent(place): Sent<DeploymentPlace>,
) -> Result<Json<DeploymentStanding>, Refusal> {
    Ok(Json(workbench.deployment_standing(place).await?))
}

/// Has objects be as they were before the last deployment of a name.
#[utoipa::path(
    post,
    path = "/clusters/deployments:rollback",
    operation_id = "rollback_deployment",
    tag = "clusters",
    request_body = DeploymentPlace,
    responses((status = 200, description = "What came of each object", body = Deployed))
)]
pub(super) async fn rollback(
    State(workbench): State<Workbench>,
    Sent(place): Sent<DeploymentPlace>,
) -> Result<Json<Deployed>, Refusal> {
    Ok(Json(workbench.rollback_deployment(place).await?))
}

/// Removes what was sent under a name, and nothing else.
#[utoipa::path(
    post,
    path = "/clusters/deployments:remove",
    operation_id = "remove_deployment",
    tag = "clusters",
    request_body = DeploymentPlace,
    responses((status = 200, description = "What came of each object", body = Deployed))
)]
pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Sent(place): Sent<DeploymentPlace>,
) -> Result<Json<Deployed>, Refusal> {
    Ok(Json(workbench.remove_deployment(place).await?))
}

/// Objects as the files of a folder that `kubectl apply -k` takes. No cluster is asked.
#[utoipa::path(
    post,
    path = "/clusters/export",
    operation_id = "export_objects",
    tag = "clusters",
    request_body = ExportObjects,
    responses((status = 200, description = "The files, and an account of every field", body = ExportedObjects))
)]
pub(super) async fn export(
    State(workbench): State<Workbench>,
    Sent(request): Sent<ExportObjects>,
) -> Result<Json<ExportedObjects>, Refusal> {
    Ok(Json(workbench.export_objects(request).await?))
}
