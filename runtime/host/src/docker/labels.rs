//! The labels by which the workbench finds again what it made.

use std::collections::{BTreeMap, HashMap};

/// Names the workbench home that a container belongs to.
pub const OWNER: &str = "coracle.owner";
/// Tells what a container is for: [`WORKLOAD`], [`SANDBOX`], [`INSTALLER`] or [`RECLAIMER`].
pub const KIND: &str = "coracle.kind";
/// The [`KIND`] of a step or another program of the user's.
pub const WORKLOAD: &str = "workload";
/// The [`KIND`] of the container that holds the network place which workloads join.
pub const SANDBOX: &str = "sandbox";
/// The [`KIND`] of a container in which an environment is being prepared.
pub(super) const INSTALLER: &str = "installer";
/// The [`KIND`] of a container that gives files back to the user.
pub(super) const RECLAIMER: &str = "reclaimer";

/// On a network: the namespace whose sandboxes stand on it.
pub(super) const NAMESPACE: &str = "coracle.namespace";

/// On an image: the key of the prepared environment that it is.
pub(super) const ENVIRONMENT_KEY: &str = "coracle.environment.key";
/// On an image: the image that the environment stands on, as written.
pub(super) const ENVIRONMENT_BASE: &str = "coracle.environment.base";
/// On an image: the size in bytes of the image that the environment stands on.
pub(super) const ENVIRONMENT_BASE_BYTES: &str = "coracle.environment.base-bytes";
/// On an image: the text that was run.
pub(super) const ENVIRONMENT_INSTALL: &str = "coracle.environment.install";
/// On an image: when it was made, in RFC 3339.
pub(super) const ENVIRONMENT_CREATED: &str = "coracle.environment.created";

/// The labels of a container: those of the caller, and the two that say whose it is and what for.
pub(super) fn of_container(
    owner: &str,
    kind: &str,
    given: &BTreeMap<String, String>,
) -> HashMap<String, String> {
    let mut labels: HashMap<String, String> = given
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    labels.insert(OWNER.to_owned(), owner.to_owned());
    labels.insert(KIND.to_owned(), kind.to_owned());
    labels
}

/// A filter for listings: whatever carries this label with this value.
pub(super) fn filter(label: &str, value: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{label}={value}")])])
}
