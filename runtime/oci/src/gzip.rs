//! Packing a layer: gzip by all cores, with the same bytes for the same layer.
//!
//! ```text
//!  layer ─► digest ─► blocks ─► deflate (a thread each) ─► in order again ─► digest ─► out
//! ```
//!
//! Each block is compressed for itself and ends at a whole byte (a sync flush), so that what is written is one ordinary member of gzip,
//! however many threads there were. Its header has no time and no name.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use flate2::{Compress, Compression, Crc, FlushCompress};

use crate::digest::{Digest, Hashed};

/// What is compressed for itself, in bytes: what is lost to the ends of blocks is a few bytes in each.
const BLOCK: usize = 1 << 20;

/// The level: near the fastest, and closer to the usual one in size than the very fastest.
const LEVEL: u32 = 2;

/// The most threads; beyond, hashing and the disk are what is waited for.
const MOST_THREADS: usize = 8;

/// Magic, deflate, no flags, no time, no extra flags, unknown system (RFC 1952).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// An empty last block of deflate (RFC 1951): the final bit, fixed codes, end of block.
const END: [u8; 2] = [0x03, 0x00];

/// What a layer is, plain and packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed {
    /// The digest of the plain bytes: the layer's entry in `rootfs.diff_ids`.
    pub(crate) plain: Digest,
    /// The digest of the packed bytes.
    pub(crate) digest: Digest,
    /// How many bytes that are.
    pub(crate) size: u64,
    /// How many it has plain.
    pub(crate) plain_size: u64,
}

/// Which side of packing failed.
#[derive(Debug)]
pub(crate) enum PackError {
    /// What was to be packed cannot be read.
    Read(io::Error),
    /// What was packed cannot be written.
    Write(io::Error),
}

/// A block that was compressed.
struct Block {
    deflated: Vec<u8>,
    crc: Crc,
}

/// Packs what is read.
///
/// # Errors
/// What reading or writing fails with.
pub(crate) fn pack(plain: impl Read, packed: impl Write + Send) -> Result<Packed, PackError> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    pack_with(plain, packed, threads.min(MOST_THREADS))
}

fn pack_with(
    plain: impl Read,
    packed: impl Write + Send,
    threads: usize,
) -> Result<Packed, PackError> {
    let mut plain = Hashed::new(plain);
    thread::scope(|scope| {
        let mut to_workers = Vec::new();
        let mut from_workers = Vec::new();
        for _ in 0..threads {
            let (to_worker, blocks) = sync_channel::<Vec<u8>>(1);
            let (done, from_worker) = sync_channel::<io::Result<Block>>(1);
            scope.spawn(move || deflate_all(&blocks, &done));
            to_workers.push(to_worker);
            from_workers.push(from_worker);
        }
        let writing = scope.spawn(move || write_all(packed, &from_workers));
        let read = deal(&mut plain, &to_workers);
        // Whoever waits for blocks learns that there are no more.
        drop(to_workers);
        let written = writing.join().expect("the writer does not panic");
        read.map_err(PackError::Read)?;
        let (digest, size) = written.map_err(PackError::Write)?;
        let (plain, plain_size) = plain.finish();
        Ok(Packed {
            plain,
            digest,
            size,
            plain_size,
        })
    })
}

/// Gives blocks to one worker after the other, so that the order in which they are taken back is known.
fn deal(plain: &mut impl Read, workers: &[SyncSender<Vec<u8>>]) -> io::Result<()> {
    for worker in workers.iter().cycle() {
        let mut block = Vec::with_capacity(BLOCK);
        plain.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        // A worker that is gone has nobody to write for: the writer says why.
        if block.is_empty() || worker.send(block).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn deflate_all(blocks: &Receiver<Vec<u8>>, done: &SyncSender<io::Result<Block>>) {
    let mut compress = Compress::new(Compression::new(LEVEL), false);
    for plain in blocks {
        compress.reset();
        if done.send(deflate(&mut compress, &plain)).is_err() {
            return;
        }
    }
}

fn deflate(compress: &mut Compress, plain: &[u8]) -> io::Result<Block> {
    let mut deflated = Vec::with_capacity(plain.len() + plain.len() / 16 + 1024);
    loop {
        let read = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let rest = plain.get(read..).unwrap_or_default();
        compress.compress_vec(rest, &mut deflated, FlushCompress::Sync)?;
        // With room to spare, all that was to be flushed is.
        if compress.total_in() == plain.len() as u64 && deflated.len() < deflated.capacity() {
            break;
        }
        deflated.reserve(plain.len() / 4 + 1024);
    }
    let mut crc = Crc::new();
    crc.update(plain);
    Ok(Block { deflated, crc })
}

fn write_all(
    packed: impl Write,
    workers: &[Receiver<io::Result<Block>>],
) -> io::Result<(Digest, u64)> {
    let mut packed = Hashed::new(packed);
    packed.write_all(&HEADER)?;
    let mut crc = Crc::new();
    for worker in workers.iter().cycle() {
        // The first that has no more is the one whose turn it would be.
        let Ok(block) = worker.recv() else { break };
        let block = block?;
        packed.write_all(&block.deflated)?;
        crc.combine(&block.crc);
    }
    packed.write_all(&END)?;
    packed.write_all(&crc.sum().to_le_bytes())?;
    // The length modulo 2^32, which is how it is counted.
    packed.write_all(&crc.amount().to_le_bytes())?;
    packed.flush()?;
    Ok(packed.finish())
}

#[cfg(test)]
mod tests {
    use flate2::read::GzDecoder;

    use super::*;

    /// Bytes that compress a little: runs of what a generator of chance gives.
    fn bytes(length: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        let mut bytes = Vec::with_capacity(length + 256);
        while bytes.len() < length {
            let (byte, run) = (next(), usize::from(next() % 8));
            bytes.extend(std::iter::repeat_n(byte, run));
        }
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn what_is_unpacked_is_what_was_packed_whatever_its_length() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17] {
            let plain = bytes(length);
            let mut out = Vec::new();
            let packed = pack_with(plain.as_slice(), &mut out, 3).unwrap();
            // Another reader of gzip, which stops after one member and checks length and CRC.
            let mut unpacked = Vec::new();
            GzDecoder::new(out.as_slice())
                .read_to_end(&mut unpacked)
                .unwrap();
            assert!(unpacked == plain, "{length} bytes");
            let expected = Packed {
                plain: Digest::of(&plain),
                digest: Digest::of(&out),
                size: out.len() as u64,
                plain_size: length as u64,
            };
            assert_eq!(packed, expected);
        }
    }

    #[test]
    fn what_cannot_be_made_smaller_is_packed_whole() {
        let mut noise = vec![0; 2 * BLOCK];
        let mut state = 7_u64;
        for byte in &mut noise {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = (state >> 32) as u8;
        }
        let mut out = Vec::new();
        pack_with(noise.as_slice(), &mut out, 2).unwrap();
        let mut unpacked = Vec::new();
        GzDecoder::new(out.as_slice())
            .read_to_end(&mut unpacked)
            .unwrap();
        assert!(unpacked == noise);
        assert!(out.len() < noise.len() + noise.len() / 100);
    }

    #[test]
    fn the_same_layer_has_the_same_bytes_by_any_number_of_threads() {
        /// Gives a few bytes at a time.
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let few = buffer.len().min(4099);
                self.0.read(&mut buffer[..few])
            }
        }
        let plain = bytes(4 * BLOCK + 5);
        let one = pack_with(plain.as_slice(), io::sink(), 1).unwrap();
        assert_eq!(pack_with(plain.as_slice(), io::sink(), 5).unwrap(), one);
        assert_eq!(pack_with(Slow(&plain), io::sink(), 2).unwrap(), one);
    }

    #[test]
    fn what_fails_on_either_side_is_told() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the engine has gone"))
            }
        }
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let plain = bytes(BLOCK);
        let broken = plain.as_slice().chain(Broken);
        let error = pack_with(broken, io::sink(), 2).unwrap_err();
        assert!(
            matches!(error, PackError::Read(error) if error.to_string() == "the engine has gone")
        );
        let plain = bytes(9 * BLOCK);
        let error = pack_with(plain.as_slice(), Broken, 2).unwrap_err();
        let is_full = |error: &io::Error| error.kind() == io::ErrorKind::StorageFull;
        assert!(matches!(error, PackError::Write(error) if is_full(&error)));
    }
}
