//! What surrounds a body: the magic number, what the body is, and its bytes.

use super::facts;
use super::message;
use super::value::text;
use super::wire::{Fault, Wire};
use crate::object::Object;
use crate::schema::ObjectType;

const MAGIC: &[u8] = b"k8s\0";

/// A body that says what it is and is not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    /// `apiVersion`; empty where it is not told, or is none.
    pub(crate) api_version: String,
    /// `kind`; empty where it is not told.
    pub(crate) kind: String,
    message: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Opens a body.
    ///
    /// # Errors
    /// The first fault, in the server's words.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.is_empty() {
            return Err("empty data".to_owned());
        }
        let Some(unknown) = bytes.strip_prefix(MAGIC) else {
            return Err(format!(
                "provided data does not appear to be a protobuf message, expected prefix [{}]",
                MAGIC
                    .iter()
                    .map(u8::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            ));
        };
        if unknown.is_empty() {
            return Err("empty body".to_owned());
        }
        Self::read_head(unknown).map_err(|fault| fault.to_string())
    }

    /// Reads the `Unknown` of Kubernetes' runtime. How the message is encoded, and as what, is not looked at.
    fn read_head(unknown: &'a [u8]) -> Result<Self, Fault> {
        let mut envelope = Self {
            api_version: String::new(),
            kind: String::new(),
            message: &[],
        };
        let mut wire = Wire::new(unknown, "Unknown");
        while let Some(tag) = wire.tag()? {
            match tag.number {
                1 => envelope.read_type(wire.block(tag, "TypeMeta")?)?,
                2 => envelope.message = wire.block(tag, "Raw")?,
                3 => drop(wire.block(tag, "ContentEncoding")?),
                4 => drop(wire.block(tag, "ContentType")?),
                _ => wire.skip(tag)?,
            }
        }
        if envelope.api_version.matches('/').count() > 1 {
            envelope.api_version.clear();
        }
        Ok(envelope)
    }

    fn read_type(&mut self, type_meta: &[u8]) -> Result<(), Fault> {
        let mut wire = Wire::new(type_meta, "TypeMeta");
        while let Some(tag) = wire.tag()? {
            match tag.number {
                1 => self.api_version = text(wire.block(tag, "APIVersion")?),
                2 => self.kind = text(wire.block(tag, "Kind")?),
                _ => wire.skip(tag)?,
            }
        }
        Ok(())
    }

    /// Whether bodies of a kind can be read: those of Kubernetes' own kinds that clients write.
    pub(crate) fn is_readable(object_type: &ObjectType) -> bool {
        facts::of_kind(object_type).is_some()
    }

    /// The body as a message of a kind, as the JSON that says the same; empty for one that cannot be read.
    ///
    /// # Errors
    /// The first fault, in the words of Go's protobuf.
    pub(crate) fn read(&self, object_type: &ObjectType) -> Result<Object, String> {
        facts::of_kind(object_type).map_or_else(
            || Ok(Object::new()),
            |kind| message::read(self.message, kind).map_err(|fault| fault.to_string()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_says_what_it_is() {
        let envelope =
            Envelope::open(b"k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x02\x0a\x00\x1a\x00").unwrap();
        assert_eq!(envelope.api_version, "v1");
        assert_eq!(envelope.kind, "Pod");
        assert_eq!(envelope.message, [0x0a, 0]);
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let told = |bytes: &[u8]| Envelope::open(bytes).unwrap_err();
        assert_eq!(told(b""), "empty data");
        assert_eq!(told(b"k8s\0"), "empty body");
        assert_eq!(
            told(b"{}"),
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        );
        assert_eq!(told(b"k8s\0\x0a\xff"), "unexpected EOF");
        assert_eq!(
            told(b"k8s\0\x0a\x02\x08\x01"),
            "proto: wrong wireType = 0 for field APIVersion"
        );
    }
}
