//! Who writes.

use coracle_model::Timestamp;

use super::set::FieldSet;

/// The longest name that is made of a `User-Agent`.
const LONGEST: usize = 128;

/// Who writes, and through which part of the object's API.
#[derive(Debug, Clone, Copy)]
pub struct Manager<'a> {
    /// `fieldManager` of the query, else what [`Manager::name_of`] makes of the `User-Agent`.
    pub name: &'a str,
    /// The part: `status`; empty for the object itself.
    pub subresource: &'a str,
    /// Fields that this part does not write, as paths: `[["status"]]` for the main part of most kinds.
    pub reset_fields: &'a [&'a [&'a str]],
    /// The time of the request.
    pub now: Timestamp,
}

impl Manager<'_> {
    /// The manager that a `User-Agent` stands for: `kubectl` of `kubectl/v1.34.4 (linux/amd64)`.
    pub fn name_of(user_agent: Option<&str>) -> String {
        let first = user_agent.unwrap_or_default().split('/').next();
        let printable = first
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control());
        let mut name = String::new();
        for character in printable {
            if name.len() + character.len_utf8() > LONGEST {
                break;
            }
            name.push(character);
        }
        name
    }

    /// The fields that this part does not write.
    pub(super) fn not_written(&self) -> FieldSet {
        let fields = self.reset_fields.iter();
        fields.fold(FieldSet::default(), |set, path| {
            set.union(&FieldSet::of_fields(path))
        })
    }
}

/// Whether fields of other managers are taken from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// A conflict refuses the request.
    No,
    /// They are.
    Yes,
}
