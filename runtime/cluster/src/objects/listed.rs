//! What was sent to a cluster, by its records there.

use serde::{Deserialize, Serialize};

use super::inventory::Inventory;
use super::requests::{Cluster, RequestError};
use super::stored::{self, LABEL};
use crate::key::ObjectKey;

/// A deployment by its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedDeployment {
    /// The name.
    pub deployment: String,
    /// The namespace that its record is in.
    pub namespace: String,
    /// How often something was sent under the name.
    pub revision: u64,
    /// When the record was written last, as the cluster says (RFC 3339); none where it does not tell.
    pub written_at: Option<String>,
    /// Whether the last time came to its end.
    pub is_finished: bool,
    /// Whether there is something to go back to.
    pub can_go_back: bool,
    /// What was sent and is not removed.
    pub objects: Vec<ObjectKey>,
    /// Why the record cannot be read, where it cannot.
    pub problem: Option<String>,
}

/// All deployments of a namespace, or of all where none is named, by namespace and name.
///
/// # Errors
/// A cluster that was lost, and one that does not let its config maps be listed.
pub async fn deployments(
    cluster: &Cluster,
    namespace: Option<&str>,
) -> Result<Vec<ListedDeployment>, RequestError> {
    let within = namespace.map_or_else(String::new, |name| format!("/namespaces/{name}"));
    let maps = cluster
        .list(&format!("/api/v1{within}/configmaps?labelSelector={LABEL}"))
        .await?;
    let mut listed: Vec<_> = maps.iter().map(of_record).collect();
    listed.sort_by(|left, right| {
        (&left.namespace, &left.deployment).cmp(&(&right.namespace, &right.deployment))
    });
    Ok(listed)
}

fn of_record(map: &serde_json::Value) -> ListedDeployment {
    let text = |pointer: &str| {
        let text = map.pointer(pointer).and_then(serde_json::Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let mut listed = ListedDeployment {
        deployment: map["metadata"]["labels"][LABEL]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        namespace: text("/metadata/namespace"),
        revision: 0,
        written_at: written_at(map),
        is_finished: false,
        can_go_back: false,
        objects: Vec::new(),
        problem: None,
    };
    match stored::inventory(map) {
        Ok(inventory) => fill(&mut listed, inventory),
        Err(problem) => listed.problem = Some(problem),
    }
    listed
}

/// The last time that is told of whoever wrote the object; else when it was made.
fn written_at(map: &serde_json::Value) -> Option<String> {
    let metadata = &map["metadata"];
    let managers = metadata["managedFields"].as_array();
    let times = managers
        .into_iter()
        .flatten()
        .filter_map(|manager| manager["time"].as_str());
    // Times of one form and zone are in the order of their letters.
    let last = times.max().or(metadata["creationTimestamp"].as_str());
    last.map(str::to_owned)
}

fn fill(listed: &mut ListedDeployment, inventory: Inventory) {
    listed.revision = inventory.revision;
    listed.is_finished = inventory.finished;
    listed.can_go_back = inventory.can_go_back();
    let entries = inventory.entries.into_iter();
    listed.objects = entries.map(|entry| entry.object).collect();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_was_written_when_its_last_manager_wrote_it() {
        let of =
            |metadata: serde_json::Value| of_record(&json!({ "metadata": metadata })).written_at;
        let managed = json!({
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [{"time": "2026-01-03T00:00:00Z"}, {"time": "2026-01-02T00:00:00Z"}, {}],
        });
        assert_eq!(of(managed).as_deref(), Some("2026-01-03T00:00:00Z"));
        let made = json!({"creationTimestamp": "2026-01-01T00:00:00Z"});
        assert_eq!(of(made).as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(of(json!({})), None);
    }

    #[test]
    fn a_record_that_cannot_be_read_is_listed_with_its_reason() {
        let of = |inventory: &str| {
            of_record(
                &json!({"metadata": {"namespace": "n", "labels": {LABEL: "iris"}}, "data": {"inventory.json": inventory}}),
            )
        };
        let newer = of(r#"{"version": 99}"#);
        assert_eq!(
            (newer.deployment.as_str(), newer.namespace.as_str()),
            ("iris", "n")
        );
        assert!(newer.problem.is_some_and(|problem| problem.contains("99")));
        let read = of(
            r#"{"version": 1, "deployment": "iris", "revision": 3, "finished": true, "entries": [], "removed": []}"#,
        );
        assert_eq!(
            (read.revision, read.is_finished, read.problem),
            (3, true, None)
        );
    }
}
