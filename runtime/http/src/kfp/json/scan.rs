//! The first JSON value of a text, or why there is none, in the words of Go's `encoding/json`.

use super::DEEPEST;

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

/// The bytes of the first value; none when there is nothing but white space.
pub(in crate::kfp) fn first_value(text: &[u8]) -> Result<Option<&[u8]>, String> {
    let start = skip_space(text, 0);
    if start == text.len() {
        return Ok(None);
    }
    let mut at = start;
    // The closing brackets that are still to come, innermost last.
    let mut open: Vec<u8> = Vec::new();
    let mut expect = Expect::Value;
    loop {
        at = skip_space(text, at);
        let byte = *text.get(at).ok_or_else(cut_off)?;
        let closes = open.last() == Some(&byte);
        match (expect, byte) {
            (Expect::ValueOrEnd | Expect::KeyOrEnd | Expect::CommaOrEnd, _) if closes => {
                at += 1;
                open.pop();
            }
            (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                if open.len() >= DEEPEST {
                    return Err("exceeded max depth".to_owned());
                }
                (expect, at) = match byte {
                    b'{' => (Expect::KeyOrEnd, at + 1),
                    _ => (Expect::ValueOrEnd, at + 1),
                };
                open.push(if byte == b'{' { b'}' } else { b']' });
                continue;
            }
            (Expect::Value | Expect::ValueOrEnd, _) => at = scalar(text, at)?,
            (Expect::Key | Expect::KeyOrEnd, b'"') => {
                at = string(text, at)?;
                expect = Expect::Colon;
                continue;
            }
            (Expect::Colon, b':') => {
                at += 1;
                expect = Expect::Value;
                continue;
            }
            (Expect::CommaOrEnd, b',') => {
                at += 1;
                expect = if open.last() == Some(&b'}') {
                    Expect::Key
                } else {
                    Expect::Value
                };
                continue;
            }
            (Expect::Key | Expect::KeyOrEnd, _) => {
                return Err(invalid(byte, "looking for beginning of object key string"));
            }
            (Expect::Colon, _) => return Err(invalid(byte, "after object key")),
            (Expect::CommaOrEnd, _) => {
                return Err(invalid(
                    byte,
                    match open.last() {
                        Some(b'}') => "after object key:value pair",
                        Some(_) | None => "after array element",
                    },
                ));
            }
        }
        // A value has ended.
        if open.is_empty() {
            return Ok(Some(&text[start..at]));
        }
        expect = Expect::CommaOrEnd;
    }
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    from + text[from..].iter().take_while(|byte| space(byte)).count()
}

fn scalar(text: &[u8], at: usize) -> Result<usize, String> {
    match text[at] {
        b'"' => string(text, at),
        b't' => literal(text, at, "true"),
        b'f' => literal(text, at, "false"),
        b'n' => literal(text, at, "null"),
        b'-' | b'0'..=b'9' => number(text, at),
        other => Err(invalid(other, "looking for beginning of value")),
    }
}

fn literal(text: &[u8], at: usize, word: &str) -> Result<usize, String> {
    for (place, expected) in word.bytes().enumerate().skip(1) {
        let found = *text.get(at + place).ok_or_else(cut_off)?;
        if found != expected {
            let expected = char::from(expected);
            return Err(invalid(
                found,
                &format!("in literal {word} (expecting '{expected}')"),
            ));
        }
    }
    Ok(at + word.len())
}

fn string(text: &[u8], at: usize) -> Result<usize, String> {
    let mut at = at + 1;
    loop {
        match *text.get(at).ok_or_else(cut_off)? {
            b'"' => return Ok(at + 1),
            b'\\' => at = escape(text, at + 1)?,
            byte @ 0..=0x1f => return Err(invalid(byte, "in string literal")),
            _ => at += 1,
        }
    }
}

fn escape(text: &[u8], at: usize) -> Result<usize, String> {
    match *text.get(at).ok_or_else(cut_off)? {
        b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(at + 1),
        b'u' => {
            for digit in at + 1..at + 5 {
                let byte = *text.get(digit).ok_or_else(cut_off)?;
                if !byte.is_ascii_hexdigit() {
                    return Err(invalid(byte, "in \\u hexadecimal character escape"));
                }
            }
            Ok(at + 5)
        }
        byte => Err(invalid(byte, "in string escape code")),
    }
}

fn number(text: &[u8], at: usize) -> Result<usize, String> {
    let digits = |from: usize, place: &str| {
        let first = *text.get(from).ok_or_else(cut_off)?;
        if !first.is_ascii_digit() {
            return Err(invalid(first, place));
        }
        let more = |byte: &&u8| byte.is_ascii_digit();
        Ok(from + text[from..].iter().take_while(more).count())
    };
    let whole = if text[at] == b'-' { at + 1 } else { at };
    let mut end = match text.get(whole) {
        Some(b'0') => whole + 1,
        Some(_) | None => digits(whole, "in numeric literal")?,
    };
    if text.get(end) == Some(&b'.') {
        end = digits(end + 1, "after decimal point in numeric literal")?;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let signed = matches!(text.get(end + 1), Some(b'+' | b'-'));
        end = digits(
            end + 1 + usize::from(signed),
            "in exponent of numeric literal",
        )?;
    }
    Ok(end)
}

fn cut_off() -> String {
    "unexpected EOF".to_owned()
}

fn invalid(byte: u8, place: &str) -> String {
    format!("invalid character {} {place}", quoted(byte))
}

/// A byte as Go writes it in its messages: taken for the character of that number.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        b'\t' => "'\\t'".to_owned(),
        b'\n' => "'\\n'".to_owned(),
        b'\r' => "'\\r'".to_owned(),
        0x07 => "'\\a'".to_owned(),
        0x08 => "'\\b'".to_owned(),
        0x0b => "'\\v'".to_owned(),
        0x0c => "'\\f'".to_owned(),
        0x20..=0x7e | 0xa1..=0xac | 0xae..=0xff => format!("'{}'", char::from(byte)),
        0..=0x1f | 0x7f => format!("'\\x{byte:02x}'"),
        0x80..=0xa0 | 0xad => format!("'\\u{byte:04x}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_as_go_tells_them() {
        for (text, expected) in [
            (
                "{not json",
                "invalid character 'n' looking for beginning of object key string",
            ),
            ("{", "unexpected EOF"),
            ("{\"a\":", "unexpected EOF"),
            ("\"abc", "unexpected EOF"),
            ("{\"a\" \"b\"}", "invalid character '\"' after object key"),
            (
                "{\"a\":1 \"b\":2}",
                "invalid character '\"' after object key:value pair",
            ),
            (
                "{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            (
                "abc",
                "invalid character 'a' looking for beginning of value",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            ("\"a\tb\"", "invalid character '\\t' in string literal"),
            ("\"\\q\"", "invalid character 'q' in string escape code"),
            (
                "\u{feff}{}",
                "invalid character 'ï' looking for beginning of value",
            ),
            (
                "{\"a\":tru}",
                "invalid character '}' in literal true (expecting 'e')",
            ),
            (
                "{\"a\":1.x}",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            ("[-]", "invalid character ']' in numeric literal"),
            (
                "[1e]",
                "invalid character ']' in exponent of numeric literal",
            ),
        ] {
            assert_eq!(
                first_value(text.as_bytes()).unwrap_err(),
                expected,
                "{text}"
            );
        }
        assert_eq!(quoted(0x9e), "'\\u009e'");
        let deep = "[".repeat(DEEPEST + 1);
        assert_eq!(
            first_value(deep.as_bytes()).unwrap_err(),
            "exceeded max depth"
        );
    }

    #[test]
    fn only_the_first_value_counts() {
        let first = |text: &'static str| {
            first_value(text.as_bytes())
                .unwrap()
                .map(|value| std::str::from_utf8(value).unwrap())
        };
        assert_eq!(first(" \n\t"), None);
        assert_eq!(first(" {\"a\": [1, {}]}}"), Some("{\"a\": [1, {}]}"));
        assert_eq!(first("1.5e3 x"), Some("1.5e3"));
        assert_eq!(first("[] []"), Some("[]"));
        assert_eq!(first("01"), Some("0"));
    }
}
