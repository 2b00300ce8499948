//! Whole lines out of bytes that come in pieces; a line that is too long in parts.

/// A line without its end, or a part of one that is too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) bytes: Vec<u8>,
    /// How many parts of its line came before it.
    pub(super) number: u32,
}

/// Puts lines together. Cut off in the middle of one, nothing is given of what came after its last whole part.
#[derive(Debug)]
pub(super) struct Lines {
    /// How much of a line is kept until it ends, in bytes.
    longest: usize,
    rest: Vec<u8>,
    /// How many parts were given of the line that has not ended.
    given: u32,
}

impl Lines {
    /// Lines are whole up to so many bytes.
    pub(super) fn up_to(longest: usize) -> Self {
        Self {
            longest,
            rest: Vec::new(),
            given: 0,
        }
    }

    /// Takes a piece, and gives the lines that it ends and the parts that it fills. A line has the same parts however its bytes come.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut texts = piece.split(|byte| *byte == b'\n').peekable();
        while let Some(text) = texts.next() {
            self.rest.extend_from_slice(text);
            while self.rest.len() > self.longest {
                let behind = self.rest.split_off(cut(&self.rest, self.longest));
                parts.push(self.part(behind));
                self.given += 1;
            }
            // Behind each text but the last was an end of a line.
            if texts.peek().is_some() {
                parts.push(self.part(Vec::new()));
                self.given = 0;
            }
        }
        parts
    }

    /// Whether a part was given of a line that has not ended.
    pub(super) fn is_within_parts(&self) -> bool {
        self.given > 0
    }

    /// What came after the last end of a line, once it is known that nothing follows.
    pub(super) fn finish(mut self) -> Option<Part> {
        (!self.rest.is_empty()).then(|| self.part(Vec::new()))
    }

    /// Gives what is kept, and keeps what is behind it.
    fn part(&mut self, behind: Vec<u8>) -> Part {
        Part {
            bytes: std::mem::replace(&mut self.rest, behind),
            number: self.given,
        }
    }
}

/// Where a line that is too long is cut: before a character of UTF-8 rather than within it.
fn cut(line: &[u8], longest: usize) -> usize {
    let begins = |at: &usize| line.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    (longest - 3..=longest)
        .rev()
        .find(begins)
        .unwrap_or(longest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONGEST: usize = 4096;

    fn whole(text: &[u8]) -> Part {
        Part {
            bytes: text.to_vec(),
            number: 0,
        }
    }

    #[test]
    fn a_line_that_is_cut_is_not_given() {
        let mut lines = Lines::up_to(LONGEST);
        assert_eq!(lines.push(b"one\ntw"), [whole(b"one")]);
        assert_eq!(lines.push(b"o"), Vec::<Part>::new());
        assert_eq!(lines.push(b"\n\nthr"), [whole(b"two"), whole(b"")]);
        assert_eq!(lines.finish(), Some(whole(b"thr")));
    }

    #[test]
    fn a_line_that_does_not_end_is_given_in_parts_and_not_kept() {
        let mut lines = Lines::up_to(LONGEST);
        let mut given = Vec::new();
        for _ in 0..3 * LONGEST / 100 {
            given.extend(lines.push(&[b'x'; 100]));
            assert!(lines.rest.len() <= LONGEST);
        }
        given.extend(lines.push(b"\nnext\n"));
        let numbers: Vec<_> = given.iter().map(|part| part.number).collect();
        assert_eq!(numbers, [0, 1, 2, 0]);
        let bytes: usize = given[..3].iter().map(|part| part.bytes.len()).sum();
        assert_eq!(bytes, 3 * LONGEST / 100 * 100);
        assert_eq!(given[3], whole(b"next"));
    }

    #[test]
    fn a_line_as_long_as_one_may_be_is_whole_and_no_character_is_cut() {
        let longest = vec![b'x'; LONGEST];
        let mut lines = Lines::up_to(LONGEST);
        assert_eq!(lines.push(&longest), Vec::<Part>::new());
        assert_eq!(lines.push(b"\n"), [whole(&longest)]);
        let text = "x".to_owned() + &"ö".repeat(LONGEST / 2);
        let [first, second] = &lines.push(format!("{text}\n").as_bytes())[..] else {
            panic!("two parts");
        };
        let texts = [first, second].map(|part| std::str::from_utf8(&part.bytes).unwrap());
        assert_eq!(texts.concat(), text);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_bytes_are_cut(text in "[a-c\n]{0,40}", size in 1_usize..9) {
            let mut lines = Lines::up_to(LONGEST);
            let mut found: Vec<_> = text.as_bytes().chunks(size).flat_map(|piece| lines.push(piece)).collect();
            found.extend(lines.finish());
            let expected: Vec<_> = text.lines().map(|line| whole(line.as_bytes())).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn parts_are_the_same_however_the_bytes_are_cut(long in 0..3 * LONGEST, size in 1_usize..3 * LONGEST) {
            let text = [&vec![b'y'; long][..], b"\nz\n"].concat();
            let mut lines = Lines::up_to(LONGEST);
            let found: Vec<_> = text.chunks(size).flat_map(|piece| lines.push(piece)).collect();
            prop_assert_eq!(found, Lines::up_to(LONGEST).push(&text));
        }
    }
}
