//! The pod of a step with a container.

use coracle_model::{ComponentName, ExecutorLabel};
use coracle_spec::pipeline::{
    Component, ConfigSource, ConfigVolume, ContainerSpec, InitContainer, ParameterType,
    ResourceRequest, RetryPolicy, StepPlatform,
};
use coracle_step::arguments::{INSTALLED, told};
use serde_json::{Map, Value, json};

use crate::given::{Known, has_placeholder, known};
use crate::platform::{Raw, items, member, placing};
use crate::pod::{Pod, compact, mount};
use crate::program;
use crate::report::{Parity, Report};
use crate::retry;
use crate::settings::Settings;
use crate::store;

/// What the pods of steps are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) raw: &'a Raw,
    pub(crate) workspace: bool,
}

/// A step to make a pod for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepSpec<'a> {
    pub(crate) name: &'a ComponentName,
    pub(crate) component: &'a Component,
    pub(crate) label: &'a ExecutorLabel,
    pub(crate) container: &'a ContainerSpec,
    pub(crate) platform: &'a StepPlatform,
    pub(crate) retry: Option<RetryPolicy>,
}

/// The template of a step, without a name.
#[derive(Debug)]
pub(crate) struct StepTemplate {
    pub(crate) template: Value,
    /// Whether its pod follows from its inputs, so that it takes a `patch`.
    pub(crate) decided: bool,
    pub(crate) pull_secrets: Vec<String>,
}

/// Makes a step's template.
pub(crate) fn template(
    around: Surroundings<'_>,
    step: StepSpec<'_>,
    report: &mut Report,
) -> StepTemplate {
    let place = step.label.as_str();
    refuse_what_has_no_pod(step, report);
    let decided = is_decided(step.container, step.platform);
    if decided {
        let kind = step
            .container
            .resources
            .accelerator_type
            .as_deref()
            .unwrap_or("nvidia.com/gpu");
        if !kind.starts_with("nvidia.com/") {
            report.refuse(place, format!("asks for accelerators `{kind}` in a pod that follows from its inputs; only NVIDIA's are counted then"));
        }
    }
    let mut pod = Pod::default();
    pod.init.push(program::install(around.settings));
    variables(step, decided, &mut pod, report);
    pod.env.extend(store::env(&around.settings.on.store));
    pod.mounts = program::step_mounts(around.settings, around.workspace);
    volumes(around, step, decided, &mut pod);
    init_containers(step, decided, &mut pod, report);
    metadata(step.platform, &mut pod);
    let placing = placing(around.raw.executor(place), place, report);
    refuse_what_argo_replaces(place, &pod, &json!(placing.template), report);
    pod.template.extend(placing.template);
    if let Some(strategy) = retry::strategy(step.retry, place, report) {
        pod.template.insert("retryStrategy".to_owned(), strategy);
    }
    if let Some(seconds) = step.platform.active_deadline_seconds {
        pod.template
            .insert("activeDeadlineSeconds".to_owned(), json!(seconds));
    }
    security(step.platform, &mut pod);
    if !decided {
        let resources = resources(&step.container.resources);
        pod.container.insert("resources".to_owned(), resources);
    }
    let written = step
        .platform
        .pull_policy
        .map(|policy| format!("{policy:?}"));
    let policy = written.or_else(|| around.settings.on.image_pull_policy.clone());
    pod.container
        .insert("imagePullPolicy".to_owned(), json!(policy));
    StepTemplate {
        template: assemble(around.settings, step, decided, pod),
        decided,
        pull_secrets: placing.pull_secrets,
    }
}

fn assemble(settings: &Settings, step: StepSpec<'_>, decided: bool, pod: Pod) -> Value {
    let retried = pod.template.contains_key("retryStrategy");
    let failed = if retried { "{{retries}}" } else { "0" };
    let mut inputs = vec![json!({"name": "path"})];
    let image = if decided {
        inputs.push(json!({"name": "patch"}));
        &settings.on.step_image
    } else {
        &step.container.image
    };
    let mut container = pod.container;
    container.extend(Map::from_iter([
        ("image".to_owned(), json!(image)),
        ("command".to_owned(), json!([INSTALLED])),
        (
            "args".to_owned(),
            json!(program::of_task(
                settings,
                "run",
                &["--failed-attempts", failed]
            )),
        ),
        ("env".to_owned(), json!(pod.env)),
        ("volumeMounts".to_owned(), json!(pod.mounts)),
    ]));
    let mut template = pod.template;
    if decided {
        template.insert(
            "podSpecPatch".to_owned(),
            json!("{{inputs.parameters.patch}}"),
        );
    }
    template.extend(Map::from_iter([
        ("inputs".to_owned(), json!({"parameters": inputs})),
        (
            "outputs".to_owned(),
            json!({"parameters": [program::output(told::RECORD)]}),
        ),
        ("initContainers".to_owned(), json!(pod.init)),
        ("container".to_owned(), Value::Object(container)),
        ("volumes".to_owned(), json!(pod.volumes)),
    ]));
    compact(Value::Object(template))
}

/// Refuses what has `{{` in it where KFP would leave that as it is and Argo would not.
fn refuse_what_argo_replaces(place: &str, pod: &Pod, placing: &Value, report: &mut Report) {
    let parts = [
        (
            "labels and annotations",
            json!(pod.template.get("metadata")),
        ),
        ("placing", placing.clone()),
        ("volumes", json!([pod.volumes, pod.mounts])),
        ("init containers", json!(pod.init)),
    ];
    for (what, value) in parts {
        if value.to_string().contains("{{") {
            let reason = "Argo would replace what stands in `{{ }}`, and KFP does not";
            report.refuse(format!("{place}: {what}"), reason);
        }
    }
}

fn refuse_what_has_no_pod(step: StepSpec<'_>, report: &mut Report) {
    let place = step.label.as_str();
    if step.container.command.is_empty() {
        report.refuse(
            format!("{place}: command"),
            "there is none, so the image's own would run, which is not known to what starts the step in the pod; write it down",
        );
    }
    for variable in &step.container.env {
        if has_placeholder(&variable.value) {
            let reason = "Argo would replace what stands in `{{ }}`, and KFP does not";
            report.refuse(format!("{place}: env {}", variable.name), reason);
        }
    }
    let is_config = |kind: &ParameterType| matches!(kind, ParameterType::TaskConfig);
    let mut inputs = step.component.input_parameters.values();
    if inputs.any(|spec| is_config(&spec.parameter_type))
        || !step.component.task_config_passthroughs.is_empty()
    {
        let place = format!("{}: TASK_CONFIG", step.name);
        report.refuse(
            place,
            "it would be told of less than the pod's settings on a cluster",
        );
    }
}

/// Whether the pod follows from the step's inputs.
fn is_decided(container: &ContainerSpec, platform: &StepPlatform) -> bool {
    let request = &container.resources;
    let amounts = [
        &request.cpu_request,
        &request.cpu_limit,
        &request.memory_request,
        &request.memory_limit,
        &request.accelerator_type,
        &request.accelerator_count,
    ];
    let named = platform
        .secret_volumes
        .iter()
        .chain(&platform.config_map_volumes)
        .map(|volume| &volume.name)
        .chain(
            platform
                .secret_variables
                .iter()
                .chain(&platform.config_map_variables)
                .map(|source| &source.name),
        )
        .chain(platform.volume_mounts.iter().map(|mount| &mount.claim));
    let init = platform
        .init_containers
        .iter()
        .flat_map(|init| init.command.iter().chain(&init.args));
    has_placeholder(&container.image)
        || amounts
            .into_iter()
            .flatten()
            .any(|text| has_placeholder(text))
        || named.into_iter().any(|name| known(name) == Known::Later)
        || init.into_iter().any(|text| has_placeholder(text))
}

fn variables(step: StepSpec<'_>, decided: bool, pod: &mut Pod, report: &mut Report) {
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let retried = step.retry.is_some_and(|retry| retry.max_retries > 0);
    let retries = if retried { "{{retries}}" } else { "0" };
    pod.env.push(field("KFP_POD_NAME", "metadata.name"));
    pod.env.push(field("KFP_POD_UID", "metadata.uid"));
    pod.env
        .push(json!({"name": "KFP_RETRY_INDEX", "value": retries}));
    for variable in &step.platform.field_paths {
        pod.env
            .push(field(&variable.variable, &variable.field_path));
    }
    if !decided {
        for source in &step.platform.secret_variables {
            stored_variables(source, "secretKeyRef", pod);
        }
        for source in &step.platform.config_map_variables {
            stored_variables(source, "configMapKeyRef", pod);
        }
    }
    let literals = step.container.env.iter();
    pod.env
        .extend(literals.map(|variable| json!({"name": variable.name, "value": variable.value})));
    if !step.platform.field_paths.is_empty() {
        let place = format!("{}: fieldPathAsEnv", step.label);
        report.add(
            Parity::Translated,
            place,
            "the fields are those of the cluster's pod",
        );
    }
}

fn stored_variables(source: &ConfigSource, kind: &str, pod: &mut Pod) {
    let Known::Text(name) = known(&source.name) else {
        return;
    };
    for key in &source.keys {
        let reference = json!({"name": name, "key": key.key, "optional": source.optional});
        pod.env
            .push(json!({"name": key.variable, "valueFrom": {kind: reference}}));
    }
}

fn volumes(around: Surroundings<'_>, step: StepSpec<'_>, decided: bool, pod: &mut Pod) {
    let platform = step.platform;
    if !decided {
        for (index, volume) in platform.secret_volumes.iter().enumerate() {
            stored_volume(
                volume,
                &format!("secret-{index}"),
                "secret",
                "secretName",
                pod,
            );
        }
        for (index, volume) in platform.config_map_volumes.iter().enumerate() {
            stored_volume(
                volume,
                &format!("config-map-{index}"),
                "configMap",
                "name",
                pod,
            );
        }
        for (index, volume) in platform.volume_mounts.iter().enumerate() {
            let Known::Text(claim) = known(&volume.claim) else {
                continue;
            };
            let name = format!("claim-{index}");
            pod.mount(
                &name,
                json!({"persistentVolumeClaim": {"claimName": claim}}),
                &volume.mount_path,
            );
            if let Some(mounted) = pod
                .mounts
                .last_mut()
                .filter(|_| !volume.sub_path.is_empty())
            {
                mounted["subPath"] = json!(volume.sub_path);
            }
        }
    }
    for dir in &platform.empty_dirs {
        let medium = dir.in_memory.then_some("Memory");
        let source = json!({"emptyDir": {"medium": medium, "sizeLimit": dir.size_limit}});
        pod.mount(&dir.name, source, &dir.mount_path);
    }
    if let Some(shared) = &platform.shared_memory {
        let source = json!({"emptyDir": {"medium": "Memory", "sizeLimit": shared.size}});
        pod.mount("kfp-shared-memory", source, "/dev/shm");
    }
    for volume in items(
        around.raw.executor(step.label.as_str()),
        "genericEphemeralVolume",
    ) {
        let name = member(volume, "volumeName").as_str().unwrap_or("ephemeral");
        let path = member(volume, "mountPath").as_str().unwrap_or_default();
        let metadata = member(volume, "metadata");
        let source = json!({"ephemeral": {"volumeClaimTemplate": {
            "metadata": {"labels": member(metadata, "labels"), "annotations": member(metadata, "annotations")},
            "spec": {
                "accessModes": member(volume, "accessModes"),
                "storageClassName": member(volume, "storageClassName"),
                "resources": {"requests": {"storage": member(volume, "size")}},
            },
        }}});
        pod.mount(name, source, path);
    }
}

fn stored_volume(volume: &ConfigVolume, name: &str, kind: &str, key: &str, pod: &mut Pod) {
    if let Known::Text(stored) = known(&volume.name) {
        pod.mount(
            name,
            json!({kind: {key: stored, "optional": volume.optional}}),
            &volume.mount_path,
        );
    }
}

fn init_containers(step: StepSpec<'_>, decided: bool, pod: &mut Pod, report: &mut Report) {
    for init in &step.platform.init_containers {
        for variable in &init.env {
            if has_placeholder(&variable.value) {
                let reason = "Argo would replace what stands in `{{ }}`, and KFP does not";
                report.refuse(
                    format!("{}: init container {}", step.label, init.name),
                    reason,
                );
            }
        }
        pod.init.push(init_container(init, decided));
    }
}

fn init_container(init: &InitContainer, decided: bool) -> Value {
    // A patch brings its command where the pod follows from the step's inputs.
    let own = |words: &Vec<String>| (!decided).then(|| words.clone());
    compact(json!({
        "name": init.name,
        "image": init.image,
        "command": own(&init.command),
        "args": own(&init.args),
        "env": init.env.iter().map(|variable| json!({"name": variable.name, "value": variable.value})).collect::<Vec<_>>(),
        "volumeMounts": init.volume_mounts.iter().map(|(name, path)| mount(name, path)).collect::<Vec<_>>(),
        "restartPolicy": init.restart_policy,
        "resources": resources(&init.resources),
    }))
}

fn metadata(platform: &StepPlatform, pod: &mut Pod) {
    let metadata = compact(json!({"labels": platform.labels, "annotations": platform.annotations}));
    pod.template.insert("metadata".to_owned(), metadata);
}

fn security(platform: &StepPlatform, pod: &mut Pod) {
    let security = &platform.security;
    let context = compact(json!({
        "runAsUser": security.run_as_user,
        "runAsGroup": security.run_as_group,
        "runAsNonRoot": security.run_as_non_root.then_some(true),
    }));
    pod.container.insert("securityContext".to_owned(), context);
}

/// What a container asks for, as Kubernetes has it.
fn resources(request: &ResourceRequest) -> Value {
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut limits = Map::new();
    let mut limit = |name: &str, amount: Option<String>| {
        if let Some(amount) = amount {
            limits.insert(name.to_owned(), json!(amount));
        }
    };
    limit("cpu", some(&request.cpu_limit));
    limit("memory", some(&request.memory_limit));
    let kind = some(&request.accelerator_type).unwrap_or_else(|| "nvidia.com/gpu".to_owned());
    let count = some(&request.accelerator_count).filter(|count| count != "0");
    limit(&kind, count);
    let requests =
        json!({"cpu": some(&request.cpu_request), "memory": some(&request.memory_request)});
    compact(json!({"requests": requests, "limits": limits}))
}
