//! What is written where: data on standard output, everything about it on standard error.
//!
//! ```text
//!   commands ──text, tables, JSON──► Output ──► stdout   what was asked for, and nothing else
//!                     notes, errors ──► Output ──► stderr
//! ```
//!
//! Nothing here knows a command or the workbench.

mod amount;
mod diagnostic;
mod live;
mod paint;
mod screen;
mod table;
mod time;

pub(crate) use amount::{bytes, count, seconds};
pub(crate) use diagnostic::Source;
pub(crate) use live::LiveLines;
pub(crate) use paint::{Paint, of_run_state, of_task_state};
pub use screen::Format;
pub(crate) use screen::{Output, Screen};
pub(crate) use table::{Align, Table};
