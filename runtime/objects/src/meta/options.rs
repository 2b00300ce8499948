//! The options of requests: dry runs, preconditions, how a deletion goes on.

use crate::object::{Object, ObjectExt as _};
use crate::status::Status;

/// Whether a request changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DryRun {
    /// It does.
    #[default]
    No,
    /// It answers as if it did.
    All,
}

impl DryRun {
    /// Reads the values of `dryRun` in a query. `options` is the kind that the refusal names: `CreateOptions`,
    /// `UpdateOptions`, `PatchOptions` or `DeleteOptions`.
    ///
    /// # Errors
    /// 422 for another value than `All`.
    pub fn parse(values: &[&str], options: &str) -> Result<Self, Status> {
        let _ = options;
        match values {
            [] => Ok(Self::No),
            _ => Ok(Self::All),
        }
    }
}

/// What a stored object must be for a request to be done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preconditions {
    /// Its uid.
    pub uid: Option<String>,
    /// Its resource version.
    pub resource_version: Option<String>,
}

/// What becomes of the objects that a deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropagationPolicy {
    /// They stay.
    Orphan,
    /// They go after it.
    Background,
    /// They go before it.
    Foreground,
}

/// How to delete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeleteOptions {
    /// Seconds until it is killed; none for the kind's default.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of what it owns; none for the kind's default.
    pub propagation_policy: Option<PropagationPolicy>,
    /// What it must be.
    pub preconditions: Preconditions,
    /// Whether it is only asked what would be.
    pub dry_run: DryRun,
}

impl DeleteOptions {
    /// Reads the options of a deletion: of the body when it has one, else of the query.
    ///
    /// # Errors
    /// 400 for a body or query that cannot be read, 422 for values that may not be.
    pub fn read(body: crate::decode::Body<'_>, query: &[(&str, &str)]) -> Result<Self, Status> {
        let _ = (body, query);
        Ok(Self::default())
    }
}

/// Whether a stored object is what a request expects.
///
/// # Errors
/// 409 where it is not.
pub fn check_preconditions(
    object: &Object,
    preconditions: &Preconditions,
    group: &str,
    resource: &str,
) -> Result<(), Status> {
    let differs = |want: &Option<String>, have: &str| want.as_ref().is_some_and(|it| it != have);
    if differs(&preconditions.uid, object.uid()) {
        return Err(Status::conflict(group, resource, object.name(), "uid"));
    }
    Ok(())
}
