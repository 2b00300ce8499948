//! How many pods a part has: as many as its requests need, within its bounds.

use std::time::Duration;

use coracle_objects::kind::inference_service::{Component, duration};
use coracle_objects::{Object, ObjectExt as _};
use serde_json::Value;

/// The annotation that says how far is looked back to see how many requests there are: `90s`, `5m`, `1h`.
const WINDOW: &str = "autoscaling.knative.dev/window";

/// How far that is without.
const USUAL_WINDOW: Duration = Duration::from_secs(60);

/// Within what the number of a part's pods moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The fewest: `minReplicas`. With none, the part sleeps while nobody asks.
    pub least: u64,
    /// The most: `maxReplicas`, and never fewer than the fewest or one.
    pub most: u64,
    /// How many requests at work at once a pod is meant for; none where their number makes no more pods.
    pub requests_per_pod: Option<u64>,
}

/// The bounds of a part of a service.
pub fn bounds(service: &Object, component: Component) -> Bounds {
    let part = component.of(service);
    let number = |field: &str| part.and_then(|part| part.get(field)?.as_u64());
    let least = number("minReplicas").unwrap_or(1);
    let counts_requests = part
        .and_then(|part| part.get("scaleMetric"))
        .and_then(Value::as_str)
        == Some("concurrency");
    let target = number("scaleTarget").filter(|_| counts_requests);
    Bounds {
        least,
        most: number("maxReplicas").unwrap_or(0).max(least).max(1),
        requests_per_pod: target
            .or_else(|| number("containerConcurrency"))
            .filter(|requests| *requests > 0),
    }
}

/// How long fewer requests must have come before there are fewer pods for them.
pub fn window(service: &Object) -> Duration {
    let told = service.annotation(WINDOW).and_then(duration);
    told.unwrap_or(USUAL_WINDOW)
}

impl Bounds {
    /// Whether there is only one number within them.
    pub fn is_fixed(self) -> bool {
        self.least == self.most
    }

    /// The number within them that is nearest.
    pub fn clamp(self, pods: u64) -> u64 {
        pods.clamp(self.least, self.most)
    }

    /// How many pods there are to be, when at most so many requests were at work at once lately.
    pub fn wanted(self, requests: u64) -> u64 {
        let needed = match self.requests_per_pod {
            Some(per_pod) => requests.div_ceil(per_pod),
            None => requests.min(1),
        };
        self.clamp(needed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        let Value::Object(object) = value else {
            unreachable!()
        };
        object
    }

    fn of(predictor: &Value) -> Bounds {
        let service = object(json!({ "spec": { "predictor": predictor } }));
        bounds(&service, Component::Predictor)
    }

    #[test]
    fn a_window_is_told_as_go_writes_it() {
        let of = |told: &str| {
            let annotations = json!({ WINDOW: told });
            window(&object(
                json!({ "metadata": { "annotations": annotations } }),
            ))
            .as_secs()
        };
        for (told, seconds) in [
            ("90s", 90),
            ("2m", 120),
            ("1h", 3600),
            ("soon", 60),
            ("", 60),
        ] {
            assert_eq!(of(told), seconds, "{told}");
        }
    }

    #[test]
    fn a_part_has_one_pod_where_it_says_nothing() {
        assert!(of(&json!({})).is_fixed());
        assert_eq!(of(&json!({})).wanted(100), 1);
        assert_eq!(of(&json!({ "minReplicas": 3 })).wanted(0), 3);
    }

    #[test]
    fn it_sleeps_only_where_it_may() {
        assert_eq!(of(&json!({ "minReplicas": 0 })).wanted(0), 0);
        assert_eq!(of(&json!({ "minReplicas": 0 })).wanted(7), 1);
        assert_eq!(of(&json!({ "maxReplicas": 4 })).wanted(0), 1);
    }

    #[test]
    fn requests_make_pods_up_to_the_most() {
        let check = |part: Value, requests: u64, pods: u64| {
            assert_eq!(of(&part).wanted(requests), pods, "{part}");
        };
        let by_target = json!({ "maxReplicas": 4, "scaleMetric": "concurrency", "scaleTarget": 2 });
        check(by_target.clone(), 2, 1);
        check(by_target.clone(), 3, 2);
        check(by_target, 100, 4);
        check(json!({ "maxReplicas": 4, "containerConcurrency": 1 }), 3, 3);
        check(json!({ "maxReplicas": 4, "containerConcurrency": 0 }), 3, 1);
        check(
            json!({ "maxReplicas": 4, "scaleMetric": "cpu", "scaleTarget": 2 }),
            3,
            1,
        );
    }
}
