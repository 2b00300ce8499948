//! JSON as KFP's server reads it: first as Go reads JSON, then as protobuf's JSON mapping, each with its own words for
//! what is wrong.
//!
//! ```text
//! body ──scan──► the first value ──tree──► nodes with places ──members──► fields of a message
//! filter ───────────────────────────────┘
//! ```
//!
//! Both spellings of a field are read, `display_name` and `displayName`; an unknown one is refused. A field that is
//! null is one that is left out.

mod member;
mod number;
mod scan;
mod tree;

use super::fault::Fault;

pub(super) use member::{Member, Object, OneOf};
pub(super) use scan::first_value;
use tree::Document;

/// The deepest nesting of lists and maps that is read.
const DEEPEST: usize = 500;

/// Reads a message from a body. One that is empty is a message without fields, and what comes after the first value is
/// passed over.
pub(super) fn read_body<T: Default>(
    body: &[u8],
    read: impl FnOnce(Object<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    match scan::first_value(body).map_err(Fault::parsing)? {
        Some(value) => read_message(value, read).map_err(Fault::parsing_proto),
        None => Ok(T::default()),
    }
}

/// Reads a message from a text that holds nothing else. The error is without its `proto: `.
pub(super) fn read_message<T>(
    text: &[u8],
    read: impl FnOnce(Object<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let document = Document::read(text).map_err(Fault::parsing)?;
    read(Object::root(&document)?)
}
