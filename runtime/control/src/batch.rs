//! What reaches the loop, and what leaves it: messages in; changes to record and then acts to carry out.

use coracle_host::WorkloadName;
use coracle_model::{ImageDigest, RunId};
use coracle_plan::{Launch, Observation, Step, Waiting};
use coracle_spec::kind::pod::PodUid;
use coracle_store::Change;
use tokio::sync::oneshot;

use crate::handle::ControlError;
use crate::room::RoomRequest;

/// Where whoever asked for something waits to hear what came of it.
pub(crate) type Answer = oneshot::Sender<Result<(), ControlError>>;

/// What the loop is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// A run was stored or changed.
    Wake(RunId),
    /// Somebody wants a run to stop.
    Cancel { run: RunId, answer: Answer },
    /// Somebody wants a failed run to go on.
    Retry { run: RunId, answer: Answer },
    /// Somebody wants to know which steps of a run wait for room on the machine.
    Waiting {
        run: RunId,
        answer: oneshot::Sender<Vec<Waiting>>,
    },
    /// A run has used up its time.
    DeadlineOver(RunId),
    /// An image was looked at; steps wait for the answer.
    Resolved {
        run: RunId,
        image: String,
        result: Result<ImageDigest, coracle_model::Failure>,
        notice: Option<String>,
    },
    /// Something was observed of a run, with what is to be recorded of it and what may then go.
    Observed {
        run: RunId,
        observation: Box<Observation>,
        changes: Vec<Change>,
        spent: Vec<WorkloadName>,
    },
    /// Something the user should know.
    Notice {
        run: RunId,
        task: coracle_model::TaskPath,
        message: String,
    },
    /// A pod wants room on the machine.
    Reserve(Box<RoomRequest>),
    /// A pod wants none any more.
    Release(PodUid),
    /// The workbench is shutting down.
    Shutdown,
}

/// What a batch of messages leads to: recorded in one transaction, then carried out.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) changes: Vec<Change>,
    pub(crate) acts: Vec<(RunId, Act)>,
}

/// Something to carry out once the batch is recorded.
#[derive(Debug)]
pub(crate) enum Act {
    /// A step of a plan that is carried out beside the loop.
    Step(Box<Step>),
    /// An attempt.
    Launch(Box<Launch>),
    /// Workloads whose end is recorded.
    Remove(Vec<WorkloadName>),
    /// The run is over: nothing is kept of it any more.
    Close,
    /// An answer to whoever asked.
    Answer(Answer, Result<(), ControlError>),
}
