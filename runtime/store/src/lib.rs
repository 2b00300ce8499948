//! What the workbench remembers: runs, tasks, attempts, events, the cache, lineage and objects in SQLite; artifacts,
//! volumes and attempts' folders as files below one home; and, in a file of its own that may be lost, what model servers were asked.
//!
//! This crate decides nothing and runs nothing. It must not know definitions' formats, engines or HTTP, it
//! reads no environment variable and no clock: paths and times come in as values.
//!
//! Three promises hold everywhere in it:
//! - what [`Store::record`] has returned survives a `kill -9` of the process at any later moment;
//! - a row and the event that tells of it are written in one transaction, or neither is;
//! - a reader is never blocked by the writer, and never sees half a transaction.
#![forbid(unsafe_code)]

mod change;
mod column;
mod config_files;
mod database;
mod durable;
mod error;
pub mod gc;
mod home;
mod listing;
mod lock;
mod migration;
mod names;
mod objects;
mod requests;
mod store;
mod table;
mod touched;
mod uri;
mod volumes;

pub use change::{Change, Direction};
pub use config_files::{ConfigFile, ConfigFiles, ConfigKind};
pub use error::{DatabaseFault, StoreError};
pub use home::{DiskUse, Home};
pub use lock::{HomeLock, Workbench};
pub use migration::Format;
pub use names::NameError;
pub use objects::{
    CommitError, Expected, ObjectChange, ObjectKey, ObjectWrite, Objects, Page, StoredObject,
    TooOld,
};
pub use requests::{Exchange, ExchangeFilter, KeptExchange, Message, RequestLog, Room};
pub use store::{Statistics, Store};
pub use table::{
    ArtifactBytes, ArtifactFilter, ArtifactLineage, ArtifactUser, CacheHit, CacheKeyRow,
    DEFAULT_EXPERIMENT, MeasuredAttempt, Ordered, PipelinePatch, RemoteOrder, RemovedRun, RunEntry,
    RunFields, RunFilter, RunRow, RunRowQuery, RunRows, RunSort, RunSummary, RunValues,
    SharedArtifact, StoredArtifact, StoredProfile, TaskEntry,
};
pub use touched::TableCounts;
pub use volumes::{Created, Volume, VolumeClaim, VolumeError, Volumes};
