//! The whole workflow, put together.

use std::collections::BTreeMap;

use coracle_model::{Value as Given, WorkflowStore};
use coracle_spec::pipeline::Definition;
use coracle_step::arguments::inert;
use coracle_step::encode_definition;
use serde_json::{Map, Value, json};

use crate::dag::Compiler;
use crate::names::plain;
use crate::platform::{Raw, member, number};
use crate::pod::{compact, volume};
use crate::program::{self, WORKSPACE};
use crate::report::{Finding, Parity, Report};
use crate::schedule::scheduled;
use crate::settings::Settings;
use crate::step::Surroundings;
use crate::store;

/// The most bytes of a workflow: etcd takes 1.5 MiB of an object, and its status grows while it runs.
const LARGEST: usize = 1_200_000;

/// The most bytes of a template: Argo passes those over 128 KiB on in a ConfigMap, which holds 1 MiB.
const LARGEST_TEMPLATE: usize = 1_000_000;

/// The most bytes of the parameters, which are one argument: the kernel takes 128 KiB.
const LARGEST_ARGUMENT: usize = 100 << 10;

/// What came of lowering a definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Lowering {
    /// The `Workflow`, or the `CronWorkflow` of one that runs again and again; none when something is not portable.
    pub workflow: Option<Value>,
    /// What becomes of each thing that does not go over as it is, the gravest first.
    pub findings: Vec<Finding>,
}

/// A definition as a workflow.
pub fn lower(definition: &Definition, settings: &Settings) -> Lowering {
    let mut report = Report::default();
    for (name, input) in &definition.spec.root.input_artifacts {
        if !input.optional {
            let reason = "the pipeline needs an artifact, and a run cannot be given any";
            report.refuse(format!("root: {name}"), reason);
        }
    }
    store::check(&settings.on.store, &mut report);
    let raw = Raw::of(&definition.text);
    let around = Surroundings {
        settings,
        raw: &raw,
        workspace: definition.platform.pipeline.workspace.is_some(),
    };
    let mut compiler = Compiler::new(definition, around);
    let pipeline = compiler.pipeline(&mut report);
    let packed = encode_definition(&definition.text);
    let begin = program::begin(settings, &packed);
    if begin.to_string().len() > LARGEST_TEMPLATE {
        let reason =
            "the definition is larger than what Argo passes on to a pod; split the pipeline";
        report.refuse("root", reason);
    }
    let arguments = arguments(&settings.parameters);
    if arguments.to_string().len() > LARGEST_ARGUMENT {
        let reason = "the values of the parameters are longer than an argument of a program may be, 128 KiB; give large values as artifacts";
        report.refuse("root: parameters", reason);
    }
    let mut templates = vec![
        entry(&pipeline),
        begin,
        program::end(settings),
        program::decide(settings),
        program::serve(settings, around.workspace),
    ];
    templates.append(&mut compiler.templates);
    let mut spec = Map::from_iter([
        ("entrypoint".to_owned(), json!("run")),
        ("arguments".to_owned(), arguments),
        ("templates".to_owned(), json!(templates)),
        ("volumes".to_owned(), json!(volumes(settings))),
        (
            "volumeClaimTemplates".to_owned(),
            json!(claims(definition, &raw, settings)),
        ),
        (
            "volumeClaimGC".to_owned(),
            json!({"strategy": "OnWorkflowCompletion"}),
        ),
        (
            "serviceAccountName".to_owned(),
            json!(settings.on.service_account),
        ),
        (
            "imagePullSecrets".to_owned(),
            pull_secrets(settings, &compiler.pull_secrets),
        ),
        (
            "securityContext".to_owned(),
            json!({"fsGroup": settings.file_system_group}),
        ),
        (
            "activeDeadlineSeconds".to_owned(),
            json!(definition.platform.pipeline.active_deadline_seconds),
        ),
        ("ttlStrategy".to_owned(), kept_for(&raw)),
    ]);
    if spec["volumeClaimTemplates"] == json!([]) {
        spec.remove("volumeClaimGC");
    }
    let mut workflow = compact(json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "generateName": format!("{}-", plain(definition.spec.name.as_str())),
            "labels": {"coracle.dev/pipeline": plain(definition.spec.name.as_str())},
            "annotations": {"coracle.dev/run-name": settings.display_name},
        },
        "spec": Value::Object(spec),
    }));
    if let Some(recurrence) = &settings.recurrence {
        workflow = scheduled(&workflow, recurrence, &mut report);
    }
    let size = workflow.to_string().len();
    if size > LARGEST {
        let reason = format!(
            "the workflow has {size} bytes, and a cluster takes no more than {LARGEST} of one; split the pipeline"
        );
        report.refuse("root", reason);
    }
    let findings = report.into_findings();
    let refused = findings
        .iter()
        .any(|finding| finding.parity == Parity::NotPortable);
    Lowering {
        workflow: (!refused).then_some(workflow),
        findings,
    }
}

fn entry(pipeline: &str) -> Value {
    let ended = "(pipeline.Succeeded || pipeline.Failed || pipeline.Errored || pipeline.Skipped || pipeline.Omitted)";
    json!({
        "name": "run",
        "dag": {"failFast": false, "tasks": [
            {"name": "begin", "template": "begin"},
            {"name": "pipeline", "template": pipeline, "depends": "begin.Succeeded"},
            // Its end is the run's end: it alone says whether the run succeeded.
            {"name": "end", "template": "end", "depends": format!("begin.Succeeded && {ended}")},
        ]},
    })
}

fn arguments(parameters: &BTreeMap<String, Given>) -> Value {
    let members: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}:{}", json!(name), value.to_json()))
        .collect();
    let text = inert(&format!("{{{}}}", members.join(",")));
    json!({"parameters": [{"name": "parameters", "value": text}]})
}

fn volumes(settings: &Settings) -> Vec<Value> {
    let mut volumes = program::volumes();
    if let WorkflowStore::Claim(name) = &settings.on.store {
        volumes.push(volume(
            store::VOLUME,
            json!({"persistentVolumeClaim": {"claimName": name}}),
        ));
    }
    volumes
}

fn claims(definition: &Definition, raw: &Raw, settings: &Settings) -> Vec<Value> {
    let mut claims = Vec::new();
    let mut mode = "ReadWriteOnce";
    if let WorkflowStore::PerRun {
        size,
        storage_class,
        access_mode,
    } = &settings.on.store
    {
        mode = access_mode;
        claims.push(claim(
            store::VOLUME,
            size,
            json!({"accessModes": [access_mode], "storageClassName": storage_class}),
        ));
    }
    if let Some(workspace) = &definition.platform.pipeline.workspace {
        let kubernetes = member(member(raw.pipeline(), "workspace"), "kubernetes");
        let mut spec = json!({"accessModes": [mode]});
        if let (Value::Object(patch), Value::Object(spec)) =
            (member(kubernetes, "pvcSpecPatch"), &mut spec)
        {
            spec.extend(patch.clone());
        }
        claims.push(claim(WORKSPACE, &workspace.size, spec));
    }
    claims
}

fn claim(name: &str, size: &str, mut spec: Value) -> Value {
    spec["resources"] = json!({"requests": {"storage": size}});
    json!({"metadata": {"name": name}, "spec": spec})
}

fn pull_secrets(settings: &Settings, found: &[String]) -> Value {
    let names = settings.on.image_pull_secrets.iter().chain(found);
    json!(names.map(|name| json!({"name": name})).collect::<Vec<_>>())
}

/// How long the workflow is kept after its end.
fn kept_for(raw: &Raw) -> Value {
    let seconds = |name: &str| number(member(raw.pipeline(), name));
    json!({
        "secondsAfterCompletion": seconds("resourceTtlOnCompletion"),
        "secondsAfterSuccess": seconds("resourceTtlOnSuccess"),
        "secondsAfterFailure": seconds("resourceTtlOnFailure"),
    })
}
