//! How far a workbench has come: it answers as soon as it listens, and looks for its engine meanwhile.

use std::sync::Arc;

use coracle_control::{Control, PodSandboxes};

use crate::engine::{Chosen, NoEngine};
use crate::error::AppError;

/// How far a workbench has come.
#[derive(Clone)]
pub(crate) enum Stage {
    /// It was opened to look at what is stored; nothing works on runs.
    Reading,
    /// It looks for its engine and at the machine.
    Starting,
    /// No engine that may be used answers; it keeps looking.
    NoEngine(NoEngine),
    /// It cannot work on runs, and will not.
    Failed(Arc<AppError>),
    /// It works on runs.
    Working(Arc<Working>),
}

/// What a workbench works with.
pub(crate) struct Working {
    pub(crate) control: Control,
    pub(crate) chosen: Chosen,
    /// Where the pods are.
    pub(crate) pods: PodSandboxes,
}
