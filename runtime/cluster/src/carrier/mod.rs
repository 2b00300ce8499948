//! A pod that opens a claim, so that files go there and come from there.
//!
//! ```text
//!   open: the pod is made ─► it runs ─┬─► list: what is there, with checksums
//!                                     ├─► put: what is missing there is sent, and its checksums are asked again
//!                                     ├─► get: the same the other way
//!                                     └─► close: the pod is removed
//! ```
//!
//! The pod runs the image of `coracle-step`, whose verbs are executed in it one after another: no shell, and nothing to listen on.
//! It is removed at the end, however that comes; where nobody is left to do so, the cluster ends it at its deadline, and the next
//! carrier of the claim takes its place. The same call again goes on where the last one was cut off: what is there with the same
//! checksum is not sent.

mod account;
mod compare;
mod error;
mod exec;
mod open;
mod pieces;
mod pod;
mod standing;
mod transfer;

pub use account::{Account, CarriedClaim, CarrierProblem, LeftOut, Stopped};
pub use compare::Existing;
pub use error::CarrierError;
pub use open::{Access, Carrier, Filling, Opening};
