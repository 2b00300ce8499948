//! What the second document says of one executor's pod: `KubernetesExecutorConfig`.

use coracle_model::{Span, Value};

use super::executor::environment;
use super::input;
use super::mention::Scribe;
use super::platform::{Ignored, seconds};
use crate::pipeline::ir::{ParameterSource, ResourceRequest};
use crate::pipeline::message::{Field, Message, Shape};
use crate::pipeline::platform::{
    ConfigSource, ConfigVolume, EmptyDir, EphemeralVolume, FieldPathVariable, InitContainer, KeyToVariable, PodSecurity,
    PullPolicy, SharedMemory, StepPlatform, VolumeMount,
};

const CONFIG: Shape = Shape {
    name: "KubernetesExecutorConfig",
    fields: &[
        "secretAsVolume",
        "secretAsEnv",
        "pvcMount",
        "nodeSelector",
        "podMetadata",
        "imagePullSecret",
        "imagePullPolicy",
        "configMapAsVolume",
        "configMapAsEnv",
        "activeDeadlineSeconds",
        "fieldPathAsEnv",
        "tolerations",
        "genericEphemeralVolume",
        "nodeAffinity",
        "podAffinity",
        "enabledSharedMemory",
        "emptyDirMounts",
        "securityContext",
        "initContainers",
    ],
    oneofs: &[],
};

/// Fields that place a pod on a cluster's nodes or let it pull images there.
const CLUSTER_ONLY: [&str; 5] = ["nodeSelector", "tolerations", "nodeAffinity", "podAffinity", "imagePullSecret"];

const SECRET_VOLUME: Shape = Shape {
    name: "SecretAsVolume",
    fields: &["secretName", "mountPath", "optional", "secretNameParameter"],
    oneofs: &[],
};

const SECRET_VARIABLES: Shape = Shape {
    name: "SecretAsEnv",
    fields: &["secretName", "keyToEnv", "optional", "secretNameParameter"],
    oneofs: &[],
};

const SECRET_KEY: Shape = Shape { name: "SecretKeyToEnvMap", fields: &["secretKey", "envVar"], oneofs: &[] };

const CONFIG_MAP_VOLUME: Shape = Shape {
    name: "ConfigMapAsVolume",
    fields: &["configMapName", "mountPath", "optional", "configMapNameParameter"],
    oneofs: &[],
};

const CONFIG_MAP_VARIABLES: Shape = Shape {
    name: "ConfigMapAsEnv",
    fields: &["configMapName", "keyToEnv", "configMapNameParameter", "optional"],
    oneofs: &[],
};

const CONFIG_MAP_KEY: Shape = Shape { name: "ConfigMapKeyToEnvMap", fields: &["configMapKey", "envVar"], oneofs: &[] };

const PVC_MOUNT: Shape = Shape {
    name: "PvcMount",
    fields: &[
        "taskOutputParameter",
        "constant",
        "componentInputParameter",
        "mountPath",
        "pvcNameParameter",
        "subPath",
    ],
    oneofs: &[&["taskOutputParameter", "constant", "componentInputParameter"]],
};

const METADATA: Shape = Shape { name: "PodMetadata", fields: &["labels", "annotations"], oneofs: &[] };
const FIELD_PATH: Shape = Shape { name: "FieldPathAsEnv", fields: &["name", "fieldPath"], oneofs: &[] };

const EPHEMERAL_VOLUME: Shape = Shape {
    name: "GenericEphemeralVolume",
    fields: &[
        "volumeName",
        "mountPath",
        "accessModes",
        "size",
        "defaultStorageClass",
        "storageClassName",
        "metadata",
    ],
    oneofs: &[],
};

const EMPTY_DIR: Shape =
    Shape { name: "EmptyDirMount", fields: &["volumeName", "mountPath", "medium", "sizeLimit"], oneofs: &[] };

const SHARED_MEMORY: Shape = Shape { name: "EnabledSharedMemory", fields: &["volumeName", "size"], oneofs: &[] };

const SECURITY: Shape =
    Shape { name: "SecurityContext", fields: &["runAsUser", "runAsGroup", "runAsNonRoot"], oneofs: &[] };

const INIT_CONTAINER: Shape = Shape {
    name: "InitContainer",
    fields: &["name", "image", "command", "args", "env", "volumeMounts", "restartPolicy", "resources"],
    oneofs: &[],
};

const INIT_MOUNT: Shape = Shape { name: "VolumeMount", fields: &["volumeName", "mountPath"], oneofs: &[] };
const INIT_RESOURCES: Shape = Shape { name: "ResourceRequirements", fields: &["requests", "limits"], oneofs: &[] };

/// The four ways in which configuration reaches a pod, as the fields of today and of old call them.
struct Naming {
    shape: &'static Shape,
    parameter: &'static str,
    deprecated: &'static str,
}

const SECRET_VOLUMES: Naming =
    Naming { shape: &SECRET_VOLUME, parameter: "secretNameParameter", deprecated: "secretName" };
const SECRET_SOURCES: Naming =
    Naming { shape: &SECRET_VARIABLES, parameter: "secretNameParameter", deprecated: "secretName" };
const CONFIG_MAP_VOLUMES: Naming =
    Naming { shape: &CONFIG_MAP_VOLUME, parameter: "configMapNameParameter", deprecated: "configMapName" };
const CONFIG_MAP_SOURCES: Naming =
    Naming { shape: &CONFIG_MAP_VARIABLES, parameter: "configMapNameParameter", deprecated: "configMapName" };

/// Reads the settings of one executor and notes the names that its values use.
pub(super) fn lower(field: Field<'_>, scribe: &mut Scribe, ignored: &mut Ignored) -> StepPlatform {
    let message = field.message(&CONFIG);
    let mut step = StepPlatform {
        secret_volumes: volumes(&message, "secretAsVolume", &SECRET_VOLUMES, scribe),
        secret_variables: sources(&message, "secretAsEnv", &SECRET_SOURCES, secret_key, scribe),
        config_map_volumes: volumes(&message, "configMapAsVolume", &CONFIG_MAP_VOLUMES, scribe),
        config_map_variables: sources(&message, "configMapAsEnv", &CONFIG_MAP_SOURCES, config_map_key, scribe),
        volume_mounts: message.items("pvcMount").map(|mount| pvc_mount(mount, scribe)).collect(),
        pull_policy: message.get("imagePullPolicy").and_then(pull_policy),
        field_paths: message.items("fieldPathAsEnv").map(field_path).collect(),
        active_deadline_seconds: message.get("activeDeadlineSeconds").and_then(seconds),
        shared_memory: message.get("enabledSharedMemory").map(shared_memory),
        security: message.get("securityContext").map(security).unwrap_or_default(),
        init_containers: message.items("initContainers").map(init_container).collect(),
        ..StepPlatform::default()
    };
    if let Some(metadata) = message.get("podMetadata").map(|field| field.message(&METADATA)) {
        step.labels = metadata.get("labels").map(Field::text_map).unwrap_or_default();
        step.annotations = metadata.get("annotations").map(Field::text_map).unwrap_or_default();
    }
    let mut ignore = |place: Span, name: &str| {
        let name = ignored.note(place, name);
        if !step.ignored.contains(&name) {
            step.ignored.push(name);
        }
    };
    for name in CLUSTER_ONLY {
        if let Some(field) = message.get(name) {
            ignore(field.key_place, name);
        }
    }
    step.ephemeral_volumes =
        message.items("genericEphemeralVolume").map(|field| ephemeral_volume(field, &mut ignore)).collect();
    step.empty_dirs = message.items("emptyDirMounts").map(|field| empty_dir(field, &mut ignore)).collect();
    step
}

fn volumes(config: &Message<'_>, name: &str, naming: &Naming, scribe: &mut Scribe) -> Vec<ConfigVolume> {
    config
        .items(name)
        .map(|field| {
            let message = field.message(naming.shape);
            ConfigVolume {
                name: resource_name(field, &message, naming, scribe),
                mount_path: required(field, &message, "mountPath"),
                optional: message.flag("optional"),
            }
        })
        .collect()
}

fn sources(
    config: &Message<'_>,
    name: &str,
    naming: &Naming,
    key: impl Fn(Field<'_>) -> KeyToVariable,
    scribe: &mut Scribe,
) -> Vec<ConfigSource> {
    config
        .items(name)
        .map(|field| {
            let message = field.message(naming.shape);
            ConfigSource {
                name: resource_name(field, &message, naming, scribe),
                keys: message.items("keyToEnv").map(&key).collect(),
                optional: message.flag("optional"),
            }
        })
        .collect()
}

/// New compilers write both fields; the parameter wins.
fn resource_name(
    field: Field<'_>,
    message: &Message<'_>,
    naming: &Naming,
    scribe: &mut Scribe,
) -> ParameterSource {
    if let Some(parameter) = message.get(naming.parameter) {
        return input::platform_value(parameter, scribe);
    }
    let name = message.filled(naming.deprecated).unwrap_or_else(|| {
        let message = format!("missing either `{}` or `{}` in `{}`", naming.deprecated, naming.parameter, field.name);
        field.error("missing-field", message, "name the secret or config map");
        String::new()
    });
    ParameterSource::Constant(Value::from(name))
}

fn secret_key(field: Field<'_>) -> KeyToVariable {
    let message = field.message(&SECRET_KEY);
    KeyToVariable { key: message.text("secretKey"), variable: required(field, &message, "envVar") }
}

fn config_map_key(field: Field<'_>) -> KeyToVariable {
    let message = field.message(&CONFIG_MAP_KEY);
    KeyToVariable { key: message.text("configMapKey"), variable: required(field, &message, "envVar") }
}

fn pvc_mount(field: Field<'_>, scribe: &mut Scribe) -> VolumeMount {
    let message = field.message(&PVC_MOUNT);
    let claim = if let Some(parameter) = message.get("pvcNameParameter") {
        input::platform_value(parameter, scribe)
    } else if let Some(output) = message.get("taskOutputParameter") {
        input::output_parameter(output, scribe)
    } else if let Some(name) = message.get("componentInputParameter") {
        input::component_input(name, scribe)
    } else {
        ParameterSource::Constant(Value::from(required(field, &message, "constant")))
    };
    VolumeMount { claim, mount_path: required(field, &message, "mountPath"), sub_path: message.text("subPath") }
}

fn pull_policy(field: Field<'_>) -> Option<PullPolicy> {
    match field.text() {
        "" => None,
        "Always" => Some(PullPolicy::Always),
        "Never" => Some(PullPolicy::Never),
        "IfNotPresent" => Some(PullPolicy::IfNotPresent),
        other => {
            field.error(
                "unknown-value",
                format!(
                    "unsupported value: {other}. ImagePullPolicy should be one of 'Always', 'Never' or 'IfNotPresent'"
                ),
                "use one of the three, or remove the field",
            );
            None
        }
    }
}

fn field_path(field: Field<'_>) -> FieldPathVariable {
    let message = field.message(&FIELD_PATH);
    FieldPathVariable {
        variable: required(field, &message, "name"),
        field_path: required(field, &message, "fieldPath"),
    }
}

/// Access modes and the default storage class ask for nothing that a machine of its own does not give.
fn ephemeral_volume(field: Field<'_>, ignore: &mut impl FnMut(Span, &str)) -> EphemeralVolume {
    let message = field.message(&EPHEMERAL_VOLUME);
    for name in ["storageClassName", "metadata"] {
        if let Some(found) = message.get(name) {
            ignore(found.key_place, &format!("genericEphemeralVolume.{name}"));
        }
    }
    EphemeralVolume {
        name: message.text("volumeName"),
        mount_path: required(field, &message, "mountPath"),
        size: message.text("size"),
    }
}

fn empty_dir(field: Field<'_>, ignore: &mut impl FnMut(Span, &str)) -> EmptyDir {
    let message = field.message(&EMPTY_DIR);
    let medium = message.text("medium");
    if let Some(found) = message.get("medium").filter(|_| !matches!(medium.as_str(), "" | "Memory")) {
        ignore(found.key_place, "emptyDirMounts.medium");
    }
    EmptyDir {
        name: message.text("volumeName"),
        mount_path: required(field, &message, "mountPath"),
        in_memory: medium == "Memory",
        size_limit: message.filled("sizeLimit"),
    }
}

fn shared_memory(field: Field<'_>) -> SharedMemory {
    SharedMemory { size: field.message(&SHARED_MEMORY).filled("size") }
}

fn security(field: Field<'_>) -> PodSecurity {
    let message = field.message(&SECURITY);
    PodSecurity {
        run_as_user: message.get("runAsUser").map(Field::whole),
        run_as_group: message.get("runAsGroup").map(Field::whole),
        run_as_non_root: message.flag("runAsNonRoot"),
    }
}

fn init_container(field: Field<'_>) -> InitContainer {
    let message = field.message(&INIT_CONTAINER);
    InitContainer {
        name: required(field, &message, "name"),
        image: required(field, &message, "image"),
        command: message.texts("command"),
        args: message.texts("args"),
        env: environment(&message),
        volume_mounts: message
            .items("volumeMounts")
            .map(|mount| {
                let names = mount.message(&INIT_MOUNT);
                (required(mount, &names, "volumeName"), required(mount, &names, "mountPath"))
            })
            .collect(),
        restart_policy: message.filled("restartPolicy"),
        resources: message.get("resources").map(init_resources).unwrap_or_default(),
    }
}

fn init_resources(field: Field<'_>) -> ResourceRequest {
    let message = field.message(&INIT_RESOURCES);
    let mut requests = message.get("requests").map(Field::text_map).unwrap_or_default();
    let mut limits = message.get("limits").map(Field::text_map).unwrap_or_default();
    let mut resources = ResourceRequest {
        cpu_request: requests.remove("cpu"),
        cpu_limit: limits.remove("cpu"),
        memory_request: requests.remove("memory"),
        memory_limit: limits.remove("memory"),
        ..ResourceRequest::default()
    };
    let accelerator = limits.into_iter().find(|(name, _)| name.contains('/'));
    (resources.accelerator_type, resources.accelerator_count) = accelerator.unzip();
    resources
}

fn required(field: Field<'_>, message: &Message<'_>, name: &str) -> String {
    message.filled(name).unwrap_or_else(|| {
        let text = format!("`{}` needs `{name}`", field.name);
        field.error("missing-field", text, format!("set `{name}`"));
        String::new()
    })
}
