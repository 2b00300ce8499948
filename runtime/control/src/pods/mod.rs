//! Pods at work: one task for each, which owns the pod's plan and carries out its steps with the engine.
//!
//! ```text
//!   PodWorld (the API's objects) ──pod, objects──► ┌────────┐ ──status, events, removal──► PodWorld
//!                                                  │ worker │
//!   PodLedger (room) ─────────────────news───────► │  plan  │ ──steps──► tasks: volumes, images, containers, probes
//!                                                  └────────┘ ◄──observations──┘
//! ```
//!
//! A worker writes what it knows before it acts on it. It keeps nothing that cannot be found again: what the engine
//! holds bears labels, and what was written stands in the pod's status. So a worker that is dropped at any line is
//! followed by one that goes on.

mod carry_out;
mod connection;
mod containers;
mod files;
mod grpc;
mod hands;
mod held;
mod paths;
mod probe;
mod process;
mod pull;
mod worker;
mod world;

pub use held::{discard_pods, held_pods};
pub use worker::{PodHandle, Pods};
pub use world::{
    PodKey, PodLedger, PodNode, PodSurroundings, PodVariables, PodWorld, PodWorldError,
};

#[cfg(test)]
mod tests;
