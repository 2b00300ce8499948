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
