//! What is sent first: what others need.

use serde_json::Value;

/// Kinds in the order in which they are sent; what is not named here comes between configuration and workloads' users.
const FIRST: [&[&str]; 6] = [
    &["Namespace"],
    &["CustomResourceDefinition"],
    &[
        "PriorityClass",
        "StorageClass",
        "ResourceQuota",
        "LimitRange",
        "ServiceAccount",
        "ClusterRole",
        "Role",
        "ClusterRoleBinding",
        "RoleBinding",
    ],
    &["ConfigMap", "Secret", "PodDefault"],
    &["PersistentVolume", "PersistentVolumeClaim"],
    &["Service", "ServingRuntime", "ClusterServingRuntime"],
];

/// Where an object's kind comes; smaller is earlier.
pub(super) fn rank(kind: &str) -> usize {
    FIRST
        .iter()
        .position(|kinds| kinds.contains(&kind))
        .unwrap_or(FIRST.len())
}

/// Objects in the order in which they are sent; those of one rank stay as they were.
pub(super) fn in_order(mut objects: Vec<Value>) -> Vec<Value> {
    objects.sort_by_key(|object| rank(object["kind"].as_str().unwrap_or_default()));
    objects
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_need_comes_first_and_the_rest_keeps_its_order() {
        let kinds = [
            "Job",
            "Notebook",
            "Secret",
            "PersistentVolumeClaim",
            "ConfigMap",
            "Namespace",
            "CustomResourceDefinition",
        ];
        let objects = kinds.iter().map(|kind| json!({"kind": kind})).collect();
        let ordered: Vec<_> = in_order(objects)
            .iter()
            .map(|object| object["kind"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            ordered,
            [
                "Namespace",
                "CustomResourceDefinition",
                "Secret",
                "ConfigMap",
                "PersistentVolumeClaim",
                "Job",
                "Notebook"
            ]
        );
    }
}
