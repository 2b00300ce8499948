//! How an answer is shown: which form the `Accept` header asks for, tables, and metadata alone.

mod accept;
mod rows;

pub use accept::{Encoding, Form, Representation, negotiate};
pub use rows::{IncludeObject, Listed, list, partial, partial_list, table};
