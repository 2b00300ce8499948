//! Messages that stand for a single value in JSON.

use jiff::Timestamp;
use serde_json::Value;

use super::super::json;
use super::wire::{Fault, Wire, low_half};

/// A quantity, in its own spelling.
pub(super) fn quantity(bytes: &[u8]) -> Result<Value, Fault> {
    let mut quantity = "0".to_owned();
    let mut wire = Wire::new(bytes, "Quantity");
    while let Some(tag) = wire.tag()? {
        match tag.number {
            1 => quantity = text(wire.block(tag, "String_")?),
            _ => wire.skip(tag)?,
        }
    }
    Ok(quantity.into())
}

/// A whole number or a text.
pub(super) fn int_or_string(bytes: &[u8]) -> Result<Value, Fault> {
    let (mut kind, mut number, mut string) = (0, 0, String::new());
    let mut wire = Wire::new(bytes, "IntOrString");
    while let Some(tag) = wire.tag()? {
        match tag.number {
            1 => kind = wire.number(tag, "Type")?,
            2 => number = low_half(wire.number(tag, "IntVal")?),
            3 => string = text(wire.block(tag, "StrVal")?),
            _ => wire.skip(tag)?,
        }
    }
    match kind {
        0 => Ok(number.into()),
        1 => Ok(string.into()),
        _ => Err(Fault::Value("impossible IntOrString.Type".to_owned())),
    }
}

/// A time to the second; null for the time that Go begins with.
pub(super) fn time(bytes: &[u8]) -> Result<Value, Fault> {
    let Some((seconds, _)) = timestamp(bytes)? else {
        return Ok(Value::Null);
    };
    written(Timestamp::from_second(seconds), 0)
}

/// A time to the microsecond; null for the time that Go begins with.
pub(super) fn micro_time(bytes: &[u8]) -> Result<Value, Fault> {
    let Some((seconds, nanoseconds)) = timestamp(bytes)? else {
        return Ok(Value::Null);
    };
    let microseconds = seconds.saturating_mul(1_000_000);
    let microseconds = microseconds.saturating_add((nanoseconds / 1000).into());
    written(Timestamp::from_microsecond(microseconds), 6)
}

/// Seconds and nanoseconds; none for the first of January of year 1, which is Go's empty time.
fn timestamp(bytes: &[u8]) -> Result<Option<(i64, i32)>, Fault> {
    const YEAR_1: i64 = -62_135_596_800;
    let (mut seconds, mut nanoseconds) = (0, 0);
    let mut wire = Wire::new(bytes, "Timestamp");
    while let Some(tag) = wire.tag()? {
        match tag.number {
            1 => seconds = wire.number(tag, "Seconds")?.cast_signed(),
            2 => nanoseconds = low_half(wire.number(tag, "Nanos")?),
            _ => wire.skip(tag)?,
        }
    }
    let is_empty = bytes.is_empty() || seconds == YEAR_1 && nanoseconds == 0;
    Ok((!is_empty).then_some((seconds, nanoseconds)))
}

/// A time as RFC 3339 has it, whose years have four digits, with so many digits after the second.
fn written(time: Result<Timestamp, jiff::Error>, digits: usize) -> Result<Value, Fault> {
    let text = time.ok().map(|time| format!("{time:.digits$}"));
    let text = text.filter(|text| text.as_bytes().get(4) == Some(&b'-') && !text.starts_with('-'));
    text.map(Value::from)
        .ok_or_else(|| Fault::Value("Time.MarshalJSON: year outside of range [0,9999]".to_owned()))
}

/// JSON as it stands; null where there is none.
pub(super) fn raw(bytes: &[u8]) -> Result<Value, Fault> {
    let mut raw: &[u8] = &[];
    let mut wire = Wire::new(bytes, "RawExtension");
    while let Some(tag) = wire.tag()? {
        match tag.number {
            1 => raw = wire.block(tag, "Raw")?,
            _ => wire.skip(tag)?,
        }
    }
    if raw.is_empty() {
        return Ok(Value::Null);
    }
    let node = json::read(raw).map_err(Fault::Value)?;
    Ok(node.into_value())
}

/// A list of texts; null where there is none.
pub(super) fn texts(bytes: &[u8]) -> Result<Value, Fault> {
    let mut texts = Vec::new();
    let mut wire = Wire::new(bytes, "ExtraValue");
    while let Some(tag) = wire.tag()? {
        match tag.number {
            1 => texts.push(Value::from(text(wire.block(tag, "Items")?))),
            _ => wire.skip(tag)?,
        }
    }
    Ok(if texts.is_empty() {
        Value::Null
    } else {
        texts.into()
    })
}

/// A text; what is no UTF-8 is shown as Go shows it.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_empty_is_what_go_writes_of_it() {
        assert_eq!(quantity(&[]), Ok(json!("0")));
        assert_eq!(int_or_string(&[]), Ok(json!(0)));
        assert_eq!(time(&[]), Ok(Value::Null));
        assert_eq!(raw(&[0x0a, 0]), Ok(Value::Null));
        assert_eq!(texts(&[]), Ok(Value::Null));
    }

    #[test]
    fn a_time_is_to_its_own_precision() {
        let bytes = [0x08, 0x05, 0x10, 0xc0, 0x84, 0x3d];
        assert_eq!(time(&bytes), Ok(json!("1970-01-01T00:00:05Z")));
        assert_eq!(micro_time(&bytes), Ok(json!("1970-01-01T00:00:05.001000Z")));
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        let far = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        for told in [
            time(&far),
            micro_time(&far),
            int_or_string(&[0x08, 2]),
            raw(&[0x0a, 1, b'x']),
        ] {
            assert!(matches!(told, Err(Fault::Value(_))), "{told:?}");
        }
    }
}
