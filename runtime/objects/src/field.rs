//! What is wrong with a field of an object, and where.

use std::fmt;

use serde_json::Value;

/// The path of a field as Kubernetes writes it: `spec.containers[0].env[1].name`, `metadata.labels[app]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldPath(String);

impl FieldPath {
    /// The path of the object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path in its written form.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// A field of what is at this path.
    pub fn field(&self, name: &str) -> Self {
        if self.0.is_empty() {
            Self(name.to_owned())
        } else {
            Self(format!("{}.{name}", self.0))
        }
    }

    /// An element of the list at this path.
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// An entry of the map at this path.
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }

    /// The written form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What kind of fault a field has, as `field.ErrorType` of Kubernetes' apimachinery names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// Something that is referred to is not there.
    NotFound,
    /// It has to be given.
    Required,
    /// It stands twice where it may stand once.
    Duplicate,
    /// Its value is not one it may have.
    Invalid,
    /// Its value is none of a list.
    NotSupported,
    /// It may not be given, or changed, here.
    Forbidden,
    /// It is too long.
    TooLong,
    /// There are too many.
    TooMany,
    /// It is of another type.
    TypeInvalid,
}

impl FieldErrorKind {
    /// The word in `details.causes[].reason`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
        }
    }
}

/// A fault of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// What kind of fault.
    pub kind: FieldErrorKind,
    /// Which field.
    pub path: FieldPath,
    /// The value that it has, where that is told.
    pub value: Option<Value>,
    /// What it should be.
    pub detail: String,
}

impl FieldError {
    /// A field that has to be given.
    pub fn required(path: FieldPath, detail: impl Into<String>) -> Self {
        Self::of(FieldErrorKind::Required, path, None, detail)
    }

    /// A value that a field may not have.
    pub fn invalid(path: FieldPath, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::of(FieldErrorKind::Invalid, path, Some(value.into()), detail)
    }

    /// A value that stands twice.
    pub fn duplicate(path: FieldPath, value: impl Into<Value>) -> Self {
        Self::of(FieldErrorKind::Duplicate, path, Some(value.into()), "")
    }

    /// A field that may not be given or changed.
    pub fn forbidden(path: FieldPath, detail: impl Into<String>) -> Self {
        Self::of(FieldErrorKind::Forbidden, path, None, detail)
    }

    /// A value that refers to something that is not there.
    pub fn not_found(path: FieldPath, value: impl Into<Value>) -> Self {
        Self::of(FieldErrorKind::NotFound, path, Some(value.into()), "")
    }

    /// A value that is none of those there are.
    pub fn not_supported(path: FieldPath, value: impl Into<Value>, supported: &[&str]) -> Self {
        let words: Vec<_> = supported.iter().map(|word| format!("{word:?}")).collect();
        let detail = format!("supported values: {}", words.join(", "));
        Self::of(
            FieldErrorKind::NotSupported,
            path,
            Some(value.into()),
            detail,
        )
    }

    /// A text of more bytes than it may have.
    pub fn too_long(path: FieldPath, most: usize) -> Self {
        let detail = format!("may not be more than {most} bytes");
        Self::of(FieldErrorKind::TooLong, path, None, detail)
    }

    /// A list of more elements than it may have.
    pub fn too_many(path: FieldPath, have: usize, most: usize) -> Self {
        let detail = format!("must have at most {most} items");
        Self::of(FieldErrorKind::TooMany, path, Some(have.into()), detail)
    }

    /// A value of another type.
    pub fn wrong_type(path: FieldPath, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::of(
            FieldErrorKind::TypeInvalid,
            path,
            Some(value.into()),
            detail,
        )
    }

    fn of(
        kind: FieldErrorKind,
        path: FieldPath,
        value: Option<Value>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            path,
            value,
            detail: detail.into(),
        }
    }

    /// What is said without the path, as it stands in `details.causes[].message`.
    pub fn words(&self) -> String {
        let mut words = self.kind.words().to_owned();
        if let Some(value) = &self.value {
            words = format!("{words}: {value}");
        }
        if !self.detail.is_empty() {
            words = format!("{words}: {}", self.detail);
        }
        words
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path, self.words())
    }
}
