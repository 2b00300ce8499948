//! `InferenceGraph` of `serving.kserve.io`: several model servers that answer as one.

use coracle_model::Timestamp;
use serde_json::{Map, Value};

use super::{age, column, verbs, words};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::status::Status;
use crate::strategy::{Cell, Column, Strategy};

pub(super) static INFERENCE_GRAPHS: Resource = Resource {
    group: "serving.kserve.io",
    versions: &["v1alpha1"],
    kind: "InferenceGraph",
    plural: "inferencegraphs",
    singular: "inferencegraph",
    short_names: &["ig"],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[verbs::status("InferenceGraph")],
    built_in: false,
    strategy: &InferenceGraph,
};

/// Who says what is not taken, on a cluster.
const WEBHOOK: &str = "inferencegraph.kserve-webhook-server.validator";

/// What a name looks like, as it is told.
const NAME: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";

/// The node that a request comes to first.
const ROOT: &str = "root";

/// The fields of a step that say where it leads.
const TARGETS: [&str; 3] = ["nodeName", "serviceName", "serviceUrl"];

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("URL", "Where it answers."),
    column::text("Ready", "Whether all of it is there."),
    column::date("Age", "How long ago it was made."),
];

struct InferenceGraph;

impl Strategy for InferenceGraph {
    fn permit(&self, new: &Object, old: Option<&Object>) -> Result<(), Status> {
        let _ = old;
        check(new).map_err(|why| Status::denied(WEBHOOK, &why))
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        let ready = object.condition("Ready");
        let ready = ready.and_then(|ready| ready.get("status")?.as_str());
        vec![
            object.name().into(),
            object.text_at(&["status", "url"]).into(),
            ready.unwrap_or_default().into(),
            age::age(object, now).into(),
        ]
    }
}

/// The first thing that is wrong with a graph.
fn check(graph: &Object) -> Result<(), String> {
    let name = graph.name();
    if !words::is_label_1035(name) {
        return Err(format!(
            "The InferenceGraph {name:?} is invalid: a InferenceGraph name must consist of lower case alphanumeric \
             characters or '-', and must start with alphabetical character. (e.g. \"my-name\" or \"abc-123\", regex used for \
             validation is '{NAME}')"
        ));
    }
    let nothing = Map::new();
    let nodes = graph
        .at(&["spec", "nodes"])
        .and_then(Value::as_object)
        .unwrap_or(&nothing);
    if !nodes.contains_key(ROOT) {
        return Err(
            "root node not found, InferenceGraph needs a node with name 'root' as the root node of the graph".to_owned(),
        );
    }
    let rules = [check_names, check_targets, check_weights];
    for rule in rules {
        for (node, spec) in nodes {
            rule(name, node, spec)?;
        }
    }
    Ok(())
}

fn steps(node: &Value) -> &[Value] {
    node.get("steps")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(step: &'a Value, field: &str) -> &'a str {
    step.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn check_names(graph: &str, node: &str, spec: &Value) -> Result<(), String> {
    let steps = steps(spec);
    let names = steps.iter().map(|step| text(step, "name")).enumerate();
    for (number, name) in names.filter(|(_, name)| !name.is_empty()) {
        if steps[..number]
            .iter()
            .any(|step| text(step, "name") == name)
        {
            return Err(format!(
                "Node {node:?} of InferenceGraph {graph:?} contains more than one step with name {name:?}"
            ));
        }
    }
    Ok(())
}

fn check_targets(graph: &str, node: &str, spec: &Value) -> Result<(), String> {
    for (number, step) in steps(spec).iter().enumerate() {
        let name = text(step, "name");
        let of = format!("Step {number} ({name:?}) in node {node:?} of InferenceGraph {graph:?}");
        match TARGETS
            .into_iter()
            .filter(|field| !text(step, field).is_empty())
            .count()
        {
            0 => return Err(format!("{of} does not specify an inference target")),
            1 => {}
            _ => {
                return Err(format!(
                    "{of} specifies more than one of nodeName, serviceName, serviceUrl"
                ));
            }
        }
    }
    Ok(())
}

fn check_weights(graph: &str, node: &str, spec: &Value) -> Result<(), String> {
    if text(spec, "routerType") != "Splitter" {
        return Ok(());
    }
    let mut all = 0;
    for step in steps(spec) {
        let Some(weight) = step.get("weight").and_then(Value::as_i64) else {
            let service = text(step, "serviceName");
            return Err(format!(
                "InferenceGraph[{graph}] Node[{node}] Route[{service}] missing the 'Weight'"
            ));
        };
        all += weight;
    }
    if all == 100 {
        return Ok(());
    }
    Err(format!(
        "InferenceGraph[{graph}] Node[{node}] splitter node: the sum of traffic weights for all routing targets should be 100"
    ))
}
