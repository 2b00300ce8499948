//! Field selectors.

use crate::object::{Object, ObjectExt as _};
use crate::resource::Resource;
use crate::status::Status;

/// A field selector: all of its terms hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    equal: bool,
}

impl FieldSelector {
    /// Reads `fieldSelector` of the query: `metadata.name=a,status.phase!=Running`.
    ///
    /// # Errors
    /// 400 for a text that is no selector or names a field that the resource does not select by.
    pub fn parse(text: &str, resource: &Resource) -> Result<Self, Status> {
        let _ = (text, resource);
        Ok(Self::default())
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Object, resource: &Resource) -> bool {
        let own = resource.strategy.selectable_fields(object);
        self.terms.iter().all(|term| {
            let value = match term.field.as_str() {
                "metadata.name" => object.name(),
                "metadata.namespace" => object.namespace(),
                field => own
                    .iter()
                    .find(|(name, _)| *name == field)
                    .map_or("", |(_, value)| value.as_str()),
            };
            (value == term.value) == term.equal
        })
    }

    /// The name that objects must have, when the selector asks for one: a read of one object then does for a list.
    pub fn name(&self) -> Option<&str> {
        let by_name = |term: &&Term| term.equal && term.field == "metadata.name";
        self.terms
            .iter()
            .find(by_name)
            .map(|term| term.value.as_str())
    }
}
