//! A launch as the engine wants it.

use std::collections::BTreeMap;

use coracle_host::log::Keep;
use coracle_host::{SandboxName, SecurityContext, Stdin, Workload, WorkloadImage, WorkloadName};
use coracle_model::{
    Attempt, AttemptNumber, AttemptSetting, AttemptUsage, RunId, StoredVolume, StoredVolumeSource,
    TaskPath, TaskState, Timestamp,
};
use coracle_plan::{Launch, PlannedSource, PlannedVariable};
use coracle_store::Home;
use sha2::{Digest, Sha256};

use super::files::Prepared;
use crate::sandbox::SANDBOX_LABEL;
use crate::stored::expand;

/// The label that says which run a workload belongs to.
pub(crate) const RUN_LABEL: &str = "coracle.run";
/// The labels that say which task of the run, and which attempt at it.
const TASK_LABEL: &str = "coracle.task";
const ATTEMPT_LABEL: &str = "coracle.attempt";

/// The name of an attempt's workload: readable, and the same at every derivation.
pub(crate) fn workload_name(run: RunId, task: &TaskPath, attempt: AttemptNumber) -> WorkloadName {
    let hash = hex::encode(&Sha256::digest(task.as_str())[..5]);
    let task: String = task
        .name()
        .as_str()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '-'
            }
        })
        .take(32)
        .collect();
    WorkloadName(format!(
        "coracle-{}-{task}-{hash}-{attempt}",
        run.0.simple()
    ))
}

/// The workload of an attempt.
pub(crate) fn of_launch(
    home: &Home,
    run: RunId,
    launch: &Launch,
    prepared: &Prepared,
    sandbox: Option<SandboxName>,
) -> Workload {
    let environment = &prepared.environment;
    let image = match &launch.prepared {
        Some(key) => WorkloadImage::Prepared(key.clone()),
        None => WorkloadImage::Plain {
            image: launch.image.clone(),
            digest: launch.digest.clone(),
        },
    };
    Workload {
        name: workload_name(run, &launch.task, launch.attempt),
        labels: labels(run, launch, sandbox.as_ref()),
        image,
        command: launch
            .command
            .iter()
            .map(|text| expand(text, environment))
            .collect(),
        args: launch
            .args
            .iter()
            .map(|text| expand(text, environment))
            .collect(),
        environment: environment.clone(),
        mounts: prepared.mounts.clone(),
        directory: home.attempt_dir(run, &launch.task, launch.attempt),
        working_dir: None,
        cpu_request: None,
        cpu_limit: launch.resources.cpu_limit,
        memory_limit: launch.resources.memory_limit,
        gpus: launch.gpus.clone(),
        shared_memory: launch.shared_memory,
        security: SecurityContext {
            user: launch.user.clone(),
            ..SecurityContext::default()
        },
        stdin: Stdin::Closed,
        keep_log: Keep::All,
        tty: false,
        sandbox,
    }
}

fn labels(run: RunId, launch: &Launch, sandbox: Option<&SandboxName>) -> BTreeMap<String, String> {
    let own = [
        (RUN_LABEL, run.to_string()),
        (TASK_LABEL, launch.task.to_string()),
        (ATTEMPT_LABEL, launch.attempt.to_string()),
    ];
    let place = sandbox.map(|sandbox| (SANDBOX_LABEL, sandbox.0.clone()));
    let labels = own.into_iter().chain(place);
    labels
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The workload of the attempt that labels name; init containers bear the labels of theirs.
pub(crate) fn attempt_of(labels: &BTreeMap<String, String>) -> Option<WorkloadName> {
    let run = labels.get(RUN_LABEL)?.parse().ok()?;
    let task = TaskPath::from(labels.get(TASK_LABEL)?.as_str());
    let attempt = AttemptNumber(labels.get(ATTEMPT_LABEL)?.parse().ok()?);
    Some(workload_name(run, &task, attempt))
}

/// What is given to an attempt by name.
fn setting(launch: &Launch) -> AttemptSetting {
    let variables = launch
        .variables
        .iter()
        .filter_map(|variable| match variable {
            PlannedVariable::Stored(stored) => Some(stored.clone()),
            PlannedVariable::Literal { .. } | PlannedVariable::Own { .. } => None,
        });
    let volumes = launch.mounts.iter().filter_map(|mount| {
        let source = match mount.source.clone() {
            PlannedSource::Stored {
                secret: true,
                name,
                optional,
            } => StoredVolumeSource::Secret { name, optional },
            PlannedSource::Stored {
                secret: false,
                name,
                optional,
            } => StoredVolumeSource::ConfigMap { name, optional },
            PlannedSource::Volume { name, sub_path } => {
                StoredVolumeSource::Claim { name, sub_path }
            }
            PlannedSource::Directory(_)
            | PlannedSource::Existing(_)
            | PlannedSource::Memory { .. } => return None,
        };
        Some(StoredVolume {
            source,
            target: mount.target.clone(),
        })
    });
    AttemptSetting {
        prepared: launch.prepared.clone(),
        variables: variables.collect(),
        volumes: volumes.collect(),
    }
}

/// The record of an attempt that begins. Secrets and the workbench's own variables, tokens among them, are not in it.
pub(crate) fn begun_attempt(run: RunId, launch: &Launch, now: Timestamp) -> Attempt {
    let environment = launch
        .variables
        .iter()
        .filter_map(|variable| match variable {
            PlannedVariable::Literal { name, value } => Some((name.clone(), value.clone())),
            PlannedVariable::Own { .. } | PlannedVariable::Stored(_) => None,
        })
        .collect();
    Attempt {
        run,
        path: launch.task.clone(),
        number: launch.attempt,
        state: TaskState::Running,
        image: launch.image.to_string(),
        digest: launch.digest.clone(),
        command: launch.command.iter().chain(&launch.args).cloned().collect(),
        environment,
        setting: setting(launch),
        resources: launch.resources.clone(),
        gpus: launch.gpus.clone(),
        usage: AttemptUsage::default(),
        exit_code: None,
        failure: None,
        before_retry: false,
        started_at: now,
        finished_at: None,
    }
}
