//! Fields that others manage and that an apply would change.

use std::collections::BTreeMap;

use super::entries::Id;
use super::set::FieldSet;
use crate::status::{Cause, Details, Reason, Status};

/// The fields in conflict, by the managers that have them.
pub(super) type Conflicts = BTreeMap<Id, FieldSet>;

/// The refusal of an apply.
pub(super) fn refused(conflicts: &Conflicts) -> Status {
    let mut managers: Vec<_> = conflicts
        .iter()
        .map(|(id, fields)| (id.told(), fields.paths()))
        .collect();
    managers.sort();
    let single: Vec<_> = managers
        .iter()
        .flat_map(|(manager, paths)| paths.iter().map(move |path| (manager, path)))
        .collect();
    let message = match single.as_slice() {
        [(manager, path)] => {
            format!("Apply failed with 1 conflict: conflict with {manager}: {path}")
        }
        several => {
            let mut lines = Vec::new();
            for (manager, paths) in &managers {
                lines.push(format!("conflicts with {manager}:"));
                lines.extend(paths.iter().map(|path| format!("- {path}")));
            }
            let count = several.len();
            format!("Apply failed with {count} conflicts: {}", lines.join("\n"))
        }
    };
    let causes = single.into_iter().map(|(manager, path)| Cause {
        reason: "FieldManagerConflict".to_owned(),
        message: format!("conflict with {manager}"),
        field: path.clone(),
    });
    Status::new(Reason::Conflict, message).with_details(Details {
        causes: causes.collect(),
        ..Details::default()
    })
}
