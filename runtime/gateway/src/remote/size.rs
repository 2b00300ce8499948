//! Terminal sizes as they arrive: JSON, one value after another.

use super::session::TerminalSize;

/// Many times what a size takes; a client that sends something else is not listened to.
const LARGEST_REST: usize = 1024;

/// Takes sizes from bytes as they arrive.
#[derive(Debug, Default)]
pub(super) struct SizeReader {
    rest: Vec<u8>,
}

impl SizeReader {
    /// The sizes that are complete now.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<TerminalSize> {
        self.rest.extend_from_slice(bytes);
        let mut values = serde_json::Deserializer::from_slice(&self.rest).into_iter();
        let sizes = values.by_ref().map_while(Result::ok).collect();
        let read = values.byte_offset();
        self.rest.drain(..read);
        if self.rest.len() > LARGEST_REST {
            self.rest.clear();
        }
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_may_arrive_in_pieces_and_together() {
        let mut reader = SizeReader::default();
        let size = |width, height| TerminalSize { width, height };
        assert_eq!(reader.read(b"{\"Width\":80,\"Hei"), []);
        assert_eq!(reader.read(b"ght\":24}\n"), [size(80, 24)]);
        let two = b"{\"Width\":1,\"Height\":2}{\"Width\":3,\"Height\":4}\n{";
        assert_eq!(reader.read(two), [size(1, 2), size(3, 4)]);
        assert_eq!(reader.read(b"\"height\":6,\"width\":5}"), [size(5, 6)]);
    }

    #[test]
    fn what_is_no_size_takes_no_memory() {
        let mut reader = SizeReader::default();
        for _ in 0..100 {
            assert_eq!(reader.read(&[b'['; 1000]), []);
        }
        assert!(reader.rest.len() <= LARGEST_REST);
    }
}
