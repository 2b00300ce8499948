//! A JSON text as a tree whose nodes know where they stand, or why it is none, in the words of protobuf's reader.

use super::DEEPEST;

/// A text that was read.
#[derive(Debug)]
pub(super) struct Document<'t> {
    text: &'t [u8],
    pub(super) root: Node,
}

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    start: usize,
    end: usize,
    pub(super) content: Content,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    start: usize,
    end: usize,
    pub(super) value: Node,
}

impl<'t> Document<'t> {
    pub(super) fn read(text: &'t [u8]) -> Result<Self, String> {
        let mut reader = Reader { text, at: 0 };
        reader.skip_space();
        let root = reader.value(0)?;
        reader.skip_space();
        if reader.at < text.len() {
            return Err(reader.unexpected());
        }
        Ok(Self { text, root })
    }

    /// A value as it is written; only its first character when it is a list or a map.
    pub(super) fn token(&self, node: &Node) -> String {
        match node.content {
            Content::List(_) => "[".to_owned(),
            Content::Map(_) => "{".to_owned(),
            Content::Null | Content::Bool(_) | Content::Number | Content::Text(_) => {
                String::from_utf8_lossy(&self.text[node.start..node.end]).into_owned()
            }
        }
    }

    /// A key as it is written, without its quotes.
    pub(super) fn written_key(&self, entry: &Entry) -> String {
        String::from_utf8_lossy(&self.text[entry.start + 1..entry.end - 1]).into_owned()
    }

    /// Where a value begins.
    pub(super) fn place(&self, node: &Node) -> String {
        place(self.text, node.start)
    }

    /// Where an entry begins.
    pub(super) fn key_place(&self, entry: &Entry) -> String {
        place(self.text, entry.start)
    }
}

/// A line and a column, both from 1; columns are bytes.
fn place(text: &[u8], offset: usize) -> String {
    let before = &text[..offset];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n')
        .count()
        + 1;
    format!("(line {line}:{column})")
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err("exceeded max recursion depth".to_owned());
        }
        let start = self.at;
        let content = match self.text.get(start) {
            Some(b'{') => Content::Map(self.map(depth)?),
            Some(b'[') => Content::List(self.list(depth)?),
            Some(b'"') => Content::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'n') => self.literal("null", Content::Null)?,
            Some(b't') => self.literal("true", Content::Bool(true))?,
            Some(b'f') => self.literal("false", Content::Bool(false))?,
            Some(_) => return Err(self.unexpected()),
            None if depth == 0 => return Err(self.syntax("unexpected token ")),
            None => return Err(cut_off()),
        };
        Ok(Node {
            start,
            end: self.at,
            content,
        })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, String> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(items);
            }
            self.comma()?;
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry>, String> {
        let mut entries = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(entries);
        }
        loop {
            entries.push(self.entry(depth)?);
            self.skip_space();
            if self.take(b'}') {
                return Ok(entries);
            }
            self.comma()?;
        }
    }

    fn entry(&mut self, depth: usize) -> Result<Entry, String> {
        let start = self.at;
        match self.text.get(start) {
            Some(b'"') => {}
            Some(_) => return Err(self.unexpected()),
            None => return Err(cut_off()),
        }
        let key = self.string()?;
        let end = self.at;
        self.skip_space();
        match self.text.get(self.at) {
            Some(b':') => self.at += 1,
            Some(other) => {
                let other = char::from(*other);
                return Err(self.syntax(&format!(
                    "unexpected character {other}, missing \":\" after field name"
                )));
            }
            None => return Err(cut_off()),
        }
        self.skip_space();
        Ok(Entry {
            key,
            start,
            end,
            value: self.value(depth + 1)?,
        })
    }

    fn comma(&mut self) -> Result<(), String> {
        match self.text.get(self.at) {
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                Ok(())
            }
            Some(_) => Err(self.unexpected()),
            None => Err(cut_off()),
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn literal(&mut self, word: &str, content: Content) -> Result<Content, String> {
        if !self.text[self.at..].starts_with(word.as_bytes()) || !self.ends_at(self.at + word.len())
        {
            return Err(self.unexpected());
        }
        self.at += word.len();
        Ok(content)
    }

    fn number(&mut self) -> Result<Content, String> {
        let rest = &self.text[self.at..];
        let in_number =
            |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().take_while(in_number).count();
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&rest[..length]).is_ok();
        // A number too large for any type is a number all the same.
        let is_large = rest[..length]
            .iter()
            .any(|byte| matches!(byte, b'e' | b'E'))
            && rest[..length].last().is_some_and(u8::is_ascii_digit);
        if !(is_json || is_large) || !self.ends_at(self.at + length) {
            return Err(self.unexpected());
        }
        self.at += length;
        Ok(Content::Number)
    }

    /// Whether a word may end here.
    fn ends_at(&self, at: usize) -> bool {
        self.text.get(at).is_none_or(|byte| {
            !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b'_'))
        })
    }

    fn string(&mut self) -> Result<String, String> {
        let mut bytes = Vec::new();
        let mut at = self.at + 1;
        loop {
            match *self.text.get(at).ok_or_else(cut_off)? {
                b'"' => break,
                b'\\' => at = self.escape(at, &mut bytes)?,
                byte @ 0..=0x1f => {
                    return Err(self.syntax(&format!(
                        "invalid character {:?} in string",
                        char::from(byte)
                    )));
                }
                byte => {
                    bytes.push(byte);
                    at += 1;
                }
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| self.syntax("invalid UTF-8 in string"))?;
        self.at = at + 1;
        Ok(text)
    }

    /// Reads an escape that begins at a place; the place after it.
    fn escape(&self, at: usize, bytes: &mut Vec<u8>) -> Result<usize, String> {
        let letter = *self.text.get(at + 1).ok_or_else(cut_off)?;
        let plain = match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.code_point(at, bytes),
            other => {
                let code = format!("\\{}", char::from(other));
                return Err(self.syntax(&format!("invalid escape code {code:?} in string")));
            }
        };
        bytes.push(plain);
        Ok(at + 2)
    }

    /// `\uXXXX`, or two of them for a character beyond the first 65,536.
    fn code_point(&self, at: usize, bytes: &mut Vec<u8>) -> Result<usize, String> {
        let unit = |at: usize| {
            let digits = self.text.get(at + 2..at + 6)?;
            let digits = std::str::from_utf8(digits).ok()?;
            u16::from_str_radix(digits, 16).ok()
        };
        let first = unit(at).ok_or_else(|| self.syntax("invalid escape code in string"))?;
        let is_pair = (0xd800..0xdc00).contains(&first)
            && self.text.get(at + 6..at + 8) == Some(b"\\u".as_slice());
        let second = if is_pair { unit(at + 6) } else { None };
        let units = std::iter::once(first).chain(second);
        let letter = char::decode_utf16(units).next();
        let letter = letter.and_then(Result::ok).ok_or_else(cut_off)?;
        bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(at + 6 + 6 * usize::from(second.is_some()))
    }

    fn syntax(&self, problem: &str) -> String {
        format!("syntax error {}: {problem}", place(self.text, self.at))
    }

    /// Something stands here that does not belong here: a token of the language, or none.
    fn unexpected(&self) -> String {
        let rest = &self.text[self.at..];
        let of_word =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b'_');
        let word = rest.iter().take_while(of_word).count().min(32);
        let token = match rest.first() {
            Some(b'{' | b'}' | b'[' | b']' | b',' | b':') => {
                return self.syntax(&format!("unexpected token {}", char::from(rest[0])));
            }
            Some(b'"') => {
                let mut ahead = Reader {
                    text: self.text,
                    at: self.at,
                };
                return match ahead.string() {
                    Ok(_) => {
                        let token = String::from_utf8_lossy(&self.text[self.at..ahead.at]);
                        self.syntax(&format!("unexpected token {token}"))
                    }
                    Err(problem) => problem,
                };
            }
            Some(_) if word > 0 => String::from_utf8_lossy(&rest[..word]).into_owned(),
            Some(_) => String::from_utf8_lossy(rest).chars().take(1).collect(),
            None => return cut_off(),
        };
        self.syntax(&format!("invalid value {token}"))
    }
}

fn cut_off() -> String {
    "unexpected EOF".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_as_protobuf_tells_them() {
        for (text, expected) in [
            ("{", "unexpected EOF"),
            ("{\"predicates\":[", "unexpected EOF"),
            (" ", "syntax error (line 1:2): unexpected token "),
            ("{{", "syntax error (line 1:2): unexpected token {"),
            ("abc", "syntax error (line 1:1): invalid value abc"),
            ("tru", "syntax error (line 1:1): invalid value tru"),
            ("{'a':1}", "syntax error (line 1:2): invalid value '"),
            ("{} x", "syntax error (line 1:4): invalid value x"),
            ("{}{}", "syntax error (line 1:3): unexpected token {"),
            (
                "{\"predicates\":[}",
                "syntax error (line 1:16): unexpected token }",
            ),
            (
                "{\"predicates\":[{}],}",
                "syntax error (line 1:20): unexpected token }",
            ),
            (
                "{\"a\" 1}",
                "syntax error (line 1:6): unexpected character 1, missing \":\" after field name",
            ),
            (
                "{\"a\":\"\\x\"}",
                "syntax error (line 1:6): invalid escape code \"\\\\x\" in string",
            ),
            ("{\"a\":\"\\ud800\"}", "unexpected EOF"),
        ] {
            let problem = Document::read(text.as_bytes()).unwrap_err();
            assert_eq!(problem, expected, "{text}");
        }
        let not_utf8 = Document::read(b"{\"a\":\"\xff\"}").unwrap_err();
        assert_eq!(not_utf8, "syntax error (line 1:6): invalid UTF-8 in string");
    }

    #[test]
    fn escapes_become_what_they_stand_for() {
        let document = Document::read(br#""a\n\u00e9\ud83d\ude00\/""#).unwrap();
        let Content::Text(text) = &document.root.content else {
            panic!("it is a text");
        };
        assert_eq!(text, "a\né😀/");
    }

    #[test]
    fn places_are_counted_in_bytes_from_one() {
        assert_eq!(place(b"ab\nc\xc3\xa9d", 6), "(line 2:4)");
        assert_eq!(place(b"", 0), "(line 1:1)");
    }
}
