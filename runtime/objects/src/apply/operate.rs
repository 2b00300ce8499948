//! The two operations: apply, and every other write.

use serde_json::{Map, Value};

use super::compare::{Comparison, compare, to_set};
use super::config;
use super::conflict::{self, Conflicts};
use super::entries::{self, Entries, Entry, Id};
use super::manager::{Force, Manager};
use super::merge::merge;
use super::node::Node;
use super::prune::prune;
use crate::decode::{self, empty_object};
use crate::object::{Object, ObjectExt as _};
use crate::schema::ObjectType;
use crate::status::{Reason, Status};

/// The manager of what was there when an object without managers is first applied.
const BEFORE: &str = "before-first-apply";

/// The manager whose applies take over what client-side apply wrote down.
const KUBECTL: &str = "kubectl";

/// The annotation in which client-side apply wrote down what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What an apply makes of the stored object, or of none: read by its type, without the defaults of a built-in kind.
/// `applied` is what [`super::configuration`] read.
///
/// # Errors
/// 409 with a cause for each field that another manager has and that would change, 500, as of Kubernetes, for an
/// applied object that is not of its type.
pub fn apply(
    stored: Option<&Object>,
    applied: &Object,
    object_type: &ObjectType,
    manager: &Manager<'_>,
    force: Force,
) -> Result<Object, Status> {
    config::check(applied, object_type)?;
    let empty = empty_object(object_type);
    let live = stored.map_or_else(|| Value::Object(empty.clone()), entries::without);
    let mut managed = stored.map(Entries::of).unwrap_or_default();
    managed.keep_group(&object_type.group);
    let node = Node::of(&object_type.schema);
    if managed.is_empty() {
        adopt(&mut managed, &empty, &live, object_type, manager);
    }
    let laying = Laying {
        live: &live,
        applied,
        object_type,
        manager,
        node,
    };
    let outcome = laying.lay(managed.clone(), force);
    let (new, mut managed) = match outcome {
        Err(conflicts) if manager.name == KUBECTL => {
            let rest = unforeseen(conflicts, &live, object_type);
            if !rest.is_empty() {
                return Err(conflict::refused(&rest));
            }
            let forced = laying.lay(managed, Force::Yes);
            forced.map_err(|conflicts| conflict::refused(&conflicts))?
        }
        other => other.map_err(|conflicts| conflict::refused(&conflicts))?,
    };
    let id = Id::of(manager, &object_type.api_version(), true);
    if new != live || stored.is_none() {
        managed.touch(&id, manager);
    }
    let new = entries::map_or_empty(new);
    let read = decode::applied(&new, object_type).map_err(|fault| {
        let named = config::named(applied, object_type);
        let (group, version, kind) = (&object_type.group, &object_type.version, &object_type.kind);
        Status::new(
            Reason::Unknown,
            format!(
                "failed to convert new object ({named}) to proper version: unable to convert unstructured object to \
                 {group}/{version}, Kind={kind}: {fault}"
            ),
        )
    })?;
    let mut object = read;
    if manager.name == KUBECTL {
        renew_last_applied(&mut object, applied);
    }
    managed.write(&mut object);
    Ok(object)
}

/// Gives what is there without a manager one, so that it is not taken for nobody's.
fn adopt(
    managed: &mut Entries,
    empty: &Object,
    live: &Value,
    object_type: &ObjectType,
    manager: &Manager<'_>,
) {
    let before = Manager {
        name: BEFORE,
        ..*manager
    };
    let empty = Value::Object(empty.clone());
    update(managed, &empty, live, object_type, &before);
}

/// An applied object about to be laid over the stored one.
struct Laying<'a> {
    live: &'a Value,
    applied: &'a Object,
    object_type: &'a ObjectType,
    manager: &'a Manager<'a>,
    node: Node<'a>,
}

impl Laying<'_> {
    fn lay(&self, mut managed: Entries, force: Force) -> Result<(Value, Entries), Conflicts> {
        let applied = Value::Object(self.applied.clone());
        let merged = merge(Some(self.live), Some(&applied), self.node);
        let merged = merged.unwrap_or(Value::Null);
        let id = Id::of(self.manager, &self.object_type.api_version(), true);
        let not_written = self.manager.not_written();
        let last = managed.0.get(&id).cloned();
        let fields = to_set(&applied, self.node).outside(&not_written);
        let entry = Entry {
            api_version: self.object_type.api_version(),
            time: last.as_ref().and_then(|entry| entry.time.clone()),
            fields,
        };
        managed.0.insert(id.clone(), entry);
        let last = last.map(|entry| entry.fields).unwrap_or_default();
        let new = prune(&merged, &last, &managed.all_fields(), self.node);
        let changes = compare(self.live, &new, self.node).outside(&not_written);
        take(&mut managed, &changes, &id, force)?;
        // What nobody manages is taken out after the pruning, which needs to know of it.
        let fields = managed
            .0
            .get(&id)
            .map(|entry| entry.fields.difference(&entries::unmanaged()));
        managed.set(&id, fields.unwrap_or_default());
        Ok((new, managed))
    }
}

/// Takes changed fields from the other managers.
fn take(
    managed: &mut Entries,
    changes: &Comparison,
    own: &Id,
    force: Force,
) -> Result<(), Conflicts> {
    let set = changes.modified.union(&changes.added);
    let others = managed.0.iter().filter(|(id, _)| *id != own);
    let conflicts: Conflicts = others
        .map(|(id, entry)| (id.clone(), entry.fields.intersection(&set)))
        .filter(|(_, fields)| !fields.is_empty())
        .collect();
    if force == Force::No && !conflicts.is_empty() {
        return Err(conflicts);
    }
    let others: Vec<_> = managed.0.keys().filter(|id| *id != own).cloned().collect();
    for id in others {
        let Some(entry) = managed.0.get(&id) else {
            continue;
        };
        let mut fields = entry.fields.difference(&changes.removed);
        if let Some(taken) = conflicts.get(&id) {
            fields = fields.difference(taken);
        }
        managed.set(&id, fields);
    }
    if managed
        .0
        .get(own)
        .is_some_and(|entry| entry.fields.is_empty())
    {
        managed.0.remove(own);
    }
    Ok(())
}

/// The conflicts about fields that client-side apply did not write down.
fn unforeseen(conflicts: Conflicts, live: &Value, object_type: &ObjectType) -> Conflicts {
    let written = live
        .as_object()
        .and_then(|live| live.annotation(LAST_APPLIED));
    let written = written.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let same_version = |it: &Value| {
        it.get("apiVersion").and_then(Value::as_str) == Some(&object_type.api_version())
    };
    let Some(written) = written.filter(same_version) else {
        return conflicts;
    };
    let foreseen = to_set(&written, Node::of(&object_type.schema));
    conflicts
        .into_iter()
        .map(|(id, fields)| (id, fields.difference(&foreseen)))
        .filter(|(_, fields)| !fields.is_empty())
        .collect()
}

/// Keeps what client-side apply wrote down in step, where it wrote something down.
fn renew_last_applied(object: &mut Object, applied: &Object) {
    if object.annotation(LAST_APPLIED).is_none_or(str::is_empty) {
        return;
    }
    let mut applied = applied.clone();
    if let Some(Value::Object(annotations)) = applied.metadata_mut().get_mut("annotations") {
        annotations.remove(LAST_APPLIED);
    }
    let text = format!("{}\n", Value::Object(applied));
    let annotations = object.metadata_mut().get_mut("annotations");
    if let Some(Value::Object(annotations)) = annotations {
        annotations.insert(LAST_APPLIED.to_owned(), text.into());
    }
}

/// Writes into `new`, by which a create, update or patch replaces `stored`, who manages what now. A client may bring
/// `managedFields` itself, or reset them by an empty list.
///
/// `new` has to be read by its type and defaulted already.
pub fn track_update(
    stored: Option<&Object>,
    new: &mut Object,
    object_type: &ObjectType,
    manager: &Manager<'_>,
) {
    let of_stored = || stored.map(Entries::of).unwrap_or_default();
    let mut managed = if !manager.subresource.is_empty() {
        of_stored()
    } else if entries::are_reset(new) {
        Entries::default()
    } else {
        let brought = Entries::of(new);
        if brought.is_empty() {
            of_stored()
        } else {
            brought
        }
    };
    let without = entries::without(new);
    // An object that nobody manages begins to be managed when it is made or applied.
    if stored.is_none() || !managed.is_empty() {
        let live = match stored {
            Some(stored) => entries::without(stored),
            None => Value::Object(empty_object(object_type)),
        };
        update(&mut managed, &live, &without, object_type, manager);
        managed.cap_updaters();
    }
    managed.write(new);
}

fn update(
    managed: &mut Entries,
    live: &Value,
    new: &Value,
    object_type: &ObjectType,
    manager: &Manager<'_>,
) {
    /// The writer during the comparison: its own entry is another manager's until then.
    fn current() -> Id {
        Id {
            applies: false,
            name: String::new(),
            api_version: String::new(),
            subresource: "the write that is being tracked".to_owned(),
        }
    }
    managed.keep_group(&object_type.group);
    let changes = compare(live, new, Node::of(&object_type.schema));
    let changes = changes.outside(&manager.not_written());
    // With force nothing is in conflict.
    let taken = take(managed, &changes, &current(), Force::Yes);
    debug_assert!(taken.is_ok(), "a forced write has no conflicts");
    let written = changes.modified.union(&changes.added);
    let written = written.difference(&entries::unmanaged());
    if written.is_empty() {
        return;
    }
    let api_version = object_type.api_version();
    let id = Id::of(manager, &api_version, false);
    let before = managed.0.get(&id).map(|entry| entry.fields.clone());
    let entry = Entry {
        api_version,
        time: None,
        fields: before.map_or(written.clone(), |fields| fields.union(&written)),
    };
    managed.0.insert(id.clone(), entry);
    managed.touch(&id, manager);
}

/// Whether a write changes nothing but the times in `metadata.managedFields`: then the stored object is kept as it is.
pub fn same_but_for_times(stored: &Object, new: &Object) -> bool {
    let timeless = |object: &Object| {
        let mut object = object.clone();
        let metadata = object.metadata_mut();
        metadata.remove("resourceVersion");
        if let Some(Value::Array(entries)) = metadata.get_mut("managedFields") {
            for entry in entries {
                entry
                    .as_object_mut()
                    .map(|entry: &mut Map<_, _>| entry.remove("time"));
            }
        }
        object
    };
    timeless(stored) == timeless(new)
}
