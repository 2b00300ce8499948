//! The sets of verbs that resources and their parts have.

use crate::resource::{GroupVersion, Subresource, Verb};
use crate::scale;

/// Everything.
pub(super) const ALL: &[Verb] = &[
    Verb::Create,
    Verb::Delete,
    Verb::DeleteCollection,
    Verb::Get,
    Verb::List,
    Verb::Patch,
    Verb::Update,
    Verb::Watch,
];

/// Looking only: what the workbench makes itself, or what stands for the machine.
pub(super) const READ: &[Verb] = &[Verb::Get, Verb::List, Verb::Watch];

/// Nothing but a question.
pub(super) const ASK: &[Verb] = &[Verb::Create];

/// `status` of a kind.
pub(super) const fn status(kind: &'static str) -> Subresource {
    Subresource {
        name: "status",
        kind,
        group_version: None,
        verbs: &[Verb::Get, Verb::Patch, Verb::Update],
    }
}

/// `status` of a kind that clients do not change.
pub(super) const fn read_status(kind: &'static str) -> Subresource {
    Subresource {
        name: "status",
        kind,
        group_version: None,
        verbs: &[Verb::Get],
    }
}

/// `scale` of a kind whose pods clients count.
pub(super) const SCALE: Subresource = scale(&[Verb::Get, Verb::Patch, Verb::Update]);

/// `scale` of a kind that clients do not change.
pub(super) const READ_SCALE: Subresource = scale(&[Verb::Get]);

const fn scale(verbs: &'static [Verb]) -> Subresource {
    Subresource {
        name: scale::SCALE,
        kind: "Scale",
        group_version: Some(GroupVersion {
            group: "autoscaling",
            version: "v1",
        }),
        verbs,
    }
}
