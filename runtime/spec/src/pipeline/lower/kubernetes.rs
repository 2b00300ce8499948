//! What the second document says of one executor's pod: `KubernetesExecutorConfig`.

use coracle_model::{Span, Value};

use super::config::{CONFIG_MAPS, SECRETS};
use super::mention::Scribe;
use super::platform::{Ignored, seconds};
use super::{cluster, init, input};
use crate::pipeline::ir::ParameterSource;
use crate::pipeline::message::{Field, Shape};
use crate::pipeline::platform::{
    EmptyDir, EphemeralVolume, FieldPathVariable, PodSecurity, PullPolicy, SharedMemory,
    StepPlatform, VolumeMount,
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

const METADATA: Shape = Shape {
    name: "PodMetadata",
    fields: &["labels", "annotations"],
    oneofs: &[],
};
const FIELD_PATH: Shape = Shape {
    name: "FieldPathAsEnv",
    fields: &["name", "fieldPath"],
    oneofs: &[],
};

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

const EMPTY_DIR: Shape = Shape {
    name: "EmptyDirMount",
    fields: &["volumeName", "mountPath", "medium", "sizeLimit"],
    oneofs: &[],
};

const SHARED_MEMORY: Shape = Shape {
    name: "EnabledSharedMemory",
    fields: &["volumeName", "size"],
    oneofs: &[],
};

const SECURITY: Shape = Shape {
    name: "SecurityContext",
    fields: &["runAsUser", "runAsGroup", "runAsNonRoot"],
    oneofs: &[],
};

/// Reads the settings of one executor and notes the names that its values use.
pub(super) fn lower(field: Field<'_>, scribe: &mut Scribe, ignored: &mut Ignored) -> StepPlatform {
    let message = field.message(&CONFIG);
    let mut step = StepPlatform {
        secret_volumes: SECRETS.volumes(&message, scribe),
        secret_variables: SECRETS.sources(&message, scribe),
        config_map_volumes: CONFIG_MAPS.volumes(&message, scribe),
        config_map_variables: CONFIG_MAPS.sources(&message, scribe),
        volume_mounts: message
            .items("pvcMount")
            .map(|mount| pvc_mount(mount, scribe))
            .collect(),
        pull_policy: message.get("imagePullPolicy").and_then(pull_policy),
        field_paths: message.items("fieldPathAsEnv").map(field_path).collect(),
        active_deadline_seconds: message.get("activeDeadlineSeconds").and_then(seconds),
        shared_memory: message.get("enabledSharedMemory").map(shared_memory),
        security: message
            .get("securityContext")
            .map(security)
            .unwrap_or_default(),
        init_containers: message.items("initContainers").map(init::lower).collect(),
        ..StepPlatform::default()
    };
    if let Some(metadata) = message
        .get("podMetadata")
        .map(|field| field.message(&METADATA))
    {
        step.labels = metadata
            .get("labels")
            .map(Field::text_map)
            .unwrap_or_default();
        step.annotations = metadata
            .get("annotations")
            .map(Field::text_map)
            .unwrap_or_default();
    }
    let mut ignore = |place: Span, name: &str| {
        let name = ignored.note(place, name);
        if !step.ignored.contains(&name) {
            step.ignored.push(name);
        }
    };
    cluster::lower(&message, scribe, &mut ignore);
    step.ephemeral_volumes = message
        .items("genericEphemeralVolume")
        .map(|field| ephemeral_volume(field, &mut ignore))
        .collect();
    step.empty_dirs = message
        .items("emptyDirMounts")
        .map(|field| empty_dir(field, &mut ignore))
        .collect();
    step
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
        ParameterSource::Constant(Value::from(message.required("constant")))
    };
    VolumeMount {
        claim,
        mount_path: message.required("mountPath"),
        sub_path: message.text("subPath"),
    }
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
        variable: message.required("name"),
        field_path: message.required("fieldPath"),
    }
}

/// Access modes and the default storage class ask for nothing that a machine of its own does not give.
fn ephemeral_volume(field: Field<'_>, ignore: &mut impl FnMut(Span, &str)) -> EphemeralVolume {
    let message = field.message(&EPHEMERAL_VOLUME);
    message.texts("accessModes");
    message.flag("defaultStorageClass");
    message.check_texts(&["storageClassName"]);
    for name in ["storageClassName", "metadata"] {
        if let Some(found) = message.get(name) {
            ignore(found.key_place, &format!("genericEphemeralVolume.{name}"));
        }
    }
    EphemeralVolume {
        name: message.text("volumeName"),
        mount_path: message.required("mountPath"),
        size: message.text("size"),
    }
}

fn empty_dir(field: Field<'_>, ignore: &mut impl FnMut(Span, &str)) -> EmptyDir {
    let message = field.message(&EMPTY_DIR);
    let medium = message.text("medium");
    if let Some(found) = message
        .get("medium")
        .filter(|_| !matches!(medium.as_str(), "" | "Memory"))
    {
        ignore(found.key_place, "emptyDirMounts.medium");
    }
    EmptyDir {
        name: message.text("volumeName"),
        mount_path: message.required("mountPath"),
        in_memory: medium == "Memory",
        size_limit: message.filled("sizeLimit"),
    }
}

fn shared_memory(field: Field<'_>) -> SharedMemory {
    let message = field.message(&SHARED_MEMORY);
    message.check_texts(&["volumeName"]);
    SharedMemory {
        size: message.filled("size"),
    }
}

fn security(field: Field<'_>) -> PodSecurity {
    let message = field.message(&SECURITY);
    PodSecurity {
        run_as_user: message.get("runAsUser").map(Field::whole),
        run_as_group: message.get("runAsGroup").map(Field::whole),
        run_as_non_root: message.flag("runAsNonRoot"),
    }
}
