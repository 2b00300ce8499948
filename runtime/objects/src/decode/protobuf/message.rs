//! A message to JSON, by the facts of its fields.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::facts::{self, Field, Kind, Message};
use super::value;
use super::wire::{Fault, Tag, Wire, low_half};

/// Reads a message. What is not known is left out. Of a value that stands twice the last is taken, of a message, list
/// or map all that stands anywhere.
pub(super) fn read(bytes: &[u8], message: &Message) -> Result<Map<String, Value>, Fault> {
    let mut object = Map::new();
    read_into(&mut object, bytes, message)?;
    Ok(object)
}

fn read_into(
    object: &mut Map<String, Value>,
    bytes: &[u8],
    message: &Message,
) -> Result<(), Fault> {
    let mut wire = Wire::new(bytes, &message.name);
    while let Some(tag) = wire.tag()? {
        match message.fields.get(&tag.number) {
            Some(field) => read_field(object, &mut wire, tag, field)?,
            None => wire.skip(tag)?,
        }
    }
    Ok(())
}

fn read_field(
    object: &mut Map<String, Value>,
    wire: &mut Wire<'_>,
    tag: Tag,
    field: &Field,
) -> Result<(), Fault> {
    let go_name = &field.go_name;
    match (&field.name, &field.kind) {
        (None, Kind::Message(inner)) => {
            let bytes = wire.block(tag, go_name)?;
            read_into(object, bytes, facts::message(inner))
        }
        (None, _) => wire.skip(tag),
        (Some(name), kind) => {
            let value = object.entry(name).or_insert(Value::Null);
            let before = std::mem::take(value);
            *value = read_value(wire, tag, kind, go_name, before)?;
            Ok(())
        }
    }
}

/// The value of a field after another piece of it; `before` is what it was, null at first.
fn read_value(
    wire: &mut Wire<'_>,
    tag: Tag,
    kind: &Kind,
    go_name: &str,
    before: Value,
) -> Result<Value, Fault> {
    match kind {
        Kind::Boolean | Kind::Int32 | Kind::Int64 => {
            wire.number(tag, go_name).map(|it| of_number(it, kind))
        }
        Kind::List(items) => {
            let mut list = match before {
                Value::Array(list) => list,
                _ => Vec::new(),
            };
            read_items(&mut list, wire, tag, items, go_name)?;
            Ok(list.into())
        }
        Kind::Map(values) => {
            let mut map = object_of(before);
            let (key, value) = read_entry(wire.block(tag, go_name)?, values, go_name)?;
            map.insert(key, value);
            Ok(map.into())
        }
        Kind::String
        | Kind::Bytes
        | Kind::Quantity
        | Kind::IntOrString
        | Kind::Time
        | Kind::MicroTime
        | Kind::Raw
        | Kind::Texts
        | Kind::Message(_) => of_block(wire.block(tag, go_name)?, kind, before),
    }
}

/// Adds an element to a list; of numbers all that stand in one run.
fn read_items(
    list: &mut Vec<Value>,
    wire: &mut Wire<'_>,
    tag: Tag,
    items: &Kind,
    go_name: &str,
) -> Result<(), Fault> {
    let are_numbers = matches!(items, Kind::Boolean | Kind::Int32 | Kind::Int64);
    if are_numbers && tag.is_block() {
        let mut run = Wire::new(wire.block(tag, go_name)?, go_name);
        while let Some(number) = run.packed()? {
            list.push(of_number(number, items));
        }
    } else {
        list.push(read_value(wire, tag, items, go_name, Value::Null)?);
    }
    Ok(())
}

/// An entry of a map: a message of a key and a value, each empty where it is not there.
fn read_entry(bytes: &[u8], values: &Kind, go_name: &str) -> Result<(String, Value), Fault> {
    let (mut key, mut value) = (String::new(), None);
    let mut wire = Wire::new(bytes, go_name);
    while let Some(tag) = wire.tag()? {
        match tag.number {
            1 => key = value::text(wire.block(tag, go_name)?),
            2 => value = Some(read_value(&mut wire, tag, values, go_name, Value::Null)?),
            _ => wire.skip(tag)?,
        }
    }
    let value = match value {
        Some(value) => value,
        None => of_block(&[], values, Value::Null)?,
    };
    Ok((key, value))
}

fn of_number(number: u64, kind: &Kind) -> Value {
    match kind {
        Kind::Boolean => (number != 0).into(),
        Kind::Int32 => low_half(number).into(),
        _ => number.cast_signed().into(),
    }
}

fn of_block(bytes: &[u8], kind: &Kind, before: Value) -> Result<Value, Fault> {
    Ok(match kind {
        Kind::String => value::text(bytes).into(),
        Kind::Bytes => BASE64_STANDARD.encode(bytes).into(),
        Kind::Quantity => value::quantity(bytes)?,
        Kind::IntOrString => value::int_or_string(bytes)?,
        Kind::Time => value::time(bytes)?,
        Kind::MicroTime => value::micro_time(bytes)?,
        Kind::Raw => value::raw(bytes)?,
        Kind::Texts => value::texts(bytes)?,
        Kind::Message(inner) => {
            let mut object = object_of(before);
            read_into(&mut object, bytes, facts::message(inner))?;
            object.into()
        }
        // Only blocks are read here.
        Kind::Boolean | Kind::Int32 | Kind::Int64 | Kind::List(_) | Kind::Map(_) => Value::Null,
    })
}

fn object_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
