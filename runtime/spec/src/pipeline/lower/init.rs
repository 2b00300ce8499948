//! Init containers of a pod.

use super::executor::environment;
use crate::pipeline::ir::ResourceRequest;
use crate::pipeline::message::{Field, Shape};
use crate::pipeline::platform::InitContainer;

const INIT_CONTAINER: Shape = Shape {
    name: "InitContainer",
    fields: &[
        "name",
        "image",
        "command",
        "args",
        "env",
        "volumeMounts",
        "restartPolicy",
        "resources",
    ],
    oneofs: &[],
};

const INIT_MOUNT: Shape = Shape {
    name: "VolumeMount",
    fields: &["volumeName", "mountPath"],
    oneofs: &[],
};
const INIT_RESOURCES: Shape = Shape {
    name: "ResourceRequirements",
    fields: &["requests", "limits"],
    oneofs: &[],
};

/// Reads one.
pub(super) fn lower(field: Field<'_>) -> InitContainer {
    let message = field.message(&INIT_CONTAINER);
    InitContainer {
        name: message.required("name"),
        image: message.required("image"),
        command: message.texts("command"),
        args: message.texts("args"),
        env: environment(&message),
        volume_mounts: message
            .items("volumeMounts")
            .map(|mount| {
                let names = mount.message(&INIT_MOUNT);
                (names.required("volumeName"), names.required("mountPath"))
            })
            .collect(),
        restart_policy: message.filled("restartPolicy"),
        resources: message.get("resources").map(resources).unwrap_or_default(),
    }
}

fn resources(field: Field<'_>) -> ResourceRequest {
    let message = field.message(&INIT_RESOURCES);
    let mut requests = message
        .get("requests")
        .map(Field::text_map)
        .unwrap_or_default();
    let mut limits = message
        .get("limits")
        .map(Field::text_map)
        .unwrap_or_default();
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
