//! What a plan asks for, and what it is told in return.

use std::time::Duration;

use coracle_model::{
    Artifact, ArtifactType, AttemptNumber, EnvironmentKey, Failure, ImageDigest, ImageRef, Outputs,
    PipelineName, Resources, RunState, TaskPath, Value,
};
use coracle_spec::pipeline::PullPolicy;

use crate::cache_key::CacheKey;
use crate::environment::EnvironmentPlan;

/// Something to be done for a run. Each is carried out once and answered by one observation, unless it says
/// otherwise.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Find out what an image is, and whether the cache holds the result. Answered by [`Observation::Looked`].
    LookUp {
        /// The task.
        task: TaskPath,
        /// The image.
        image: ImageRef,
        /// When to pull it.
        pull: PullPolicy,
        /// What to look up in the cache, once the digest is known; none when the cache is not to be used.
        key: Option<CacheKey>,
        /// The pipeline whose cached results may be used.
        pipeline: PipelineName,
    },
    /// Prepare an environment. Asked for once per key and run; answered by [`Observation::Environment`].
    Prepare(EnvironmentPlan),
    /// A step may start once the machine has room: pass it to admission, then call
    /// [`crate::RunPlan::start`]. An impossible request is answered by [`Observation::Impossible`].
    Enqueue {
        /// The task.
        task: TaskPath,
        /// What it needs.
        resources: Resources,
    },
    /// An attempt was at work when the workbench ended: take it up again through [`crate::RunPlan::adopt`].
    Adopt {
        /// The task.
        task: TaskPath,
        /// The attempt.
        attempt: AttemptNumber,
        /// What it holds of the machine.
        resources: Resources,
    },
    /// Tell the plan when a wait is over, by [`Observation::BackoffOver`].
    WakeAfter {
        /// The task.
        task: TaskPath,
        /// How long.
        wait: Duration,
    },
    /// End an attempt. Answered by its [`Observation::Ended`].
    Stop {
        /// The task.
        task: TaskPath,
        /// The attempt.
        attempt: AttemptNumber,
    },
    /// Take a queued step back from admission. Not answered.
    Dequeue {
        /// The task.
        task: TaskPath,
    },
    /// Record an artifact that exists. Answered by [`Observation::Served`].
    Import(Box<ImportRequest>),
    /// Make a persistent volume claim, unless it is there. Answered by [`Observation::Served`].
    CreateVolume {
        /// The task.
        task: TaskPath,
        /// The claim's name.
        name: String,
        /// The size asked for, as it was written.
        size: String,
    },
    /// Remove a persistent volume claim. Answered by [`Observation::Served`].
    DeleteVolume {
        /// The task.
        task: TaskPath,
        /// The claim's name.
        name: String,
    },
    /// The run is over. Not answered.
    Finish {
        /// How.
        state: RunState,
        /// Why, when it failed.
        failure: Option<Failure>,
        /// What the pipeline returns, as far as it was produced.
        outputs: Outputs,
    },
    /// Something the user should know. Not answered.
    Notice {
        /// The task, when it is about one.
        task: Option<TaskPath>,
        /// What.
        message: String,
    },
}

/// An artifact to record that exists already.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRequest {
    /// The task.
    pub task: TaskPath,
    /// Where it is.
    pub uri: String,
    /// Its type.
    pub artifact_type: ArtifactType,
    /// Its metadata.
    pub metadata: std::collections::BTreeMap<String, Value>,
    /// Whether an equal artifact that is recorded already does not do.
    pub reimport: bool,
    /// Whether its bytes are copied into the run's workspace.
    pub download_to_workspace: bool,
}

/// What is told to a plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// The answer to [`Step::LookUp`].
    Looked {
        /// The task.
        task: TaskPath,
        /// What was found, or why there is no image.
        result: Result<Looked, Failure>,
    },
    /// The answer to [`Step::Prepare`]; a failed preparation lets the step run as it was written.
    Environment {
        /// The key.
        key: EnvironmentKey,
        /// Whether it is there now.
        ready: bool,
    },
    /// The step asks for what this machine does not have.
    Impossible {
        /// The task.
        task: TaskPath,
        /// What and how much.
        failure: Failure,
    },
    /// An attempt ended.
    Ended {
        /// The task.
        task: TaskPath,
        /// The attempt.
        attempt: AttemptNumber,
        /// Its outputs, recorded artifacts with their ids, or why it failed.
        result: Result<Outputs, Failure>,
    },
    /// The answer to an import or a volume step.
    Served {
        /// The task.
        task: TaskPath,
        /// Its outputs, or why it failed.
        result: Result<Served, Failure>,
    },
    /// A wait is over.
    BackoffOver {
        /// The task.
        task: TaskPath,
    },
    /// Somebody asked for the run to stop.
    CancelRequested,
}

/// What an import or a volume step produced.
#[derive(Debug, Clone, PartialEq)]
pub enum Served {
    /// A recorded artifact.
    Artifact(Box<Artifact>),
    /// A volume; it stands under this name.
    Volume(String),
}

/// What looking at image and cache found.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// What the image is.
    pub digest: ImageDigest,
    /// Outputs of an earlier step with the same fingerprint.
    pub hit: Option<Outputs>,
}
