//! What writes are asked with, and what they answer.

use std::sync::Arc;

use coracle_objects::decode::{Body, FieldValidation};
use coracle_objects::meta::DryRun;
use coracle_objects::patch::PatchKind;
use coracle_store::StoredObject;

/// How something is written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Whether it is only asked what would be.
    pub dry_run: DryRun,
    /// What becomes of unknown fields.
    pub validation: FieldValidation,
    /// Who writes, as the request names it; empty where it does not.
    pub field_manager: String,
    /// What the client calls itself, for requests that name nobody.
    pub client: String,
    /// Whether an apply takes fields from other managers, where that is said.
    pub force: Option<bool>,
}

impl WriteOptions {
    /// Those of a loop of the workbench, by its component's name.
    pub(crate) fn of_component(name: &str) -> Self {
        Self {
            field_manager: name.to_owned(),
            ..Self::default()
        }
    }

    /// Who manages what is written.
    pub(crate) fn manager(&self) -> &str {
        match self.field_manager.as_str() {
            "" => &self.client,
            named => named,
        }
    }
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The object as it is from then on; of a dry run, as it would be.
    pub object: Arc<StoredObject>,
    /// Whether it is new.
    pub created: bool,
    /// What `Warning` headers tell the client.
    pub warnings: Vec<String>,
}

/// The body of a patch.
#[derive(Debug, Clone, Copy)]
pub struct PatchRequest<'a> {
    /// What kind of patch it is.
    pub kind: PatchKind,
    /// The body.
    pub body: Body<'a>,
}
