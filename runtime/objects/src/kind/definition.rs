//! The definitions of the custom kinds: the schemas by which their objects are read, and the objects that tell clients
//! of them.

use std::sync::LazyLock;

use coracle_model::Timestamp;
use serde_json::{Value, json};

use super::registry::resources;
use crate::object::Object;
use crate::resource::{Resource, Scope};

static NOTEBOOK: LazyLock<Value> = LazyLock::new(|| read(include_str!("../../crds/notebook.json")));
static POD_DEFAULT: LazyLock<Value> =
    LazyLock::new(|| read(include_str!("../../crds/pod_default.json")));
static INFERENCE_SERVICE: LazyLock<Value> =
    LazyLock::new(|| read(include_str!("../../crds/inference_service.json")));
static INFERENCE_GRAPH: LazyLock<Value> =
    LazyLock::new(|| read(include_str!("../../crds/inference_graph.json")));
static SERVING_RUNTIME: LazyLock<Value> =
    LazyLock::new(|| read(include_str!("../../crds/serving_runtime.json")));

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

/// The OpenAPI schema of a custom kind, the same in all of its versions; none for a kind of Kubernetes' own.
pub fn open_api_schema(resource: &Resource) -> Option<&'static Value> {
    match (resource.group, resource.kind) {
        ("kubeflow.org", "Notebook") => Some(&*NOTEBOOK),
        ("kubeflow.org", "PodDefault") => Some(&*POD_DEFAULT),
        ("serving.kserve.io", "InferenceService") => Some(&*INFERENCE_SERVICE),
        ("serving.kserve.io", "InferenceGraph") => Some(&*INFERENCE_GRAPH),
        ("serving.kserve.io", "ServingRuntime" | "ClusterServingRuntime") => {
            Some(&*SERVING_RUNTIME)
        }
        _ => None,
    }
}

/// The `CustomResourceDefinition`s of all custom kinds, in use since a time.
pub fn custom_resource_definitions(since: Timestamp) -> Vec<Object> {
    let described = resources().iter().filter_map(|resource| {
        let schema = open_api_schema(resource)?;
        definition(resource, schema, since).as_object().cloned()
    });
    described.collect()
}

fn definition(resource: &Resource, schema: &Value, since: Timestamp) -> Value {
    let stored = resource.versions[0];
    let versions = resource.versions.iter().map(|version| {
        let mut served = json!({
            "name": version,
            "served": true,
            "storage": *version == stored,
            "schema": {"openAPIV3Schema": schema},
        });
        if resource.subresource("status").is_some() {
            served["subresources"] = json!({"status": {}});
        }
        served
    });
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
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{}.{}", resource.plural, resource.group)},
        "spec": {
            "group": resource.group,
            "names": names,
            "scope": scope,
            "versions": versions.collect::<Vec<_>>(),
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
    })
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
        let definitions = custom_resource_definitions(Timestamp::UNIX_EPOCH);
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
                ObjectType::custom(resource.group, version, resource.kind, schema)
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
