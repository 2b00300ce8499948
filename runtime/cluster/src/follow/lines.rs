//! Whole lines out of bytes that come in pieces.

/// Puts lines together. Cut off in the middle of one, nothing of that is given.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Takes a piece, and gives the lines that it ends, without their ends.
    pub(super) fn push(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        // What is kept has no end of a line: only the new piece is looked through.
        let Some(last) = piece.iter().rposition(|byte| *byte == b'\n') else {
            self.rest.extend_from_slice(piece);
            return Vec::new();
        };
        let mut whole = std::mem::take(&mut self.rest);
        whole.extend_from_slice(&piece[..last]);
        self.rest.extend_from_slice(&piece[last + 1..]);
        whole
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    }

    /// What came after the last end of a line, once it is known that nothing follows.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (!self.rest.is_empty()).then_some(self.rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_that_is_cut_is_not_given() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\ntw"), [b"one".to_vec()]);
        assert_eq!(lines.push(b"o"), Vec::<Vec<u8>>::new());
        assert_eq!(lines.push(b"\n\nthr"), [b"two".to_vec(), Vec::new()]);
        assert_eq!(lines.finish(), Some(b"thr".to_vec()));
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_bytes_are_cut(text in "[a-c\n]{0,40}", size in 1_usize..9) {
            let mut lines = Lines::default();
            let mut found: Vec<_> = text.as_bytes().chunks(size).flat_map(|piece| lines.push(piece)).collect();
            found.extend(lines.finish());
            let expected: Vec<_> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
