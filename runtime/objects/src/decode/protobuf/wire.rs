//! The wire format: numbered fields, each a number or a run of bytes.

/// A number, seven bits to a byte.
const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
/// A length and as many bytes.
const BLOCK: u8 = 2;
const START_GROUP: u8 = 3;
const END_GROUP: u8 = 4;
const FIXED_32: u8 = 5;

/// What is wrong with a message, in the words of Go's protobuf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// It ends within a field.
    #[error("unexpected EOF")]
    Short,
    /// A number has more than 64 bits.
    #[error("proto: integer overflow")]
    Overflow,
    /// A length is more than 63 bits can say.
    #[error("proto: negative length found during unmarshaling")]
    Length,
    /// A group ends that has not begun.
    #[error("proto: {message}: wiretype end group for non-group")]
    EndGroup { message: String },
    /// A field has no number.
    #[error("proto: {message}: illegal tag {number} (wire type {tag})")]
    Tag {
        message: String,
        number: i32,
        tag: u64,
    },
    /// A field that is not known is of a kind that there is not.
    #[error("proto: illegal wireType {0}")]
    UnknownWireType(u8),
    /// A known field is of another kind.
    #[error("proto: wrong wireType = {wire_type} for field {field}")]
    WireType { wire_type: u8, field: String },
    /// What a field holds is no value of its type.
    #[error("{0}")]
    Value(String),
}

/// The head of a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub(super) number: i32,
    wire_type: u8,
}

impl Tag {
    /// Whether the field holds a run of bytes.
    pub(super) fn is_block(self) -> bool {
        self.wire_type == BLOCK
    }

    fn expect(self, wire_type: u8, field: &str) -> Result<(), Fault> {
        if self.wire_type == wire_type {
            return Ok(());
        }
        Err(Fault::WireType {
            wire_type: self.wire_type,
            field: field.to_owned(),
        })
    }
}

/// A message that is being read.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    rest: &'a [u8],
    message: &'a str,
}

impl<'a> Wire<'a> {
    /// Starts to read a message, which faults call by that name.
    pub(super) fn new(bytes: &'a [u8], message: &'a str) -> Self {
        Self {
            rest: bytes,
            message,
        }
    }

    /// The head of the next field; none at the end.
    pub(super) fn tag(&mut self) -> Result<Option<Tag>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let (number, wire_type) = (low_half(tag >> 3), kind_of(tag));
        let message = || self.message.to_owned();
        if wire_type == END_GROUP {
            return Err(Fault::EndGroup { message: message() });
        }
        if number <= 0 {
            let message = message();
            return Err(Fault::Tag {
                message,
                number,
                tag,
            });
        }
        Ok(Some(Tag { number, wire_type }))
    }

    /// The number that a field holds; `field` is its name in a fault.
    pub(super) fn number(&mut self, tag: Tag, field: &str) -> Result<u64, Fault> {
        tag.expect(VARINT, field)?;
        self.varint()
    }

    /// The bytes that a field holds; `field` is its name in a fault.
    pub(super) fn block(&mut self, tag: Tag, field: &str) -> Result<&'a [u8], Fault> {
        tag.expect(BLOCK, field)?;
        self.run()
    }

    /// The next of numbers that stand in a run without heads; none at the end.
    pub(super) fn packed(&mut self) -> Result<Option<u64>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.varint().map(Some)
    }

    /// Leaves out a field, with all that is in it when it is a group.
    pub(super) fn skip(&mut self, tag: Tag) -> Result<(), Fault> {
        let mut wire_type = tag.wire_type;
        let mut open_groups = 0_usize;
        loop {
            match wire_type {
                VARINT => drop(self.varint()?),
                FIXED_64 => drop(self.take(8)?),
                BLOCK => drop(self.run()?),
                FIXED_32 => drop(self.take(4)?),
                START_GROUP => open_groups += 1,
                // The first head is none of a group's end, so one is open.
                END_GROUP => open_groups = open_groups.saturating_sub(1),
                other => return Err(Fault::UnknownWireType(other)),
            }
            if open_groups == 0 {
                return Ok(());
            }
            wire_type = kind_of(self.varint()?);
        }
    }

    fn varint(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Fault::Short)?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::Overflow)
    }

    fn run(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.varint()?;
        let length = i64::try_from(length).map_err(|_| Fault::Length)?;
        self.take(usize::try_from(length).map_err(|_| Fault::Short)?)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Fault::Short)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// The lower 32 bits with their sign, which is what Go keeps of a number for an `int32`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper half is left out, as Go leaves it out"
)]
pub(super) fn low_half(number: u64) -> i32 {
    number as i32
}

fn kind_of(tag: u64) -> u8 {
    u8::try_from(tag & 7).expect("three bits fit")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(bytes: &[u8]) -> Result<usize, Fault> {
        let mut wire = Wire::new(bytes, "Pod");
        let tag = wire.tag()?.expect("there is a field");
        wire.skip(tag)?;
        Ok(wire.rest.len())
    }

    #[test]
    fn numbers_are_bounded() {
        let number = |bytes: &[u8]| Wire::new(bytes, "Pod").varint();
        assert_eq!(number(&[0xac, 0x02]), Ok(300));
        let mut longest = [0xff; 10];
        longest[9] = 0x01;
        assert_eq!(number(&longest), Ok(u64::MAX));
        assert_eq!(number(&[0xff; 10]), Err(Fault::Overflow));
        assert_eq!(number(&[0x80]), Err(Fault::Short));
    }

    #[test]
    fn unknown_fields_are_left_out_whole() {
        assert_eq!(skipped(&[0x08, 0x05, 0xff]), Ok(1));
        assert_eq!(skipped(&[0x0a, 0x02, 1, 2, 0xff]), Ok(1));
        let group = [0x0b, 0x08, 0x05, 0x13, 0x14, 0x0c, 0xff];
        assert_eq!(skipped(&group), Ok(1));
        assert_eq!(skipped(&group[..4]), Err(Fault::Short));
        assert_eq!(skipped(&[0x0d, 1, 2]), Err(Fault::Short));
        assert_eq!(skipped(&[0x0f]), Err(Fault::UnknownWireType(7)));
    }

    #[test]
    fn lengths_beyond_the_end_are_refused() {
        assert_eq!(skipped(&[0x0a, 0x03, 1, 2]), Err(Fault::Short));
        let mut huge = vec![0x0a];
        huge.extend([0xff; 8]);
        huge.push(0x7f);
        assert_eq!(skipped(&huge), Err(Fault::Short));
        huge[9] = 0xff;
        huge.push(0x01);
        assert_eq!(skipped(&huge), Err(Fault::Length));
    }
}
