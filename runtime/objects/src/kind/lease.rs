//! `Lease` of `coordination.k8s.io/v1`.

use coracle_model::Timestamp;

use super::place::Place;
use super::{age, column, fill, verbs};
use crate::field::FieldError;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static LEASES: Resource = Resource {
    group: "coordination.k8s.io",
    versions: &["v1"],
    kind: "Lease",
    plural: "leases",
    singular: "lease",
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[],
    built_in: true,
    strategy: &Lease,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Holder", "Who holds it."),
    column::AGE,
];

struct Lease;

impl Strategy for Lease {
    fn set_defaults(&self, object: &mut Object) {
        fill::value(object, "spec", serde_json::Map::new());
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let spec = Place::of(object, "spec");
        let duration = spec.field("leaseDurationSeconds");
        if duration.number().is_some_and(|seconds| seconds <= 0) {
            faults.push(duration.invalid("must be greater than 0"));
        }
        spec.field("leaseTransitions")
            .check_not_negative(&mut faults);
        faults
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn takes_unconditional_updates(&self) -> bool {
        false
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![
            object.name().into(),
            object.text_at(&["spec", "holderIdentity"]).into(),
            age::age(object, now).into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kind::config_maps;
    use crate::meta::check_replaced;

    #[test]
    fn who_replaces_a_lease_says_which_version_was_seen() {
        let lease = |version: &str| {
            let lease = json!({ "metadata": { "name": "held", "resourceVersion": version } });
            lease.as_object().cloned().unwrap()
        };
        let replaced = |version| check_replaced(&lease(version), &lease("7"), &LEASES);
        assert_eq!(replaced("7"), Ok(()));
        assert_eq!(replaced("6").unwrap_err().code, 409);
        let refused = replaced("").unwrap_err();
        assert_eq!(refused.code, 422);
        assert_eq!(
            refused.message,
            "leases.coordination.k8s.io \"held\" is invalid: metadata.resourceVersion: Invalid value: 0: must be \
             specified for an update"
        );
        let config_map = check_replaced(&lease(""), &lease("7"), config_maps());
        assert_eq!(config_map, Ok(()));
    }
}
