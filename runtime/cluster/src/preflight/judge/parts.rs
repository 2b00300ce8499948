//! The parts of Kubeflow and what goes with it, told by the kinds that they bring.

use super::super::Part;
use super::super::facts::{Facts, Served};

/// The name of a part, with the group and a kind that it brings.
const PARTS: [(&str, &str, &str); 13] = [
    ("Argo Workflows", "argoproj.io", "Workflow"),
    ("Istio", "networking.istio.io", "VirtualService"),
    ("KServe", "serving.kserve.io", "InferenceService"),
    ("Katib", "kubeflow.org", "Experiment"),
    ("Knative Serving", "serving.knative.dev", "Service"),
    ("Kubeflow Pipelines", "pipelines.kubeflow.org", "Pipeline"),
    ("Kubeflow Profiles", "kubeflow.org", "Profile"),
    ("Notebooks", "kubeflow.org", "Notebook"),
    ("PodDefaults", "kubeflow.org", "PodDefault"),
    ("Spark Operator", "sparkoperator.k8s.io", "SparkApplication"),
    ("Tensorboards", "tensorboard.kubeflow.org", "Tensorboard"),
    ("Trainer", "trainer.kubeflow.org", "TrainJob"),
    ("Training Operator", "kubeflow.org", "PyTorchJob"),
];

/// The part whose API runs pipelines, which has no kinds of its own in most clusters.
const PIPELINES: &str = "Kubeflow Pipelines";

/// Which parts are there, by name; none where the cluster does not tell its kinds.
pub(in crate::preflight) fn parts(facts: &Facts) -> Vec<Part> {
    let Ok(served) = &facts.served else {
        return Vec::new();
    };
    let parts = PARTS.map(|(name, group, kind)| {
        let mut versions: Vec<String> = served
            .iter()
            .filter(|served| served.group == group && served.kind == kind)
            .map(Served::api_version)
            .collect();
        versions.dedup();
        let service = match &facts.pipelines_service {
            Ok(Some(namespace)) if name == PIPELINES => {
                Some(format!("service ml-pipeline in the namespace {namespace}"))
            }
            _ => None,
        };
        let not_known = name == PIPELINES && facts.pipelines_service.is_err();
        Part {
            name: name.to_owned(),
            is_there: if service.is_some() || !versions.is_empty() {
                Some(true)
            } else if not_known {
                None
            } else {
                Some(false)
            },
            versions,
            service,
        }
    });
    parts.into()
}

/// The part that brings a kind.
pub(super) fn part_of(group: &str, kind: &str) -> Option<&'static str> {
    let by_kind = PARTS
        .iter()
        .find(|(_, of_part, its)| *of_part == group && *its == kind);
    let by_group = PARTS
        .iter()
        .find(|(_, of_part, _)| *of_part == group && *of_part != "kubeflow.org");
    let training = group == "kubeflow.org" && kind.ends_with("Job");
    by_kind
        .or(by_group)
        .map(|(name, _, _)| *name)
        .or(training.then_some("Training Operator"))
}
