//! The definitions of the custom kinds: the schemas by which their objects are read, and the objects that tell clients
//! of them.

use coracle_model::Timestamp;
use serde_json::{Value, json};

use super::registry::resources;
use crate::object::Object;
use crate::resource::{Resource, Scope};

/// A schema as it is embedded: what stands in it more than once is under `$defs`.
fn read(schema: &str) -> Value {
    let mut schema: Value =
        serde_json::from_str(schema).expect("an embedded schema is JSON, which a test checks");
    let shared = schema.as_object_mut().and_then(|root| root.remove("$defs"));
    expanded(&schema, &shared.unwrap_or_default())
}

fn expanded(schema: &Value, shared: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let meant = fields.get("$ref").and_then(Value::as_str);
            if let Some(meant) = meant {
                return expanded(&shared[meant], shared);
            }
            let fields = fields.iter();
            fields
                .map(|(name, value)| (name.clone(), expanded(value, shared)))
                .collect()
        }
        Value::Array(items) => items.iter().map(|item| expanded(item, shared)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

/// The OpenAPI schema of a custom kind, the same in all of its versions; none for a kind of Kubernetes' own. It is large, and made
/// anew each time: nobody needs it for long.
pub fn open_api_schema(resource: &Resource) -> Option<Value> {
    let embedded = match (resource.group, resource.kind) {
        ("kubeflow.org", "Notebook") => include_str!("../../crds/notebook.json"),
        ("kubeflow.org", "PodDefault") => include_str!("../../crds/pod_default.json"),
        ("serving.kserve.io", "InferenceService") => {
            include_str!("../../crds/inference_service.json")
        }
        ("serving.kserve.io", "InferenceGraph") => include_str!("../../crds/inference_graph.json"),
        ("serving.kserve.io", "ServingRuntime" | "ClusterServingRuntime") => {
            include_str!("../../crds/serving_runtime.json")
        }
        _ => return None,
    };
    Some(read(embedded))
}

/// The `CustomResourceDefinition`s of all custom kinds, in use since a time: one after another, for some are large.
pub fn custom_resource_definitions(since: Timestamp) -> impl Iterator<Item = Object> {
    let custom = resources().iter().filter(|resource| !resource.built_in);
    custom.filter_map(move |resource| match definition(resource, since) {
        Value::Object(definition) => Some(definition),
        _ => None,
    })
}

fn definition(resource: &Resource, since: Timestamp) -> Value {
    let stored = resource.versions[0];
    let versions = resource.versions.iter().map(|version| {
        let mut served = json!({
            "name": version,
            "served": true,
            "storage": *version == stored,
            "schema": {},
        });
        // Moved, where `json!` would copy it.
        served["schema"]["openAPIV3Schema"] = open_api_schema(resource).unwrap_or_default();
        if resource.subresource("status").is_some() {
            served["subresources"] = json!({"status": {}});
        }
        served
    });
    let versions: Vec<Value> = versions.collect();
    let names = json!({
        "plural": resource.plural,
        "singular": resource.singular,
        "kind": resource.kind,
        "listKind": format!("{}List", resource.kind),
    });
    let scope = match resource.scope {
        Scope::Namespaced => "Namespaced",
        Scope::Cluster => "Cluster",
    };
    let mut definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{}.{}", resource.plural, resource.group)},
        "spec": {
            "group": resource.group,
            "names": names,
            "scope": scope,
            "conversion": {"strategy": "None"},
        },
        "status": {
            "acceptedNames": names,
            "storedVersions": [stored],
            "conditions": [
                condition("NamesAccepted", "NoConflicts", "no conflicts found", since),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted", since),
            ],
        },
    });
    definition["spec"]["versions"] = versions.into();
    definition
}

fn condition(kind: &str, reason: &str, message: &str, since: Timestamp) -> Value {
    json!({
        "type": kind,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}

#[cfg(test)]
mod tests {
    use crate::object::ObjectExt;
    use crate::schema::ObjectType;

    use super::*;

    #[test]
    fn every_custom_kind_has_a_definition() {
        let definitions: Vec<_> = custom_resource_definitions(Timestamp::UNIX_EPOCH).collect();
        let names: Vec<_> = definitions
            .iter()
            .map(|one| one.name().to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "notebooks.kubeflow.org",
                "poddefaults.kubeflow.org",
                "clusterservingruntimes.serving.kserve.io",
                "inferencegraphs.serving.kserve.io",
                "inferenceservices.serving.kserve.io",
                "servingruntimes.serving.kserve.io",
            ]
        );
        for resource in resources() {
            if let Some(schema) = open_api_schema(resource) {
                let version = resource.versions[0];
                ObjectType::custom(resource.group, version, resource.kind, &schema)
                    .expect("the schema reads");
            }
            assert_eq!(
                open_api_schema(resource).is_none(),
                resource.built_in,
                "{resource:?}"
            );
        }
        let notebooks = &definitions[0];
        assert_eq!(notebooks.list_at(&["spec", "versions"]).len(), 3);
    }
}
