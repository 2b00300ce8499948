//! A bucket of an S3-compatible store: files go there and come back as they were.
//!
//! ```text
//!   file ─► sha256 ─► is it there? ─► one PUT, or parts ─┐
//!                                                        ├─► object with its sha256 as metadata
//!   file ◄─ sha256 checked ◄─ GET, resumed after a break ┘
//! ```
//!
//! What is there already, with the same bytes, is not sent again: an upload of many files that broke off is finished by the same call
//! again. Everything blocks. Requests are signed as S3 asks for (version 4), each for itself; secrets never leave [`Access`].
//!
//! This crate knows no workbench and no pipelines: it stands in the workbench and in the executor that runs in a cluster.
#![forbid(unsafe_code)]

mod access;
mod bucket;
mod error;
mod get;
mod list;
mod put;
mod remove;
mod request;

pub use access::{Access, Trusted};
pub use bucket::Bucket;
pub use error::BucketError;
pub use list::Listed;
pub use put::Stored;
