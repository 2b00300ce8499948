//! Headers as SPDY/3 writes them: lengths and bytes, compressed with one context for each direction.

use bytes::Buf;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::dictionary::dictionary;
use super::error::HeaderBlockError;

/// Enough for a hundred times what Kubernetes' clients send, and too little to hurt.
const LARGEST_BLOCK: usize = 64 * 1024;
/// Between several values of one name.
const SEPARATOR: u8 = 0;

/// Reads the blocks of one direction, in order.
pub(super) struct BlockReader {
    zlib: Decompress,
}

impl BlockReader {
    /// Before the first block.
    pub(super) fn new() -> Self {
        Self {
            zlib: Decompress::new(true),
        }
    }

    /// Reads the next block.
    pub(super) fn read(&mut self, compressed: &[u8]) -> Result<HeaderMap, HeaderBlockError> {
        let plain = self.unfold(compressed)?;
        parse(&plain)
    }

    fn unfold(&mut self, mut compressed: &[u8]) -> Result<Vec<u8>, HeaderBlockError> {
        let mut plain = Vec::with_capacity(1024);
        loop {
            if plain.len() == plain.capacity() {
                if plain.len() >= LARGEST_BLOCK {
                    return Err(HeaderBlockError::TooLarge(LARGEST_BLOCK));
                }
                plain.reserve(plain.len());
            }
            let (read_before, written_before) = (self.zlib.total_in(), plain.len());
            let outcome = self
                .zlib
                .decompress_vec(compressed, &mut plain, FlushDecompress::Sync);
            let read = (self.zlib.total_in() - read_before) as usize;
            compressed = &compressed[read.min(compressed.len())..];
            match outcome {
                Ok(Status::Ok | Status::BufError) => {
                    let is_stuck = read == 0 && plain.len() == written_before;
                    let has_room = plain.len() < plain.capacity();
                    if has_room && (compressed.is_empty() || is_stuck) {
                        break;
                    }
                }
                Ok(Status::StreamEnd) => return Err(HeaderBlockError::Compression),
                Err(error) if error.needs_dictionary().is_some() => {
                    self.zlib
                        .set_dictionary(&dictionary())
                        .map_err(|_| HeaderBlockError::Compression)?;
                }
                Err(_) => return Err(HeaderBlockError::Compression),
            }
        }
        if compressed.is_empty() {
            Ok(plain)
        } else {
            Err(HeaderBlockError::Compression)
        }
    }
}

/// Writes the blocks of one direction, in order.
pub(super) struct BlockWriter {
    zlib: Compress,
}

impl BlockWriter {
    /// Before the first block.
    pub(super) fn new() -> Self {
        let mut zlib = Compress::new(Compression::fast(), true);
        zlib.set_dictionary(&dictionary())
            .expect("a context that has written nothing takes a dictionary");
        Self { zlib }
    }

    /// Writes the next block.
    pub(super) fn write(&mut self, headers: &HeaderMap) -> Vec<u8> {
        let plain = render(headers);
        // zlib may add a few bytes to each 16 KiB, and the end of a block.
        let mut compressed = Vec::with_capacity(plain.len() + plain.len() / 1000 + 64);
        let written_before = self.zlib.total_in();
        loop {
            let read = (self.zlib.total_in() - written_before) as usize;
            self.zlib
                .compress_vec(&plain[read..], &mut compressed, FlushCompress::Sync)
                .expect("zlib compresses any bytes");
            if compressed.len() < compressed.capacity() {
                return compressed;
            }
            compressed.reserve(plain.len().max(64));
        }
    }
}

fn render(headers: &HeaderMap) -> Vec<u8> {
    let mut plain = Vec::with_capacity(64);
    plain.extend_from_slice(&(headers.keys_len() as u32).to_be_bytes());
    for name in headers.keys() {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        for text in [name.as_str().as_bytes(), &values.join(&SEPARATOR)] {
            plain.extend_from_slice(&(text.len() as u32).to_be_bytes());
            plain.extend_from_slice(text);
        }
    }
    plain
}

fn parse(mut plain: &[u8]) -> Result<HeaderMap, HeaderBlockError> {
    let count = take_length(&mut plain)?;
    let mut headers = HeaderMap::new();
    for _ in 0..count {
        let name = HeaderName::from_lowercase(take_text(&mut plain)?)
            .map_err(|_| HeaderBlockError::Characters)?;
        for value in take_text(&mut plain)?.split(|byte| *byte == SEPARATOR) {
            let value = HeaderValue::from_bytes(value).map_err(|_| HeaderBlockError::Characters)?;
            headers
                .try_append(name.clone(), value)
                .map_err(|_| HeaderBlockError::TooLarge(LARGEST_BLOCK))?;
        }
    }
    if plain.is_empty() {
        Ok(headers)
    } else {
        Err(HeaderBlockError::Lengths)
    }
}

fn take_length(plain: &mut &[u8]) -> Result<usize, HeaderBlockError> {
    let length = plain.try_get_u32().map_err(|_| HeaderBlockError::Lengths)?;
    Ok(length as usize)
}

fn take_text<'a>(plain: &mut &'a [u8]) -> Result<&'a [u8], HeaderBlockError> {
    let length = take_length(plain)?;
    let (text, rest) = plain
        .split_at_checked(length)
        .ok_or(HeaderBlockError::Lengths)?;
    *plain = rest;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    #[test]
    fn blocks_of_one_context_are_read_in_order() {
        let (mut writer, mut reader) = (BlockWriter::new(), BlockReader::new());
        let blocks = [
            headers(&[("streamtype", "error"), ("port", "8080")]),
            headers(&[]),
            headers(&[("streamtype", "data"), ("port", "8080"), ("requestid", "")]),
        ];
        for block in blocks {
            assert_eq!(reader.read(&writer.write(&block)), Ok(block));
        }
    }

    #[test]
    fn a_block_may_be_large_but_not_too_large() {
        let block_of = |length: usize| {
            let value = HeaderValue::from_bytes(&vec![b'a'; length]).unwrap();
            HeaderMap::from_iter([(HeaderName::from_static("x"), value)])
        };
        let (mut writer, mut reader) = (BlockWriter::new(), BlockReader::new());
        let large = block_of(LARGEST_BLOCK / 2);
        assert_eq!(reader.read(&writer.write(&large)), Ok(large));
        let bomb = writer.write(&block_of(LARGEST_BLOCK * 50));
        assert!(bomb.len() < LARGEST_BLOCK);
        assert_eq!(
            reader.read(&bomb),
            Err(HeaderBlockError::TooLarge(LARGEST_BLOCK))
        );
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for (plain, expected) in [
            (&[][..], HeaderBlockError::Lengths),
            (&[0, 0, 0], HeaderBlockError::Lengths),
            (&[0, 0, 0, 1], HeaderBlockError::Lengths),
            (&[0, 0, 0, 0, 0], HeaderBlockError::Lengths),
            (&[0xff, 0xff, 0xff, 0xff], HeaderBlockError::Lengths),
            (
                &[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, b'a'],
                HeaderBlockError::Lengths,
            ),
            (
                &[0, 0, 0, 1, 0, 0, 0, 1, b'A', 0, 0, 0, 0],
                HeaderBlockError::Characters,
            ),
            (
                &[0, 0, 0, 1, 0, 0, 0, 1, b'a', 0, 0, 0, 1, b'\n'],
                HeaderBlockError::Characters,
            ),
        ] {
            assert_eq!(parse(plain), Err(expected), "{plain:?}");
        }
    }
}
