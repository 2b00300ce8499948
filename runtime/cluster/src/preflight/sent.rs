//! The objects that are to be sent, and the pods that come of them.

use serde_json::{Value, json};

/// An object that is to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SentObject {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// The namespace that it is sent to; what it means where its kind has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The whole object.
    pub body: Value,
}

/// Why a value cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it has no `{0}`")]
pub struct NotAnObject(&'static str);

impl SentObject {
    /// Reads what every object has.
    ///
    /// # Errors
    /// An object without version, kind or name.
    pub fn of(body: Value, namespace: &str) -> Result<Self, NotAnObject> {
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let needed = |pointer, name| text(pointer).map(str::to_owned).ok_or(NotAnObject(name));
        Ok(Self {
            api_version: needed("/apiVersion", "apiVersion")?,
            kind: needed("/kind", "kind")?,
            name: text("/metadata/name")
                .or(text("/metadata/generateName"))
                .map(str::to_owned)
                .ok_or(NotAnObject("metadata.name"))?,
            namespace: text("/metadata/namespace").unwrap_or(namespace).to_owned(),
            body,
        })
    }

    /// The API group; empty for the core one.
    pub fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// The version within the group.
    pub fn version(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or(&self.api_version, |(_, version)| version)
    }

    /// How it is told: `Notebook/mine`.
    pub fn subject(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

/// Pods that come of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pods {
    /// What they come of: `Job/train`.
    pub(super) subject: String,
    /// The number of the object they come of.
    pub(super) object: usize,
    pub(super) namespace: String,
    /// `spec` of each.
    pub(super) spec: Value,
    /// How many there are at once.
    pub(super) count: u64,
}

impl Pods {
    /// Init containers and containers, in the order in which they start.
    pub(super) fn containers(&self) -> impl Iterator<Item = &Value> {
        items(&self.spec, "/initContainers").chain(items(&self.spec, "/containers"))
    }
}

/// The elements of a list, none where it is none.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// A text in an object; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The pods that come of all objects.
pub(super) fn pods(objects: &[SentObject]) -> Vec<Pods> {
    let of_each = objects.iter().enumerate().flat_map(|(number, object)| {
        specs(object).into_iter().map(move |(spec, count)| Pods {
            subject: object.subject(),
            object: number,
            namespace: object.namespace.clone(),
            spec,
            count,
        })
    });
    of_each.collect()
}

/// The templates of an object's pods, each with how many there are at once.
fn specs(object: &SentObject) -> Vec<(Value, u64)> {
    let body = &object.body;
    let number = |pointer: &str| body.pointer(pointer).and_then(Value::as_u64).unwrap_or(1);
    let at = |pointer: &str, count: u64| -> Vec<(Value, u64)> {
        body.pointer(pointer)
            .map(|spec| (spec.clone(), count))
            .into_iter()
            .collect()
    };
    match (object.group(), object.kind.as_str()) {
        ("", "Pod") => at("/spec", 1),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "ReplicationController") => {
            at("/spec/template/spec", number("/spec/replicas"))
        }
        ("apps", "DaemonSet") => at("/spec/template/spec", 1),
        ("batch", "Job") => at("/spec/template/spec", number("/spec/parallelism")),
        ("batch", "CronJob") => at(
            "/spec/jobTemplate/spec/template/spec",
            number("/spec/jobTemplate/spec/parallelism"),
        ),
        ("kubeflow.org", "Notebook") => at("/spec/template/spec", 1),
        ("kubeflow.org", _) => replica_specs(body),
        ("serving.kserve.io", "InferenceService") => ["predictor", "transformer", "explainer"]
            .into_iter()
            .filter_map(|part| body.pointer(&format!("/spec/{part}")))
            .map(of_server_part)
            .collect(),
        ("argoproj.io", "Workflow") => of_templates(body, "/spec"),
        ("argoproj.io", "CronWorkflow") => of_templates(body, "/spec/workflowSpec"),
        _ => Vec::new(),
    }
}

/// The training operator's kinds: `pytorchReplicaSpecs.Worker.template`.
fn replica_specs(body: &Value) -> Vec<(Value, u64)> {
    let spec = body.get("spec").and_then(Value::as_object);
    let groups = spec.into_iter().flatten();
    let groups = groups.filter(|(name, _)| name.ends_with("ReplicaSpecs"));
    let replicas = groups.filter_map(|(_, group)| group.as_object()).flatten();
    let templates = replicas.filter_map(|(_, replica)| {
        let spec = replica.pointer("/template/spec")?.clone();
        let count = replica.get("replicas").and_then(Value::as_u64);
        Some((spec, count.unwrap_or(1)))
    });
    templates.collect()
}

/// A part of an inference service is a pod's spec, beside which a model or a framework stands for a container.
fn of_server_part(part: &Value) -> (Value, u64) {
    let mut spec = part.clone();
    let fields = part.as_object().into_iter().flatten();
    let servers: Vec<Value> = fields
        .filter(|(_, field)| {
            field.get("modelFormat").is_some()
                || field.get("storageUri").is_some()
                || field.get("runtimeVersion").is_some()
        })
        .map(|(name, server)| {
            let mut container = server.clone();
            container["name"] = json!(name);
            container
        })
        .collect();
    if let Some(fields) = spec.as_object_mut() {
        let containers = fields.entry("containers").or_insert_with(|| json!([]));
        if let Some(containers) = containers.as_array_mut() {
            containers.extend(servers);
        }
    }
    let least = part.get("minReplicas").and_then(Value::as_u64);
    (spec, least.unwrap_or(1))
}

/// Argo's templates: each is a pod with a container or a script.
fn of_templates(body: &Value, at: &str) -> Vec<(Value, u64)> {
    let workflow = body.pointer(at).cloned().unwrap_or_default();
    let templates = items(&workflow, "/templates").filter_map(|template| {
        let main = template
            .get("container")
            .or_else(|| template.get("script"))?;
        let mut containers = vec![main.clone()];
        containers.extend(items(template, "/sidecars").cloned());
        let mut spec = json!({ "containers": containers });
        if let Some(init) = template.get("initContainers") {
            spec["initContainers"] = init.clone();
        }
        let volumes: Vec<&Value> = items(&workflow, "/volumes")
            .chain(items(template, "/volumes"))
            .collect();
        spec["volumes"] = json!(volumes);
        for field in [
            "securityContext",
            "serviceAccountName",
            "nodeSelector",
            "tolerations",
            "imagePullSecrets",
        ] {
            if let Some(value) = template.get(field).or_else(|| workflow.get(field)) {
                spec[field] = value.clone();
            }
        }
        Some((spec, 1))
    });
    templates.collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::preflight) fn object(body: Value) -> SentObject {
        SentObject::of(body, "team").unwrap()
    }

    #[test]
    fn what_every_object_has_is_read() {
        let deployment = object(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}}),
        );
        assert_eq!((deployment.group(), deployment.version()), ("apps", "v1"));
        assert_eq!(deployment.namespace, "team");
        let nameless = SentObject::of(json!({"apiVersion": "v1", "kind": "Pod"}), "team");
        assert_eq!(
            nameless.unwrap_err().to_string(),
            "it has no `metadata.name`"
        );
    }

    #[test]
    fn every_kind_that_makes_pods_tells_their_template() {
        let spec = json!({"containers": [{"name": "c", "image": "i"}]});
        let of = |api_version: &str, kind: &str, spec: Value| {
            let object = object(
                json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}),
            );
            let pods = pods(&[object]);
            pods.iter()
                .map(|pods| (pods.containers().count(), pods.count))
                .collect::<Vec<_>>()
        };
        assert_eq!(of("v1", "Pod", spec.clone()), [(1, 1)]);
        let template = json!({"template": {"spec": spec}, "replicas": 3, "parallelism": 2});
        assert_eq!(of("apps/v1", "Deployment", template.clone()), [(1, 3)]);
        assert_eq!(of("batch/v1", "Job", template.clone()), [(1, 2)]);
        assert_eq!(
            of("kubeflow.org/v1", "Notebook", template.clone()),
            [(1, 1)]
        );
        let cron = json!({"jobTemplate": {"spec": template}});
        assert_eq!(of("batch/v1", "CronJob", cron), [(1, 2)]);
        let torch = json!({"pytorchReplicaSpecs": {"Master": template, "Worker": template}});
        assert_eq!(of("kubeflow.org/v1", "PyTorchJob", torch), [(1, 3), (1, 3)]);
        let server =
            json!({"predictor": {"minReplicas": 2, "model": {"modelFormat": {"name": "sklearn"}}}});
        assert_eq!(
            of("serving.kserve.io/v1beta1", "InferenceService", server),
            [(1, 2)]
        );
        let workflow =
            json!({"templates": [{"container": {"image": "i"}, "sidecars": [{}]}, {"dag": {}}]});
        assert_eq!(of("argoproj.io/v1alpha1", "Workflow", workflow), [(2, 1)]);
        assert_eq!(of("v1", "ConfigMap", json!({})), []);
    }
}
