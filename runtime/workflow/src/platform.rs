//! Settings of a pod that only a cluster has a meaning for: which node it runs on, with which right it pulls its image, what its
//! volumes are made of. They are read from the definition's own text, since the checked form of it leaves them out.

use serde_json::{Map, Value, json};

use crate::given::has_placeholder;
use crate::pod::compact;
use crate::report::{Parity, Report};

/// What the platform's document says, as it was written.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    platform: Value,
}

/// Where a pod is put and how its image is pulled.
#[derive(Debug, Default)]
pub(crate) struct Placing {
    /// Fields of Argo's template: `nodeSelector`, `tolerations`, `affinity`.
    pub(crate) template: Map<String, Value>,
    /// Secrets to pull images with.
    pub(crate) pull_secrets: Vec<String>,
}

impl Raw {
    /// The platform's document of a definition's text.
    pub(crate) fn of(text: &str) -> Self {
        let json = coracle_spec::pipeline::to_json(text).unwrap_or_default();
        let document: Value = serde_json::from_str(&json).unwrap_or_default();
        let platforms = member(&document["platform_spec"], "platforms");
        Self {
            platform: platforms["kubernetes"].clone(),
        }
    }

    /// The settings of an executor; null where there are none.
    pub(crate) fn executor(&self, label: &str) -> &Value {
        &member(&self.platform, "deploymentSpec")["executors"][label]
    }

    /// The settings of the whole pipeline.
    pub(crate) fn pipeline(&self) -> &Value {
        member(&self.platform, "pipelineConfig")
    }
}

/// A member of a message, which protobuf's JSON lets be written in two ways.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    let snake: String = name
        .chars()
        .flat_map(|character| {
            let underscore = character.is_ascii_uppercase().then_some('_');
            underscore
                .into_iter()
                .chain([character.to_ascii_lowercase()])
        })
        .collect();
    value.get(name).unwrap_or_else(|| &value[snake.as_str()])
}

/// The items of a list.
pub(crate) fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    member(value, name).as_array().into_iter().flatten()
}

/// Reads where a pod is put. What depends on a task's inputs is refused.
pub(crate) fn placing(config: &Value, place: &str, report: &mut Report) -> Placing {
    let mut placing = Placing::default();
    let mut found: Vec<&str> = Vec::new();
    let mut reader = Reader { place, report };
    let selector = member(config, "nodeSelector");
    if !selector.is_null() {
        found.push("nodeSelector");
        let labels = match reader.json(selector, "nodeSelector") {
            Some(labels) => labels,
            None => member(selector, "labels").clone(),
        };
        placing.template.insert("nodeSelector".to_owned(), labels);
    }
    let tolerations: Vec<Value> = items(config, "tolerations")
        .flat_map(|toleration| reader.toleration(toleration))
        .collect();
    if !tolerations.is_empty() {
        found.push("tolerations");
        placing
            .template
            .insert("tolerations".to_owned(), json!(tolerations));
    }
    let affinity = reader.affinity(config);
    if affinity != json!({}) {
        found.push("affinity");
        placing.template.insert("affinity".to_owned(), affinity);
    }
    for secret in items(config, "imagePullSecret") {
        match reader.constant(member(secret, "secretNameParameter")) {
            Some(Value::String(name)) if !name.is_empty() => placing.pull_secrets.push(name),
            _ => match member(secret, "secretName").as_str() {
                Some(name) if member(secret, "secretNameParameter").is_null() => {
                    placing.pull_secrets.push(name.to_owned());
                }
                _ => reader.depends("imagePullSecret"),
            },
        }
    }
    for name in found {
        let reason = "kept for the cluster's nodes; on one machine it has no meaning";
        report.add(Parity::ClusterOnly, format!("{place}: {name}"), reason);
    }
    placing
}

struct Reader<'a> {
    place: &'a str,
    report: &'a mut Report,
}

impl Reader<'_> {
    fn depends(&mut self, what: &str) {
        let reason = "follows from an input of the task, which is known only when its pod is there; write it down in the pipeline";
        self.report
            .refuse(format!("{}: {what}", self.place), reason);
    }

    /// The value of an input that is a constant without placeholders.
    fn constant(&self, input: &Value) -> Option<Value> {
        let value = member(member(input, "runtimeValue"), "constant");
        let text = value.to_string();
        (!value.is_null() && !has_placeholder(&text)).then(|| value.clone())
    }

    /// The JSON form of a setting, where it is used: `nodeSelectorJson` for `nodeSelector`.
    fn json(&mut self, message: &Value, name: &str) -> Option<Value> {
        let input = member(message, &format!("{name}Json"));
        if input.is_null() {
            return None;
        }
        match self.constant(input) {
            Some(Value::String(text)) => Some(serde_json::from_str(&text).unwrap_or_default()),
            Some(value) => Some(value),
            None => {
                self.depends(name);
                Some(Value::Null)
            }
        }
    }

    fn toleration(&mut self, message: &Value) -> Vec<Value> {
        match self.json(message, "toleration") {
            Some(Value::Array(all)) => all,
            Some(Value::Null) => Vec::new(),
            Some(one) => vec![one],
            None => vec![compact(json!({
                "key": member(message, "key"),
                "operator": member(message, "operator"),
                "value": message.get("value"),
                "effect": member(message, "effect"),
                "tolerationSeconds": number(member(message, "tolerationSeconds")),
            }))],
        }
    }

    fn affinity(&mut self, config: &Value) -> Value {
        let mut required = Vec::new();
        let mut preferred = Vec::new();
        for term in items(config, "nodeAffinity") {
            if let Some(given) = self.json(term, "nodeAffinity") {
                let all =
                    given["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
                        .as_array();
                required.extend(all.into_iter().flatten().cloned());
                let all = given["preferredDuringSchedulingIgnoredDuringExecution"].as_array();
                preferred.extend(all.into_iter().flatten().cloned());
                continue;
            }
            let selector = compact(json!({
                "matchExpressions": requirements(term, "matchExpressions"),
                "matchFields": requirements(term, "matchFields"),
            }));
            match number(member(term, "weight")) {
                Some(weight) => preferred.push(json!({"weight": weight, "preference": selector})),
                None => required.push(selector),
            }
        }
        let (anti, near): (Vec<_>, Vec<_>) = items(config, "podAffinity")
            .partition(|term| member(term, "anti").as_bool().unwrap_or_default());
        compact(json!({
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": required},
                "preferredDuringSchedulingIgnoredDuringExecution": preferred,
            },
            "podAffinity": pod_terms(&near),
            "podAntiAffinity": pod_terms(&anti),
        }))
    }
}

fn requirements(message: &Value, name: &str) -> Vec<Value> {
    let requirement = |item: &Value| {
        compact(json!({
            "key": member(item, "key"),
            "operator": member(item, "operator"),
            "values": member(item, "values"),
        }))
    };
    items(message, name).map(requirement).collect()
}

fn pod_terms(terms: &[&Value]) -> Value {
    let mut required = Vec::new();
    let mut preferred = Vec::new();
    for term in terms {
        let selected = json!({
            "labelSelector": {
                "matchExpressions": requirements(term, "matchPodExpressions"),
                "matchLabels": member(term, "matchPodLabels"),
            },
            "topologyKey": member(term, "topologyKey"),
            "namespaces": member(term, "namespaces"),
            "namespaceSelector": {
                "matchExpressions": requirements(term, "matchNamespaceExpressions"),
                "matchLabels": member(term, "matchNamespaceLabels"),
            },
        });
        match number(member(term, "weight")) {
            Some(weight) => preferred.push(json!({"weight": weight, "podAffinityTerm": selected})),
            None => required.push(selected),
        }
    }
    json!({
        "requiredDuringSchedulingIgnoredDuringExecution": required,
        "preferredDuringSchedulingIgnoredDuringExecution": preferred,
    })
}

/// A whole number, which protobuf's JSON may write as a text.
pub(crate) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "protobuf's whole numbers may be written as 1.0"
        )]
        other => other
            .as_i64()
            .or_else(|| other.as_f64().map(|number| number as i64)),
    }
}
