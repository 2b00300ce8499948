//! Reading of bodies.

use serde_json::Value;

use super::custom::Nulls;
use super::protobuf::Envelope;
use super::tree::Node;
use super::{built_in, custom, json, status_of, yaml};
use crate::field::{FieldError, FieldPath};
use crate::object::Object;
use crate::schema::{ObjectType, Origin};
use crate::status::Status;

/// The body of a request.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// What to do with fields that nobody knows or that stand twice: `fieldValidation` of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// Drop them and say nothing.
    Ignore,
    /// Drop them and warn.
    #[default]
    Warn,
    /// Refuse the request.
    Strict,
}

impl FieldValidation {
    /// Reads `fieldValidation` of the query. `options` is the kind that the refusal names: `CreateOptions`,
    /// `UpdateOptions` or `PatchOptions`.
    ///
    /// # Errors
    /// 422 for another word.
    pub fn parse(word: Option<&str>, options: &str) -> Result<Self, Status> {
        match word.unwrap_or_default() {
            "" | "Warn" => Ok(Self::Warn),
            "Ignore" => Ok(Self::Ignore),
            "Strict" => Ok(Self::Strict),
            other => {
                let words = ["", "Ignore", "Strict", "Warn"];
                let path = FieldPath::new("fieldValidation");
                let error = FieldError::not_supported(path, other, &words);
                Err(Status::invalid("meta.k8s.io", options, "", &[error]))
            }
        }
    }
}

/// What a body says.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The object in the form in which it is kept: what is unknown dropped, values in canonical form.
    pub object: Object,
    /// The texts of `Warning` headers.
    pub warnings: Vec<String>,
}

/// Reads the body of a create or update of a kind. Its `apiVersion` and `kind` must be the type's; in a body of a
/// built-in kind they may be left out.
///
/// # Errors
/// 415 for a format that is not read, 422 for another kind where a custom one is meant, 400 for anything else.
pub fn object(
    body: Body<'_>,
    object_type: &ObjectType,
    validation: FieldValidation,
) -> Result<Decoded, Status> {
    let format = Format::of(body.content_type)?;
    let unrecognized = |fault: &str| status_of::unrecognized(object_type, fault, body.bytes);
    let (node, doubled) = match format {
        Format::Json => {
            let node = json::read(body.bytes);
            (
                node.map_err(|fault| unrecognized(&status_of::no_version(&fault)))?,
                Vec::new(),
            )
        }
        Format::Yaml => {
            let document = yaml::read(body.bytes).map_err(|fault| unrecognized(&fault))?;
            (document.root, document.duplicates)
        }
        Format::Protobuf => return of_protobuf(body.bytes, object_type, validation),
    };
    let node = status_of::identified(node, object_type, body.bytes)?;
    let read = from_node(&node, object_type, Nulls::Dropped);
    let mut strict: Vec<_> = doubled_keys(&doubled).into_iter().collect();
    let read = read.map_err(|fault| status_of::not_handled(object_type, &fault))?;
    strict.extend(read.strict);
    finish(read.object, strict, object_type, validation)
        .map_err(|fault| status_of::not_handled(object_type, &fault))
}

/// Reads a body in protobuf. It has no names, so that fields that nobody knows are passed over whatever is asked for.
fn of_protobuf(
    bytes: &[u8],
    object_type: &ObjectType,
    validation: FieldValidation,
) -> Result<Decoded, Status> {
    if !Envelope::is_readable(object_type) {
        return Err(unknown_format());
    }
    let envelope = Envelope::open(bytes);
    let envelope = envelope.map_err(|it| status_of::unrecognized(object_type, &it, bytes))?;
    status_of::same_built_in(&envelope.api_version, &envelope.kind, object_type)?;
    let object = envelope.read(object_type);
    object
        .and_then(|object| typed(&object, object_type, validation))
        .map_err(|fault| status_of::not_handled(object_type, &fault))
}

/// Reads JSON as a body of a kind is read: what is unknown is dropped, values are put in canonical form.
///
/// # Errors
/// What is said of the first value of a wrong type, and by [`FieldValidation::Strict`] of unknown fields. The caller
/// knows what refusal that makes.
pub fn typed(
    object: &Object,
    object_type: &ObjectType,
    validation: FieldValidation,
) -> Result<Decoded, String> {
    let node = Node::from(&Value::Object(object.clone()));
    let read = from_node(&node, object_type, Nulls::Dropped)?;
    finish(read.object, read.strict, object_type, validation)
}

/// Reads what an apply made as a body of a kind is read, but that nulls of a custom kind's object stay.
///
/// # Errors
/// What is said of the first value of a wrong type.
pub(crate) fn applied(object: &Object, object_type: &ObjectType) -> Result<Object, String> {
    let node = Node::from(&Value::Object(object.clone()));
    let read = from_node(&node, object_type, Nulls::Kept)?;
    let ignore = FieldValidation::Ignore;
    finish(read.object, read.strict, object_type, ignore).map(|decoded| decoded.object)
}

/// Reads a body that is no object of a kind, such as a patch, as JSON or YAML by its content type. Null for an empty
/// YAML document.
///
/// # Errors
/// What the reader says of the first fault.
pub fn json_value(bytes: &[u8], is_yaml: bool) -> Result<Value, String> {
    if is_yaml {
        Ok(yaml::read(bytes)?.root.into_value())
    } else {
        Ok(json::read(bytes)?.into_value())
    }
}

/// The empty object of a kind, with what its type writes of fields that were not given.
pub(crate) fn empty_object(object_type: &ObjectType) -> Object {
    let mut object = match object_type.origin {
        Origin::BuiltIn => match built_in::empty(&object_type.schema) {
            Value::Object(object) => object,
            _ => Object::new(),
        },
        Origin::Custom => Object::new(),
    };
    object.insert("apiVersion".to_owned(), object_type.api_version().into());
    object.insert("kind".to_owned(), object_type.kind.as_str().into());
    object
}

/// The first document of a YAML text, and what is said of keys that stand twice.
///
/// # Errors
/// What the reader says of the first fault.
pub(crate) fn yaml_document(bytes: &[u8]) -> Result<(Value, Option<String>), String> {
    let document = yaml::read(bytes)?;
    Ok((
        document.root.into_value(),
        doubled_keys(&document.duplicates),
    ))
}

fn doubled_keys(told: &[String]) -> Option<String> {
    (!told.is_empty()).then(|| format!("yaml: unmarshal errors:\n  {}", told.join("\n  ")))
}

/// What is said of fields of a JSON text that stand twice; nothing of a text that is no JSON.
pub(crate) fn doubled_fields(bytes: &[u8]) -> Vec<String> {
    let mut doubled = Vec::new();
    if let Ok(node) = json::read(bytes) {
        custom::doubled(&node, "", &mut doubled);
    }
    doubled
}

struct Read {
    object: Object,
    strict: Vec<String>,
}

fn from_node(node: &Node, object_type: &ObjectType, nulls: Nulls) -> Result<Read, String> {
    match object_type.origin {
        Origin::BuiltIn => {
            let outcome = built_in::read(node, &object_type.schema);
            if let Some(fault) = outcome.fault {
                return Err(fault);
            }
            let object = match outcome.value {
                Some(Value::Object(object)) => object,
                Some(_) | None => Object::new(),
            };
            let strict = outcome.strict;
            Ok(Read { object, strict })
        }
        Origin::Custom => {
            let (object, strict) = custom::read(node, object_type, nulls)?;
            Ok(Read { object, strict })
        }
    }
}

fn finish(
    mut object: Object,
    strict: Vec<String>,
    object_type: &ObjectType,
    validation: FieldValidation,
) -> Result<Decoded, String> {
    object.insert("apiVersion".to_owned(), object_type.api_version().into());
    if object_type.origin == Origin::BuiltIn {
        object.insert("kind".to_owned(), object_type.kind.as_str().into());
    }
    let warnings = match validation {
        FieldValidation::Strict if !strict.is_empty() => {
            return Err(format!("strict decoding error: {}", strict.join(", ")));
        }
        FieldValidation::Warn => strict,
        FieldValidation::Strict | FieldValidation::Ignore => Vec::new(),
    };
    Ok(Decoded { object, warnings })
}

/// The format of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Yaml,
    Protobuf,
}

impl Format {
    /// The format that a content type says; JSON where there is none.
    ///
    /// # Errors
    /// 415 for another one.
    pub(crate) fn of(content_type: Option<&str>) -> Result<Self, Status> {
        let media_type = content_type.unwrap_or_default().split(';').next();
        let media_type = media_type.unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" => Ok(Self::Json),
            "application/yaml" => Ok(Self::Yaml),
            "application/vnd.kubernetes.protobuf" => Ok(Self::Protobuf),
            "" if content_type.is_none_or(|it| it.trim().is_empty()) => Ok(Self::Json),
            _ => Err(unknown_format()),
        }
    }
}

fn unknown_format() -> Status {
    status_of::unknown_format(&[
        "application/json",
        "application/yaml",
        "application/vnd.kubernetes.protobuf",
    ])
}
