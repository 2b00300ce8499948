//! Clusters that a kubeconfig leads to.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of `GET /clusters/contexts`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContextsQuery {
    /// The value of `KUBECONFIG` that counts, with absolute paths; the workbench's own where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(nullable = false)]
    pub kubeconfig: Option<String>,
}

/// `GET /clusters/contexts`: the contexts of a kubeconfig. No cluster is asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterContextList {
    /// The user's current context, which is never changed.
    pub current: Option<String>,
    /// By name.
    pub contexts: Vec<ClusterContext>,
    /// What is wrong with the files.
    pub problems: Vec<ClusterFinding>,
}

/// A context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterContext {
    /// Its name.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// The cluster that it names; empty where it names none.
    pub cluster: String,
    /// The address of the API server.
    pub server: Option<String>,
    /// The user that it names.
    pub user: Option<String>,
    /// How that one shows who it is: `client certificate`, `token`, `plugin aws`, `none`.
    pub credentials: String,
    /// Its namespace.
    pub namespace: String,
    /// Whether it is the user's current one.
    pub is_current: bool,
    /// Whether whoever is on the way can be the cluster: the server's certificate is not checked, or there is none.
    pub is_insecure: bool,
    /// Whether its name has to be typed before anything is changed there.
    pub is_protected: bool,
    /// Whether nothing keeps it from being used, as far as can be told without asking the cluster.
    pub is_usable: bool,
    /// What is wrong with it, and what is worth knowing.
    pub problems: Vec<ClusterFinding>,
}

/// One thing that was found about a cluster or about what is to be sent there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterFinding {
    /// How bad it is.
    pub severity: FindingSeverity,
    /// What to switch on: `kind-missing`, `quota-exceeded`.
    pub code: String,
    /// What it is about: `PersistentVolumeClaim/data`, `context prod`. Empty where it is about the whole.
    pub subject: String,
    /// What is so.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// A command that does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// How bad a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// It will not work until this is mended.
    Error,
    /// It may not work, or not as wished; also what could not be found out.
    Warning,
    /// Worth knowing.
    Note,
}

/// The body of `POST /clusters/preflight`: what is to be sent, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreflightRequest {
    /// The value of `KUBECONFIG` that counts, with absolute paths; the workbench's own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<String>,
    /// The context; the user's current one where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Where objects go that name no namespace; that of the context where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Files of objects; none to ask only what the cluster has.
    #[serde(default)]
    pub files: Vec<ManifestFile>,
    /// Images that are on this machine only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_images: Vec<String>,
}

/// A file of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Its name, by which what is wrong with it is told.
    pub name: String,
    /// YAML or JSON, one or more objects.
    pub text: String,
}

/// What was found out of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreflightReport {
    /// The context.
    pub context: String,
    /// The address of the API server.
    pub server: String,
    /// Where objects go that name no namespace.
    pub namespace: String,
    /// Whether its name has to be typed before anything is changed there.
    pub is_protected: bool,
    /// Whether nothing was found that keeps the objects from being sent or from working.
    pub is_fine: bool,
    /// The version of the API server; none where it was not reached.
    pub version: Option<String>,
    /// Whom the cluster takes the user for; none where it does not tell.
    pub user: Option<String>,
    /// How many objects were looked at.
    pub objects: u32,
    /// What of Kubeflow is there, by name.
    pub parts: Vec<ClusterPart>,
    /// The devices of its nodes; none where nodes may not be listed.
    pub devices: Option<Vec<ClusterDevice>>,
    /// The names of the devices that are asked for.
    pub asked_devices: Vec<String>,
    /// All findings: errors first.
    pub findings: Vec<ClusterFinding>,
    /// How long it took.
    pub took_ms: u64,
}

/// A part of Kubeflow, or what goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterPart {
    /// Its name: `KServe`.
    pub name: String,
    /// Whether it is there; none where that is not known.
    pub is_there: Option<bool>,
    /// The versions of its API: `serving.kserve.io/v1beta1`.
    pub versions: Vec<String>,
    /// By which service it was found, where that tells it.
    pub service: Option<String>,
}

/// A kind of device that nodes have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterDevice {
    /// The name by which pods ask for it: `nvidia.com/gpu`.
    pub resource: String,
    /// How many all nodes have, as a quantity.
    pub total: String,
    /// How many one node has at most, as a quantity.
    pub most_of_a_node: String,
    /// How many nodes have some.
    pub nodes: u64,
}
