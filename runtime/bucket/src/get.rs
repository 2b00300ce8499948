//! An object to a file.

use std::io::{self, Read as _, Seek as _, Write};
use std::path::Path;

use rusty_s3::S3Action as _;
use rusty_s3::actions::GetObject;
use sha2::{Digest as _, Sha256};
use ureq::Body;
use ureq::http::{Response, StatusCode};

use crate::bucket::Bucket;
use crate::error::BucketError;
use crate::put::{SHA256, Stored, checksum};
use crate::request::Nothing;

/// How often a body that broke off is asked for from where it did without coming any further.
const RESUMPTIONS: u32 = 5;

impl Bucket {
    /// Has a file be an object's bytes; one that broke off is asked for from there on. The file stands when it is whole, and not before.
    ///
    /// # Errors
    /// When there is no such object, what came is not what was put there, or the file cannot be written.
    pub fn get(&self, key: &str, file: &Path) -> Result<Stored, BucketError> {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs_err::create_dir_all(folder)?;
        let mut partial = tempfile::NamedTempFile::new_in(folder)?;
        let expected = self.receive(key, partial.as_file_mut())?;
        let (sha256, bytes) = checksum(partial.path())?;
        same(key, expected, &sha256)?;
        partial.persist(file).map_err(|error| error.error)?;
        Ok(Stored {
            bytes,
            sha256,
            was_there: true,
        })
    }

    /// Writes what an object has; the checksum that it was put with, where it was put by us.
    fn receive(&self, key: &str, file: &mut std::fs::File) -> Result<Option<String>, BucketError> {
        let (mut resumed, mut furthest) = (0, 0);
        let mut tag: Option<String> = None;
        loop {
            let from = file.stream_position()?;
            let range = format!("bytes={from}-");
            let mut headers = vec![];
            if from > 0 {
                headers.push(("range", range.as_str()));
                // What was put there since is another object, of which this is no part.
                headers.extend(tag.as_deref().map(|tag| ("if-match", tag)));
            }
            let mut action = GetObject::new(&self.signed, self.credentials.as_ref(), key);
            for (name, value) in &headers {
                action.headers_mut().insert(*name, *value);
            }
            let answer = self.send(key, &action, &headers, &Nothing)?;
            let (sha256, found) = (header(&answer, SHA256), header(&answer, "etag"));
            if from > 0 && answer.status() != StatusCode::PARTIAL_CONTENT {
                // It begins anew, whatever was asked for.
                file.set_len(0)?;
                file.rewind()?;
            }
            match copy(&mut answer.into_body().into_reader(), file)? {
                Ok(()) => return Ok(sha256),
                Err(_) if file.stream_position()? > furthest => {
                    furthest = file.stream_position()?;
                    resumed = 0;
                    tag = found;
                }
                Err(_) if resumed < RESUMPTIONS => {
                    resumed += 1;
                    tag = found;
                }
                Err(source) => {
                    let key = key.to_owned();
                    return Err(BucketError::Unreachable { key, source });
                }
            }
        }
    }

    /// The bytes of a small object; they are asked for anew when they break off.
    ///
    /// # Errors
    /// When there is no such object, it has more than `limit` bytes, or what came is not what was put there.
    pub fn read(&self, key: &str, limit: u64) -> Result<Vec<u8>, BucketError> {
        let mut tries = 0..=RESUMPTIONS;
        loop {
            let action = GetObject::new(&self.signed, self.credentials.as_ref(), key);
            let answer = self.send(key, &action, &[], &Nothing)?;
            let expected = header(&answer, SHA256);
            let mut bytes = Vec::new();
            let mut body = answer.into_body().into_reader().take(limit + 1);
            match (body.read_to_end(&mut bytes), tries.next()) {
                (Ok(_), _) if bytes.len() as u64 > limit => {
                    return Err(BucketError::Unexpected {
                        key: key.to_owned(),
                        status: format!("more than {limit} bytes"),
                        detail: String::new(),
                    });
                }
                (Ok(_), _) => {
                    let found = hex::encode(Sha256::digest(&bytes));
                    same(key, expected, &found)?;
                    return Ok(bytes);
                }
                (Err(_), Some(_)) => {}
                (Err(source), None) => {
                    let key = key.to_owned();
                    return Err(BucketError::Unreachable { key, source });
                }
            }
        }
    }
}

/// A header of an answer that is text.
fn header(answer: &Response<Body>, name: &str) -> Option<String> {
    Some(answer.headers().get(name)?.to_str().ok()?.to_owned())
}

/// Whether what came is what was put there, as far as that was written down.
fn same(key: &str, expected: Option<String>, found: &str) -> Result<(), BucketError> {
    match expected {
        Some(expected) if expected != found => Err(BucketError::Damaged {
            key: key.to_owned(),
            expected,
            found: found.to_owned(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// Writes all that comes. The inner error is the sender's, the outer one is the file's.
fn copy(from: &mut impl io::Read, file: &mut std::fs::File) -> io::Result<io::Result<()>> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(Ok(())),
            Ok(length) => file.write_all(&buffer[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}
