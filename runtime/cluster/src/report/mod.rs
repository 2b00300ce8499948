//! What becomes of every field of an object on its way to a cluster, before anything is sent.
//!
//! Pure functions: what must be known of the outside (which images are only here, which namespace is meant) comes in
//! as [`Facts`]. Each leaf of the object that ran here and each leaf of the object that is sent is in the report.

mod fields;
mod images;
mod leaves;
mod pods;
mod rules;
mod translate;

pub use fields::{FieldReport, ObjectReport, ParityReport, Summary, Verdict};
pub use images::images;
pub use translate::{Facts, Translation, translate};
