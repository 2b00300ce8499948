//! Which workload is meant, and where a cluster has it.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// A kind of workload that can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkloadKind {
    /// `batch/v1`.
    Job,
    /// `v1`.
    Pod,
    /// `apps/v1`.
    Deployment,
}

/// A workload by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: String,
}

/// What names no workload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no workload; write `job/NAME`, `pod/NAME` or `deployment/NAME`")]
pub struct NotAWorkload(String);

impl FromStr for Workload {
    type Err = NotAWorkload;

    fn from_str(text: &str) -> Result<Self, NotAWorkload> {
        let no = || NotAWorkload(text.to_owned());
        let (kind, name) = text.split_once('/').ok_or_else(no)?;
        let kind = match kind.to_ascii_lowercase().as_str() {
            "job" | "jobs" | "job.batch" | "jobs.batch" => WorkloadKind::Job,
            "pod" | "pods" | "po" => WorkloadKind::Pod,
            "deployment" | "deployments" | "deploy" | "deployment.apps" | "deployments.apps" => {
                WorkloadKind::Deployment
            }
            _ => return Err(no()),
        };
        // What a DNS subdomain may have (RFC 1123), so that a name needs no escape in an address.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err(no());
        }
        Ok(Self {
            kind,
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.name)
    }
}

impl WorkloadKind {
    /// `Job`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "Job",
            Self::Pod => "Pod",
            Self::Deployment => "Deployment",
        }
    }

    /// Where objects of the kind are in a namespace.
    pub(super) fn collection(self, namespace: &str) -> String {
        let (root, plural) = match self {
            Self::Job => ("/apis/batch/v1", "jobs"),
            Self::Pod => ("/api/v1", "pods"),
            Self::Deployment => ("/apis/apps/v1", "deployments"),
        };
        format!("{root}/namespaces/{namespace}/{plural}")
    }
}

/// How the pods of a workload are chosen: the name of a query parameter, and its value.
pub(super) fn pods_of(workload: &Workload, object: &Value) -> (&'static str, String) {
    match workload.kind {
        WorkloadKind::Pod => ("fieldSelector", format!("metadata.name={}", workload.name)),
        WorkloadKind::Job | WorkloadKind::Deployment => {
            ("labelSelector", selector(&object["spec"]["selector"]))
        }
    }
}

/// A selector as a query says it.
fn selector(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut terms: Vec<_> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    for rule in selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let key = rule["key"].as_str().unwrap_or_default();
        let values: Vec<_> = rule["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let values = values.join(",");
        terms.push(match rule["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn workloads_are_named_as_kubectl_does() {
        let of = |text: &str| {
            text.parse::<Workload>()
                .map(|workload| workload.to_string())
        };
        assert_eq!(of("jobs.batch/sum"), Ok("Job/sum".to_owned()));
        assert_eq!(of("deploy/web.v1"), Ok("Deployment/web.v1".to_owned()));
        for wrong in ["sum", "job/", "job/a/b", "job/a?b", "node/x"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn selectors_are_said_as_queries_say_them() {
        let object = json!({"matchLabels": {"a": "1"}, "matchExpressions": [
            {"key": "b", "operator": "In", "values": ["x", "y"]}, {"key": "c", "operator": "DoesNotExist"},
            {"key": "d", "operator": "Exists"}, {"key": "e", "operator": "NotIn", "values": ["z"]}]});
        assert_eq!(selector(&object), "a=1,b in (x,y),!c,d,e notin (z)");
    }
}
