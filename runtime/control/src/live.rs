//! What the loop keeps of an open run besides its plan.

use std::collections::HashMap;
use std::time::Duration;

use coracle_model::{Attempt, ImageDigest, PipelineName, RunState, TaskPath};
use coracle_plan::{CacheKey, RunPlan};
use tokio_util::sync::CancellationToken;

/// An open run.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) plan: RunPlan,
    pub(crate) state: RunState,
    /// Stops the attempts that are at work.
    pub(crate) stops: HashMap<TaskPath, CancellationToken>,
    /// Attempts that were at work when the workbench ended, until they are taken up again.
    pub(crate) left: HashMap<TaskPath, Attempt>,
    /// What is known of the images that its steps name.
    pub(crate) images: HashMap<String, Image>,
    /// How long the whole run may take.
    pub(crate) deadline: Option<Duration>,
    /// Whether it has taken longer.
    pub(crate) overdue: bool,
}

/// What is known of an image.
#[derive(Debug)]
pub(crate) enum Image {
    /// The engine was asked; these steps wait for the answer.
    Asked(Vec<PendingLookUp>),
    /// What it is.
    Known(ImageDigest),
}

/// A step that waits to be looked up.
#[derive(Debug)]
pub(crate) struct PendingLookUp {
    pub(crate) task: TaskPath,
    pub(crate) key: Option<CacheKey>,
    pub(crate) pipeline: PipelineName,
}
