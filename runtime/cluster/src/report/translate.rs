//! Objects as they ran here to objects as they are sent, with an account of every field.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::fields::{FieldReport, ObjectReport, ParityReport, Verdict};
use super::leaves::{Step, children, is_leaf, pattern, text};
use super::rules::{Rule, is_namespaced, rule};
use crate::key::{NotAnObject, ObjectKey};
use crate::secret::encode_texts;

/// What must be known of the outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Where everything is sent; none where objects stay in the namespaces that they name.
    pub namespace: Option<String>,
    /// Images that no registry has, as the objects name them.
    pub local_images: BTreeSet<String>,
    /// Images that were pushed, and their names there.
    pub moved_images: BTreeMap<String, String>,
}

/// Objects as they are sent, and the account of their fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Translation {
    /// In the order in which they came.
    pub objects: Vec<Value>,
    /// What became of every field.
    pub report: ParityReport,
}

/// What is shown in place of a Secret's value.
const HIDDEN: &str = "(hidden)";

/// Translates objects. Whatever cannot go is sent as it is and told as not portable: the caller refuses.
pub fn translate(objects: &[Value], facts: &Facts) -> Result<Translation, NotAnObject> {
    let mut sent = Vec::new();
    let mut reports = Vec::new();
    for object in objects {
        let (translated, report) = translate_one(object, facts)?;
        sent.push(translated);
        reports.push(report);
    }
    Ok(Translation {
        objects: sent,
        report: ParityReport::new(reports),
    })
}

fn translate_one(object: &Value, facts: &Facts) -> Result<(Value, ObjectReport), NotAnObject> {
    let key = ObjectKey::of(object)?;
    let mut walk = Walk {
        object,
        facts,
        hides: key.is_secret(),
        fields: Vec::new(),
    };
    let root = walk.below(&mut Vec::new(), &mut Vec::new(), object, &Fate::plain());
    let mut sent = root.unwrap_or_else(|| Value::Object(Map::new()));
    let mut fields = walk.fields;
    if let Some(namespace) = &facts.namespace
        && key.namespace.is_none()
        && is_namespaced(&key.kind)
    {
        sent["metadata"]["namespace"] = namespace.as_str().into();
        // A namespace that was empty or no text is in the account already, and is another now.
        fields.retain(|field| field.field != "metadata.namespace");
        fields.push(FieldReport {
            field: "metadata.namespace".to_owned(),
            sent_field: Some("metadata.namespace".to_owned()),
            verdict: Verdict::Translated,
            from: object["metadata"].get("namespace").cloned(),
            to: Some(namespace.as_str().into()),
            reason: "everything is sent to this namespace".to_owned(),
        });
    }
    if key.is_secret() {
        encode(&mut sent, &mut fields);
    }
    let object = ObjectKey::of(&sent)?;
    Ok((sent, ObjectReport { object, fields }))
}

/// Moves a Secret's texts into its data, and says so.
fn encode(secret: &mut Value, fields: &mut [FieldReport]) {
    let place = |field: &str, name: &str| {
        text(&[Step::Field(field.to_owned()), Step::Field(name.to_owned())])
    };
    for name in encode_texts(secret) {
        let (data, texts) = (place("data", &name), place("stringData", &name));
        for field in fields.iter_mut() {
            if field.field == texts {
                field.sent_field = Some(data.clone());
                field.verdict = Verdict::Translated;
                field.reason =
                    "encoded as the server keeps it, so that it can be gone back with".to_owned();
            } else if field.sent_field.as_ref() == Some(&data) {
                field.sent_field = None;
                field.to = None;
                field.verdict = Verdict::Translated;
                field.reason =
                    "`stringData` has another value of this name, which counts".to_owned();
            }
        }
    }
    if secret["data"]
        .as_object()
        .is_some_and(|data| !data.is_empty())
    {
        for field in fields.iter_mut().filter(|field| field.field == "data") {
            // An empty map or null, which now has something in it.
            field.sent_field = None;
            field.to = None;
            field.verdict = Verdict::Translated;
            field.reason = "what `stringData` has is put there".to_owned();
        }
    }
}

/// What a rule decided for a value and all below it.
#[derive(Debug, Clone)]
struct Fate {
    verdict: Verdict,
    reason: String,
    is_sent: bool,
}

impl Fate {
    fn plain() -> Self {
        Self {
            verdict: Verdict::Same,
            reason: String::new(),
            is_sent: true,
        }
    }

    fn sent(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: reason.into(),
            is_sent: true,
        }
    }
}

struct Walk<'a> {
    object: &'a Value,
    facts: &'a Facts,
    hides: bool,
    fields: Vec<FieldReport>,
}

impl Walk<'_> {
    /// The value as it is sent; none where it is not. Items that are not sent move those after them.
    fn below(
        &mut self,
        from: &mut Vec<Step>,
        to: &mut Vec<Step>,
        value: &Value,
        fate: &Fate,
    ) -> Option<Value> {
        let ruled;
        let mut fate = fate;
        if fate.is_sent
            && let Some(rule) = rule(self.object, &pattern(from), value, self.facts)
        {
            ruled = match rule {
                Rule::Replace(other, reason) => {
                    return Some(self.replaced(from, to, value, other, reason));
                }
                Rule::Drop(reason) => Fate {
                    verdict: Verdict::Translated,
                    reason: reason.to_owned(),
                    is_sent: false,
                },
                Rule::ClusterOnly(reason) => Fate::sent(Verdict::ClusterOnly, reason),
                Rule::NotPortable(reason) => Fate::sent(Verdict::NotPortable, reason),
                Rule::Same(reason) => Fate::sent(Verdict::Same, reason),
            };
            fate = &ruled;
        }
        if is_leaf(value) {
            self.leaf(from, to, value, fate);
            return fate.is_sent.then(|| value.clone());
        }
        let mut map = Map::new();
        let mut items = Vec::new();
        for (step, child) in children(value) {
            to.push(match &step {
                Step::Field(name) => Step::Field(name.clone()),
                Step::Item(_) => Step::Item(items.len()),
            });
            from.push(step.clone());
            let sent = self.below(from, to, child, fate);
            from.pop();
            to.pop();
            match (step, sent) {
                (Step::Field(name), Some(sent)) => {
                    map.insert(name, sent);
                }
                (Step::Item(_), Some(sent)) => items.push(sent),
                (_, None) => {}
            }
        }
        // What had something in it, and has nothing any more, is not sent either.
        match value {
            Value::Array(_) => (!items.is_empty()).then_some(Value::Array(items)),
            _ => (!map.is_empty()).then_some(Value::Object(map)),
        }
    }

    fn leaf(&mut self, from: &[Step], to: &[Step], value: &Value, fate: &Fate) {
        let shown = self.shown(from, value);
        self.fields.push(FieldReport {
            field: text(from),
            sent_field: fate.is_sent.then(|| text(to)),
            verdict: fate.verdict,
            to: fate.is_sent.then(|| shown.clone()),
            from: Some(shown),
            reason: fate.reason.clone(),
        });
    }

    fn replaced(
        &mut self,
        from: &[Step],
        to: &[Step],
        value: &Value,
        other: Value,
        reason: String,
    ) -> Value {
        self.fields.push(FieldReport {
            field: text(from),
            sent_field: Some(text(to)),
            verdict: Verdict::Translated,
            from: Some(self.shown(from, value)),
            to: Some(other.clone()),
            reason,
        });
        other
    }

    fn shown(&self, path: &[Step], value: &Value) -> Value {
        let first = pattern(path).first().copied().unwrap_or_default() == "metadata";
        let known = ["apiVersion", "kind", "type", "immutable"];
        let is_plain = matches!(path, [Step::Field(name)] if known.contains(&name.as_str()));
        let copy = "kubectl.kubernetes.io/last-applied-configuration";
        let is_copy = matches!(path.last(), Some(Step::Field(name)) if name == copy);
        if self.hides && (is_copy || !(first || is_plain)) {
            HIDDEN.into()
        } else {
            value.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::leaves::leaves;
    use super::*;

    fn facts() -> Facts {
        Facts {
            namespace: Some("there".to_owned()),
            local_images: BTreeSet::from(["mine:1".to_owned()]),
            moved_images: BTreeMap::from([("built:1".to_owned(), "r.example/built:1".to_owned())]),
        }
    }

    fn verdicts(object: Value) -> BTreeMap<String, Verdict> {
        let translation = translate(&[object], &facts()).unwrap();
        let fields = translation
            .report
            .objects
            .into_iter()
            .flat_map(|object| object.fields);
        fields.map(|field| (field.field, field.verdict)).collect()
    }

    #[test]
    fn what_binds_a_pod_to_this_machine_is_named() {
        let told = verdicts(json!({
            "apiVersion": "kubeflow.org/v1", "kind": "Notebook", "metadata": {"name": "n", "namespace": "here"},
            "spec": {"template": {"spec": {
                "containers": [
                    {"name": "n", "image": "mine:1", "resources": {"limits": {"nvidia.com/gpu": "1"}},
                     "env": [{"name": "A", "value": "http://localhost:9000"}, {"name": "B", "value": "http://m.here.svc:80"}]},
                    {"name": "o", "image": "built:1"}, {"name": "p", "image": "python:3.12"}],
                "nodeSelector": {"gpu": "a100"},
                "volumes": [{"name": "v", "hostPath": {"path": "/home/me"}}],
            }}},
        }));
        let of = |field: &str| told[&format!("spec.template.spec.{field}")];
        assert_eq!(of("containers[0].image"), Verdict::NotPortable);
        assert_eq!(of("containers[0].env[0].value"), Verdict::NotPortable);
        assert_eq!(of("containers[0].env[1].value"), Verdict::NotPortable);
        assert_eq!(
            of("containers[0].resources.limits[\"nvidia.com/gpu\"]"),
            Verdict::Same
        );
        assert_eq!(of("containers[1].image"), Verdict::Translated);
        assert_eq!(of("containers[2].image"), Verdict::Same);
        assert_eq!(of("nodeSelector.gpu"), Verdict::ClusterOnly);
        assert_eq!(of("volumes[0].hostPath.path"), Verdict::NotPortable);
        assert_eq!(told["metadata.namespace"], Verdict::Translated);
    }

    #[test]
    fn what_the_workbench_wrote_into_a_job_is_not_sent() {
        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "j", "uid": "1", "labels": {"coracle.dev/x": "1"}, "finalizers": ["kubernetes.io/x", "mine/y"]},
            "spec": {"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "1"}},
                "template": {"metadata": {"labels": {"batch.kubernetes.io/controller-uid": "1", "a": "b"}},
                    "spec": {"containers": [{"name": "c", "image": "busybox"}]}}},
            "status": {"succeeded": 1},
        });
        let translation = translate(&[job], &Facts::default()).unwrap();
        assert_eq!(
            translation.objects,
            [json!({
                "apiVersion": "batch/v1", "kind": "Job",
                "metadata": {"name": "j", "finalizers": ["mine/y"]},
                "spec": {"template": {"metadata": {"labels": {"a": "b"}},
                    "spec": {"containers": [{"name": "c", "image": "busybox"}]}}},
            })]
        );
        assert_eq!(translation.report.exit_code(), 0);
    }

    #[test]
    fn values_of_secrets_are_in_no_report() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{hunter2}"}},
            "data": {"a": "hunter2"}, "stringData": {"b": "hunter2"}});
        let translation = translate(&[secret], &facts()).unwrap();
        let told = serde_json::to_string(&translation.report).unwrap();
        assert!(!told.contains("hunter2"), "{told}");
        assert!(translation.objects[0].to_string().contains("hunter2"));
    }

    /// Objects that have what rules are about, at the places where they are, among anything else.
    fn object() -> impl Strategy<Value = Value> {
        let name = prop_oneof![
            prop::sample::select(vec![
                "metadata",
                "spec",
                "status",
                "template",
                "containers",
                "image",
                "volumes",
                "hostPath",
                "path",
                "labels",
                "annotations",
                "coracle.dev/x",
                "finalizers",
                "namespace",
                "selector",
                "nodeSelector",
                "clusterIP",
                "data",
                "predictor",
                "ownerReferences",
                "uid",
                "nodeName",
                "volumeName",
                "env",
                "value",
            ])
            .prop_map(str::to_owned),
            "[a-z.\"\\[\\]]{0,4}",
        ];
        let text = prop::sample::select(vec![
            "mine:1",
            "built:1",
            "file:///x",
            "http://localhost",
            "a.here.svc",
            "",
            "x",
            "kubernetes.io/pvc-protection",
        ]);
        let leaf = prop_oneof![
            text.prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
        ];
        let any = leaf.prop_recursive(5, 60, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name.clone(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        });
        let kinds = prop::sample::select(vec![
            "Pod",
            "Job",
            "Notebook",
            "InferenceService",
            "Service",
            "PersistentVolumeClaim",
            "Secret",
            "ConfigMap",
            "Namespace",
        ]);
        let texts =
            prop::collection::btree_map("[a-c]", "[a-z]{0,3}", 0..3).prop_map(|map| json!(map));
        let data = prop_oneof![any.clone(), texts.clone(), Just(Value::Null)];
        let texts = prop_oneof![texts, any.clone()];
        let namespace = prop::option::of(Just("here"));
        (kinds, any.clone(), any.clone(), any, (data, texts), namespace).prop_map(
            |(kind, metadata, spec, status, (data, texts), namespace)| {
                let mut object = json!({"apiVersion": "v1", "kind": kind, "spec": spec, "status": status, "data": data});
                object["metadata"] = match metadata {
                    Value::Object(map) => Value::Object(map),
                    other => json!({"labels": other}),
                };
                object["metadata"]["name"] = "x".into();
                if kind == "Secret" {
                    object["stringData"] = texts;
                }
                if !matches!(object["metadata"].get("namespace"), Some(Value::String(_) | Value::Null)) {
                    object["metadata"].as_object_mut().unwrap().remove("namespace");
                }
                if let Some(namespace) = namespace {
                    object["metadata"]["namespace"] = namespace.into();
                }
                object
            },
        )
    }

    proptest! {
        #[test]
        fn every_field_of_either_object_is_in_the_report(object in object(), moves in any::<bool>()) {
            let facts = if moves { facts() } else { Facts::default() };
            let translation = translate(std::slice::from_ref(&object), &facts).unwrap();
            let fields = &translation.report.objects[0].fields;
            for (place, _) in leaves(&object) {
                prop_assert_eq!(fields.iter().filter(|field| field.field == place).count(), 1, "{} of the source", place);
            }
            for (place, value) in leaves(&translation.objects[0]) {
                let told: Vec<_> = fields.iter().filter(|field| field.sent_field.as_ref() == Some(&place)).collect();
                prop_assert_eq!(told.len(), 1, "{} of the sent object", place);
                let hidden = told[0].to == Some(HIDDEN.into());
                prop_assert!(hidden || told[0].to.as_ref() == Some(&value), "{}", place);
            }
            let sent = fields.iter().filter(|field| field.sent_field.is_some()).count();
            prop_assert_eq!(sent, leaves(&translation.objects[0]).len());
        }

        #[test]
        fn what_was_translated_once_is_sent_as_it_is(object in object()) {
            let once = translate(&[object], &facts()).unwrap();
            let twice = translate(&once.objects, &facts()).unwrap();
            prop_assert_eq!(&twice.objects, &once.objects);
            prop_assert_eq!(twice.report.summary.translated, 0);
        }
    }
}
