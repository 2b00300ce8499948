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
    /// What all pods of a run see. It was called `volume` when it could be nothing else.
    #[serde(alias = "volume")]
    pub store: WorkflowStore,
}

/// What all pods of a run see: it holds what came of its steps, and their artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WorkflowStore {
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
    /// A bucket of an S3-compatible store.
    Bucket(WorkflowBucket),
}

/// A bucket that pods of a cluster reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkflowBucket {
    /// The URL of the store as pods see it, without the bucket, such as `http://minio.store:9000`.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// What all keys begin with, without a slash at either end; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The region that requests are signed for; `us-east-1` when it is left out, which stores that have none take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// A secret of the namespace with the keys `accesskey` and `secretkey`, as Kubeflow Pipelines has them, and `ca.crt` where no
    /// public authority signed the store's certificate; a bucket that everybody may use when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}
