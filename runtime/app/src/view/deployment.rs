//! Objects that are sent to a cluster together.

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use coracle_cluster::carrier::{CarriedClaim, LeftOut};
use coracle_cluster::objects::Preview;
pub use coracle_cluster::objects::{
    Deployed, Done as ObjectDone, ListedDeployment, Standing as ObjectStanding, StandingObject,
    Would as Previewed,
};
pub use coracle_cluster::report::{ParityReport, Verdict as FieldParity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ManifestFile, PushImage};

/// Which deployment is meant, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentPlace {
    /// The value of `KUBECONFIG` that counts, with absolute paths; the workbench's own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<String>,
    /// The context; the user's current one where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Where objects go, and where the record of them is; that of the context where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name under which the objects are sent, gone back with and removed.
    pub deployment: String,
    /// The context's name once more, which changing something in a protected context needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// The query of `GET /clusters/deployments`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeploymentsQuery {
    /// The value of `KUBECONFIG` that counts, with absolute paths; the workbench's own where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(nullable = false)]
    pub kubeconfig: Option<String>,
    /// The context; the user's current one where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(nullable = false)]
    pub context: Option<String>,
    /// The namespace; that of the context where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(nullable = false)]
    pub namespace: Option<String>,
    /// All namespaces instead.
    pub all_namespaces: bool,
}

/// `GET /clusters/deployments`: what was sent to a cluster, by its records there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentList {
    /// The context that was asked.
    pub context: String,
    /// By namespace and name.
    pub deployments: Vec<ListedDeployment>,
}

/// `POST /clusters/deployments:look`: how what was sent stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentStanding {
    /// The context that was asked.
    pub context: String,
    /// The namespace that the deployment's record is in.
    pub namespace: String,
    /// Its objects.
    pub objects: Vec<StandingObject>,
}

/// `POST /clusters/deployments` and `POST /clusters/deployments:preview`: what is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeployObjects {
    /// Where to, and under which name.
    pub place: DeploymentPlace,
    /// What is sent.
    pub sources: ObjectSources,
    /// Whether fields that other managers own are taken over.
    #[serde(default)]
    pub force_conflicts: bool,
    /// Whether Secrets are created and changed.
    #[serde(default)]
    pub with_secrets: bool,
    /// Whether what an earlier deployment of the name sent and this one does not is removed.
    #[serde(default)]
    pub prune: bool,
    /// Whether the files of claims go along, and how; they stay here where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DeployData>,
}

/// How the files of claims go along: those of volumes that are here under the names of claims that objects are or use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeployData {
    /// The image of `coracle-step`, of which a pod opens each claim.
    pub step_image: String,
    /// Whether files that are there with other content are replaced.
    #[serde(default)]
    pub overwrite: bool,
}

/// A claim whose volume is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalClaim {
    /// Its name.
    pub claim: String,
    /// Its namespace there.
    pub namespace: String,
    /// The folder of its volume here.
    #[schema(value_type = String)]
    pub folder: PathBuf,
    /// Files and links in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What cannot go over, with why.
    pub left_out: Vec<LeftOut>,
}

/// Objects: those of files, and those that are here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectSources {
    /// Files of objects.
    #[serde(default)]
    pub files: Vec<ManifestFile>,
    /// Objects of the workbench, as `notebook/NAME` or `isvc/NAME`.
    #[serde(default)]
    pub objects: Vec<String>,
    /// The namespace of those here; `default` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Where everything is sent instead of the namespaces that objects name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// Images that are on this machine only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_images: Vec<String>,
    /// Images that are on this machine only and go to a registry, and their names there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved_images: BTreeMap<String, String>,
}

/// `POST /clusters/images`: which images of objects only this machine has, and where they would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalImages {
    /// The objects.
    pub sources: ObjectSources,
    /// Where images go: `REGISTRY` or `REGISTRY/PREFIX`.
    pub registry: String,
}

/// Images of objects that only this machine has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundLocalImages {
    /// Each with its place at the registry, as a push takes them. Nothing was pushed.
    pub images: Vec<PushImage>,
}

/// What sending would do. Nothing was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PreviewedDeployment {
    /// The context.
    pub context: String,
    /// The address of the API server.
    pub server: String,
    /// The namespace of the record, and of objects that name none.
    pub namespace: String,
    /// Whether the context's name has to be typed before anything is changed there.
    pub is_protected: bool,
    /// What becomes of every field of every object.
    pub report: ParityReport,
    /// What the server would make of them.
    pub preview: Preview,
    /// The files that would go along, less those that are there already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<LocalClaim>,
    /// Whether everything can go.
    pub is_fine: bool,
}

/// `POST /clusters/export`: objects as a folder that `kubectl apply -k` takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportObjects {
    /// What is exported.
    pub sources: ObjectSources,
    /// Whether Secrets are written with their values; otherwise the README says how to create them.
    #[serde(default)]
    pub with_secrets: bool,
}

/// The files of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportedObjects {
    /// What becomes of every field of every object.
    pub report: ParityReport,
    /// Texts by the names of their files.
    pub files: BTreeMap<String, String>,
    /// Secrets that have to be created otherwise.
    pub left_out: Vec<String>,
}
