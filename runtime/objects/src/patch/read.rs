//! What a patch is, and what becomes of an object by it.

use serde_json::Value;

use super::json_patch::Operation;
use super::{json_patch, merge, strategic};
use crate::api_version;
use crate::decode::{
    Body, Decoded, FieldValidation, doubled_fields, json_value, typed, unknown_format,
};
use crate::field::{FieldError, FieldPath};
use crate::object::{Object, ObjectExt as _};
use crate::schema::{ObjectType, Origin};
use crate::status::{Details, Reason, Status};

/// The kinds of patches, by the content type of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    /// `application/json-patch+json`.
    Json,
    /// `application/merge-patch+json`.
    Merge,
    /// `application/strategic-merge-patch+json`: built-in kinds only.
    Strategic,
    /// `application/apply-patch+yaml`: the body is for [`crate::apply::configuration`].
    Apply,
}

impl PatchKind {
    /// The kind that a content type names.
    ///
    /// # Errors
    /// 415 for one that the type does not take.
    pub fn of(content_type: Option<&str>, object_type: &ObjectType) -> Result<Self, Status> {
        let media_type = content_type.unwrap_or_default().split(';').next();
        match media_type.unwrap_or_default().trim() {
            "application/json-patch+json" => Ok(Self::Json),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/apply-patch+yaml" => Ok(Self::Apply),
            "application/strategic-merge-patch+json" if object_type.origin == Origin::BuiltIn => {
                Ok(Self::Strategic)
            }
            _ => Err(Self::refused(object_type)),
        }
    }

    fn refused(object_type: &ObjectType) -> Status {
        match object_type.origin {
            Origin::BuiltIn => {
                let message = "415: Unsupported Media Type";
                Status::new(Reason::UnsupportedMediaType, message).with_details(Details::default())
            }
            Origin::Custom => unknown_format(&[
                "application/json-patch+json",
                "application/merge-patch+json",
                "application/apply-patch+yaml",
            ]),
        }
    }
}

/// A patch that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    content: Content,
    /// What is said of fields of the patch that stand twice.
    doubled: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Json(Vec<Operation>),
    Merge(Object),
    Strategic(Object),
}

impl Patch {
    /// Reads a patch.
    ///
    /// # Errors
    /// 400 for a body that is no such patch, 413 for one of too many operations, 422 for an operation that is none.
    /// [`PatchKind::Apply`] is none of these and gets a 400.
    pub fn read(body: Body<'_>, kind: PatchKind) -> Result<Self, Status> {
        let lead = match kind {
            PatchKind::Strategic => "",
            PatchKind::Json | PatchKind::Merge | PatchKind::Apply => "error decoding patch: ",
        };
        let bad = |fault: &str| Status::bad_request(format!("{lead}{fault}"));
        let value = json_value(body.bytes, false).map_err(|fault| bad(&fault))?;
        let doubled = doubled_fields(body.bytes);
        let content = match (kind, value) {
            (PatchKind::Json, value) => Content::Json(json_patch::read(value)?),
            (PatchKind::Merge, Value::Object(map)) => Content::Merge(map),
            (PatchKind::Merge, Value::Null) => {
                return Err(Status::bad_request("Invalid JSON Patch"));
            }
            (PatchKind::Strategic, Value::Object(map)) => Content::Strategic(map),
            (PatchKind::Strategic, Value::Null) => Content::Strategic(Object::new()),
            (PatchKind::Merge | PatchKind::Strategic, other) => {
                let kind = go_kind(&other);
                return Err(bad(&format!(
                    "json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
                )));
            }
            (PatchKind::Apply, _) => {
                return Err(bad("an apply is no patch of a stored object"));
            }
        };
        Ok(Self { content, doubled })
    }

    /// What the patch makes of an object, read by its type: the defaults of a built-in kind are still to be filled in.
    ///
    /// # Errors
    /// 422 where an operation cannot be done, where the outcome is not of the type, or where strict validation finds
    /// unknown fields; 500, as of Kubernetes, for a strategic patch that contradicts itself.
    pub fn apply(
        &self,
        object: &Object,
        object_type: &ObjectType,
        validation: FieldValidation,
    ) -> Result<Decoded, Status> {
        let patched = match &self.content {
            Content::Json(operations) => json_patch::apply(object, operations)?,
            Content::Merge(patch) => merge::apply(object, patch),
            Content::Strategic(patch) => strategic::apply(object, patch, &object_type.schema)
                .map_err(|fault| Status::new(Reason::Unknown, fault))?,
        };
        if !matches!(self.content, Content::Strategic(_)) {
            same_kind(&patched, object_type)?;
        }
        let fault = |fault: &str| self.not_of_the_type(&patched, fault);
        if validation == FieldValidation::Strict && !self.doubled.is_empty() {
            let rest = typed(&patched, object_type, FieldValidation::Warn);
            let unknown = rest.map_err(|it| fault(&it))?.warnings;
            let all = [self.doubled.clone(), unknown].concat();
            return Err(fault(&format!("strict decoding error: {}", all.join(", "))));
        }
        let mut decoded = typed(&patched, object_type, validation).map_err(|it| fault(&it))?;
        if validation == FieldValidation::Warn {
            decoded.warnings.splice(0..0, self.doubled.iter().cloned());
        }
        Ok(decoded)
    }

    /// The refusal of an outcome that is not of the type. It shows the outcome, or the strategic patch.
    fn not_of_the_type(&self, patched: &Object, fault: &str) -> Status {
        let shown = match &self.content {
            Content::Strategic(patch) => go_text(&Value::Object(patch.clone())),
            Content::Json(_) | Content::Merge(_) => Value::Object(patched.clone()).to_string(),
        };
        let error = FieldError::invalid(FieldPath::new("patch"), shown, fault);
        Status::invalid("", "", "", &[error])
    }
}

/// A patch may not make an object of another kind or version.
fn same_kind(patched: &Object, object_type: &ObjectType) -> Result<(), Status> {
    let (api_version, kind) = (patched.api_version(), patched.kind());
    let wanted = object_type.api_version();
    if object_type.origin == Origin::BuiltIn {
        let same = |have: &str, want: &str| have.is_empty() || have == want;
        if same(api_version, &wanted) && same(kind, &object_type.kind) {
            return Ok(());
        }
        let fault = format!(
            "no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:110\""
        );
        let shown = Value::Object(patched.clone()).to_string();
        let error = FieldError::invalid(FieldPath::new("patch"), shown, fault);
        return Err(Status::invalid("", "", "", &[error]));
    }
    let (field, value, wanted) = if kind != object_type.kind {
        ("kind", kind, &object_type.kind)
    } else if api_version != wanted {
        ("apiVersion", api_version, &wanted)
    } else {
        return Ok(());
    };
    let (group, _) = api_version::split(api_version);
    let must_be = format!("must be {wanted}");
    let error = FieldError::invalid(FieldPath::new(field), value, must_be);
    Err(Status::invalid(group, kind, patched.name(), &[error]))
}

/// What Go's JSON calls a value.
pub(crate) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A value as Go prints it: `map[a:1 b:[x y]]`.
pub(crate) fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(go_text).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let fields = map.iter();
            let fields: Vec<_> = fields
                .map(|(key, it)| format!("{key}:{}", go_text(it)))
                .collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}
