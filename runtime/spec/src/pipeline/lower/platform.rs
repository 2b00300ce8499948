//! The second document: `PlatformSpec`, of which `kubernetes` counts.

use std::collections::BTreeMap;

use coracle_model::{ExecutorLabel, Span};

use super::kubernetes;
use super::mention::{Mention, Scribe};
use crate::pipeline::message::{Field, Message, Shape};
use crate::pipeline::platform::{PipelinePlatform, PlatformSpec, Workspace};
use crate::pipeline::problems::Problems;

const PLATFORMS: Shape = Shape {
    name: "PlatformSpec",
    fields: &["platforms"],
    oneofs: &[],
};

const PLATFORM: Shape = Shape {
    name: "SinglePlatformSpec",
    fields: &["deploymentSpec", "platform", "config", "pipelineConfig"],
    oneofs: &[],
};

const DEPLOYMENT: Shape = Shape {
    name: "PlatformDeploymentConfig",
    fields: &["executors"],
    oneofs: &[],
};

const PIPELINE: Shape = Shape {
    name: "PipelineConfig",
    fields: &[
        "resourceTtlOnCompletion",
        "workspace",
        "resourceTtlOnSuccess",
        "resourceTtlOnFailure",
        "activeDeadlineSeconds",
    ],
    oneofs: &[],
};

const WORKSPACE: Shape = Shape {
    name: "WorkspaceConfig",
    fields: &["size", "kubernetes"],
    oneofs: &[],
};
const KUBERNETES_WORKSPACE: Shape = Shape {
    name: "KubernetesWorkspaceConfig",
    fields: &["pvcSpecPatch"],
    oneofs: &[],
};

/// The second document, with the names its values use.
#[derive(Default)]
pub(in crate::pipeline) struct LoweredPlatform {
    pub(in crate::pipeline) spec: PlatformSpec,
    /// By executor; the tasks that run it must know the names.
    pub(in crate::pipeline) mentions: BTreeMap<ExecutorLabel, Vec<Mention>>,
}

/// Fields that mean something on a cluster only, by name: where first, and how often.
#[derive(Default)]
pub(super) struct Ignored {
    seen: BTreeMap<String, (Span, usize)>,
}

impl Ignored {
    /// Notes one and returns its name.
    pub(super) fn note(&mut self, place: Span, name: &str) -> String {
        self.seen.entry(name.to_owned()).or_insert((place, 0)).1 += 1;
        name.to_owned()
    }

    fn report(self, problems: &Problems) {
        for (name, (place, times)) in self.seen {
            let often = if times == 1 {
                String::new()
            } else {
                format!(" ({times} times)")
            };
            problems.warning(
                place,
                "ignored-field",
                format!("`{name}` has a meaning on a cluster only and is ignored here{often}"),
                "nothing to do; the field is still there when the file goes to a cluster",
            );
        }
    }
}

/// Reads the second document.
pub(in crate::pipeline) fn lower(document: Field<'_>) -> LoweredPlatform {
    let mut lowered = LoweredPlatform::default();
    for field in document.message(&PLATFORMS).entries("platforms") {
        let message = field.message(&PLATFORM);
        message.check_texts(&["platform"]);
        message.get("config").map(Field::structure);
        if field.name == "kubernetes" {
            lower_kubernetes(&message, field.problems(), &mut lowered);
        } else {
            field.problems().warning(
                field.key_place,
                "ignored-field",
                format!(
                    "the platform `{}` is not `kubernetes` and is ignored",
                    field.name
                ),
                "nothing to do where the pipeline is meant for several platforms",
            );
        }
    }
    lowered
}

fn lower_kubernetes(message: &Message<'_>, problems: &Problems, lowered: &mut LoweredPlatform) {
    let mut ignored = Ignored::default();
    let deployment = message
        .get("deploymentSpec")
        .map(|field| field.message(&DEPLOYMENT));
    for field in deployment
        .iter()
        .flat_map(|deployment| deployment.entries("executors"))
    {
        let label = ExecutorLabel::from(field.name);
        let mut scribe = Scribe::default();
        lowered.spec.steps.insert(
            label.clone(),
            kubernetes::lower(field, &mut scribe, &mut ignored),
        );
        lowered.mentions.insert(label, scribe.mentions);
    }
    lowered.spec.pipeline = message
        .get("pipelineConfig")
        .map(|field| pipeline(field, &mut ignored))
        .unwrap_or_default();
    ignored.report(problems);
}

fn pipeline(field: Field<'_>, ignored: &mut Ignored) -> PipelinePlatform {
    let message = field.message(&PIPELINE);
    let mut platform = PipelinePlatform {
        workspace: None,
        active_deadline_seconds: message.get("activeDeadlineSeconds").and_then(seconds),
        ignored: Vec::new(),
    };
    for name in [
        "resourceTtlOnCompletion",
        "resourceTtlOnSuccess",
        "resourceTtlOnFailure",
    ] {
        if let Some(field) = message.get(name) {
            field.whole();
            platform.ignored.push(ignored.note(field.key_place, name));
        }
    }
    if let Some(field) = message.get("workspace") {
        platform.workspace = Some(workspace(field, ignored, &mut platform.ignored));
    }
    platform
}

fn workspace(field: Field<'_>, ignored: &mut Ignored, names: &mut Vec<String>) -> Workspace {
    let message = field.message(&WORKSPACE);
    if message.lacks("size") {
        field.error(
            "missing-field",
            "workspace size is required but not specified",
            "set `size`, such as `10Gi`",
        );
    }
    let patch = message
        .get("kubernetes")
        .and_then(|field| field.message(&KUBERNETES_WORKSPACE).get("pvcSpecPatch"));
    if let Some(patch) = patch {
        patch.structure();
        names.push(ignored.note(patch.key_place, "workspace.kubernetes.pvcSpecPatch"));
    }
    Workspace {
        size: message.text("size"),
    }
}

/// A number of seconds; zero and less stand for no limit.
pub(super) fn seconds(field: Field<'_>) -> Option<u64> {
    u64::try_from(field.whole())
        .ok()
        .filter(|seconds| *seconds > 0)
}
