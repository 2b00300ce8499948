//! The refusals of bodies, and the check of what a body says that it is.

use super::tree::Node;
use crate::field::{FieldError, FieldPath};
use crate::schema::{ObjectType, Origin};
use crate::status::{Reason, Status};

/// How many bytes of a body are shown.
const SHOWN: usize = 30;

/// The refusal of a content type; `accepted` are those that are taken.
pub(crate) fn unknown_format(accepted: &[&str]) -> Status {
    let accepted = accepted.join(", ");
    Status::new(
        Reason::UnsupportedMediaType,
        format!(
            "the body of the request was in an unknown format - accepted media types include: {accepted}"
        ),
    )
}

/// The refusal of a body that does not say what it is.
pub(super) fn unrecognized(object_type: &ObjectType, fault: &str, bytes: &[u8]) -> Status {
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): {fault} ({})",
        object_type.kind,
        summary(bytes)
    ))
}

/// What is said of JSON that does not even tell its kind.
pub(super) fn no_version(fault: &str) -> String {
    format!("couldn't get version/kind; json parse error: {fault}")
}

/// The refusal of a body that says what it is but is not that.
pub(super) fn not_handled(object_type: &ObjectType, fault: &str) -> Status {
    cannot_be(&object_type.kind, &object_type.version, object_type, fault)
}

fn cannot_be(kind: &str, version: &str, object_type: &ObjectType, fault: &str) -> Status {
    let wanted = &object_type.kind;
    Status::bad_request(format!(
        "{kind} in version {version:?} cannot be handled as a {wanted}: {fault}"
    ))
}

/// The first bytes of a body: as text when it begins as an object does, else in hexadecimal.
fn summary(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let more = if bytes.len() > SHOWN { " ..." } else { "" };
    match bytes.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(shown)),
        Some(_) => {
            let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hex}{more}")
        }
    }
}

/// The tree of a body when it says that it is of the type.
pub(super) fn identified(
    node: Node,
    object_type: &ObjectType,
    bytes: &[u8],
) -> Result<Node, Status> {
    const HEAD: &str = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    let unrecognized = |fault: &str| unrecognized(object_type, fault, bytes);
    if !matches!(node, Node::Map(_) | Node::Null) {
        let kind = node.kind();
        let fault = format!("json: cannot unmarshal {kind} into Go value of type {HEAD}");
        return Err(unrecognized(&no_version(&fault)));
    }
    let text = |name: &str| match node.field(name) {
        Some(Node::Text(text)) => Ok(text.as_str()),
        None | Some(Node::Null) => Ok(""),
        Some(other) => {
            let kind = other.kind();
            Err(unrecognized(&no_version(&format!(
                "json: cannot unmarshal {kind} into Go struct field .{name} of type string"
            ))))
        }
    };
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    if api_version.matches('/').count() > 1 {
        let fault = format!("unexpected GroupVersion string: {api_version}");
        return Err(unrecognized(&fault));
    }
    match object_type.origin {
        Origin::BuiltIn => same_built_in(api_version, kind, object_type)?,
        Origin::Custom => {
            if kind.is_empty() {
                let body = String::from_utf8_lossy(bytes);
                return Err(unrecognized(&format!(
                    "Object 'Kind' is missing in '{body}'"
                )));
            }
            let wanted = object_type.api_version();
            if api_version != wanted {
                return Err(Status::bad_request(format!(
                    "the API version in the data ({api_version}) does not match the expected API version ({wanted})"
                )));
            }
            same_custom_kind(kind, &node, object_type)?;
        }
    }
    Ok(match node {
        Node::Map(_) => node,
        _ => Node::Map(Vec::new()),
    })
}

/// Whether what a body of a built-in kind says that it is, as far as it does, is the type.
pub(super) fn same_built_in(
    api_version: &str,
    kind: &str,
    object_type: &ObjectType,
) -> Result<(), Status> {
    let wanted = object_type.api_version();
    let api_version = if api_version.is_empty() {
        &wanted
    } else {
        api_version
    };
    let kind = if kind.is_empty() {
        &object_type.kind
    } else {
        kind
    };
    if api_version == wanted && kind == object_type.kind {
        return Ok(());
    }
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let fault = if ObjectType::built_in(group, version, kind).is_some() {
        let package = match object_type.group.split('.').next() {
            None | Some("" | "events") => "core",
            Some(first) => first,
        };
        format!(
            "converting ({version}.{kind}) to ({package}.{}): unknown conversion",
            object_type.kind
        )
    } else {
        format!(
            "no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:110\""
        )
    };
    Err(cannot_be(kind, version, object_type, &fault))
}

fn same_custom_kind(kind: &str, node: &Node, object_type: &ObjectType) -> Result<(), Status> {
    if kind == object_type.kind {
        return Ok(());
    }
    let name = match node
        .field("metadata")
        .and_then(|metadata| metadata.field("name"))
    {
        Some(Node::Text(name)) => name,
        _ => "",
    };
    let must_be = format!("must be {}", object_type.kind);
    let error = FieldError::invalid(FieldPath::new("kind"), kind, must_be);
    Err(Status::invalid(&object_type.group, kind, name, &[error]))
}
