//! How a cluster that has Argo Workflows, and nothing of Kubeflow, runs a pipeline.

use serde::{Deserialize, Serialize};

/// What a pipeline's workflow is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkflowSettings {
    /// The image that holds `coracle-step`, from where the cluster's nodes pull it.
    pub step_image: String,
    /// When images are pulled whose step does not say it: `Always`, `IfNotPresent` or `Never`; as the cluster has it when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<String>,
    /// The account of the pods; the namespace's default one when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// Secrets of the namespace to pull images with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<String>,
    /// The volume that all pods of a run see.
    pub volume: WorkflowVolume,
}

/// The volume that all pods of a run see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WorkflowVolume {
    /// A claim of the namespace that is there. Runs share it, each in a folder of its own.
    Claim(String),
    /// A claim that is made for each run and removed with it.
    PerRun {
        /// Its size, such as `10Gi`.
        size: String,
        /// Its storage class; the cluster's default one when it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        storage_class: Option<String>,
        /// `ReadWriteOnce` where all pods are on one node, `ReadWriteMany` otherwise.
        access_mode: String,
    },
}
