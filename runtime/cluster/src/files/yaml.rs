//! JSON values as YAML of one form, which readers of YAML 1.1 and of 1.2 read alike.
//!
//! Whatever could be taken for something else than a text (`yes`, `1e3`, `0o7`, `12:30`) is quoted.

use std::fmt::Write as _;

use serde_json::Value;

/// The value as a YAML document that ends with a newline.
pub(crate) fn write(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block(&mut text, value, 0),
        Value::Array(items) if !items.is_empty() => block(&mut text, value, 0),
        _ => {
            inline(&mut text, value, 0);
            text.push('\n');
        }
    }
    text
}

/// A map or list that is not empty, each line of it indented.
fn block(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                pad(text, indent);
                entry(text, name, value, indent);
            }
        }
        Value::Array(items) => {
            for item in items {
                pad(text, indent);
                text.push_str("- ");
                list_item(text, item, indent);
            }
        }
        _ => {}
    }
}

fn list_item(text: &mut String, item: &Value, indent: usize) {
    match item {
        Value::Object(map) if !map.is_empty() => {
            for (place, (name, value)) in map.iter().enumerate() {
                if place > 0 {
                    pad(text, indent + 2);
                }
                entry(text, name, value, indent + 2);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            text.pop();
            text.push('\n');
            block(text, item, indent + 2);
        }
        _ => {
            inline(text, item, indent + 2);
            text.push('\n');
        }
    }
}

fn entry(text: &mut String, name: &str, value: &Value, indent: usize) {
    scalar_text(text, name);
    text.push(':');
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            block(text, value, indent + 2);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(text, value, indent);
        }
        _ => {
            text.push(' ');
            inline(text, value, indent + 2);
            text.push('\n');
        }
    }
}

/// A value that begins on the line of its name.
fn inline(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => {
            // Writing to a string does not fail.
            let _ = write!(text, "{number}");
        }
        Value::String(string) if is_literal(string) => literal(text, string, indent),
        Value::String(string) => scalar_text(text, string),
        Value::Array(_) => text.push_str("[]"),
        Value::Object(_) => text.push_str("{}"),
    }
}

/// Whether a text of several lines can stand as it is. Lines that begin or end with white space cannot.
fn is_literal(string: &str) -> bool {
    let body = string.strip_suffix('\n').unwrap_or(string);
    let printable =
        |character: char| character == '\n' || character == '\t' || is_printable(character);
    body.contains('\n')
        && string.chars().all(printable)
        && !body.starts_with(['\n', ' ', '\t'])
        && !body.ends_with('\n')
        && body.split('\n').all(|line| !line.ends_with([' ', '\t']))
}

fn literal(text: &mut String, string: &str, indent: usize) {
    let body = string.strip_suffix('\n');
    text.push_str(if body.is_some() { "|" } else { "|-" });
    for line in body.unwrap_or(string).split('\n') {
        text.push('\n');
        if !line.is_empty() {
            pad(text, indent.max(2));
            text.push_str(line);
        }
    }
}

fn scalar_text(text: &mut String, string: &str) {
    if is_plain(string) {
        text.push_str(string);
    } else {
        quote(text, string);
    }
}

/// Whether a text means itself without quotes, to every reader.
fn is_plain(string: &str) -> bool {
    const WORDS: [&str; 11] = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf",
    ];
    let first = string
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic());
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    first && string.bytes().all(inside) && !WORDS.contains(&string.to_ascii_lowercase().as_str())
}

fn quote(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        // Writing to a string does not fail.
        let _ = match character {
            '"' => write!(text, "\\\""),
            '\\' => write!(text, "\\\\"),
            '\n' => write!(text, "\\n"),
            '\t' => write!(text, "\\t"),
            '\r' => write!(text, "\\r"),
            character if is_printable(character) => write!(text, "{character}"),
            character if u32::from(character) > 0xFFFF => {
                write!(text, "\\U{:08X}", u32::from(character))
            }
            character => write!(text, "\\u{:04X}", u32::from(character)),
        };
    }
    text.push('"');
}

/// What YAML lets stand unescaped, without what breaks lines or marks the order of bytes.
fn is_printable(character: char) -> bool {
    let breaks = matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}');
    !character.is_control() && !breaks && !matches!(u32::from(character) & 0xFFFF, 0xFFFE | 0xFFFF)
}

fn pad(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_look_as_people_write_them() {
        let object = json!({
            "apiVersion": "v1",
            "args": ["a", ["b", []], {"x": 1, "z": {}}],
            "kind": "ConfigMap",
            "on": "yes",
            "script": "set -e\n\necho hi\n",
            "time": "12:30",
        });
        assert_eq!(
            write(&object),
            concat!(
                "apiVersion: v1\nargs:\n- a\n-\n  - b\n  - []\n- x: 1\n  z: {}\nkind: ConfigMap\n",
                "\"on\": \"yes\"\nscript: |\n  set -e\n\n  echo hi\ntime: \"12:30\"\n"
            )
        );
    }

    fn value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>(),
            "[ a-z0-9:#\\-\n\t'\"~!&*|>%@`{}\\[\\],.]{0,12}",
            Just("null".to_owned()),
            Just("0x1F".to_owned()),
            Just("1e3".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(text.clone(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(value in value()) {
            let text = write(&value);
            let read: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            prop_assert_eq!(read, value, "{}", text);
        }
    }
}
