//! The engine for a machine without containers: each workload is a tree of plain processes.
//!
//! It isolates nothing, and says so. What it does keep of a container engine's promises: a workload is started
//! once by its name, outlives the workbench, writes its own log, is ended with everything it started, and tells
//! how it ended. For that each workload runs under a supervisor, a small process of its own.
//!
//! ```text
//!   ProcessEngine ──starts, one line of answer──► supervisor ──pipes──► command and what it starts
//!         ▲                                           │
//!         └── waits for the supervisor's end ◄── log/, exit.json in the workload's directory
//! ```
//!
//! Sandboxes are names only, since all processes share the machine's network; a session's program runs beside the
//! workload's, as a child of the workbench, and ends with either.
//!
//! A supervisor that is itself killed takes the command with it; [`crate::EngineError::Lost`] says so. The
//! supervisor and the engine know nothing of runs and steps; they share only the files of the workload's
//! directory and the launch that goes through a pipe.

mod command;
mod copy;
mod engine;
mod environments;
mod identity;
mod launch;
mod memory;
mod own_image;
mod place;
mod pump;
mod python;
mod sandboxes;
mod session;
mod start;
mod supervise;
mod supervisor;
mod surroundings;
mod terminal;
mod tree;
mod workloads;

pub use engine::{ProcessEngine, ProcessSettings};
pub use supervise::supervise;
