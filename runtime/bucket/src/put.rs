//! A file to a bucket.

use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use fs_err::File;
use rusty_s3::S3Action as _;
use rusty_s3::actions::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload, HeadObject, PutObject,
    UploadPart,
};
use sha2::{Digest as _, Sha256};
use ureq::Body;
use ureq::http::{Response, header};

use crate::bucket::Bucket;
use crate::error::BucketError;
use crate::request::{Content, Nothing};

/// The metadata of an object with the SHA-256 of its bytes, in hexadecimal. A store's own ETag is none for what came in parts.
pub(crate) const SHA256: &str = "x-amz-meta-sha256";

/// What goes in one request, in bytes. S3 takes 5 GiB.
const LARGEST_PUT: u64 = 32 << 20;

/// What a part has at least, in bytes. S3 wants 5 MiB.
const SMALLEST_PART: u64 = 16 << 20;

/// How many parts S3 takes.
const MOST_PARTS: u64 = 10_000;

/// The most that is read of an answer about parts.
const LONGEST_ANSWER: u64 = 64 << 10;

/// A file as it is in a bucket now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Whether it was there already, so that nothing was sent.
    pub was_there: bool,
}

impl Bucket {
    /// Has an object be a file's bytes. What is there already with the same bytes is not sent again.
    ///
    /// # Errors
    /// When the file cannot be read or changes meanwhile, and when the store refuses or cannot be reached; the object is then as
    /// it was before.
    pub fn put(&self, key: &str, file: &Path) -> Result<Stored, BucketError> {
        let (sha256, bytes) = checksum(file)?;
        let stored = Stored {
            bytes,
            sha256,
            was_there: false,
        };
        if self.has(key, &stored)? {
            return Ok(Stored {
                was_there: true,
                ..stored
            });
        }
        match bytes > LARGEST_PUT {
            true => self.put_parts(key, file, &stored)?,
            false => self.put_whole(key, file, &stored)?,
        }
        Ok(stored)
    }

    /// Has an object be these bytes, in one request.
    ///
    /// # Errors
    /// When the store refuses or cannot be reached; the object is then as it was before.
    pub fn put_bytes(&self, key: &str, bytes: &[u8]) -> Result<(), BucketError> {
        let sha256 = hex::encode(Sha256::digest(bytes));
        let mut action = PutObject::new(&self.signed, self.credentials.as_ref(), key);
        action.headers_mut().insert(SHA256, sha256.clone());
        self.send(key, &action, &[(SHA256, &sha256)], &bytes)?;
        Ok(())
    }

    fn has(&self, key: &str, wanted: &Stored) -> Result<bool, BucketError> {
        let action = HeadObject::new(&self.signed, self.credentials.as_ref(), key);
        let answer = match self.send(key, &action, &[], &Nothing) {
            // A store says nothing but the status here; that the bucket is missing is heard when the object is sent.
            Err(BucketError::NoObject { .. }) => return Ok(false),
            // One who may write need not be one who may read.
            Err(BucketError::Refused { .. }) => return Ok(false),
            answer => answer?,
        };
        let of = |name: &str| answer.headers().get(name)?.to_str().ok();
        let size = of(header::CONTENT_LENGTH.as_str()).and_then(|text| text.parse().ok());
        Ok(of(SHA256) == Some(&wanted.sha256) && size == Some(wanted.bytes))
    }

    fn put_whole(&self, key: &str, file: &Path, stored: &Stored) -> Result<(), BucketError> {
        let mut action = PutObject::new(&self.signed, self.credentials.as_ref(), key);
        action.headers_mut().insert(SHA256, stored.sha256.clone());
        let whole = Section {
            file,
            from: 0,
            bytes: stored.bytes,
        };
        // A file that changes after this is refused by whoever reads the object: its bytes are not those of its checksum.
        unchanged(file, stored)?;
        self.send(key, &action, &[(SHA256, &stored.sha256)], &whole)?;
        unchanged(file, stored)
    }

    fn put_parts(&self, key: &str, file: &Path, stored: &Stored) -> Result<(), BucketError> {
        let credentials = self.credentials.as_ref();
        let mut create = CreateMultipartUpload::new(&self.signed, credentials, key);
        create.headers_mut().insert(SHA256, stored.sha256.clone());
        let answer = self.send(key, &create, &[(SHA256, &stored.sha256)], &Nothing)?;
        let text = self.text(key, answer)?;
        let upload = CreateMultipartUpload::parse_response(&text)
            .map_err(|error| unreadable(key, &error.to_string()))?;
        let sent = self
            .send_parts(key, file, stored, upload.upload_id())
            .and_then(|tags| {
                unchanged(file, stored)?;
                self.complete(key, upload.upload_id(), &tags)
            });
        if sent.is_err() {
            // What came so far takes room until then. That it cannot be given back changes nothing about why this failed.
            let abort =
                AbortMultipartUpload::new(&self.signed, credentials, key, upload.upload_id());
            let _ = self.send(key, &abort, &[], &Nothing);
        }
        sent
    }

    /// Sends all parts; the tags by which the store knows them.
    fn send_parts(
        &self,
        key: &str,
        file: &Path,
        stored: &Stored,
        upload: &str,
    ) -> Result<Vec<String>, BucketError> {
        let size = SMALLEST_PART.max(stored.bytes.div_ceil(MOST_PARTS));
        let starts = (0..stored.bytes).step_by(usize::try_from(size).unwrap_or(usize::MAX));
        starts
            .zip(1_u16..)
            .map(|(from, number)| {
                let credentials = self.credentials.as_ref();
                let action = UploadPart::new(&self.signed, credentials, key, number, upload);
                let part = Section {
                    file,
                    from,
                    bytes: size.min(stored.bytes - from),
                };
                let answer = self.send(key, &action, &[], &part)?;
                let tag = answer
                    .headers()
                    .get(header::ETAG)
                    .and_then(|tag| tag.to_str().ok());
                let tag = tag.ok_or_else(|| unreadable(key, "the answer to a part has no ETag"))?;
                Ok(tag.to_owned())
            })
            .collect()
    }

    fn complete(&self, key: &str, upload: &str, tags: &[String]) -> Result<(), BucketError> {
        let credentials = self.credentials.as_ref();
        let tags = || tags.iter().map(String::as_str);
        let action = CompleteMultipartUpload::new(&self.signed, credentials, key, upload, tags());
        let body = CompleteMultipartUpload::new(&self.signed, credentials, key, upload, tags());
        let answer = self.send(key, &action, &[], &body.body().as_bytes())?;
        // The store may begin its answer before it is sure, and say in it that it could not.
        let text = self.text(key, answer)?;
        match text.contains("<Error>") {
            true => Err(unreadable(key, &text)),
            false => Ok(()),
        }
    }

    fn text(&self, key: &str, answer: Response<Body>) -> Result<String, BucketError> {
        answer
            .into_body()
            .with_config()
            .limit(LONGEST_ANSWER)
            .read_to_string()
            .map_err(|error| BucketError::Unreachable {
                key: key.to_owned(),
                source: error.into_io(),
            })
    }
}

/// A part of a file, or all of it.
struct Section<'a> {
    file: &'a Path,
    from: u64,
    bytes: u64,
}

impl Content for Section<'_> {
    fn open(&self) -> io::Result<(Box<dyn Read + '_>, u64)> {
        let mut file = File::open(self.file)?;
        file.seek(SeekFrom::Start(self.from))?;
        Ok((Box::new(file.take(self.bytes)), self.bytes))
    }
}

/// The SHA-256 of a file in hexadecimal, and its size in bytes.
pub(crate) fn checksum(file: &Path) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let bytes = io::copy(&mut File::open(file)?, &mut hasher)?;
    Ok((hex::encode(hasher.finalize()), bytes))
}

/// Whether a file still has the bytes that its checksum was taken of.
fn unchanged(file: &Path, stored: &Stored) -> Result<(), BucketError> {
    let (sha256, _) = checksum(file)?;
    match sha256 == stored.sha256 {
        true => Ok(()),
        false => Err(BucketError::Changed {
            file: file.to_owned(),
        }),
    }
}

fn unreadable(key: &str, reason: &str) -> BucketError {
    BucketError::Unexpected {
        key: key.to_owned(),
        status: "what cannot be read".to_owned(),
        detail: format!(": {reason}"),
    }
}
