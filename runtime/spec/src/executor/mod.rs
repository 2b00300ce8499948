//! The contract between a step and its launcher: what a step is told, where it leaves its results, and
//! how these become the outputs of its task.
//!
//! ```text
//! planner --ExecutorInput--> {{$}} as JSON --> step --> executor output, output files
//!                                                                 |
//!                 Outputs <-- collect_outputs <-- read_executor_output, parse_output_parameter
//! ```
//!
//! Nothing here reads a file or knows an engine: texts and paths come in as values.

mod collect;
mod input;
mod output;
mod parameter;
mod paths;

pub use collect::{OutputError, collect_outputs};
pub use input::{ExecutorInput, ProvisionedOutputs};
pub use output::{ExecutorOutput, ExecutorOutputError, ReturnedArtifact, read_executor_output};
pub use parameter::{InputTypeError, ParameterTextError, coerce_input, parse_output_parameter};
pub use paths::{LocalPaths, WORKSPACE_MOUNT};

pub(crate) use input::name_in_step;
