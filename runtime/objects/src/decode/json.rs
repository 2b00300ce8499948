//! A reader of JSON that keeps order and doubles, and that refuses a text in the words of Go's.

use super::tree::Node;

/// Levels of lists and maps: as many as the reader of stored objects takes.
const DEEPEST: usize = 120;

/// Reads a text.
///
/// # Errors
/// What Go's `encoding/json` says of the first fault.
pub(super) fn read(bytes: &[u8]) -> Result<Node, String> {
    let mut reader = Reader { bytes, at: 0 };
    reader.skip_space();
    let node = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(byte) => Err(unexpected(byte, "after top-level value")),
    }
}

fn unexpected(byte: u8, context: &str) -> String {
    format!("invalid character {} {context}", quote(byte))
}

/// A byte as Go shows it: `'x'`, `'\''`, `'\x01'`.
fn quote(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        0x07 => r"'\a'".to_owned(),
        0x08 => r"'\b'".to_owned(),
        0x0b => r"'\v'".to_owned(),
        0x0c => r"'\f'".to_owned(),
        0..0x20 | 0x7f => format!("'\\x{byte:02x}'"),
        0x80..0xa1 | 0xad => format!("'\\u00{byte:02x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte, which must be there.
    fn next(&mut self) -> Result<u8, String> {
        let byte = self.peek().ok_or("unexpected end of JSON input")?;
        self.at += 1;
        Ok(byte)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, String> {
        let byte = self.next()?;
        match byte {
            b'{' | b'[' if depth >= DEEPEST => Err(unexpected(byte, "exceeded max depth")),
            b'{' => self.map(depth + 1),
            b'[' => self.list(depth + 1),
            b'"' => self.text().map(Node::Text),
            b't' => self.literal("true", Node::Bool(true)),
            b'f' => self.literal("false", Node::Bool(false)),
            b'n' => self.literal("null", Node::Null),
            b'-' | b'0'..=b'9' => self.number(byte),
            _ => Err(unexpected(byte, "looking for beginning of value")),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node, String> {
        let mut fields = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Node::Map(fields));
        }
        loop {
            self.skip_space();
            let byte = self.next()?;
            if byte != b'"' {
                return Err(unexpected(
                    byte,
                    "looking for beginning of object key string",
                ));
            }
            let name = self.text()?;
            self.skip_space();
            let byte = self.next()?;
            if byte != b':' {
                return Err(unexpected(byte, "after object key"));
            }
            self.skip_space();
            fields.push((name, self.value(depth)?));
            self.skip_space();
            match self.next()? {
                b',' => {}
                b'}' => return Ok(Node::Map(fields)),
                byte => return Err(unexpected(byte, "after object key:value pair")),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Node, String> {
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth)?);
            self.skip_space();
            match self.next()? {
                b',' => {}
                b']' => return Ok(Node::List(items)),
                byte => return Err(unexpected(byte, "after array element")),
            }
        }
    }

    fn literal(&mut self, word: &str, node: Node) -> Result<Node, String> {
        for wanted in word.bytes().skip(1) {
            let byte = self.next()?;
            if byte != wanted {
                let wanted = char::from(wanted);
                let context = format!("in literal {word} (expecting '{wanted}')");
                return Err(unexpected(byte, &context));
            }
        }
        Ok(node)
    }

    fn number(&mut self, first: u8) -> Result<Node, String> {
        let start = self.at - 1;
        let mut leading = first;
        if first == b'-' {
            leading = self.next()?;
            if !leading.is_ascii_digit() {
                return Err(unexpected(leading, "in numeric literal"));
            }
        }
        if leading != b'0' {
            self.digits();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.bytes[start..self.at]);
        Ok(Node::Number(text.into_owned()))
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self, context: &str) -> Result<(), String> {
        let byte = self.next()?;
        if !byte.is_ascii_digit() {
            return Err(unexpected(byte, context));
        }
        self.digits();
        Ok(())
    }

    /// The rest of a text whose quote was read. What is no UTF-8 becomes the replacement character.
    fn text(&mut self) -> Result<String, String> {
        let mut bytes = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
                b'\\' => {
                    let character = self.escape()?;
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                byte @ 0..0x20 => return Err(unexpected(byte, "in string literal")),
                byte => bytes.push(byte),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        match self.next()? {
            byte @ (b'"' | b'\\' | b'/') => Ok(char::from(byte)),
            b'b' => Ok('\u{8}'),
            b'f' => Ok('\u{c}'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => {
                let high = self.four_hex()?;
                let pair = self.low_surrogate(high);
                Ok(pair.unwrap_or_else(|| char::from_u32(high).unwrap_or('\u{fffd}')))
            }
            byte => Err(unexpected(byte, "in string escape code")),
        }
    }

    fn four_hex(&mut self) -> Result<u32, String> {
        let mut number = 0;
        for _ in 0..4 {
            let byte = self.next()?;
            let digit = char::from(byte).to_digit(16);
            let digit =
                digit.ok_or_else(|| unexpected(byte, "in \\u hexadecimal character escape"))?;
            number = number * 16 + digit;
        }
        Ok(number)
    }

    /// The character of two surrogates, when the second follows; else nothing more is read.
    fn low_surrogate(&mut self, high: u32) -> Option<char> {
        if !(0xd800..0xdc00).contains(&high) {
            return None;
        }
        let next = self.bytes.get(self.at..self.at + 6)?;
        let hex = next.strip_prefix(b"\\u")?;
        let low = u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
        let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        let character = char::from_u32(0x10000 + ((high - 0xd800) << 10) + low)?;
        self.at += 6;
        Some(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_another_reader_reads() {
        let text = r#"{"a":[1,-2.5e3,true,null,"x\n\u00e9\ud83d\ude00"],"b":{"c":{}}}"#;
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut read = read(text.as_bytes()).unwrap().into_value();
        assert_eq!(read["a"][1].take(), -2500);
        read["a"][1] = value["a"][1].clone();
        assert_eq!(read, value);
    }

    #[test]
    fn faults_are_told_in_go_s_words() {
        for (text, fault) in [
            ("", "unexpected end of JSON input"),
            (
                "{\"a\":01}",
                "invalid character '1' after object key:value pair",
            ),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            (
                "nul}",
                "invalid character '}' in literal null (expecting 'l')",
            ),
            (
                "{'a'",
                r"invalid character '\'' looking for beginning of object key string",
            ),
            (
                "\u{9e}",
                "invalid character 'Â' looking for beginning of value",
            ),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err(), fault, "{text}");
        }
        assert!(
            read("[".repeat(1000).as_bytes())
                .unwrap_err()
                .contains("exceeded max depth")
        );
    }
}
