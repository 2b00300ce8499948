//! What all ways of reading logs have in common: which attempt, from where, and what came out.

use std::path::PathBuf;

use coracle_host::log::{Chunk, Only, Start};
use coracle_model::{AttemptNumber, TaskPath};
use futures_util::stream::BoxStream;

use crate::error::AppError;

/// Pieces of an attempt's log that arrived one after another.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) of: AttemptName,
    pub(super) chunks: Vec<Chunk>,
}

/// A stream of them.
pub(super) type PieceStream = BoxStream<'static, Result<Pieces, AppError>>;

/// Which attempt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AttemptName {
    pub(super) step: TaskPath,
    pub(super) number: AttemptNumber,
}

/// The log of one attempt.
#[derive(Debug, Clone)]
pub(super) struct AttemptLog {
    pub(super) name: AttemptName,
    /// The directory of the log; it comes into being when the attempt's workload starts.
    pub(super) directory: PathBuf,
    /// Whether the attempt has ended.
    pub(super) over: bool,
}

/// How logs are to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) start: Start,
    pub(super) only: Only,
}
