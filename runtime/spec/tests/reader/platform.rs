//! The second document.

use std::collections::BTreeMap;

use coracle_spec::pipeline::{
    ConfigSource, ConfigVolume, EmptyDir, EphemeralVolume, FieldPathVariable, KeyToVariable,
    ParameterSource, PlatformSpec, PullPolicy, StepPlatform, VolumeMount,
};

use crate::{ORCHARD, TWO_STEPS, read_text, verdict};

/// `two_steps.yaml` with settings for the executor of `weigh`.
fn weigh_with(settings: &str) -> String {
    format!(
        "{TWO_STEPS}\n---\nplatforms: {{kubernetes: {{deploymentSpec: {{executors: {{exec-weigh: {settings}}}}}}}}}\n"
    )
}

fn weigh(settings: &str) -> StepPlatform {
    let reading = read_text(&weigh_with(settings));
    let mut platform = reading
        .definition
        .unwrap_or_else(|| panic!("{:?}", reading.diagnostics))
        .platform;
    platform.steps.remove("exec-weigh").unwrap()
}

fn constant(text: &str) -> ParameterSource {
    ParameterSource::Constant(text.into())
}

#[test]
fn what_the_compiler_writes_is_read() {
    let definition = read_text(ORCHARD).definition.unwrap();
    let pick = &definition.platform.steps["exec-pick"];
    assert_eq!(
        pick.active_deadline_seconds,
        Some(90),
        "a whole number may be text"
    );
    assert_eq!(pick.pull_policy, Some(PullPolicy::IfNotPresent));
    assert_eq!(
        pick.labels,
        BTreeMap::from([("row".to_owned(), "north".to_owned())])
    );
    assert_eq!(
        pick.config_map_volumes,
        [ConfigVolume {
            name: constant("rows"),
            mount_path: "/rows".to_owned(),
            optional: false
        }]
    );
    assert_eq!(
        pick.secret_variables,
        [ConfigSource {
            name: ParameterSource::ComponentInput("pipelinechannel--secret".to_owned()),
            keys: vec![KeyToVariable {
                key: "token".to_owned(),
                variable: "TOKEN".to_owned()
            }],
            optional: false,
        }]
    );
    assert_eq!(
        pick.volume_mounts,
        [VolumeMount {
            claim: constant("barn"),
            mount_path: "/barn".to_owned(),
            sub_path: String::new()
        }]
    );
    assert_eq!(
        pick.empty_dirs,
        [EmptyDir {
            name: "tmp".to_owned(),
            mount_path: "/scratch".to_owned(),
            in_memory: true,
            size_limit: Some("64Mi".to_owned()),
        }]
    );
    assert_eq!(
        pick.field_paths,
        [FieldPathVariable {
            variable: "POD".to_owned(),
            field_path: "metadata.name".to_owned()
        }]
    );
    assert_eq!(
        pick.ephemeral_volumes,
        [EphemeralVolume {
            name: "cold".to_owned(),
            mount_path: "/cold".to_owned(),
            size: "1Gi".to_owned()
        }]
    );
    assert_eq!(pick.ignored, ["tolerations"]);
}

#[test]
fn what_has_no_effect_here_is_kept_by_name_and_warned_of_once() {
    let settings = "{nodeSelector: {labels: {a: b}}, tolerations: [{key: x}], nodeAffinity: [], podAffinity: [], \
                    imagePullSecret: [{secretName: s}], genericEphemeralVolume: [{mountPath: /a, storageClassName: \
                    fast}, {mountPath: /b, storageClassName: fast}]}";
    let mut expected = [
        "nodeSelector",
        "tolerations",
        "nodeAffinity",
        "podAffinity",
        "imagePullSecret",
        "genericEphemeralVolume.storageClassName",
    ];
    assert_eq!(weigh(settings).ignored, expected);
    let mut warned: Vec<String> = read_text(&weigh_with(settings))
        .diagnostics
        .into_iter()
        .map(|diagnostic| diagnostic.message.split('`').nth(1).unwrap().to_owned())
        .collect();
    warned.sort();
    expected.sort_unstable();
    assert_eq!(warned, expected);
}

#[test]
fn deprecated_fields_are_read_where_the_new_ones_are_missing() {
    let step = weigh(
        "{secretAsVolume: [{secretName: old, mountPath: /s, optional: true}], \
         secretAsEnv: [{secretName: old, secretNameParameter: {runtimeValue: {constant: new}}, keyToEnv: []}], \
         configMapAsEnv: [{configMapName: old, keyToEnv: [{configMapKey: k, envVar: K}]}], \
         pvcMount: [{constant: a, mountPath: /a}, {componentInputParameter: fruit, mountPath: /b, subPath: s}]}",
    );
    assert_eq!(
        step.secret_volumes,
        [ConfigVolume {
            name: constant("old"),
            mount_path: "/s".to_owned(),
            optional: true
        }]
    );
    assert_eq!(step.secret_variables[0].name, constant("new"));
    assert_eq!(step.config_map_variables[0].name, constant("old"));
    assert_eq!(step.config_map_variables[0].keys[0].key, "k");
    assert_eq!(step.volume_mounts[0].claim, constant("a"));
    assert_eq!(
        step.volume_mounts[1].claim,
        ParameterSource::ComponentInput("fruit".to_owned())
    );
    assert_eq!(step.volume_mounts[1].sub_path, "s");
    let output = weigh_with(
        "{pvcMount: [{taskOutputParameter: {producerTask: label, outputParameterKey: name}, mountPath: /a}]}",
    );
    assert_eq!(
        verdict(&output),
        ["unknown-output 114:101 the task `label` has no output parameter `name`"]
    );
}

#[test]
fn security_memory_and_init_containers_are_read() {
    let step = weigh(
        "{securityContext: {runAsUser: '1000', runAsGroup: 0, runAsNonRoot: true}, enabledSharedMemory: {size: 2Gi}, \
         podMetadata: {annotations: {a: b}}, initContainers: [{name: first, image: alpine, command: [sh], args: [-c], \
         env: [{name: A, value: b}], volumeMounts: [{volumeName: v, mountPath: /v}], restartPolicy: Always, \
         resources: {requests: {cpu: 100m}, limits: {memory: 1Gi, nvidia.com/gpu: '1'}}}]}",
    );
    assert_eq!(step.security.run_as_user, Some(1000));
    assert_eq!(step.security.run_as_group, Some(0));
    assert!(step.security.run_as_non_root);
    assert_eq!(step.shared_memory.unwrap().size.as_deref(), Some("2Gi"));
    assert_eq!(step.annotations["a"], "b");
    let first = &step.init_containers[0];
    assert_eq!(
        (first.name.as_str(), first.image.as_str()),
        ("first", "alpine")
    );
    assert_eq!(first.volume_mounts, [("v".to_owned(), "/v".to_owned())]);
    assert_eq!(first.restart_policy.as_deref(), Some("Always"));
    assert_eq!(first.resources.cpu_request.as_deref(), Some("100m"));
    assert_eq!(
        first.resources.accelerator_type.as_deref(),
        Some("nvidia.com/gpu")
    );
}

#[test]
fn settings_of_the_whole_pipeline_are_read() {
    let platform = |config: &str| -> (PlatformSpec, Vec<String>) {
        let text =
            format!("{TWO_STEPS}\n---\nplatforms: {{kubernetes: {{pipelineConfig: {config}}}}}\n");
        let reading = read_text(&text);
        let lines = crate::shown(&reading);
        (reading.definition.unwrap().platform, lines)
    };
    let (found, lines) = platform(
        "{activeDeadlineSeconds: 60, resourceTtlOnCompletion: 5, workspace: {size: 10Gi, kubernetes: {pvcSpecPatch: {a: 1}}}}",
    );
    assert_eq!(found.pipeline.active_deadline_seconds, Some(60));
    assert_eq!(found.pipeline.workspace.unwrap().size, "10Gi");
    assert_eq!(
        found.pipeline.ignored,
        [
            "resourceTtlOnCompletion",
            "workspace.kubernetes.pvcSpecPatch"
        ]
    );
    assert_eq!(lines.len(), 2);
    assert_eq!(
        platform("{activeDeadlineSeconds: 0}")
            .0
            .pipeline
            .active_deadline_seconds,
        None
    );
}

#[test]
fn mistakes_in_the_settings_are_refused() {
    assert_eq!(
        verdict(&weigh_with("{imagePullPolicy: Sometimes}")),
        [
            "unknown-value 114:85 unsupported value: Sometimes. ImagePullPolicy should be one of 'Always', 'Never' or 'IfNotPresent'"
        ]
    );
    assert_eq!(
        verdict(&weigh_with("{secretAsVolume: [{mountPath: /s}]}")),
        [
            "missing-field 114:85 missing either `secretName` or `secretNameParameter` in `secretAsVolume`"
        ]
    );
    assert_eq!(
        verdict(&weigh_with("{secretsAsVolume: []}")),
        ["unknown-field 114:68 unknown field `secretsAsVolume` in `KubernetesExecutorConfig`"]
    );
    assert_eq!(
        verdict(&weigh_with("{tolerations: [{key: 1}]}"))[1],
        "wrong-type 114:88 `key` must be text, found a number",
        "a field that is ignored must still be sound"
    );
    let google = format!("{TWO_STEPS}\n---\nplatforms: {{google: {{}}}}\n");
    assert_eq!(
        verdict(&google),
        ["warning ignored-field 114:13 the platform `google` is not `kubernetes` and is ignored"]
    );
}
