//! Retries, which the engine does: each attempt has a pod of its own, as KFP's have.

use coracle_spec::pipeline::RetryPolicy;
use coracle_step::arguments::exit;
use serde_json::{Value, json};

use crate::report::{Parity, Report};

/// The strategy for a policy; nothing where it asks for no retries.
pub(crate) fn strategy(
    policy: Option<RetryPolicy>,
    place: &str,
    report: &mut Report,
) -> Option<Value> {
    let policy = policy.filter(|policy| policy.max_retries > 0)?;
    let place = format!("{place}: retryPolicy");
    if policy.factor.fract() != 0.0 || policy.factor < 0.0 {
        let reason = format!(
            "the waits grow by {}, and Argo's grow by whole numbers; use a whole `backoff_factor`",
            policy.factor
        );
        report.refuse(place, reason);
        return None;
    }
    let mut backoff = json!({
        "duration": format!("{}ms", policy.backoff.as_millis()),
        "factor": format!("{:.0}", policy.factor),
    });
    if !policy.max_backoff.is_zero() {
        backoff["maxDuration"] = json!(format!("{}s", policy.max_backoff.as_secs()));
        report.add(
            Parity::Translated,
            place,
            "`backoffMaxDuration` bounds the time in which the task is retried, as on a cluster with Kubeflow Pipelines; on one \
             machine it bounds each wait",
        );
    }
    Some(json!({
        "limit": policy.max_retries.to_string(),
        "retryPolicy": "Always",
        // What has been decided is not decided anew.
        "expression": format!("lastRetry.exitCode != '{}'", exit::DECIDED),
        "backoff": backoff,
    }))
}
