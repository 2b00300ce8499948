//! How an answer is shown: which form the `Accept` header asks for, tables, and metadata alone.

mod accept;
mod rows;

pub use accept::{Encoding, Extent, Form, Representation, negotiate, negotiate_plain};
pub use rows::{IncludeObject, List, Listed, Partial, PartialList, Table};
