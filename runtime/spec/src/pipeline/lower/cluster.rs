//! Settings of a pod that mean something on a cluster only: which node it runs on, and with which right it
//! pulls its image. They are read so that a mistake in them shows, and then dropped.

use coracle_model::Span;

use super::input;
use super::mention::Scribe;
use crate::pipeline::message::{Field, Message, Shape};

const NODE_SELECTOR: Shape = Shape {
    name: "NodeSelector",
    fields: &["labels", "nodeSelectorJson"],
    oneofs: &[],
};

const TOLERATION: Shape = Shape {
    name: "Toleration",
    fields: &[
        "key",
        "operator",
        "value",
        "effect",
        "tolerationSeconds",
        "tolerationJson",
    ],
    oneofs: &[],
};

const NODE_AFFINITY: Shape = Shape {
    name: "NodeAffinityTerm",
    fields: &[
        "matchExpressions",
        "matchFields",
        "weight",
        "nodeAffinityJson",
    ],
    oneofs: &[],
};

const POD_AFFINITY: Shape = Shape {
    name: "PodAffinityTerm",
    fields: &[
        "matchPodExpressions",
        "matchPodLabels",
        "topologyKey",
        "namespaces",
        "matchNamespaceExpressions",
        "matchNamespaceLabels",
        "weight",
        "anti",
    ],
    oneofs: &[],
};

const REQUIREMENT: Shape = Shape {
    name: "SelectorRequirement",
    fields: &["key", "operator", "values"],
    oneofs: &[],
};
const PULL_SECRET: Shape = Shape {
    name: "ImagePullSecret",
    fields: &["secretName", "secretNameParameter"],
    oneofs: &[],
};

/// Reads the settings of one executor and calls back for each that is there.
pub(super) fn lower(config: &Message<'_>, scribe: &mut Scribe, mut found: impl FnMut(Span, &str)) {
    let mut note = |name: &str| {
        let field = config.get(name);
        field
            .into_iter()
            .for_each(|field| found(field.key_place, name));
        field
    };
    if let Some(field) = note("nodeSelector") {
        let message = field.message(&NODE_SELECTOR);
        message.get("labels").map(Field::text_map);
        value(&message, "nodeSelectorJson", scribe);
    }
    for field in note("tolerations").into_iter().flat_map(Field::items) {
        let message = field.message(&TOLERATION);
        message.check_texts(&["key", "operator", "value", "effect"]);
        message.get("tolerationSeconds").map(Field::whole);
        value(&message, "tolerationJson", scribe);
    }
    for field in note("nodeAffinity").into_iter().flat_map(Field::items) {
        let message = field.message(&NODE_AFFINITY);
        requirements(&message, &["matchExpressions", "matchFields"]);
        message.get("weight").map(Field::whole);
        value(&message, "nodeAffinityJson", scribe);
    }
    for field in note("podAffinity").into_iter().flat_map(Field::items) {
        pod_affinity(field);
    }
    for field in note("imagePullSecret").into_iter().flat_map(Field::items) {
        let message = field.message(&PULL_SECRET);
        message.check_texts(&["secretName"]);
        value(&message, "secretNameParameter", scribe);
    }
}

fn pod_affinity(field: Field<'_>) {
    let message = field.message(&POD_AFFINITY);
    requirements(
        &message,
        &["matchPodExpressions", "matchNamespaceExpressions"],
    );
    message.check_texts(&["topologyKey"]);
    message.texts("namespaces");
    message.get("matchPodLabels").map(Field::text_map);
    message.get("matchNamespaceLabels").map(Field::text_map);
    message.get("weight").map(Field::whole);
    message.flag("anti");
}

fn requirements(message: &Message<'_>, names: &[&str]) {
    for field in names.iter().flat_map(|name| message.items(name)) {
        let requirement = field.message(&REQUIREMENT);
        requirement.check_texts(&["key", "operator"]);
        requirement.texts("values");
    }
}

fn value(message: &Message<'_>, name: &str, scribe: &mut Scribe) {
    if let Some(field) = message.get(name) {
        input::platform_value(field, scribe);
    }
}
