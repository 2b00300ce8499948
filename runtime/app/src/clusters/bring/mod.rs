//! A run that ended on a cluster is brought here: its definition, its values, how its steps did, and what they made.
//!
//! ```text
//!   a run there ──find──► RunThere ──convert──► the run and its tasks as if they had run here
//!                             │                                 │
//!                             └──fetch──► arrivals ──settle──► artifacts, in their places ──► the store, in one transaction
//! ```
//!
//! The run keeps its id, so that its artifacts keep their URIs and it is brought once. Nothing of it is seen before the last line:
//! what broke off left only files that the next import removes or replaces.

mod convert;
mod fetch;
mod find;
mod import;
mod settle;
mod volume;
