//! The fields of a message, one after another, each as the type that it is declared with.

use std::collections::{BTreeMap, BTreeSet};

use coracle_model::{Timestamp, Value};

use super::number::whole;
use super::tree::{Content, Document, Entry, Node};
use crate::kfp::fault::Fault;

/// The first second of year 1, before which protobuf has no time.
const FIRST_SECOND: i64 = -62_135_596_800;

/// An object that stands for a message.
#[derive(Clone, Copy)]
pub(in crate::kfp) struct Object<'d> {
    document: &'d Document<'d>,
    entries: &'d [Entry],
}

/// A field of a message.
pub(in crate::kfp) struct Member<'d> {
    document: &'d Document<'d>,
    entry: &'d Entry,
    /// Its name as declared: `display_name`.
    name: String,
}

/// Fields of which a message has at most one.
pub(in crate::kfp) struct OneOf {
    name: &'static str,
    taken: bool,
}

impl OneOf {
    /// Those that are declared under a full name.
    pub(in crate::kfp) fn new(name: &'static str) -> Self {
        Self { name, taken: false }
    }

    /// Says that one of them is there.
    pub(in crate::kfp) fn take(&mut self, member: &Member<'_>) -> Result<(), Fault> {
        if member.is_null() {
            return Ok(());
        }
        if self.taken {
            let key = member.document.written_key(member.entry);
            let name = self.name;
            let problem = format!("error parsing \"{key}\", oneof {name} is already set");
            return Err(member.fault(&problem));
        }
        self.taken = true;
        Ok(())
    }
}

impl<'d> Object<'d> {
    /// The whole of a document.
    pub(super) fn root(document: &'d Document<'d>) -> Result<Self, Fault> {
        Self::of(document, &document.root)
    }

    fn of(document: &'d Document<'d>, node: &'d Node) -> Result<Self, Fault> {
        match &node.content {
            Content::Map(entries) => Ok(Self { document, entries }),
            Content::Null
            | Content::Bool(_)
            | Content::Number
            | Content::Text(_)
            | Content::List(_) => Err(unexpected(document, node)),
        }
    }

    /// Calls `field` with each field, in the order of the text; it reads the field, or says that it is unknown.
    pub(in crate::kfp) fn read(
        self,
        mut field: impl FnMut(&str, Member<'d>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        for entry in self.entries {
            let member = |name: &str| Member {
                document: self.document,
                entry,
                name: name.to_owned(),
            };
            let name = declared(&entry.key).ok_or_else(|| member("").unknown())?;
            if !seen.insert(name.clone()) {
                let key = self.document.written_key(entry);
                return Err(member(&name).fault(&format!("duplicate field \"{key}\"")));
            }
            field(&name, member(&name))?;
        }
        Ok(())
    }
}

impl<'d> Member<'d> {
    /// A refusal of a field that the message does not have.
    pub(in crate::kfp) fn unknown(&self) -> Fault {
        let key = self.document.written_key(self.entry);
        self.fault(&format!("unknown field \"{key}\""))
    }

    /// A text; empty when it is left out.
    pub(in crate::kfp) fn text(&self) -> Result<String, Fault> {
        text_of(self.document, self.value(), &camel(&self.name))
    }

    /// A list of texts.
    pub(in crate::kfp) fn texts(&self) -> Result<Vec<String>, Fault> {
        self.list(|node| text_of(self.document, node, &camel(&self.name)))
    }

    /// A whole number; 0 when it is left out.
    pub(in crate::kfp) fn int64(&self) -> Result<i64, Fault> {
        self.int64_of(self.value())
    }

    /// A list of whole numbers.
    pub(in crate::kfp) fn int64s(&self) -> Result<Vec<i64>, Fault> {
        self.list(|node| self.int64_of(node))
    }

    /// A whole number of 32 bits; 0 when it is left out.
    pub(in crate::kfp) fn int32(&self) -> Result<i64, Fault> {
        self.int32_of(self.value())
    }

    /// A list of whole numbers of 32 bits.
    pub(in crate::kfp) fn int32s(&self) -> Result<Vec<i64>, Fault> {
        self.list(|node| self.int32_of(node))
    }

    /// A boolean; false when it is left out.
    pub(in crate::kfp) fn boolean(&self) -> Result<bool, Fault> {
        match self.value().content {
            Content::Null => Ok(false),
            Content::Bool(flag) => Ok(flag),
            Content::Number | Content::Text(_) | Content::List(_) | Content::Map(_) => {
                Err(self.invalid("bool", self.value()))
            }
        }
    }

    /// The number of a constant, which may be named; 0 when it is left out.
    pub(in crate::kfp) fn constant(&self, names: &[(&str, i32)]) -> Result<i32, Fault> {
        let value = self.value();
        let number = match &value.content {
            Content::Null => Some(0),
            Content::Text(text) => names
                .iter()
                .find(|(name, _)| name == text)
                .map(|(_, number)| *number),
            Content::Number => {
                whole(&self.document.token(value)).and_then(|number| i32::try_from(number).ok())
            }
            Content::Bool(_) | Content::List(_) | Content::Map(_) => None,
        };
        number.ok_or_else(|| self.invalid("enum", value))
    }

    /// A time; none when it is left out.
    pub(in crate::kfp) fn time(&self) -> Result<Option<Timestamp>, Fault> {
        let value = self.value();
        let text = match &value.content {
            Content::Null => return Ok(None),
            Content::Text(text) => text,
            Content::Bool(_) | Content::Number | Content::List(_) | Content::Map(_) => {
                return Err(unexpected(self.document, value));
            }
        };
        if !is_rfc_3339(text) {
            let token = self.document.token(value);
            let problem = format!("invalid google.protobuf.Timestamp value {token}");
            return Err(fault(&self.document.place(value), &problem));
        }
        let token = self.document.token(value);
        let problem = format!("google.protobuf.Timestamp value out of range: {token}");
        let parsed: Option<Timestamp> = text.parse().ok();
        let first = Timestamp::from_second(FIRST_SECOND).unwrap_or(Timestamp::MIN);
        match parsed.filter(|at| *at >= first) {
            Some(at) => Ok(Some(at)),
            None => Err(fault(&self.document.place(value), &problem)),
        }
    }

    /// A message; none when it is left out.
    pub(in crate::kfp) fn object(&self) -> Result<Option<Object<'d>>, Fault> {
        match self.value().content {
            Content::Null => Ok(None),
            Content::Bool(_)
            | Content::Number
            | Content::Text(_)
            | Content::List(_)
            | Content::Map(_) => Object::of(self.document, self.value()).map(Some),
        }
    }

    /// A list of messages.
    pub(in crate::kfp) fn objects(&self) -> Result<Vec<Object<'d>>, Fault> {
        self.list(|node| Object::of(self.document, node))
    }

    /// Anything, as a `google.protobuf.Struct`; none when it is left out.
    pub(in crate::kfp) fn structure(&self) -> Result<Option<Value>, Fault> {
        match self.value().content {
            Content::Null => Ok(None),
            Content::Map(_) => value_of(self.document, self.value()).map(Some),
            Content::Bool(_) | Content::Number | Content::Text(_) | Content::List(_) => {
                Err(unexpected(self.document, self.value()))
            }
        }
    }

    /// Values of any kind by name.
    pub(in crate::kfp) fn values(&self) -> Result<BTreeMap<String, Value>, Fault> {
        self.map(|node| value_of(self.document, node))
    }

    /// Structures by name.
    pub(in crate::kfp) fn structures(&self) -> Result<BTreeMap<String, Value>, Fault> {
        self.map(|node| match &node.content {
            Content::Map(_) => value_of(self.document, node),
            Content::Null
            | Content::Bool(_)
            | Content::Number
            | Content::Text(_)
            | Content::List(_) => Err(unexpected(self.document, node)),
        })
    }

    /// Texts by name.
    pub(in crate::kfp) fn text_map(&self) -> Result<BTreeMap<String, String>, Fault> {
        self.map(|node| text_of(self.document, node, "value"))
    }

    /// Whether the field is written as a map without entries, which can mean more than one that is left out.
    pub(in crate::kfp) fn is_empty_map(&self) -> bool {
        matches!(&self.value().content, Content::Map(entries) if entries.is_empty())
    }

    fn is_null(&self) -> bool {
        matches!(self.value().content, Content::Null)
    }

    fn value(&self) -> &'d Node {
        &self.entry.value
    }

    fn map<T>(
        &self,
        read: impl Fn(&'d Node) -> Result<T, Fault>,
    ) -> Result<BTreeMap<String, T>, Fault> {
        let Some(object) = self.object()? else {
            return Ok(BTreeMap::new());
        };
        let mut map = BTreeMap::new();
        for entry in object.entries {
            refuse_duplicate(self.document, entry, &map)?;
            map.insert(entry.key.clone(), read(&entry.value)?);
        }
        Ok(map)
    }

    fn list<T>(&self, read: impl Fn(&'d Node) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        match &self.value().content {
            Content::Null => Ok(Vec::new()),
            Content::List(items) => items.iter().map(read).collect(),
            Content::Bool(_) | Content::Number | Content::Text(_) | Content::Map(_) => {
                Err(unexpected(self.document, self.value()))
            }
        }
    }

    fn int64_of(&self, node: &Node) -> Result<i64, Fault> {
        self.whole(node).ok_or_else(|| self.invalid("int64", node))
    }

    fn int32_of(&self, node: &Node) -> Result<i64, Fault> {
        self.whole(node)
            .filter(|number| i32::try_from(*number).is_ok())
            .ok_or_else(|| self.invalid("int32", node))
    }

    fn whole(&self, node: &Node) -> Option<i64> {
        match &node.content {
            Content::Null => Some(0),
            Content::Number => whole(&self.document.token(node)),
            Content::Text(text) => whole(text),
            Content::Bool(_) | Content::List(_) | Content::Map(_) => None,
        }
    }

    fn invalid(&self, kind: &str, node: &Node) -> Fault {
        let (name, token) = (camel(&self.name), self.document.token(node));
        let problem = format!("invalid value for {kind} field {name}: {token}");
        fault(&self.document.place(node), &problem)
    }

    fn fault(&self, problem: &str) -> Fault {
        fault(&self.document.key_place(self.entry), problem)
    }
}

fn text_of(document: &Document<'_>, node: &Node, name: &str) -> Result<String, Fault> {
    match &node.content {
        Content::Null => Ok(String::new()),
        Content::Text(text) => Ok(text.clone()),
        Content::Bool(_) | Content::Number | Content::List(_) | Content::Map(_) => {
            let token = document.token(node);
            let problem = format!("invalid value for string field {name}: {token}");
            Err(fault(&document.place(node), &problem))
        }
    }
}

fn value_of(document: &Document<'_>, node: &Node) -> Result<Value, Fault> {
    Ok(match &node.content {
        Content::Null => Value::Null,
        Content::Bool(flag) => Value::Bool(*flag),
        Content::Text(text) => Value::String(text.clone()),
        Content::Number => {
            let token = document.token(node);
            let number = token.parse().ok().filter(|number: &f64| number.is_finite());
            Value::Number(number.ok_or_else(|| {
                let problem = format!("invalid google.protobuf.Value: {token}");
                fault(&document.place(node), &problem)
            })?)
        }
        Content::List(items) => {
            let items = items.iter().map(|item| value_of(document, item));
            items.collect::<Result<_, Fault>>()?
        }
        Content::Map(entries) => {
            let mut members = BTreeMap::new();
            for entry in entries {
                refuse_duplicate(document, entry, &members)?;
                members.insert(entry.key.clone(), value_of(document, &entry.value)?);
            }
            Value::Struct(members)
        }
    })
}

fn refuse_duplicate<T>(
    document: &Document<'_>,
    entry: &Entry,
    map: &BTreeMap<String, T>,
) -> Result<(), Fault> {
    if map.contains_key(&entry.key) {
        let problem = format!("duplicate map key \"{}\"", document.written_key(entry));
        return Err(fault(&document.key_place(entry), &problem));
    }
    Ok(())
}

fn unexpected(document: &Document<'_>, node: &Node) -> Fault {
    let (place, token) = (document.place(node), document.token(node));
    Fault::parsing(format!("syntax error {place}: unexpected token {token}"))
}

fn fault(place: &str, problem: &str) -> Fault {
    Fault::parsing(format!("{place}: {problem}"))
}

/// The name that a field is declared with, from either of its spellings; none when it is neither of any.
fn declared(key: &str) -> Option<String> {
    let mut name = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    (key == name || key == camel(&name)).then_some(name)
}

/// The other spelling of a declared name: `displayName`.
fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for letter in name.chars() {
        if letter == '_' {
            upper = true;
        } else {
            camel.push(if upper {
                letter.to_ascii_uppercase()
            } else {
                letter
            });
            upper = false;
        }
    }
    camel
}

/// Whether a text has the one form that protobuf takes: `T` and `Z` in upper case, up to nine digits of a second.
fn is_rfc_3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    };
    if bytes.len() <= shape.len() || !bytes.iter().zip(shape).all(fits) {
        return false;
    }
    let rest = &text[shape.len()..];
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if !(1..=9).contains(&digits) {
                return false;
            }
            &fraction[digits..]
        }
        None => rest,
    };
    let offset = zone.as_bytes();
    let is_offset = offset.len() == 6
        && matches!(offset[0], b'+' | b'-')
        && offset[1..].iter().zip(b"dd:dd").all(fits);
    let part = |range: std::ops::Range<usize>| text[range].parse().unwrap_or(99);
    let (month, day, hour) = (part(5..7), part(8..10), part(11..13));
    let (minute, second) = (part(14..16), part(17..19));
    (zone == "Z" || is_offset)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 59
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kfp::json::read_body;

    fn told(body: &str) -> String {
        #[derive(Default, Debug)]
        struct Nothing;
        let read = |object: Object<'_>| {
            let mut source = OneOf::new("kubeflow.Run.pipeline_source");
            object.read(|name, member| {
                match name {
                    "display_name" => drop(member.text()?),
                    "max_concurrency" => drop(member.int64()?),
                    "page_size" => drop(member.int32()?),
                    "no_catchup" => drop(member.boolean()?),
                    "mode" => drop(member.constant(&[("ENABLE", 1)])?),
                    "start_time" => drop(member.time()?),
                    "trigger" => {
                        if let Some(object) = member.object()? {
                            object.read(|_, member| Err(member.unknown()))?;
                        }
                    }
                    "pipeline_spec" => {
                        source.take(&member)?;
                        member.structure()?;
                    }
                    "pipeline_version_id" => source.take(&member)?,
                    "tags" => drop(member.text_map()?),
                    _ => return Err(member.unknown()),
                }
                Ok(())
            })?;
            Ok(Nothing)
        };
        match read_body(body.as_bytes(), read) {
            Ok(_) => "fits".to_owned(),
            Err(fault) => fault.message().to_owned(),
        }
    }

    #[test]
    fn fields_of_the_wrong_kind_are_told_as_protobuf_tells_them() {
        for (body, expected) in [
            (
                r#"{"display_name": "delta", "colour": 1}"#,
                "(line 1:27): unknown field \"colour\"",
            ),
            (
                r#"{"display_name":1}"#,
                "(line 1:17): invalid value for string field displayName: 1",
            ),
            (
                r#"{"displayName":{}}"#,
                "(line 1:16): invalid value for string field displayName: {",
            ),
            (
                r#"{"max_concurrency":"x"}"#,
                "(line 1:20): invalid value for int64 field maxConcurrency: \"x\"",
            ),
            (
                r#"{"page_size":99999999999}"#,
                "(line 1:14): invalid value for int32 field pageSize: 99999999999",
            ),
            (
                r#"{"noCatchup":"true"}"#,
                "(line 1:14): invalid value for bool field noCatchup: \"true\"",
            ),
            (
                r#"{"mode":"enable"}"#,
                "(line 1:9): invalid value for enum field mode: \"enable\"",
            ),
            (
                r#"{"start_time":"yesterday"}"#,
                "(line 1:15): invalid google.protobuf.Timestamp value \"yesterday\"",
            ),
            (
                r#"{"start_time":"0000-01-01T00:00:00Z"}"#,
                "(line 1:15): google.protobuf.Timestamp value out of range: \"0000-01-01T00:00:00Z\"",
            ),
            (
                r#"{"start_time":5}"#,
                "syntax error (line 1:15): unexpected token 5",
            ),
            (
                r#"{"trigger":[]}"#,
                "syntax error (line 1:12): unexpected token [",
            ),
            ("null", "syntax error (line 1:1): unexpected token null"),
            (r#"{"trigger":{"a":1}}"#, "(line 1:13): unknown field \"a\""),
            (
                r#"{"display_name":"a","displayName":"b"}"#,
                "(line 1:21): duplicate field \"displayName\"",
            ),
            (
                r#"{"pipeline_spec":{"a":1,"a":2}}"#,
                "(line 1:25): duplicate map key \"a\"",
            ),
            (
                r#"{"pipeline_spec":{"a":1e400}}"#,
                "(line 1:23): invalid google.protobuf.Value: 1e400",
            ),
            (
                r#"{"pipeline_spec":{},"pipeline_version_id":"v"}"#,
                "(line 1:21): error parsing \"pipeline_version_id\", oneof kubeflow.Run.pipeline_source is already set",
            ),
            (
                r#"{"tags":{"a":1}}"#,
                "(line 1:14): invalid value for string field value: 1",
            ),
            (
                r#"{"Display_name":"a"}"#,
                "(line 1:2): unknown field \"Display_name\"",
            ),
        ] {
            assert_eq!(told(body), format!("proto: {expected}"), "{body}");
        }
    }

    #[test]
    fn every_spelling_and_notation_that_protobuf_takes_is_read() {
        for body in [
            "",
            "{}",
            r#"{"displayName":"a","maxConcurrency":"7","noCatchup":true}"#,
            r#"{"max_concurrency":1e1,"mode":"ENABLE","page_size":"1.0"}"#,
            r#"{"mode":99,"start_time":"2030-01-01T00:00:00.5+01:00"}"#,
            r#"{"mode":null,"start_time":null,"trigger":null,"tags":null}"#,
            r#"{"pipeline_spec":null,"pipeline_version_id":"v"}"#,
            r#"  {"display_name":"a"}} more"#,
        ] {
            assert_eq!(told(body), "fits", "{body}");
        }
    }
}
