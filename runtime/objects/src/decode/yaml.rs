//! A reader of YAML as Go's `sigs.k8s.io/yaml` reads it: the first document, with the words of YAML 1.1, as JSON.
//!
//! Depth, number of values and what aliases may copy are bounded while the text is scanned.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, Tag};

use super::tree::Node;

/// Levels of lists and maps.
const DEEPEST: usize = 100;
/// Values that a text may hold or, by aliases, stand for: far more than an object that can be stored.
const MOST: usize = 1_000_000;

/// A document, and what is said of keys that stand twice: `line 4: key "name" already set in map`.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Node,
    pub(super) duplicates: Vec<String>,
}

/// Reads the first document of a text; an empty one is null. Maps come out in the order of their keys.
///
/// # Errors
/// The first fault, as `yaml: line 3: …`.
pub(super) fn read(bytes: &[u8]) -> Result<Document, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "yaml: invalid leading UTF-8 octet")?;
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = DEEPEST + 1;
    options.block_nesting_limit = DEEPEST + 1;
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let line = error.marker().line().max(1);
            format!("yaml: line {line}: {}", error.info())
        })?;
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        builder.take(event, span.start.line())?;
    }
    Ok(Document {
        root: builder.root.unwrap_or(Node::Null),
        duplicates: builder.duplicates,
    })
}

/// A list or map that is not at its end.
enum Open {
    List(Vec<Node>),
    Map {
        fields: Vec<(String, Node)>,
        /// What `<<` brings, which fields of the map's own stand before.
        merged: Vec<(String, Node)>,
        key: Option<Key>,
    },
}

enum Key {
    Name(String),
    Merge,
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<(Open, usize)>,
    anchors: HashMap<usize, (Node, usize)>,
    values: usize,
    duplicates: Vec<String>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                if plain && text == "<<" && tag.is_none() && self.awaits_key() {
                    self.set_key(Key::Merge);
                    return Ok(());
                }
                let node = scalar(&text, plain, tag.as_deref())?;
                self.close(node, anchor, line)
            }
            Event::SequenceStart(_, anchor, _) => self.start(Open::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => {
                let map = Open::Map {
                    fields: Vec::new(),
                    merged: Vec::new(),
                    key: None,
                };
                self.start(map, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some((open, anchor)) => self.close(finish(open), anchor, line),
                None => Ok(()),
            },
            Event::Alias(id) => {
                let (node, values) = self
                    .anchors
                    .get(&id)
                    .ok_or_else(|| format!("yaml: line {line}: anchor contains itself"))?;
                let (node, values) = (node.clone(), *values);
                self.count(values)?;
                if self.open.len() + height(&node) > DEEPEST {
                    return Err("yaml: exceeded max depth".to_owned());
                }
                self.close(node, 0, line)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, values: usize) -> Result<(), String> {
        self.values += values;
        if self.values > MOST {
            return Err("yaml: document contains excessive aliasing".to_owned());
        }
        Ok(())
    }

    fn start(&mut self, open: Open, anchor: usize) -> Result<(), String> {
        self.open.push((open, anchor));
        if self.open.len() > DEEPEST {
            return Err(format!("yaml: exceeded max depth of {DEEPEST}"));
        }
        Ok(())
    }

    /// Puts a finished value where it belongs.
    fn close(&mut self, node: Node, anchor: usize, line: usize) -> Result<(), String> {
        self.count(1)?;
        if anchor != 0 {
            let values = size(&node);
            self.count(values)?;
            self.anchors.insert(anchor, (node.clone(), values));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((Open::List(items), _)) => items.push(node),
            Some((
                Open::Map {
                    fields,
                    merged,
                    key,
                },
                _,
            )) => match key.take() {
                None => *key = Some(Key::Name(key_text(node)?)),
                Some(Key::Merge) => merge(node, merged),
                Some(Key::Name(name)) => {
                    if let Some(first) = fields.iter_mut().find(|(other, _)| *other == name) {
                        let said = format!("line {line}: key {name:?} already set in map");
                        self.duplicates.push(said);
                        first.1 = node;
                    } else {
                        fields.push((name, node));
                    }
                }
            },
        }
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some((Open::Map { key: None, .. }, _)))
    }

    fn set_key(&mut self, to: Key) {
        if let Some((Open::Map { key, .. }, _)) = self.open.last_mut() {
            *key = Some(to);
        }
    }
}

fn finish(open: Open) -> Node {
    match open {
        Open::List(items) => Node::List(items),
        Open::Map {
            mut fields, merged, ..
        } => {
            for (name, node) in merged {
                if !fields.iter().any(|(other, _)| *other == name) {
                    fields.push((name, node));
                }
            }
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            Node::Map(fields)
        }
    }
}

/// Adds the fields of a map, or of each map of a list, where an earlier one has none of the name.
fn merge(node: Node, into: &mut Vec<(String, Node)>) {
    match node {
        Node::Map(fields) => {
            for (name, node) in fields {
                if !into.iter().any(|(other, _)| *other == name) {
                    into.push((name, node));
                }
            }
        }
        Node::List(items) => items.into_iter().for_each(|item| merge(item, into)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
    }
}

fn key_text(node: Node) -> Result<String, String> {
    match node {
        Node::Text(text) | Node::Number(text) => Ok(text),
        Node::Bool(it) => Ok(it.to_string()),
        Node::Null => Ok("null".to_owned()),
        Node::List(_) => Err("yaml: invalid map key: a list".to_owned()),
        Node::Map(_) => Err("yaml: invalid map key: a map".to_owned()),
    }
}

/// The values in a value, itself with them.
fn size(node: &Node) -> usize {
    match node {
        Node::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Node::Map(fields) => 1 + fields.iter().map(|(_, node)| size(node)).sum::<usize>(),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => 1,
    }
}

fn height(node: &Node) -> usize {
    let inner = match node {
        Node::List(items) => items.iter().map(height).max(),
        Node::Map(fields) => fields.iter().map(|(_, node)| height(node)).max(),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => return 0,
    };
    1 + inner.unwrap_or_default()
}

fn scalar(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Node, String> {
    let is_binary = tag.is_some_and(|tag| tag.original().ends_with("binary"));
    match tag.and_then(Tag::core_suffix) {
        Some("str") => return Ok(Node::Text(text.to_owned())),
        _ if is_binary => {
            let packed: String = text.split_whitespace().collect();
            let bytes = BASE64_STANDARD.decode(packed);
            let bytes = bytes.map_err(|_| "yaml: !!binary value contains invalid base64 data")?;
            return Ok(Node::Text(String::from_utf8_lossy(&bytes).into_owned()));
        }
        _ => {}
    }
    if !plain {
        return Ok(Node::Text(text.to_owned()));
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Node::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Node::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Node::Bool(false)
        }
        _ => number(text).map_or_else(|| Node::Text(text.to_owned()), Node::Number),
    })
}

/// A number in the spelling of JSON.
fn number(word: &str) -> Option<String> {
    if !word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let digits = word.replace('_', "");
    integer(&digits)
        .map(|number| number.to_string())
        .or_else(|| {
            float(&digits).map(|number| super::tree::number(&number.to_string()).to_string())
        })
}

/// Decimal, `0b`, `0o` and `0x`, and a leading zero for octal.
fn integer(word: &str) -> Option<i128> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let radixes = [("0b", 2), ("0o", 8), ("0x", 16)];
    let prefixed = radixes
        .iter()
        .find_map(|(prefix, radix)| digits.strip_prefix(prefix).map(|rest| (*radix, rest)));
    let octal = || {
        digits
            .strip_prefix('0')
            .filter(|rest| !rest.is_empty())
            .map(|rest| (8, rest))
    };
    let (radix, digits) = prefixed.or_else(octal).unwrap_or((10, digits));
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(digits, radix)
        .ok()
        .map(|number| sign * i128::from(number))
}

fn float(word: &str) -> Option<f64> {
    let fits = word
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = word.parse().ok()?;
    (fits && number.is_finite()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> serde_json::Value {
        read(text.as_bytes()).unwrap().root.into_value()
    }

    #[test]
    fn words_mean_what_they_mean_in_yaml_1_1() {
        assert_eq!(
            value(
                "{a: yes, b: 'yes', c: 0x10, d: 010, e: 1_000, f: .5, g: ~, h: 2020-01-01, 1: x}"
            ),
            serde_json::json!({"a": true, "b": "yes", "c": 16, "d": 8, "e": 1000, "f": 0.5, "g": null,
                "h": "2020-01-01", "1": "x"})
        );
        assert_eq!(value(""), serde_json::Value::Null);
        assert_eq!(value("a: 1\n---\nb: 2\n"), serde_json::json!({"a": 1}));
        assert_eq!(
            value("{<<: {a: 1, b: 2}, a: 3}"),
            serde_json::json!({"a": 3, "b": 2})
        );
    }

    #[test]
    fn keys_that_stand_twice_are_told() {
        let document = read(b"a: 1\nb: 2\na: 3\n").unwrap();
        assert_eq!(
            document.duplicates,
            [r#"line 3: key "a" already set in map"#]
        );
        assert_eq!(document.root.into_value()["a"], 3);
    }

    #[test]
    fn aliases_and_depth_are_bounded() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let before = level - 1;
            let aliases = vec![format!("*a{before}"); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(read(bomb.as_bytes()).is_err());
        assert!(read("[".repeat(200).as_bytes()).is_err());
    }
}
