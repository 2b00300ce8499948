//! Selectors: of labels and of fields, from the query and from objects.

mod field;
mod label;
mod parse;

pub use field::FieldSelector;
pub use label::{LabelSelector, Operator, Requirement};
