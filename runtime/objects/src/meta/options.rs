//! The options of requests: dry runs, field managers, preconditions, how a deletion goes on.

use serde_json::{Map, Value};

use crate::decode::{Body, Envelope, FieldValidation, Format, json_value, typed};
use crate::field::{FieldError, FieldPath};
use crate::object::{Object, ObjectExt as _};
use crate::schema::ObjectType;
use crate::status::{Details, Reason, Status};

/// The most bytes of a field manager's name.
const LONGEST_MANAGER: usize = 128;

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
        let values: Vec<_> = values.iter().filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return Ok(Self::No);
        }
        if values.iter().all(|value| **value == "All") {
            return Ok(Self::All);
        }
        let told: Vec<Value> = values.iter().map(|value| (**value).into()).collect();
        let error = FieldError::not_supported(FieldPath::new("dryRun"), told, &["All"]);
        Err(refused(options, error))
    }
}

/// The refusal of a request's options.
fn refused(options: &str, error: FieldError) -> Status {
    Status::invalid("meta.k8s.io", options, "", &[error])
}

/// Checks `fieldManager` of a query.
///
/// # Errors
/// 422 for one that is too long or holds what cannot be printed.
pub fn check_field_manager(manager: &str, options: &str) -> Result<(), Status> {
    let path = FieldPath::new("fieldManager");
    if manager.len() > LONGEST_MANAGER {
        return Err(refused(
            options,
            FieldError::too_long(path, LONGEST_MANAGER),
        ));
    }
    match manager.chars().enumerate().find(|(_, c)| c.is_control()) {
        None => Ok(()),
        Some((at, character)) => {
            let code = u32::from(character);
            let detail = format!("invalid character U+{code:04X} (at position {at})");
            Err(refused(options, FieldError::invalid(path, manager, detail)))
        }
    }
}

/// Checks `fieldManager` and `force` of a patch: an apply needs a manager, and only an apply takes `force`.
///
/// # Errors
/// 422 where they do not fit.
pub fn check_patch_options(manager: &str, force_given: bool, is_apply: bool) -> Result<(), Status> {
    const OPTIONS: &str = "PatchOptions";
    if is_apply && manager.is_empty() {
        let path = FieldPath::new("fieldManager");
        let error = FieldError::required(path, "is required for apply patch");
        return Err(refused(OPTIONS, error));
    }
    if force_given && !is_apply {
        let detail = "may not be specified for non-apply patch";
        let error = FieldError::forbidden(FieldPath::new("force"), detail);
        return Err(refused(OPTIONS, error));
    }
    check_field_manager(manager, OPTIONS)
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
    /// Reads the options of a deletion: of the body when it has one, and then not of the query.
    ///
    /// # Errors
    /// 400, 415 or 500 for a body or query that cannot be read, 422 for values that may not be.
    pub fn read(body: Body<'_>, query: &[(&str, &str)]) -> Result<Self, Status> {
        let given = if body.bytes.is_empty() {
            of_query(query)?
        } else {
            of_body(body)?
        };
        let dry_run = given.get("dryRun").and_then(Value::as_array);
        let dry_run: Vec<_> = dry_run
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let precondition = |name: &str| {
            let value = given.get("preconditions")?.get(name)?;
            value.as_str().map(str::to_owned)
        };
        // A negative time means the shortest.
        let grace = given.get("gracePeriodSeconds").and_then(Value::as_i64);
        Ok(Self {
            grace_period_seconds: grace.map(|seconds| if seconds < 0 { 1 } else { seconds }),
            propagation_policy: policy(&given)?,
            preconditions: Preconditions {
                uid: precondition("uid"),
                resource_version: precondition("resourceVersion"),
            },
            dry_run: DryRun::parse(&dry_run, "DeleteOptions")?,
        })
    }
}

fn policy(given: &Map<String, Value>) -> Result<Option<PropagationPolicy>, Status> {
    let path = FieldPath::new("propagationPolicy");
    let orphan = given.get("orphanDependents").and_then(Value::as_bool);
    let word = given.get("propagationPolicy").and_then(Value::as_str);
    let policy = match word {
        None => {
            return Ok(orphan.map(|orphan| match orphan {
                true => PropagationPolicy::Orphan,
                false => PropagationPolicy::Background,
            }));
        }
        Some("Orphan") => PropagationPolicy::Orphan,
        Some("Background") => PropagationPolicy::Background,
        Some("Foreground") => PropagationPolicy::Foreground,
        Some(other) => {
            let words = ["Foreground", "Background", "Orphan", "nil"];
            let error = FieldError::not_supported(path, other, &words);
            return Err(refused("DeleteOptions", error));
        }
    };
    if orphan.is_some() {
        let detail = "orphanDependents and deletionPropagation cannot be both set";
        let error = FieldError::invalid(path, word, detail);
        return Err(refused("DeleteOptions", error));
    }
    Ok(Some(policy))
}

fn of_query(query: &[(&str, &str)]) -> Result<Map<String, Value>, Status> {
    let mut given = Map::new();
    let mut dry_run = Vec::new();
    for (name, text) in query {
        let value: Value = match *name {
            "propagationPolicy" => (*text).into(),
            // What Go reads as true or false by its first letter; other words are true.
            "orphanDependents" => (!matches!(*text, "false" | "0")).into(),
            "gracePeriodSeconds" => match text.parse::<i64>() {
                Ok(seconds) => seconds.into(),
                Err(_) => {
                    let message = format!("strconv.ParseInt: parsing {text:?}: invalid syntax");
                    return Err(Status::bad_request(message));
                }
            },
            "dryRun" => {
                dry_run.push(Value::from(*text));
                continue;
            }
            _ => continue,
        };
        given.insert((*name).to_owned(), value);
    }
    given.insert("dryRun".to_owned(), dry_run.into());
    Ok(given)
}

fn of_body(body: Body<'_>) -> Result<Map<String, Value>, Status> {
    let fault = |message: String| Status::new(Reason::Unknown, message);
    let object_type = ObjectType::built_in("", "v1", "DeleteOptions")
        .expect("the options of deletions are among the embedded kinds");
    let format = Format::of(body.content_type)?;
    let object = match format {
        Format::Protobuf => {
            let envelope = Envelope::open(body.bytes).map_err(fault)?;
            check_is_options(&envelope.api_version, &envelope.kind)?;
            envelope.read(object_type).map_err(fault)?
        }
        Format::Json | Format::Yaml => {
            let value = json_value(body.bytes, format == Format::Yaml);
            let value = value.map_err(|it| {
                fault(format!("couldn't get version/kind; json parse error: {it}"))
            })?;
            let Value::Object(object) = value else {
                let message = "couldn't get version/kind; the options are no object";
                return Err(fault(message.to_owned()));
            };
            check_is_options(object.api_version(), object.kind())?;
            object
        }
    };
    let decoded = typed(&object, object_type, FieldValidation::Ignore).map_err(fault)?;
    Ok(decoded.object)
}

fn check_is_options(api_version: &str, kind: &str) -> Result<(), Status> {
    if matches!(kind, "" | "DeleteOptions") {
        return Ok(());
    }
    let message = format!(
        "no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:110\""
    );
    Err(Status::new(Reason::Unknown, message))
}

/// Whether a stored object is what the deletion of a kind's object expects.
///
/// # Errors
/// 409 where it is not.
pub fn check_preconditions(
    object: &Object,
    preconditions: &Preconditions,
    kind: &str,
) -> Result<(), Status> {
    let conflict = |what: &str, wanted: &str, have: &str, may: &str| {
        let name = object.name();
        let message = format!(
            "Operation cannot be fulfilled on {kind} {name:?}: the {what} in the precondition ({wanted}) does not match \
             the {what} in record ({have}). The object might have been {may}"
        );
        let details = Details::of("", kind, name);
        Err(Status::new(Reason::Conflict, message).with_details(details))
    };
    if let Some(uid) = &preconditions.uid
        && uid != object.uid()
    {
        return conflict("UID", uid, object.uid(), "deleted and then recreated");
    }
    if let Some(version) = &preconditions.resource_version
        && version != object.resource_version()
    {
        return conflict(
            "ResourceVersion",
            version,
            object.resource_version(),
            "modified",
        );
    }
    Ok(())
}
