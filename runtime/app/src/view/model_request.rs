//! What model servers were asked and answered, how quickly, and what another one answers to the same.

use coracle_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query of `GET /model-servers/{namespace}/{name}/requests`: those that fit all that is said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct ModelRequestQuery {
    /// Those whose path, id or bodies have this text, whatever its case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Those that this revision answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Those with an answer from this HTTP status on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_code: Option<u16>,
    /// Those with an answer up to this HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_code: Option<u16>,
    /// Those that took so many milliseconds at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ms: Option<f64>,
    /// Those from this time on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// How many at most: 100 where it is left out, 1,000 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<usize>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_token: Option<String>,
}

/// `GET /model-servers/{namespace}/{name}/requests`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelRequestList {
    /// Newest first.
    pub requests: Vec<ModelRequest>,
    /// Where the next page begins; none after the last.
    pub next_page_token: Option<String>,
    /// How many requests to all servers were not kept since the workbench began, because too many came at once.
    pub unkept: u64,
}

/// A request to a model server that was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelRequest {
    /// Its number in the log.
    pub number: i64,
    /// What the client called it by `X-Request-Id`, or what it was called here.
    pub id: String,
    /// The revision that answered; empty where none did, or where the model is served without pods.
    pub revision: String,
    /// When it came.
    pub at: Timestamp,
    /// How many milliseconds it took, to the last byte of the answer.
    pub took_ms: f64,
    /// Its method.
    pub method: String,
    /// Its path below the server's address, with its query.
    pub path: String,
    /// The HTTP status of the answer; 499 where the client went before there was one.
    pub code: u16,
    /// Bytes of what was sent.
    pub request_size: u64,
    /// Bytes of the answer.
    pub answer_size: u64,
    /// Whether both bodies were kept, so that it can be sent again.
    pub is_whole: bool,
}

/// `GET /model-servers/{namespace}/{name}/requests/{number}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelRequestDetail {
    /// The request.
    #[serde(flatten)]
    pub request: ModelRequest,
    /// What was sent.
    pub sent: ModelMessage,
    /// What came back.
    pub received: ModelMessage,
}

/// One direction of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelMessage {
    /// The headers that say how the body is to be read.
    pub headers: Vec<MessageHeader>,
    /// The body as text; none where it was not kept, or is no text.
    pub text: Option<String>,
    /// The body in base64, where it is no text.
    pub base64: Option<String>,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageHeader {
    /// Its name, in lower case.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// `DELETE /model-servers/{namespace}/{name}/requests`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForgottenRequests {
    /// How many requests were forgotten.
    pub forgotten: u64,
}

/// `POST /model-servers/{namespace}/{name}/replay`: which requests are sent again, to whom, and what makes answers differ.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReplayRequests {
    /// Another model server; the same one where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<ReplayServer>,
    /// One of its revisions, such as that of a canary; any of them, by their shares, where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The numbers of the requests that are sent; those that fit the rest where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Vec<i64>>,
    /// How many of the last: 100 where it is left out, 1,000 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<usize>,
    /// Those whose path, id or bodies have this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// How far apart numbers may be and count as equal, as a part of the larger one, or of 1 where that is more: 1e-6 where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// Members of the answers that are not looked at, beside `id` and `model_version`, and `model_name` of another server.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

/// A model server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayServer {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What became of requests that were sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplayReport {
    /// How many were answered as before.
    pub same: usize,
    /// How many were answered in another way.
    pub different: usize,
    /// How many were refused, or not answered at all.
    pub failed: usize,
    /// How many could not be sent, because their bodies were not kept.
    pub skipped: usize,
    /// Half of the requests that were answered took no longer than so many milliseconds before.
    pub before_median_ms: Option<f64>,
    /// The same, now.
    pub after_median_ms: Option<f64>,
    /// Each that was sent, those that differ first, then newest first.
    pub replayed: Vec<ReplayedRequest>,
}

/// A request that was sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplayedRequest {
    /// The request that was kept.
    pub request: ModelRequest,
    /// How the answers compare.
    pub outcome: ReplayOutcome,
    /// The HTTP status of the answer now.
    pub code: u16,
    /// How many milliseconds it took now.
    pub took_ms: f64,
    /// How many places differ.
    pub difference_count: usize,
    /// The first of them.
    pub differences: Vec<AnswerDifference>,
}

/// How two answers to the same request compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayOutcome {
    /// The one now is a refusal, and the one before was not; or there is none.
    Failed,
    /// They differ.
    Different,
    /// They say the same.
    Same,
}

/// A place at which two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerDifference {
    /// The place, as `outputs[0].data[3]`; empty for all of it.
    pub path: String,
    /// What was there, as JSON, cut where it is long; none where nothing was.
    pub before: Option<String>,
    /// What is there now.
    pub after: Option<String>,
}

/// What a model server had to do lately: a message of `GET /model-servers/{namespace}/{name}/load`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ServerLoad {
    /// How many requests are at work.
    pub at_work: u64,
    /// Seconds in which something was answered, oldest first: those of the last ten minutes in the first message, and those that
    /// changed in each later one.
    pub seconds: Vec<LoadSecond>,
}

/// What a revision answered in a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoadSecond {
    /// When it began.
    pub at: Timestamp,
    /// The revision; empty for requests that no revision was asked.
    pub revision: String,
    /// How many requests were answered.
    pub requests: u64,
    /// How many of them with a status from 500 on.
    pub failed: u64,
    /// Half of them took no longer than so many milliseconds, to within a fifth.
    pub p50_ms: f64,
    /// 99 of 100 took no longer than so many milliseconds, to within a fifth.
    pub p99_ms: f64,
}
