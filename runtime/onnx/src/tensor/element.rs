//! One element of a tensor: what it is in JSON, and as bytes.

use std::fmt::{self, Display};

use serde::{Serialize as _, Serializer};
use tract_onnx::prelude::{Datum, f16};

/// An element of a tensor.
pub(super) trait Element: Datum {
    /// From a number or a boolean in JSON; none for one that it cannot be.
    fn of_scalar(scalar: &Scalar<'_>) -> Option<Self>;

    /// From the front of some bytes, with how many it takes; none where there are too few.
    fn of_bytes(bytes: &[u8]) -> Option<(Self, usize)>;

    /// Adds its bytes to others.
    fn append_to(&self, bytes: &mut Vec<u8>);

    /// As a number, a boolean or a text.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// What JSON has beside arrays and objects.
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(&'a str),
}

/// What is the same for all numbers.
macro_rules! number {
    ($type:ty, $scalar:ident => $of_scalar:expr, $self:ident => $serialized:expr) => {
        impl Element for $type {
            fn of_scalar($scalar: &Scalar<'_>) -> Option<Self> {
                $of_scalar
            }

            fn of_bytes(bytes: &[u8]) -> Option<(Self, usize)> {
                let (first, _) = bytes.split_first_chunk()?;
                Some((Self::from_le_bytes(*first), first.len()))
            }

            fn append_to(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $self = *self;
                $serialized.serialize(serializer)
            }
        }
    };
}

macro_rules! integers {
    ($($type:ty)*) => {
        $(number!(
            $type,
            scalar => match scalar {
                Scalar::Integer(value) => Self::try_from(*value).ok(),
                // Clients that know one kind of number write 1.0.
                Scalar::Float(value) if value.fract() == 0.0 => Self::try_from(*value as i128).ok(),
                _ => None,
            },
            value => value
        );)*
    };
}

integers!(i8 i16 i32 i64 u8 u16 u32 u64);
number!(f64, scalar => float(scalar), value => value);
number!(f32, scalar => narrowed(float(scalar)?, |value| value as f32, Self::is_finite), value => value);
number!(f16, scalar => narrowed(float(scalar)?, Self::from_f64, Self::is_finite), value => value.to_f32());

/// A number. JSON has no word for what is none: it is read from `null`, and written so.
fn float(scalar: &Scalar<'_>) -> Option<f64> {
    match scalar {
        Scalar::Null => Some(f64::NAN),
        Scalar::Integer(value) => Some(*value as f64),
        Scalar::Float(value) => Some(*value),
        Scalar::Bool(_) | Scalar::Text(_) => None,
    }
}

/// A number with fewer bits, unless it is too large for them.
fn narrowed<T: Copy>(
    value: f64,
    narrow: impl Fn(f64) -> T,
    is_finite: impl Fn(T) -> bool,
) -> Option<T> {
    let narrow = narrow(value);
    (is_finite(narrow) || value.is_nan()).then_some(narrow)
}

impl Element for bool {
    fn of_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Bool(value) => Some(*value),
            Scalar::Integer(0) => Some(false),
            Scalar::Integer(1) => Some(true),
            _ => None,
        }
    }

    fn of_bytes(bytes: &[u8]) -> Option<(Self, usize)> {
        Some((*bytes.first()? != 0, 1))
    }

    fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.push((*self).into());
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

/// Texts have their length before them.
impl Element for String {
    fn of_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Text(text) => Some((*text).to_owned()),
            _ => None,
        }
    }

    fn of_bytes(bytes: &[u8]) -> Option<(Self, usize)> {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let text = str::from_utf8(rest.get(..length)?).ok()?;
        Some((text.to_owned(), size_of::<u32>() + length))
    }

    fn append_to(&self, bytes: &mut Vec<u8>) {
        let length = u32::try_from(self.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(self.as_bytes());
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl Display for Scalar<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => value.fmt(formatter),
            Self::Integer(value) => value.fmt(formatter),
            Self::Float(value) => value.fmt(formatter),
            Self::Text(text) => write!(formatter, "the text `{text}`"),
        }
    }
}
