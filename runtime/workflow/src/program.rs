//! The templates whose container is `coracle-step` itself, and how it is put into the pods of steps.

use coracle_spec::executor::WORKSPACE_MOUNT;
use coracle_step::arguments::{
    INSTALLED, OUTPUTS_FOLDER, PROGRAM, PROGRAM_FOLDER, TOLD_FOLDER, TREES, inert, told,
};
use serde_json::{Value, json};

use crate::pod::{compact, mount, volume};
use crate::settings::Settings;
use crate::store;

/// The workspace of the run.
pub(crate) const WORKSPACE: &str = "kfp-workspace";
const BIN: &str = "coracle-bin";
const TOLD: &str = "coracle-told";
const OUTPUTS: &str = "kfp-outputs";

/// The template that decides on a task.
pub(crate) const DECIDE: &str = "decide";
/// The template that carries out a task without a container of the user's.
pub(crate) const SERVE: &str = "serve";

/// The most characters of the definition in one argument; the kernel takes no more than 128 KiB.
const PART: usize = 100 << 10;

/// The reference to a task's path inside its template.
pub(crate) const PATH: &str = "{{inputs.parameters.path}}";

/// An empty folder of a pod for each volume that steps have, declared once for all of them.
pub(crate) fn volumes() -> Vec<Value> {
    let trees = TREES.iter().map(|tree| tree_name(tree));
    [BIN, TOLD, OUTPUTS]
        .into_iter()
        .map(str::to_owned)
        .chain(trees)
        .map(|name| volume(&name, json!({"emptyDir": {}})))
        .collect()
}

/// What every step mounts.
pub(crate) fn step_mounts(settings: &Settings, workspace: bool) -> Vec<Value> {
    let mut mounts = vec![mount(BIN, PROGRAM_FOLDER), mount(OUTPUTS, OUTPUTS_FOLDER)];
    mounts.extend(TREES.iter().map(|tree| mount(&tree_name(tree), tree)));
    mounts.extend(own_mounts(settings, workspace));
    mounts
}

fn own_mounts(settings: &Settings, workspace: bool) -> Vec<Value> {
    let mut mounts = vec![mount(TOLD, TOLD_FOLDER)];
    mounts.extend(store::mounts(&settings.on.store));
    if workspace {
        mounts.push(mount(WORKSPACE, WORKSPACE_MOUNT));
    }
    mounts
}

fn tree_name(tree: &str) -> String {
    format!("kfp-{}", tree.trim_start_matches('/'))
}

/// The container that puts the program into a step's pod.
pub(crate) fn install(settings: &Settings) -> Value {
    compact(json!({
        "name": "coracle-step",
        "image": settings.on.step_image,
        "imagePullPolicy": settings.on.image_pull_policy,
        "command": [PROGRAM],
        "args": ["install", "--to", INSTALLED],
        "volumeMounts": [mount(BIN, PROGRAM_FOLDER)],
    }))
}

/// An output of a pod that stands in a file; nothing where there is none.
pub(crate) fn output(name: &str) -> Value {
    json!({"name": name, "valueFrom": {"path": format!("{TOLD_FOLDER}/{name}"), "default": ""}})
}

/// The arguments of a verb about a task.
pub(crate) fn of_task(settings: &Settings, verb: &str, more: &[&str]) -> Vec<String> {
    let task = [&["--task", PATH], more].concat();
    of_run(settings, verb, &task)
}

/// The arguments of any verb.
fn of_run(settings: &Settings, verb: &str, more: &[&str]) -> Vec<String> {
    let run = [verb, "--run", "{{workflow.uid}}"];
    let told = run.iter().chain(more).map(|word| (*word).to_owned());
    told.chain(store::words(&settings.on.store)).collect()
}

/// The template that writes the run's file. The definition travels in it alone.
pub(crate) fn begin(settings: &Settings, packed_definition: &str) -> Value {
    let quoted = |text: &String| inert(&json!(text).to_string());
    let display_name = quoted(&settings.display_name);
    let root = settings.pipeline_root.clone();
    let root = root.or_else(|| store::root(&settings.on.store));
    let root = root.as_ref().map(quoted);
    let mut words = vec![
        "--name",
        "{{workflow.name}}",
        "--created-at",
        "{{workflow.creationTimestamp.RFC3339}}",
        "--parameters",
        "{{workflow.parameters.parameters}}",
        "--display-name",
        &display_name,
    ];
    if settings.recurrence.is_some() {
        words.extend(["--scheduled-at", "{{workflow.scheduledTime}}"]);
    }
    if let Some(root) = &root {
        words.extend(["--pipeline-root", root]);
    }
    let mut rest = packed_definition;
    while !rest.is_empty() {
        let (part, more) = rest.split_at(rest.len().min(PART));
        words.extend(["--definition", part]);
        rest = more;
    }
    let words = of_run(settings, "begin", &words);
    template(settings, "begin", &words, &[], false)
}

/// The template that says how the run ended.
pub(crate) fn end(settings: &Settings) -> Value {
    let words = of_run(settings, "end", &[]);
    template(settings, "end", &words, &[told::OUTPUTS], false)
}

/// The template that decides on a task.
pub(crate) fn decide(settings: &Settings) -> Value {
    let outputs = [told::GO, told::ITERATIONS, told::PATCH, told::RECORD];
    with_path(template(
        settings,
        DECIDE,
        &of_task(settings, "decide", &[]),
        &outputs,
        false,
    ))
}

/// The template that carries out a task without a container of the user's.
pub(crate) fn serve(settings: &Settings, workspace: bool) -> Value {
    let words = of_task(settings, "run", &["--failed-attempts", "0"]);
    with_path(template(
        settings,
        SERVE,
        &words,
        &[told::RECORD],
        workspace,
    ))
}

fn template(
    settings: &Settings,
    name: &str,
    words: &[String],
    outputs: &[&str],
    workspace: bool,
) -> Value {
    let outputs: Vec<_> = outputs.iter().map(|name| output(name)).collect();
    compact(json!({
        "name": name,
        "outputs": {"parameters": outputs},
        "container": {
            "image": settings.on.step_image,
            "imagePullPolicy": settings.on.image_pull_policy,
            "command": [PROGRAM],
            "args": words,
            "env": store::env(&settings.on.store),
            "volumeMounts": own_mounts(settings, workspace),
        },
    }))
}

fn with_path(mut template: Value) -> Value {
    template["inputs"] = json!({"parameters": [{"name": "path"}]});
    template
}
