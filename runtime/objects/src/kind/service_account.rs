//! `ServiceAccount` of `v1`.

use coracle_model::Timestamp;

use super::{age, column, verbs};
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope};
use crate::strategy::{Cell, Column, Strategy};

pub(super) static SERVICE_ACCOUNTS: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short_names: &["sa"],
    categories: &[],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[],
    built_in: true,
    strategy: &ServiceAccount,
};

/// The accounts that every namespace has from its beginning: Kubernetes' own, and those that Kubeflow gives to namespaces,
/// by which its notebooks run.
pub const STANDING: [&str; 3] = ["default", "default-editor", "default-viewer"];

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text("Secrets", "How many secrets it names."),
    column::AGE,
];

struct ServiceAccount;

impl Strategy for ServiceAccount {
    fn counts_generation(&self) -> bool {
        false
    }

    fn answers_deleted(&self) -> bool {
        true
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        vec![
            object.name().into(),
            object.list_at(&["secrets"]).len().into(),
            age::age(object, now).into(),
        ]
    }
}
