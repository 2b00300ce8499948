//! What an engine holds of pods, by labels.

use std::collections::{BTreeMap, BTreeSet};

use coracle_host::{Engine, EngineError, ObservedWorkload, Phase, SandboxName, WorkloadName};
use coracle_model::GpuUuid;
use coracle_plan::pod::{
    CONTAINER_ATTEMPT_LABEL, CONTAINER_GPUS_LABEL, CONTAINER_LABEL, ContainerAttempt, ContainerTry,
    HeldContainer, HeldSandbox, POD_LABEL, PodHeld,
};
use coracle_spec::kind::pod::PodUid;

use super::containers::container_id;

/// The label of a container that names the network place it is in.
pub(super) const POD_SANDBOX_LABEL: &str = "coracle.pod.sandbox";

/// What the engine holds of each pod.
///
/// # Errors
/// When the engine does not answer.
pub async fn held_pods(engine: &dyn Engine) -> Result<BTreeMap<PodUid, PodHeld>, EngineError> {
    let mut pods: BTreeMap<PodUid, PodHeld> = BTreeMap::new();
    let mut places: BTreeMap<PodUid, BTreeSet<String>> = BTreeMap::new();
    for workload in engine.observe().await? {
        let Some(uid) = workload.labels.get(POD_LABEL) else {
            continue;
        };
        let uid = PodUid::from(uid.as_str());
        let held = pods.entry(uid.clone()).or_default();
        let places = places.entry(uid).or_default();
        match container(&workload) {
            Some(container) => {
                held.containers.push(container);
                places.extend(workload.labels.get(POD_SANDBOX_LABEL).cloned());
            }
            None => drop(places.insert(workload.name.0.clone())),
        }
    }
    for (uid, places) in places {
        let newest = places
            .iter()
            .filter_map(|name| Some((number(name)?, name)))
            .max();
        if let Some((number, name)) = newest
            && let Some(status) = engine.sandbox(&SandboxName(name.clone())).await?
            && let Some(address) = status.address.filter(|_| status.running)
            && let Some(held) = pods.get_mut(&uid)
        {
            held.sandbox = Some(HeldSandbox { number, address });
        }
    }
    Ok(pods)
}

/// Removes what the engine holds of pods that are not there any more.
///
/// # Errors
/// When the engine does not answer.
pub async fn discard_pods(
    engine: &dyn Engine,
    there: &BTreeSet<PodUid>,
) -> Result<(), EngineError> {
    let held = engine.observe().await?;
    let pods = held
        .iter()
        .filter_map(|workload| workload.labels.get(POD_LABEL));
    let pods: BTreeSet<_> = pods.map(|pod| PodUid::from(pod.as_str())).collect();
    for pod in pods.difference(there) {
        for workload in of_pod(&held, pod) {
            discard(engine, workload).await;
        }
    }
    Ok(())
}

/// What is one pod's, containers before the network place that they are in.
pub(super) fn of_pod<'held>(
    held: &'held [ObservedWorkload],
    uid: &PodUid,
) -> Vec<&'held ObservedWorkload> {
    let own = held.iter().filter(|workload| {
        workload
            .labels
            .get(POD_LABEL)
            .is_some_and(|pod| **pod == *uid.0)
    });
    let (containers, places): (Vec<_>, Vec<_>) =
        own.partition(|workload| container(workload).is_some());
    containers.into_iter().chain(places).collect()
}

pub(super) async fn discard(engine: &dyn Engine, workload: &ObservedWorkload) {
    let removed = if container(workload).is_some() {
        remove(engine, &workload.name, workload.phase).await
    } else {
        engine
            .close_sandbox(&SandboxName(workload.name.0.clone()))
            .await
    };
    if let Err(error) = removed {
        tracing::warn!(%error, "something of a pod was left behind");
    }
}

async fn remove(engine: &dyn Engine, name: &WorkloadName, phase: Phase) -> Result<(), EngineError> {
    match phase {
        Phase::Running => engine.stop(name, std::time::Duration::ZERO).await?,
        Phase::Created | Phase::Exited => {}
    }
    engine.remove(name).await
}

fn container(workload: &ObservedWorkload) -> Option<HeldContainer> {
    let labels = &workload.labels;
    let gpus = labels
        .get(CONTAINER_GPUS_LABEL)
        .map(String::as_str)
        .unwrap_or_default();
    Some(HeldContainer {
        which: ContainerTry {
            container: labels.get(CONTAINER_LABEL)?.as_str().into(),
            attempt: ContainerAttempt(labels.get(CONTAINER_ATTEMPT_LABEL)?.parse().ok()?),
        },
        id: container_id(&workload.name.0),
        has_begun: workload.phase != Phase::Created,
        started_at: None,
        gpus: gpus
            .split(',')
            .filter(|gpu| !gpu.is_empty())
            .map(GpuUuid::from)
            .collect(),
    })
}

/// The number at the end of a network place's name.
fn number(name: &str) -> Option<u32> {
    name.rsplit('-').next()?.parse().ok()
}
