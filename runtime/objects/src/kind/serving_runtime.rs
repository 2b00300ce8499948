//! `ServingRuntime` and `ClusterServingRuntime` of `serving.kserve.io`: how models of some formats are served.

use coracle_model::Timestamp;
use serde_json::Value;

use super::{age, column, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static SERVING_RUNTIMES: Resource = Resource {
    group: "serving.kserve.io",
    versions: &["v1alpha1"],
    kind: "ServingRuntime",
    plural: "servingruntimes",
    singular: "servingruntime",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[verbs::status("ServingRuntime")],
    built_in: false,
    strategy: &ServingRuntime,
};

pub(super) static CLUSTER_SERVING_RUNTIMES: Resource = Resource {
    group: "serving.kserve.io",
    versions: &["v1alpha1"],
    kind: "ClusterServingRuntime",
    plural: "clusterservingruntimes",
    singular: "clusterservingruntime",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    verbs: verbs::ALL,
    subresources: &[verbs::status("ClusterServingRuntime")],
    built_in: false,
    strategy: &ServingRuntime,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::boolean("Disabled", "Whether it is left out when one is looked for."),
    column::text("ModelType", "The first format that it serves."),
    column::text("Containers", "The name of its first container."),
    column::date("Age", "How long ago it was made."),
];

struct ServingRuntime;

impl Strategy for ServingRuntime {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let first = |list: &str| {
            let found = object.list_at(&["spec", list]).first();
            found
                .and_then(|found| found.get("name"))
                .cloned()
                .unwrap_or_else(|| "".into())
        };
        vec![
            object.name().into(),
            object
                .at(&["spec", "disabled"])
                .cloned()
                .unwrap_or(Value::Null),
            first("supportedModelFormats"),
            first("containers"),
            age::age(object, now).into(),
        ]
    }
}
