//! A text that is looked for in lines, whatever the size of its letters.

use memchr::memchr2_iter;

#[derive(Debug)]
pub(super) struct Sought {
    /// In small letters.
    text: String,
}

impl Sought {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_lowercase(),
        }
    }

    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        if self.text.is_ascii() && line.is_ascii() {
            return self.is_in_ascii(line);
        }
        String::from_utf8_lossy(line)
            .to_lowercase()
            .contains(&self.text)
    }

    fn is_in_ascii(&self, line: &[u8]) -> bool {
        let text = self.text.as_bytes();
        let Some(first) = text.first() else {
            return true;
        };
        memchr2_iter(*first, first.to_ascii_uppercase(), line).any(|at| {
            line.get(at..at + text.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_alike_in_every_size() {
        let cases: [(&str, &[u8], bool); 9] = [
            ("", b"", true),
            ("", b"anything", true),
            ("epoch", b"an EPOCH of many", true),
            ("EPOCH 12", b"epoch 1", false),
            ("aab", b"aaab", true),
            ("b", b"", false),
            ("GR\u{d6}SSE", "gr\u{f6}sse".as_bytes(), true),
            ("loss", "\u{394}LOSS".as_bytes(), true),
            ("loss", b"\xff loss", true),
        ];
        for (text, line, expected) in cases {
            assert_eq!(
                Sought::new(text).is_in(line),
                expected,
                "{text} in {line:?}"
            );
        }
    }
}
