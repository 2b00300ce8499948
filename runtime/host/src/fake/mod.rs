//! An engine that runs nothing: a script says what each workload does, and a clock when.
//!
//! It is for tests and benchmarks of the control loop. It holds to the [`crate::Engine`] contract exactly and
//! counts what was asked of it, so that a test can say that no step ran twice. Everything is in memory; keep
//! it behind an `Arc` while the workbench over it is thrown away and made anew, and it is the machine that
//! outlives a crash.
//!
//! ```
//! # use std::sync::Arc;
//! # use coracle_host::clock::SystemClock;
//! use coracle_host::fake::{Act, FakeEngine};
//! let engine = FakeEngine::new(Arc::new(SystemClock::new()), |workload| {
//!     if workload.name.0.contains("bad") { Act::fail(1) } else { Act::succeed().writing("/out/sum", "3") }
//! });
//! ```

mod act;
mod engine;
mod handles;
mod pods;
mod scripted;
mod session;

#[cfg(test)]
mod tests;

pub use act::{Act, Lasts};
pub use engine::FakeEngine;
pub use session::ExecAct;
