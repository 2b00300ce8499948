//! What a workflow is made for: where it is sent, and with what.

use std::collections::BTreeMap;

use coracle_model::{Recurrence, Value};

/// What a workflow is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The name people see.
    pub display_name: String,
    /// Values for the pipeline's parameters, checked.
    pub parameters: BTreeMap<String, Value>,
    /// Where artifacts go instead of the default root, as a URI.
    pub pipeline_root: Option<String>,
    /// The image that holds `coracle-step`.
    pub step_image: String,
    /// When that image is pulled, if not as the cluster has it.
    pub step_image_pull_policy: Option<String>,
    /// When images of steps are pulled where the definition does not say; as the cluster has it when there is none: always, for
    /// those without a tag of their own.
    pub image_pull_policy: Option<String>,
    /// The account of the pods; the namespace's default one when there is none.
    pub service_account: Option<String>,
    /// Secrets to pull images with.
    pub image_pull_secrets: Vec<String>,
    /// The volume that all pods of a run see.
    pub volume: RunVolume,
    /// The group that volumes belong to, for steps that do not run as root.
    pub file_system_group: Option<i64>,
    /// When it runs again and again; once when there is none.
    pub recurrence: Option<Recurrence>,
}

/// The volume that all pods of a run see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunVolume {
    /// A claim that is there. Runs share it, each in a folder of its own.
    Claim(String),
    /// A claim that is made for each run and removed with it.
    PerRun {
        /// Its size, as Kubernetes writes it.
        size: String,
        /// Its storage class; the cluster's default one when there is none.
        storage_class: Option<String>,
        /// `ReadWriteOnce` where all pods are on one node, `ReadWriteMany` otherwise.
        access_mode: String,
    },
}
