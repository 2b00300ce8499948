//! Why a cluster refused an object, in words and with something to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A field that another manager owns with another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FieldConflict))]
pub struct Conflict {
    /// Who owns it: `kubectl-edit`.
    pub manager: String,
    /// The field: `.spec.replicas`.
    pub field: String,
}

/// What kind of refusal it is; what to switch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ObjectRefusalKind))]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// Fields are owned by other managers.
    Conflict,
    /// The credentials are not accepted (any more).
    Unauthorized,
    /// The user may not.
    Forbidden,
    /// A quota of the namespace has been met.
    QuotaExceeded,
    /// The namespace is being deleted.
    NamespaceTerminating,
    /// There is no such namespace.
    NamespaceMissing,
    /// The cluster does not have this kind, or not in this version.
    KindMissing,
    /// A webhook or a policy of the cluster said no, or could not be asked.
    Admission,
    /// A field cannot be changed once the object is there.
    Immutable,
    /// The object is wrong.
    Invalid,
    /// The server was asked too much, or failed, more often than was tried.
    ServerFailed,
    /// A Secret, and nobody agreed to its being created.
    NoConsent,
    /// The object is being deleted.
    BeingDeleted,
    /// Anything else.
    Other,
}

/// Why an object was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ObjectRefusal))]
#[error("{message}")]
pub struct Refusal {
    /// What kind of refusal it is.
    pub kind: RefusalKind,
    /// The HTTP status; none where nothing was asked.
    pub code: Option<u16>,
    /// What the server said; values of Secrets are not in it.
    pub message: String,
    /// Whose fields stand in the way.
    pub conflicts: Vec<Conflict>,
}

impl Refusal {
    /// A refusal of our own, before anything was asked.
    pub(crate) fn own(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: None,
            message: message.into(),
            conflicts: Vec::new(),
        }
    }

    /// What an answer that is no success says. Its body is a `Status`, or whatever a proxy in between wrote.
    pub(crate) fn of_answer(code: u16, body: &[u8]) -> Self {
        let status: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let message = match status["message"].as_str().filter(|text| !text.is_empty()) {
            Some(message) => message.to_owned(),
            None => format!("HTTP {code}: {}", beginning(body)),
        };
        let causes = status.pointer("/details/causes").and_then(Value::as_array);
        let causes = causes.map(Vec::as_slice).unwrap_or_default();
        Self {
            kind: kind(code, &status, &message, causes),
            code: Some(code),
            conflicts: causes.iter().filter_map(conflict).collect(),
            message,
        }
    }

    /// The same without the values of a Secret, which servers repeat when they cannot read them.
    pub(super) fn without_values_of(mut self, secret: &Value) -> Self {
        for field in ["data", "stringData"] {
            let values = secret[field]
                .as_object()
                .into_iter()
                .flat_map(|map| map.values());
            for value in values
                .filter_map(Value::as_str)
                .filter(|value| value.len() > 2)
            {
                self.message = self.message.replace(value, "(hidden)");
            }
        }
        self
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self.kind {
            RefusalKind::Conflict => {
                "leave these fields out, or take them over with `--force-conflicts`"
            }
            RefusalKind::Unauthorized => {
                "log in to the cluster again, then run the same command: what is there already stays"
            }
            RefusalKind::Forbidden => {
                "ask whoever runs the cluster for the permission, then run the same command again"
            }
            RefusalKind::QuotaExceeded => {
                "ask for less, free some of the quota or have it raised, then run the same command again"
            }
            RefusalKind::NamespaceTerminating => {
                "wait until the namespace has gone, or choose another with `-n`"
            }
            RefusalKind::NamespaceMissing => {
                "create it (`kubectl create namespace NAME`), or choose another with `-n`"
            }
            RefusalKind::KindMissing => {
                "install the part of Kubeflow that this kind belongs to, or use a version that is there"
            }
            RefusalKind::Admission => {
                "the message says what the cluster's rule wants; whoever runs the cluster knows more"
            }
            RefusalKind::Immutable => {
                "give the object another name, or remove it on the cluster first: it will be created anew"
            }
            RefusalKind::Invalid => "correct the object, then run the same command again",
            RefusalKind::ServerFailed => "run the same command again in a while",
            RefusalKind::NoConsent => {
                "agree with `--with-secrets`, or create it on the cluster yourself"
            }
            RefusalKind::BeingDeleted => "wait until it has gone, then run the same command again",
            RefusalKind::Other => "see what the cluster said; the same command can be run again",
        }
    }

    /// Whether everything else would be refused as well.
    pub(super) fn ends_all(&self) -> bool {
        self.kind == RefusalKind::Unauthorized
    }
}

/// What servers write where a webhook or a policy said no, or where a webhook could not be asked.
const ADMISSION: [&str; 3] = [
    "admission webhook",
    "failed calling webhook",
    "denied request",
];

fn kind(code: u16, status: &Value, message: &str, causes: &[Value]) -> RefusalKind {
    let has_cause = |reason: &str| causes.iter().any(|cause| cause["reason"] == reason);
    let about = status.pointer("/details/kind").and_then(Value::as_str);
    match code {
        401 => RefusalKind::Unauthorized,
        _ if ADMISSION.iter().any(|words| message.contains(words)) => RefusalKind::Admission,
        _ if has_cause("NamespaceTerminating")
            || message.contains("because it is being terminated") =>
        {
            RefusalKind::NamespaceTerminating
        }
        403 if message.contains("exceeded quota") => RefusalKind::QuotaExceeded,
        403 => RefusalKind::Forbidden,
        404 if about == Some("namespaces") => RefusalKind::NamespaceMissing,
        404 if status["details"]["name"].is_null() => RefusalKind::KindMissing,
        409 if has_cause("FieldManagerConflict") => RefusalKind::Conflict,
        422 if message.contains("immutable") || message.contains("may not change once set") => {
            RefusalKind::Immutable
        }
        422 if message.contains("Forbidden: updates to")
            || message.contains("is forbidden: spec") =>
        {
            RefusalKind::Immutable
        }
        400 | 422 => RefusalKind::Invalid,
        429 => RefusalKind::ServerFailed,
        500.. => RefusalKind::ServerFailed,
        _ => RefusalKind::Other,
    }
}

/// `conflict with "kubectl-edit" using v1`, as the server writes it.
fn conflict(cause: &Value) -> Option<Conflict> {
    if cause["reason"] != "FieldManagerConflict" {
        return None;
    }
    let manager = cause["message"].as_str()?.split('"').nth(1)?;
    Some(Conflict {
        manager: manager.to_owned(),
        field: cause["field"].as_str().unwrap_or_default().to_owned(),
    })
}

fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(code: u16, status: &Value) -> Refusal {
        Refusal::of_answer(code, status.to_string().as_bytes())
    }

    #[test]
    fn conflicts_name_the_manager_and_the_field() {
        let refusal = of(
            409,
            &json!({
                "kind": "Status", "code": 409, "reason": "Conflict",
                "message": "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using v1: .data.a",
                "details": {"causes": [{"reason": "FieldManagerConflict", "message": "conflict with \"kubectl-edit\" using v1", "field": ".data.a"}]},
            }),
        );
        assert_eq!(refusal.kind, RefusalKind::Conflict);
        assert_eq!(
            refusal.conflicts,
            [Conflict {
                manager: "kubectl-edit".to_owned(),
                field: ".data.a".to_owned()
            }]
        );
    }

    #[test]
    fn refusals_are_told_apart_by_what_servers_say() {
        let said = |code: u16, message: &str, details: Value| {
            of(code, &json!({"message": message, "details": details})).kind
        };
        let named = json!({"name": "x", "kind": "configmaps"});
        assert_eq!(
            said(
                403,
                "configmaps \"x\" is forbidden: User \"u\" cannot patch",
                named.clone()
            ),
            RefusalKind::Forbidden
        );
        assert_eq!(
            said(
                403,
                "pods \"x\" is forbidden: exceeded quota: q, requested: pods=1",
                named.clone()
            ),
            RefusalKind::QuotaExceeded
        );
        assert_eq!(
            said(
                404,
                "namespaces \"n\" not found",
                json!({"name": "n", "kind": "namespaces"})
            ),
            RefusalKind::NamespaceMissing
        );
        assert_eq!(
            said(
                404,
                "the server could not find the requested resource",
                json!({})
            ),
            RefusalKind::KindMissing
        );
        assert_eq!(
            said(
                400,
                "admission webhook \"no.example\" denied the request: never",
                named
            ),
            RefusalKind::Admission
        );
    }

    #[test]
    fn what_is_no_status_is_told_by_its_first_line() {
        let refusal = Refusal::of_answer(502, b"<html>\nBad Gateway");
        assert_eq!(refusal.message, "HTTP 502: <html>");
        assert_eq!(refusal.kind, RefusalKind::ServerFailed);
    }

    #[test]
    fn values_of_secrets_are_not_repeated() {
        let secret = json!({"data": {"password": "not base64!"}});
        let refusal = Refusal::own(RefusalKind::Invalid, "cannot read \"not base64!\"");
        assert_eq!(
            refusal.without_values_of(&secret).message,
            "cannot read \"(hidden)\""
        );
    }
}
