//! What a server puts into `metadata` and what it lets a client put there.

use coracle_model::Timestamp;
use serde_json::Value;

use super::check;
use super::name::generated_name;
use crate::field::FieldError;
use crate::object::{Object, ObjectExt as _};
use crate::resource::{Resource, Scope};
use crate::status::{Reason, Status};

/// What a new object gets.
#[derive(Debug, Clone, Copy)]
pub struct NewObject<'a> {
    /// The namespace of the path; empty for what belongs to none.
    pub namespace: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// The time of the request.
    pub now: Timestamp,
    /// Chance for a generated name.
    pub random: [u32; 5],
}

/// Fills in what the server decides, and drops what a client may not set. `metadata.generation` and
/// `metadata.managedFields` are left: they are the kind's and [`crate::apply`]'s.
///
/// # Errors
/// 400 when the object names another namespace than the path.
pub fn prepare_for_create(object: &mut Object, new: &NewObject<'_>) -> Result<(), Status> {
    same_namespace(object, new.namespace)?;
    let generated = match (object.name(), object.meta("generateName")) {
        ("", prefix) if !prefix.is_empty() => Some(generated_name(prefix, new.random)),
        _ => None,
    };
    let metadata = object.metadata_mut();
    for field in [
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    ] {
        metadata.remove(field);
    }
    metadata.extend(generated.map(|name| ("name".to_owned(), name.into())));
    if !new.namespace.is_empty() {
        metadata.insert("namespace".to_owned(), new.namespace.into());
    }
    metadata.insert("uid".to_owned(), new.uid.into());
    metadata.insert("creationTimestamp".to_owned(), time(new.now).into());
    drop_equal_owners(object);
    Ok(())
}

/// Whether a new object may be stored. To be asked last, and not of a dry run.
///
/// # Errors
/// 500, as of Kubernetes, when the client gave it a resource version.
pub fn check_unversioned(object: &Object) -> Result<(), Status> {
    if object.resource_version().is_empty() {
        return Ok(());
    }
    let message = "resourceVersion should not be set on objects to be created";
    Err(Status::new(Reason::Unknown, message))
}

/// What `Warning` headers tell of the metadata that a client sent. To be asked before it is prepared.
pub fn warnings(object: &Object) -> Vec<String> {
    let owners = object.list_at(&["metadata", "ownerReferences"]);
    let told_before = |(index, owner): &(usize, &Value)| owners[..*index].contains(owner);
    let again = owners.iter().enumerate().filter(told_before);
    let mut twice: Vec<_> = again
        .filter_map(|(_, owner)| owner.get("uid").and_then(Value::as_str))
        .collect();
    twice.dedup();
    if twice.is_empty() {
        return Vec::new();
    }
    vec![format!(
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may \
         reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
        twice.join(", ")
    )]
}

/// A time as `metadata` has it: to the second.
pub fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What is wrong with the metadata of an object that is made.
pub fn validate(object: &Object, resource: &Resource) -> Vec<FieldError> {
    let mut errors = check::name(object, resource);
    if resource.scope == Scope::Cluster && !object.namespace().is_empty() {
        let path = check::path("namespace");
        errors.push(FieldError::forbidden(path, "not allowed on this type"));
    }
    errors.extend(check::common(object, resource.built_in));
    errors
}

/// Whether a body is about the object of the path; `namespace` is empty for what belongs to none.
///
/// # Errors
/// 400 when its name or namespace is another, or it has no name.
pub fn check_path(object: &Object, namespace: &str, name: &str) -> Result<(), Status> {
    same_name(object, name)?;
    same_namespace(object, namespace)
}

/// Carries over from the stored object what a client need not send or may not change. `metadata.managedFields` are left:
/// [`crate::apply`] takes those of the stored object where a client brings none.
///
/// # Errors
/// Those of [`check_path`], `name` being that of the path: one that an apply makes was not asked before.
pub fn prepare_for_update(new: &mut Object, old: &Object, name: &str) -> Result<(), Status> {
    check_path(new, old.namespace(), name)?;
    let kept = [
        "generation",
        "creationTimestamp",
        "namespace",
        "resourceVersion",
    ];
    let where_absent = ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"];
    let stored = old.metadata();
    let metadata = new.metadata_mut();
    for field in kept {
        match stored.and_then(|stored| stored.get(field)) {
            Some(value) => metadata.insert(field.to_owned(), value.clone()),
            None => metadata.remove(field),
        };
    }
    for field in where_absent {
        if let Some(value) = stored.and_then(|stored| stored.get(field))
            && metadata.get(field).is_none_or(Value::is_null)
        {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    drop_equal_owners(new);
    Ok(())
}

/// What is wrong with the metadata of a changed object. Faults are told as often as an API server finds them, which
/// checks metadata for every kind, then as a part of the change and then as a part of the whole object: clients are told
/// once in the sentence, and as often as that among the causes.
pub fn validate_update(new: &Object, old: &Object, resource: &Resource) -> Vec<FieldError> {
    /// What only a change can do wrong.
    const OF_CHANGES: usize = 2;
    let of_all = if resource.built_in { 4 } else { 3 };
    let (seldom, often): (Vec<_>, Vec<_>) = check::common(new, resource.built_in)
        .into_iter()
        .partition(|error| error.path.as_str().starts_with("metadata.finalizers["));
    let changes = [check::immutable(new, old), seldom].concat();
    [
        vec![changes; OF_CHANGES].concat(),
        vec![often; of_all].concat(),
    ]
    .concat()
}

/// Checks what an update says of the object that it replaces: its uid and resource version, where it says them. To be
/// asked before [`prepare_for_update`].
///
/// # Errors
/// 409 where it is another object, or has changed; 422 where a custom kind's object says no version; 500 for one that is
/// no number.
pub fn check_replaced(new: &Object, old: &Object, resource: &Resource) -> Result<(), Status> {
    let conflict = |why: &str| {
        Err(Status::conflict(
            resource.group,
            resource.plural,
            old.name(),
            why,
        ))
    };
    let (uid, stored_uid) = (new.uid(), old.uid());
    if !uid.is_empty() && uid != stored_uid {
        let mut key = format!("/{}", resource.plural);
        if !resource.built_in {
            key = format!("/{}{key}", resource.group);
        }
        for part in [old.namespace(), old.name()] {
            if !part.is_empty() {
                key = format!("{key}/{part}");
            }
        }
        return conflict(&format!(
            "StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition \
             failed: UID in precondition: {uid}, UID in object meta: {stored_uid}"
        ));
    }
    let unconditionally = resource.built_in && resource.strategy.takes_unconditional_updates();
    if !unconditionally && new.resource_version().is_empty() {
        let path = check::path("resourceVersion");
        let error = FieldError::invalid(path, 0, "must be specified for an update");
        let (group, plural) = (resource.group, resource.plural);
        return Err(Status::invalid(group, plural, old.name(), &[error]));
    }
    check_version(new, old, resource)
}

/// The same of what a patch made: only the resource version, for a changed uid is a fault of its own.
///
/// # Errors
/// 409 where it has changed; 500 for a resource version that is no number.
pub fn check_version(new: &Object, old: &Object, resource: &Resource) -> Result<(), Status> {
    let version = new.resource_version();
    if version.is_empty() || version == old.resource_version() {
        return Ok(());
    }
    if version.parse::<u64>().is_err() {
        let message = format!("strconv.ParseUint: parsing {version:?}: invalid syntax");
        return Err(Status::new(Reason::Unknown, message));
    }
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    Err(Status::conflict(
        resource.group,
        resource.plural,
        old.name(),
        why,
    ))
}

fn same_name(new: &Object, name: &str) -> Result<(), Status> {
    match new.name() {
        "" => Err(Status::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        own if own == name => Ok(()),
        own => Err(Status::bad_request(format!(
            "the name of the object ({own}) does not match the name on the URL ({name})"
        ))),
    }
}

fn same_namespace(object: &Object, namespace: &str) -> Result<(), Status> {
    let own = object.namespace();
    if own.is_empty() || own == namespace || namespace.is_empty() {
        return Ok(());
    }
    Err(Status::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request",
    ))
}

/// Owners that are told twice in every field are kept once.
fn drop_equal_owners(object: &mut Object) {
    let owners = object.metadata_mut().get_mut("ownerReferences");
    if let Some(Value::Array(owners)) = owners {
        let mut kept: Vec<Value> = Vec::new();
        for owner in owners.drain(..) {
            if !kept.contains(&owner) {
                kept.push(owner);
            }
        }
        *owners = kept;
    }
}
