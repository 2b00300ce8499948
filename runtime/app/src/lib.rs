//! What the workbench can do, one function each, and how its parts are put together.
//!
//! ```text
//! Config ──build──► App ──spawn──► Running
//!                     └── Workbench: the use cases ──► control (runs), store (what is remembered), engine
//!                               └── view: what they take and give
//! ```
//!
//! A use case takes and gives [`view`] types, so that every front (HTTP, the desktop) offers the same. This
//! crate knows how the parts fit; it must not know HTTP, terminals or windows, and it never talks to Docker or
//! SQLite itself.
#![forbid(unsafe_code)]

mod app;
mod artifacts;
mod begin;
mod changes;
mod clusters;
mod compile;
pub mod config;
mod configs;
mod disk;
mod doctor;
mod door;
mod engine;
mod environments;
mod error;
mod events;
mod exact;
mod experiments;
mod gc;
mod gpus;
mod health;
mod identity;
mod kubernetes;
mod log;
mod model_drift;
mod model_servers;
mod opened;

mod pipelines;
mod push;
mod recurring;
mod runs;
mod stage;
mod token;
pub mod view;
mod volumes;
mod whole;
mod workbench;

pub use app::{App, Running};
pub use artifacts::{ArchiveContent, ByteStream, Content, FileContent};
pub use compile::{Interpreter, NotCompiled, SourceKind};
pub use config::Config;
pub use coracle_cluster::files::{
    Layout as ExportLayout, WriteError as ExportError, write as write_export,
};
pub use coracle_plan::kind::serving::{Batcher, Logger, LoggerMode};
pub use door::{API_TOKEN, API_URL, Door, Visitors};
pub use engine::{EngineSource, NoEngine};
pub use error::AppError;
pub use health::VERSION;
pub use kubernetes::{
    KeptOfRequests, ModelPod, ModelRevision, ModelServer, ModelServerStage, NotebookServer,
    NotebookStage, PodConnectError, PodLogOptions, RequestAtWork, Sink, SinkPod,
};
/// What requests to model servers, kept, are compared by when they are sent again.
pub mod replay {
    pub use crate::model_servers::{Differences, Rules, compare, milliseconds, told};
}

pub use pipelines::{NewPipeline, Package, Source, VersionDetail, Versions};
pub use recurring::{NewRecurringRun, NewTrigger, RecurringDetail, Rhythm};
pub use runs::{NewRun, RunOverview};
pub use token::TokenOwner;
pub use workbench::Workbench;

/// Sessions with programs in pods, and what they write, as engines have them.
pub mod session {
    pub use coracle_host::log::{Only, Stream};
    pub use coracle_host::{
        AttachRequest, ExecRequest, Output, Session, SessionControl, TerminalSize,
    };
}

pub use coracle_control::{Supervisor, TaskKind};
pub use coracle_host::clock::SystemClock;
/// The user of this machine who holds the other end of a connection, where the system tells.
pub use coracle_host::peer::owner as owner_of_peer;
pub use coracle_host::process::supervise;
pub use coracle_store::{
    ConfigKind, Exchange, KeptExchange, Message as ExchangeMessage, RunEntry, TaskEntry,
};

/// The text of a definition that was given as JSON: the pipeline, or an object of that and the platform's settings.
pub use coracle_spec::pipeline::from_json as inline_definition;

/// Bytes of the largest definition that is read.
pub const LARGEST_DEFINITION: usize = coracle_spec::pipeline::MAX_BYTES;
