//! `SelfSubjectAccessReview` and `SelfSubjectRulesReview` of `authorization.k8s.io/v1`: may I? The one who may call at
//! all may do everything. They are answered and not stored.

use coracle_model::Timestamp;
use serde_json::json;

use super::place::Place;
use super::{column, verbs};
use crate::field::FieldError;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static SELF_SUBJECT_ACCESS_REVIEWS: Resource = Resource {
    group: "authorization.k8s.io",
    versions: &["v1"],
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
    singular: "selfsubjectaccessreview",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    verbs: verbs::ASK,
    subresources: &[],
    built_in: true,
    strategy: &AccessReview,
};

pub(super) static SELF_SUBJECT_RULES_REVIEWS: Resource = Resource {
    group: "authorization.k8s.io",
    versions: &["v1"],
    kind: "SelfSubjectRulesReview",
    plural: "selfsubjectrulesreviews",
    singular: "selfsubjectrulesreview",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    verbs: verbs::ASK,
    subresources: &[],
    built_in: true,
    strategy: &RulesReview,
};

const COLUMNS: &[Column] = &[column::NAME];

struct AccessReview;

impl Strategy for AccessReview {
    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let spec = Place::of(object, "spec");
        let (resource, path) = (
            spec.field("resourceAttributes"),
            spec.field("nonResourceAttributes"),
        );
        match (resource.is_set(), path.is_set()) {
            (true, true) => {
                vec![path.invalid("cannot be specified in combination with resourceAttributes")]
            }
            (false, false) => vec![resource.invalid(
                "exactly one of nonResourceAttributes or resourceAttributes must be specified",
            )],
            (true, false) | (false, true) => Vec::new(),
        }
    }

    fn prepare_for_create(&self, object: &mut Object) {
        object.insert("status".to_owned(), json!({"allowed": true}));
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, _now: Timestamp) -> Vec<Cell> {
        vec![object.name().into()]
    }
}

struct RulesReview;

impl Strategy for RulesReview {
    fn prepare_for_create(&self, object: &mut Object) {
        let everything = json!({
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": false,
        });
        object.insert("status".to_owned(), everything);
    }

    fn counts_generation(&self) -> bool {
        false
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, _now: Timestamp) -> Vec<Cell> {
        vec![object.name().into()]
    }
}
