//! Model servers: inference services of KServe, with what came of them here.

use coracle_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /model-servers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelServerList {
    /// Newest first.
    pub model_servers: Vec<ModelServer>,
}

/// One model server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelServer {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whether it answers.
    pub state: ModelServerState,
    /// Why it is in that state, or what is wrong beside it.
    pub reason: Option<String>,
    /// What to try.
    pub hint: Option<String>,
    /// The format of its model; none for a server of one's own.
    pub format: Option<String>,
    /// The runtime that was asked for or taken.
    pub runtime: Option<String>,
    /// Where its model comes from.
    pub storage: Option<String>,
    /// Pods of its predictor.
    pub replicas: Replicas,
    /// How much of what is asked goes to its newest revision, where that was said.
    pub canary_percent: Option<u8>,
    /// Its parts: the predictor first.
    pub parts: Vec<ServerPart>,
    /// The path of the workbench's own address at which it is asked.
    pub path: String,
    /// Where pods of its namespace ask it.
    pub cluster_url: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// Whether a model server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelServerState {
    /// It answers.
    Ready,
    /// It answers, and what it was changed to does not run.
    Degraded,
    /// It is being made.
    Starting,
    /// Its model is being fetched.
    Loading,
    /// There is no room on the machine.
    Waiting,
    /// It does not run, and the reason says why.
    Failing,
    /// It has no pods until somebody asks it.
    Asleep,
    /// It was stopped, and its pods are ending.
    Stopping,
    /// It was stopped.
    Stopped,
    /// It is being deleted.
    Deleting,
}

/// Pods of which so many answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Replicas {
    /// How many answer.
    pub ready: u64,
    /// How many there are to be.
    pub wanted: u64,
}

/// A part of a model server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerPart {
    /// `predictor`, `transformer` or `explainer`.
    pub name: String,
    /// Its pods.
    pub replicas: Replicas,
    /// What it has been, newest first.
    pub revisions: Vec<ServerRevision>,
    /// Which revisions what is asked goes to; empty while one has it all.
    pub traffic: Vec<TrafficTarget>,
    /// The pods that there are, newest first.
    pub pods: Vec<ServerPod>,
}

/// A template of pods that a part has, or had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerRevision {
    /// The name of its replica set.
    pub name: String,
    /// Its number among those of its deployment.
    pub number: u64,
    /// The image of its server.
    pub image: Option<String>,
    /// Its pods.
    pub replicas: Replicas,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

/// A share of what is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrafficTarget {
    /// The name of the revision that answers.
    pub revision: String,
    /// Of a hundred.
    pub percent: u8,
    /// Whether it is the newest.
    pub is_latest: bool,
}

/// A pod of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerPod {
    /// Its name.
    pub name: String,
    /// Its uid, by which one of the same name is told from it.
    pub uid: String,
    /// The replica set that it is of.
    pub revision: Option<String>,
    /// Whether it answers.
    pub is_ready: bool,
    /// Whether it is ending.
    pub is_ending: bool,
    /// Why it does not answer.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// Its containers, those that prepare it first.
    pub containers: Vec<ServerContainer>,
}

/// A container of a pod, which has a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerContainer {
    /// Its name.
    pub name: String,
    /// Whether this try of it has begun, so that there is a log of it.
    pub has_begun: bool,
    /// How often it was started again.
    pub restarts: u64,
    /// What keeps it from running.
    pub trouble: Option<String>,
}
