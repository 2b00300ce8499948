//! Workloads of clusters that are followed.

pub use coracle_cluster::follow::{WorkloadEnd, WorkloadNews};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

/// The query of `GET /clusters/workloads:follow`: which workload, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FollowWorkload {
    /// `job/NAME`, `pod/NAME` or `deployment/NAME`.
    pub workload: String,
    /// The value of `KUBECONFIG` that counts, with absolute paths; the workbench's own where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(nullable = false)]
    pub kubeconfig: Option<String>,
    /// The context; the user's current one where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(nullable = false)]
    pub context: Option<String>,
    /// Its namespace; that of the context where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(nullable = false)]
    pub namespace: Option<String>,
}
