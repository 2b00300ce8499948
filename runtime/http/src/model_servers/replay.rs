//! Requests that were kept are sent again, and the answers compared.
//!
//! They go the way of all requests, to a revision that is named or to another server, and are not kept themselves.

use std::time::Instant;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use coracle_app::replay::{Differences, Rules, compare, milliseconds, told};
use coracle_app::view::{
    ReplayOutcome, ReplayReport, ReplayRequests, ReplayServer, ReplayedRequest,
};
use coracle_app::{AppError, KeptExchange};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::front::Front;
use super::recording::Unkept;

/// How many are on their way at once.
const AT_ONCE: usize = 4;

/// The longest answer that is compared.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// How near numbers are that count as equal, where that is not said.
const USUAL_TOLERANCE: f64 = 1e-6;

/// Members of answers that are others each time.
const IGNORED: [&str; 2] = ["id", "model_version"];

/// Members of answers that are shares of a batch.
const OF_BATCHES: [&str; 2] = ["batchId", "message"];

/// A request that is sent again, as it goes through the front.
#[derive(Debug, Clone)]
pub(super) struct Replayed {
    /// The one revision that may answer it.
    pub(super) revision: Option<String>,
}

/// Where requests of one server are sent.
struct Target {
    before: ReplayServer,
    now: ReplayServer,
    revision: Option<String>,
    rules: Rules,
}

impl Front {
    /// Sends requests to a model server again.
    ///
    /// # Errors
    /// When the model server that is to answer is not there, when a request that was named is not kept, or the log cannot be read.
    pub(crate) async fn replay(
        &self,
        before: ReplayServer,
        wanted: ReplayRequests,
    ) -> Result<ReplayReport, AppError> {
        let now = wanted.against.clone().unwrap_or_else(|| before.clone());
        self.workbench()
            .model_server_detail(&now.namespace, &now.name)?;
        let kept = self
            .workbench()
            .requests_to_replay(&before.namespace, &before.name, &wanted)
            .await?;
        let all = kept.len();
        let mut ignored: Vec<String> = IGNORED.map(str::to_owned).to_vec();
        if now != before {
            ignored.push("model_name".to_owned());
        }
        ignored.extend(wanted.ignore);
        let target = Target {
            before,
            now,
            revision: wanted.revision,
            rules: Rules {
                tolerance: wanted.tolerance.unwrap_or(USUAL_TOLERANCE),
                ignored,
            },
        };
        let whole = kept.into_iter().filter(|kept| kept.is_whole);
        let replayed: Vec<ReplayedRequest> = stream::iter(whole)
            .map(|kept| self.send_again(kept, &target))
            .buffered(AT_ONCE)
            .collect()
            .await;
        Ok(report(all, replayed))
    }

    async fn send_again(&self, kept: KeptExchange, target: &Target) -> ReplayedRequest {
        let head = told(&kept);
        let began = Instant::now();
        let path = target.path(&head.path);
        let now = &target.now;
        let answer = match target.request(&kept, &path) {
            Some(request) => {
                let below = path.split('?').next().unwrap_or_default();
                let below = below.trim_start_matches('/');
                let answer = self.ask_server(&now.namespace, &now.name, below, request);
                let (head, body) = answer.await.into_parts();
                // What breaks off is as good as nothing.
                (
                    head.status,
                    to_bytes(body, LONGEST_ANSWER).await.unwrap_or_default(),
                )
            }
            None => (StatusCode::BAD_REQUEST, Bytes::new()),
        };
        let took_ms = milliseconds(began.elapsed());
        let (status, body) = answer;
        let before = kept.exchange.answer.body.unwrap_or_default();
        let differences = compare(&before, &body, &target.rules_for(&before));
        let outcome = outcome(head.code, status, &differences);
        ReplayedRequest {
            request: head,
            outcome,
            code: status.as_u16(),
            took_ms,
            difference_count: differences.count,
            differences: differences.told,
        }
    }
}

impl Target {
    /// What an answer is compared by: one that was a share of a batch says so, and the one now is none.
    fn rules_for(&self, before: &[u8]) -> Rules {
        let mut rules = self.rules.clone();
        let before: Option<Value> = serde_json::from_slice(before).ok();
        if before.is_some_and(|before| before.get("batchId").is_some()) {
            rules.ignored.extend(OF_BATCHES.map(str::to_owned));
        }
        rules
    }

    /// A path as the other server has it: models bear the names of their servers.
    fn path(&self, path: &str) -> String {
        if self.now.name == self.before.name {
            return path.to_owned();
        }
        let of = |name: &str| format!("/models/{name}");
        let old = of(&self.before.name);
        match path.split_once(&old) {
            Some((begin, end)) if end.is_empty() || end.starts_with([':', '/', '?']) => {
                format!("{begin}{}{end}", of(&self.now.name))
            }
            _ => path.to_owned(),
        }
    }

    fn request(&self, kept: &KeptExchange, path: &str) -> Option<Request> {
        let ReplayServer { namespace, name } = &self.now;
        let exchange = &kept.exchange;
        let mut request = Request::builder()
            .method(exchange.method.as_str())
            .uri(format!("/serving/{namespace}/{name}{path}"))
            .extension(Replayed {
                revision: self.revision.clone(),
            })
            .extension(Unkept)
            .body(Body::from(exchange.request.body.clone()?))
            .ok()?;
        let length = HeaderValue::from(exchange.request.size);
        request.headers_mut().insert("content-length", length);
        for (name, value) in &exchange.request.headers {
            let name = HeaderName::try_from(name).ok()?;
            request.headers_mut().insert(name, value.try_into().ok()?);
        }
        Some(request)
    }
}

fn outcome(before: u16, now: StatusCode, differences: &Differences) -> ReplayOutcome {
    let was_fine = before < 400;
    if !now.is_success() && was_fine {
        ReplayOutcome::Failed
    } else if differences.count > 0 || before != now.as_u16() {
        ReplayOutcome::Different
    } else {
        ReplayOutcome::Same
    }
}

fn report(all: usize, mut replayed: Vec<ReplayedRequest>) -> ReplayReport {
    let count = |outcome| {
        let such = replayed
            .iter()
            .filter(|replayed| replayed.outcome == outcome);
        such.count()
    };
    let answered = || {
        replayed
            .iter()
            .filter(|replayed| replayed.outcome != ReplayOutcome::Failed)
    };
    let report = ReplayReport {
        same: count(ReplayOutcome::Same),
        different: count(ReplayOutcome::Different),
        failed: count(ReplayOutcome::Failed),
        skipped: all - replayed.len(),
        before_median_ms: median(
            answered()
                .map(|replayed| replayed.request.took_ms)
                .collect(),
        ),
        after_median_ms: median(answered().map(|replayed| replayed.took_ms).collect()),
        replayed: Vec::new(),
    };
    replayed.sort_by_key(|replayed| replayed.outcome);
    ReplayReport { replayed, ..report }
}

fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(before: &str, now: &str) -> Target {
        let server = |name: &str| ReplayServer {
            namespace: "team".to_owned(),
            name: name.to_owned(),
        };
        Target {
            before: server(before),
            now: server(now),
            revision: None,
            rules: Rules {
                tolerance: 0.0,
                ignored: Vec::new(),
            },
        }
    }

    #[test]
    fn a_model_is_asked_by_the_name_of_its_server() {
        let target = target("iris", "better");
        for (before, now) in [
            ("/v1/models/iris:predict", "/v1/models/better:predict"),
            ("/v2/models/iris/infer?a=1", "/v2/models/better/infer?a=1"),
            ("/v2/models/iris-2/infer", "/v2/models/iris-2/infer"),
            ("/v1/models/other:predict", "/v1/models/other:predict"),
            ("/openai/v1/completions", "/openai/v1/completions"),
        ] {
            assert_eq!(target.path(before), now);
        }
    }

    #[test]
    fn what_is_refused_now_and_was_not_before_has_failed() {
        let same = Differences::default();
        let other = Differences {
            count: 1,
            told: Vec::new(),
        };
        let (ok, gone) = (StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(outcome(200, ok, &same), ReplayOutcome::Same);
        assert_eq!(outcome(200, ok, &other), ReplayOutcome::Different);
        assert_eq!(outcome(200, gone, &other), ReplayOutcome::Failed);
        assert_eq!(
            outcome(400, StatusCode::BAD_REQUEST, &same),
            ReplayOutcome::Same
        );
        assert_eq!(outcome(503, ok, &same), ReplayOutcome::Different);
    }

    #[test]
    fn half_of_the_times_are_no_longer_than_the_median() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(1.0));
        assert_eq!(median(Vec::new()), None);
    }
}
