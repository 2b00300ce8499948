//! Digests, and taking them while bytes pass by.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The digest of some bytes, as registries and engines write it: `sha256:` and 64 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// A text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no SHA-256 digest")]
pub struct NoDigest(String);

impl Digest {
    /// That of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(Sha256::new_with_prefix(bytes))
    }

    /// That of the bytes which were hashed.
    pub(crate) fn from_hash(hash: Sha256) -> Self {
        Self(format!("sha256:{}", hex::encode(hash.finalize())))
    }

    /// One whose 64 digits stand alone, as in names of files.
    pub(crate) fn from_hex(digits: &str) -> Option<Self> {
        format!("sha256:{digits}").parse().ok()
    }

    /// With its algorithm.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.strip_prefix("sha256:") {
            Some(digits) if digits.len() == 64 && digits.bytes().all(is_digit) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NoDigest(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = NoDigest;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Passes bytes on, and takes their digest and their number.
pub(crate) struct Hashed<T> {
    inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T> Hashed<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    /// The digest and the number of what passed.
    pub(crate) fn finish(self) -> (Digest, u64) {
        (Digest::from_hash(self.hash), self.bytes)
    }

    /// What the bytes passed on to, their digest and their number.
    pub(crate) fn into_parts(self) -> (T, Digest, u64) {
        (self.inner, Digest::from_hash(self.hash), self.bytes)
    }
}

impl<T: Read> Read for Hashed<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

impl<T: Write> Write for Hashed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of nothing, as FIPS 180-4's examples have it.
    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn digests_are_read_and_taken() {
        assert_eq!(Digest::of(b"").as_str(), EMPTY);
        assert_eq!(EMPTY.parse::<Digest>().unwrap(), Digest::of(b""));
        for wrong in [
            "",
            "sha256:",
            &EMPTY[7..],
            &EMPTY.to_uppercase(),
            &EMPTY[..70],
        ] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_passes_is_hashed_whatever_its_pieces() {
        let mut written = Hashed::new(Vec::new());
        for piece in [&b"a"[..], b"", b"bc"] {
            written.write_all(piece).unwrap();
        }
        assert_eq!(written.finish(), (Digest::of(b"abc"), 3));
        let mut read = Hashed::new(&b"abc"[..]);
        io::copy(&mut read, &mut io::sink()).unwrap();
        assert_eq!(read.finish(), (Digest::of(b"abc"), 3));
    }
}
