//! Canaries: what a predictor is to become takes a part of the requests, beside what it is.
//!
//! ```text
//!   canaryTrafficPercent: P ──► Deployment NAME-predictor, as it was            100 - P of 100 requests
//!                          └──► Deployment NAME-predictor-canary, as wanted now       P of 100 requests
//!   none, or 100            ──► Deployment NAME-predictor becomes what is wanted: the canary is promoted
//!   0                       ──► Deployment NAME-predictor, as it was, alone: it is rolled back
//! ```

use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use super::part_name;
use crate::kind::pod_template;
use crate::kind::step::{World, is_controlled_by};

/// The annotation of a deployment that says of which template it is: the one that is stored has defaults, too.
const TEMPLATE: &str = "coracle.serving.template";

/// How a predictor's deployment becomes what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rollout {
    /// At once.
    Whole,
    /// It stays what it is, with a candidate beside it, where that is to be asked at all.
    Held { candidate: Option<Candidate> },
}

/// What may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// How many of a hundred requests it is to answer.
    pub(super) percent: u64,
    pub(super) deployment: Value,
}

/// The share of the requests that the newest revision of a service is to answer while an earlier one stays: 0 to 99 of a hundred.
pub fn canary_percent(service: &Object) -> Option<u64> {
    let predictor = Component::Predictor.of(service)?;
    let percent = predictor.get("canaryTrafficPercent")?.as_u64()?;
    (percent < 100).then_some(percent)
}

/// The name of a canary's deployment.
pub(super) fn canary_name(service: &Object) -> String {
    format!("{}-canary", part_name(service, Component::Predictor))
}

/// Notes in a deployment that is wanted of which template it is.
pub(super) fn mark(deployment: &mut Value) {
    let template = pod_template::hash_of(&deployment["spec"]["template"]);
    deployment["metadata"]["annotations"][TEMPLATE] = template.into();
}

/// How the deployment of a predictor that is there becomes the one that is wanted.
pub(super) fn rollout(
    service: &Object,
    component: Component,
    wanted: &Value,
    world: &dyn World,
) -> Rollout {
    let percent = canary_percent(service).filter(|_| component == Component::Predictor);
    let stands = world.get(
        kind::deployments(),
        service.namespace(),
        &part_name(service, component),
    );
    let (Some(percent), Some(stands)) = (percent, stands) else {
        return Rollout::Whole;
    };
    let is_other = stands
        .annotation(TEMPLATE)
        .is_some_and(|template| wanted["metadata"]["annotations"][TEMPLATE] != template);
    if !is_other || !is_controlled_by(&stands, service) {
        return Rollout::Whole;
    }
    let candidate = (percent > 0).then(|| Candidate {
        percent,
        deployment: beside(service, wanted),
    });
    Rollout::Held { candidate }
}

/// The deployment of what is wanted, under a name and a label of its own.
fn beside(service: &Object, wanted: &Value) -> Value {
    let name = canary_name(service);
    let label: Value = format!("isvc.{name}").into();
    let mut deployment = wanted.clone();
    for labels in ["/metadata/labels", "/spec/template/metadata/labels"] {
        if let Some(labels) = deployment.pointer_mut(labels) {
            labels["app"] = label.clone();
        }
    }
    deployment["spec"]["selector"]["matchLabels"]["app"] = label;
    deployment["metadata"]["name"] = name.into();
    deployment
}

/// What a service's status says of how requests are shared out; nothing where all of them go one way.
pub(super) fn traffic(service: &Object, rollout: &Rollout, world: &dyn World) -> Option<Value> {
    let Rollout::Held { candidate } = rollout else {
        return None;
    };
    let revision = |deployment: String| {
        let found = world.get(kind::deployments(), service.namespace(), &deployment)?;
        Some(format!("{deployment}-{}", pod_template::hash(&found)))
    };
    let stable = revision(part_name(service, Component::Predictor))?;
    let percent = candidate.as_ref().map_or(0, |candidate| candidate.percent);
    let mut traffic = vec![json!({
        "revisionName": stable,
        "percent": 100 - percent,
        "latestRevision": false,
    })];
    let newest = candidate
        .as_ref()
        .and_then(|_| revision(canary_name(service)));
    if let Some(newest) = newest {
        traffic.push(json!({ "revisionName": newest, "percent": percent, "latestRevision": true }));
    }
    Some(json!({ "latestRolledoutRevision": stable, "traffic": traffic }))
}
