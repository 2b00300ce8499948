//! The file formats: text in; typed definitions and diagnostics with line and column out.
//!
//! This is the only place that knows how Kubeflow writes things: the PipelineSpec IR and its platform
//! document, placeholders, conditions and selectors, cron expressions, macros, the executor's input and output, and the
//! kinds of Kubernetes' API that are run. It reads no file and runs nothing: bytes come in, and values go out.
#![forbid(unsafe_code)]

pub mod cron;
pub mod executor;
pub mod expression;
pub mod kind;
pub mod macros;
pub mod pipeline;
pub mod placeholder;
