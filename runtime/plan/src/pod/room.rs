//! What a pod asks of the machine, and which of its containers gets which of its GPUs.

use std::collections::BTreeSet;

use coracle_model::{Cpu, GpuUuid, Memory, Resources};
use coracle_spec::kind::pod::{Container, ContainerName, ContainerResources, Pod};

/// What a pod needs at once at most: all its containers together, or a single init container beside those that go on.
pub(super) fn needed(pod: &Pod) -> Resources {
    let spec = &pod.spec;
    let mut beside = Sum::default();
    let mut most = Sum::default();
    for container in &spec.init_containers {
        let own = Sum::of(&container.resources);
        if container.is_restartable_init() {
            beside = beside.plus(own);
            most = most.or(beside);
        } else {
            most = most.or(beside.plus(own));
        }
    }
    let together = spec
        .containers
        .iter()
        .map(|container| Sum::of(&container.resources));
    most = most.or(together.fold(beside, Sum::plus));
    // What the pod as a whole asks for stands above what its containers do.
    let whole = &spec.resources;
    Resources {
        // Unlike a step, a pod that asks for nothing always finds room.
        cpu_request: whole
            .cpu_request()
            .or(most.cpu.map(Cpu))
            .or(Some(Cpu::default())),
        memory_request: whole
            .memory_request()
            .map(|memory| memory.0)
            .or(most.memory)
            .map(Memory),
        gpus: most.gpus,
        ..Resources::default()
    }
}

/// The resources that a pod asks for and that this machine does not know.
pub(super) fn unknown_resources(pod: &Pod) -> BTreeSet<&str> {
    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    containers
        .flat_map(|container| container.resources.extended())
        .collect()
}

/// The GPUs of one container out of the pod's. Init containers that end before the others begin use the same ones.
pub(super) fn share(pod: &Pod, gpus: &[GpuUuid], name: &ContainerName) -> Vec<GpuUuid> {
    let spec = &pod.spec;
    let count = |container: &Container| container.resources.gpus() as usize;
    let go_on = spec
        .init_containers
        .iter()
        .filter(|container| container.is_restartable_init());
    let mut taken = 0;
    for container in go_on.chain(&spec.containers) {
        if container.name == *name {
            return gpus
                .iter()
                .skip(taken)
                .take(count(container))
                .cloned()
                .collect();
        }
        taken += count(container);
    }
    let mut beside = 0;
    for container in &spec.init_containers {
        if container.name == *name {
            return gpus
                .iter()
                .skip(beside)
                .take(count(container))
                .cloned()
                .collect();
        }
        if container.is_restartable_init() {
            beside += count(container);
        }
    }
    Vec::new()
}

#[derive(Clone, Copy, Default)]
struct Sum {
    cpu: Option<u64>,
    memory: Option<u64>,
    gpus: u32,
}

impl Sum {
    fn of(resources: &ContainerResources) -> Self {
        Self {
            cpu: resources.cpu_request().map(|cpu| cpu.0),
            memory: resources.memory_request().map(|memory| memory.0),
            gpus: resources.gpus(),
        }
    }

    fn plus(self, other: Self) -> Self {
        let add = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self {
            cpu: add(self.cpu, other.cpu),
            memory: add(self.memory, other.memory),
            gpus: self.gpus.saturating_add(other.gpus),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
            gpus: self.gpus.max(other.gpus),
        }
    }
}
