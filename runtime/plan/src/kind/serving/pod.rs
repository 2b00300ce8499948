//! The pod of a part.

use coracle_objects::kind::inference_service::{Component, SERVER, TRANSFORMER, pod_fields};
use coracle_objects::patch::strategic_merge;
use coracle_objects::{Object, ObjectExt as _};
use serde_json::{Map, Value, json};

use super::before::needs_agent;
use super::runtime::Chosen;
use super::storage::{Asker, Source};
use super::{NAME_LABEL, Unfit, agent, container, metadata, part_name, ports, storage, union};
use crate::kind::pod_template::map_at;
use crate::kind::step::World;

/// The type of a pod's `spec`.
const POD_SPEC: &str = "io.k8s.api.core.v1.PodSpec";

/// What a runtime says of its pods beside their containers.
const OF_RUNTIME: [&str; 5] = [
    "nodeSelector",
    "affinity",
    "tolerations",
    "volumes",
    "imagePullSecrets",
];

/// Annotations of a service that are its own alone.
const NOT_PASSED_ON: [&str; 5] = [
    super::LOADED,
    "autoscaling.knative.dev/min-scale",
    "autoscaling.knative.dev/max-scale",
    storage::SOURCE,
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// The pod of a part, with what its deployment and service say of it.
pub(super) struct PartPod {
    pub(super) spec: Map<String, Value>,
    pub(super) labels: Map<String, Value>,
    pub(super) annotations: Map<String, Value>,
    /// Those of the pods, which say more.
    pub(super) template_annotations: Map<String, Value>,
    pub(super) service_ports: Vec<Value>,
}

/// The pod of a part of a service.
pub(super) fn of(
    service: &Object,
    component: Component,
    chosen: Option<&Chosen>,
    world: &dyn World,
) -> Result<PartPod, Unfit> {
    let nothing = Map::new();
    let part = component.of(service).unwrap_or(&nothing);
    let chosen = chosen.filter(|_| component == Component::Predictor);
    let own = |field: &str| {
        part.get(field)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let of_runtime = |field: &str| {
        chosen
            .map(|chosen| map_at(&chosen.runtime, &["spec", field]))
            .unwrap_or_default()
    };
    let marks = json!({ NAME_LABEL: service.name(), "component": component.as_str() });
    let labels = union([
        of_runtime("labels"),
        metadata(service, "labels"),
        chosen
            .map(|chosen| chosen.labels.clone())
            .unwrap_or_default(),
        own("labels"),
        marks.as_object().cloned().unwrap_or_default(),
    ]);
    let source = Source::of(part)?;
    let mut annotations = union([
        of_runtime("annotations"),
        passed_on(metadata(service, "annotations")),
        agent::annotations(part),
        source.as_ref().map(Source::annotations).unwrap_or_default(),
        passed_on(own("annotations")),
    ]);
    annotations.retain(|_, value| value.is_string());
    let mut spec = match chosen {
        Some(chosen) => served(service, part, chosen, &labels)?,
        None => of_ones_own(service, component, part),
    };
    let name = part_name(service, component);
    let has_agent = needs_agent(service, component, part);
    let service_ports = ports::of_service(&name, &spec, has_agent);
    ports::set_probes(&mut spec);
    keep_last_words(&mut spec);
    if let Some(source) = source {
        let asker = Asker {
            world,
            namespace: service.namespace(),
            annotations: &annotations,
        };
        storage::provide(&mut spec, &source, &asker)?;
    }
    if has_agent {
        agent::add(service, component, part, &mut spec);
    }
    let unscraped = json!({
        "serving.kserve.io/enable-metric-aggregation": "false",
        "serving.kserve.io/enable-prometheus-scraping": "false",
    });
    let template_annotations = union([
        unscraped.as_object().cloned().unwrap_or_default(),
        annotations.clone(),
    ]);
    Ok(PartPod {
        spec,
        labels,
        annotations,
        template_annotations,
        service_ports,
    })
}

fn passed_on(mut annotations: Map<String, Value>) -> Map<String, Value> {
    annotations.retain(|key, _| !NOT_PASSED_ON.contains(&key.as_str()));
    annotations
}

/// A pod of a runtime, with what the service says of it.
fn served(
    service: &Object,
    part: &Map<String, Value>,
    chosen: &Chosen,
    labels: &Map<String, Value>,
) -> Result<Map<String, Value>, Unfit> {
    let server = container::server(service, chosen, labels)?;
    let mut runtime = map_at(&chosen.runtime, &["spec"]);
    let others = containers(&runtime);
    runtime.retain(|field, _| OF_RUNTIME.contains(&field.as_str()));
    let mut given = pod_fields(part);
    let given_containers = containers(&given);
    given.remove("containers");
    let mut spec = strategic_merge(POD_SPEC, &runtime, &given).map_err(|why| {
        Unfit::predictor(format!(
            "failed to consolidate serving runtime PodSpecs. Detail: {why}"
        ))
    })?;
    let mut all = vec![server];
    let transformers = [&others, &given_containers].map(|list| {
        list.iter()
            .find(|container| container["name"] == TRANSFORMER)
    });
    let mut transformer = match transformers {
        [Some(own), Some(given)] => {
            let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
            Some(container::merge(&map(own), &map(given))?)
        }
        [own, given] => own.or(given).cloned(),
    };
    if let Some(transformer) = &mut transformer {
        // What cannot be written out in it is left as it is: it may be the program's own.
        let mut filled = transformer.clone();
        if container::fill_placeholders(service, labels, &mut filled).is_ok() {
            *transformer = filled;
        }
    }
    all.extend(transformer);
    let is_beside =
        |container: &Value| container["name"] != SERVER && container["name"] != TRANSFORMER;
    all.extend(others.into_iter().filter(is_beside));
    all.extend(
        given_containers
            .into_iter()
            .filter(|container| container["name"] != TRANSFORMER),
    );
    spec.insert("containers".to_owned(), all.into());
    Ok(spec)
}

fn containers(spec: &Map<String, Value>) -> Vec<Value> {
    spec.get("containers")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// A server that ends is asked for its last lines, which say why its model does not load.
fn keep_last_words(spec: &mut Map<String, Value>) {
    let containers = spec.get_mut("containers").and_then(Value::as_array_mut);
    for container in containers
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        container
            .entry("terminationMessagePolicy")
            .or_insert_with(|| "FallbackToLogsOnError".into());
    }
}

/// A pod that the service describes itself.
fn of_ones_own(
    service: &Object,
    component: Component,
    part: &Map<String, Value>,
) -> Map<String, Value> {
    let mut spec = pod_fields(part);
    let mut all = containers(&spec);
    if component == Component::Predictor {
        // The server stands first.
        if let Some(place) = all.iter().position(|container| container["name"] == SERVER) {
            all.swap(0, place);
        }
    } else if let Some(first) = all.first_mut() {
        tell_predictor(service, component, part, first);
    }
    spec.insert("containers".to_owned(), all.into());
    spec
}

/// Transformers and explainers are told by arguments whom to ask, unless they have been already.
fn tell_predictor(
    service: &Object,
    component: Component,
    part: &Map<String, Value>,
    container: &mut Value,
) {
    let has_transformer = Component::Transformer.of(service).is_some();
    let asked = if component == Component::Explainer && has_transformer {
        Component::Transformer
    } else {
        Component::Predictor
    };
    let host = format!("{}.{}", part_name(service, asked), service.namespace());
    let mut told = vec![
        ("--model_name", service.name().to_owned()),
        ("--predictor_host", host),
        ("--http_port", "8080".to_owned()),
    ];
    if let Some(most) = part.get("containerConcurrency").and_then(Value::as_i64) {
        told.push(("--workers", most.to_string()));
    }
    if !container["args"].is_array() {
        container["args"] = json!([]);
    }
    let Some(arguments) = container["args"].as_array_mut() else {
        return;
    };
    for (name, value) in told {
        let is_given = arguments
            .iter()
            .filter_map(Value::as_str)
            .any(|given| given.starts_with(name));
        if !is_given {
            arguments.extend([Value::from(name), Value::from(value)]);
        }
    }
}
