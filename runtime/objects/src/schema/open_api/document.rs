//! The document of a group and version.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::types::{definition, reference, type_name};
use crate::resource::{Resource, Scope, Verb};
use crate::schema::object_type::{ObjectType, Origin};

const WRITE: [&str; 3] = ["dryRun", "fieldManager", "fieldValidation"];
const LIST: [&str; 10] = [
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "timeoutSeconds",
    "watch",
];
const DELETE: [&str; 4] = [
    "dryRun",
    "gracePeriodSeconds",
    "orphanDependents",
    "propagationPolicy",
];
const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

/// The OpenAPI 3 document of a group and version, with the paths of its resources and their types.
///
/// `kubectl explain` finds a type by the kind that a path is about, and `kubectl apply` asks the parameters of `patch`
/// what the server can do.
pub fn document(resources: &[(&Resource, &ObjectType)]) -> Value {
    let mut paths = Map::new();
    let mut schemas = BTreeMap::new();
    for (resource, object_type) in resources {
        definition(object_type, &mut schemas);
        add_paths(resource, object_type, &mut paths);
    }
    reference(DELETE_OPTIONS, &mut schemas);
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "1.34"},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn add_paths(resource: &Resource, object_type: &ObjectType, paths: &mut Map<String, Value>) {
    let (group, version) = (&object_type.group, &object_type.version);
    let base = if group.is_empty() {
        format!("/api/{version}")
    } else {
        format!("/apis/{group}/{version}")
    };
    let plural = resource.plural;
    let collection = match resource.scope {
        Scope::Namespaced => format!("{base}/namespaces/{{namespace}}/{plural}"),
        Scope::Cluster => format!("{base}/{plural}"),
    };
    let operations = Operations {
        resource,
        object_type,
    };
    let one = format!("{collection}/{{name}}");
    paths.insert(
        collection,
        operations.of(&[
            (Verb::List, "get", "list", &LIST),
            (Verb::Create, "post", "post", &WRITE),
            (
                Verb::DeleteCollection,
                "delete",
                "deletecollection",
                &DELETE,
            ),
        ]),
    );
    paths.insert(
        one,
        operations.of(&[
            (Verb::Get, "get", "get", &[]),
            (Verb::Update, "put", "put", &WRITE),
            (
                Verb::Patch,
                "patch",
                "patch",
                &["dryRun", "fieldManager", "fieldValidation", "force"],
            ),
            (Verb::Delete, "delete", "delete", &DELETE),
        ]),
    );
    if resource.scope == Scope::Namespaced {
        let everywhere = operations.of(&[(Verb::List, "get", "list", &LIST)]);
        paths.insert(format!("{base}/{plural}"), everywhere);
    }
}

struct Operations<'a> {
    resource: &'a Resource,
    object_type: &'a ObjectType,
}

/// A verb, the method and the word of OpenAPI that go with it, and the query's parameters.
type Operation<'a> = (Verb, &'a str, &'a str, &'a [&'a str]);

impl Operations<'_> {
    fn of(&self, operations: &[Operation<'_>]) -> Value {
        let offered = operations
            .iter()
            .filter(|(verb, ..)| self.resource.verbs.contains(verb));
        let methods = offered.map(|operation| (operation.1.to_owned(), self.operation(operation)));
        methods.collect::<Map<_, _>>().into()
    }

    fn operation(&self, (verb, _, action, parameters): &Operation<'_>) -> Value {
        let object_type = self.object_type;
        let name = type_name(object_type);
        let body = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let answer = match verb {
            Verb::List => body(&format!("{name}List")),
            Verb::Create
            | Verb::Delete
            | Verb::DeleteCollection
            | Verb::Get
            | Verb::Patch
            | Verb::Update
            | Verb::Watch => body(&name),
        };
        let parameters = parameters.iter().map(|parameter| {
            let kind = match *parameter {
                "allowWatchBookmarks"
                | "force"
                | "orphanDependents"
                | "sendInitialEvents"
                | "watch" => "boolean",
                "gracePeriodSeconds" | "limit" | "timeoutSeconds" => "integer",
                _ => "string",
            };
            json!({"name": parameter, "in": "query", "schema": {"type": kind, "uniqueItems": true}})
        });
        let mut operation = json!({
            "operationId": format!("{action}{}{}", object_type.version, object_type.kind),
            "parameters": parameters.collect::<Vec<_>>(),
            "responses": {
                "200": {"description": "OK", "content": {"application/json": {"schema": answer}}},
            },
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": {
                "group": object_type.group,
                "version": object_type.version,
                "kind": object_type.kind,
            },
        });
        let content = match verb {
            Verb::Create | Verb::Update => json!({"*/*": {"schema": body(&name)}}),
            Verb::Delete | Verb::DeleteCollection => {
                json!({"*/*": {"schema": body(DELETE_OPTIONS)}})
            }
            Verb::Patch => self.patches(),
            Verb::Get | Verb::List | Verb::Watch => return operation,
        };
        operation["requestBody"] = json!({"content": content});
        operation
    }

    fn patches(&self) -> Value {
        let mut kinds = vec![
            "application/apply-patch+yaml",
            "application/json-patch+json",
            "application/merge-patch+json",
        ];
        if self.object_type.origin == Origin::BuiltIn {
            kinds.push("application/strategic-merge-patch+json");
        }
        let kinds = kinds
            .into_iter()
            .map(|kind| (kind.to_owned(), json!({"schema": {"type": "object"}})));
        kinds.collect::<Map<_, _>>().into()
    }
}
