//! One request to a store: signed, sent, tried again where that may help, and its refusal named.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use rusty_s3::S3Action;
use ureq::Body;
use ureq::http::{Request, Response, StatusCode};

use crate::bucket::Bucket;
use crate::error::BucketError;

/// How long a signature holds.
const SIGNED_FOR: Duration = Duration::from_secs(900);

/// How long to wait before each further try of a request that broke off or met a store that has too much to do.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(4),
];

/// The most that is read of a refusal.
const LONGEST_REFUSAL: u64 = 16 << 10;

/// What the body of a request is.
pub(crate) trait Content {
    /// The bytes, from their beginning, and how many.
    ///
    /// # Errors
    /// When they cannot be read.
    fn open(&self) -> io::Result<(Box<dyn io::Read + '_>, u64)>;
}

/// No body.
pub(crate) struct Nothing;

impl Content for Nothing {
    fn open(&self) -> io::Result<(Box<dyn io::Read + '_>, u64)> {
        Ok((Box::new(io::empty()), 0))
    }
}

/// What is in memory.
impl Content for &[u8] {
    fn open(&self) -> io::Result<(Box<dyn io::Read + '_>, u64)> {
        Ok((Box::new(*self), self.len() as u64))
    }
}

impl Bucket {
    /// Sends a request about an object, and returns the answer that is no refusal. `headers` are those that were signed.
    ///
    /// # Errors
    /// The refusal by its name; [`BucketError::Unreachable`] after several tries.
    pub(crate) fn send<'a, A: S3Action<'a>>(
        &self,
        key: &str,
        action: &A,
        headers: &[(&str, &str)],
        content: &dyn Content,
    ) -> Result<Response<Body>, BucketError> {
        let mut pauses = PAUSES.iter();
        loop {
            let outcome = self.send_once(action, headers, content)?;
            let (refusal, asked) = match outcome {
                Ok(answer) if is_fine(answer.status()) => return Ok(answer),
                Ok(answer) => {
                    let may_pass = may_pass(answer.status());
                    let asked = retry_after(&answer);
                    (self.refusal(key, answer), may_pass.then_some(asked))
                }
                Err(source) => {
                    let key = key.to_owned();
                    (BucketError::Unreachable { key, source }, Some(None))
                }
            };
            match (asked, pauses.next()) {
                (Some(asked), Some(pause)) => sleep(asked.unwrap_or(*pause)),
                _ => return Err(refusal),
            }
        }
    }

    /// One try: what the store answered, or how the connection ended. The outer error is one that no further try mends.
    fn send_once<'a, A: S3Action<'a>>(
        &self,
        action: &A,
        headers: &[(&str, &str)],
        content: &dyn Content,
    ) -> Result<Result<Response<Body>, io::Error>, BucketError> {
        let url = action.sign(SIGNED_FOR);
        let mut request = Request::builder()
            .method(A::METHOD.to_str())
            .uri(url.as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut reader, length) = content.open()?;
        let with_body = matches!(A::METHOD, rusty_s3::Method::Put | rusty_s3::Method::Post);
        if with_body {
            request = request.header("content-length", length);
        }
        let address = |reason: String| BucketError::Address {
            endpoint: self.access.endpoint.clone(),
            reason,
        };
        let sent = if with_body {
            let body = ureq::SendBody::from_reader(&mut reader);
            let request = request
                .body(body)
                .map_err(|error| address(error.to_string()))?;
            self.agent.run(request)
        } else {
            let request = request
                .body(())
                .map_err(|error| address(error.to_string()))?;
            self.agent.run(request)
        };
        Ok(sent.map_err(ureq::Error::into_io))
    }

    /// What a refusal means.
    pub(crate) fn refusal(&self, key: &str, answer: Response<Body>) -> BucketError {
        let status = answer.status();
        let mut body = answer.into_body();
        let text = body
            .with_config()
            .limit(LONGEST_REFUSAL)
            .read_to_string()
            .unwrap_or_default();
        let code = element(&text, "Code").unwrap_or_default();
        let detail = element(&text, "Message").map_or_else(String::new, |said| format!(": {said}"));
        let key = key.to_owned();
        let is_missing = status == StatusCode::NOT_FOUND;
        match code {
            "NoSuchBucket" => BucketError::NoBucket {
                bucket: self.access.bucket.clone(),
                endpoint: self.access.endpoint.clone(),
            },
            "NoSuchKey" => BucketError::NoObject { key },
            "QuotaExceeded" | "XMinioStorageFull" | "XMinioAdminBucketQuotaExceeded" => {
                BucketError::Full {
                    key,
                    code: code.to_owned(),
                }
            }
            _ if is_missing => BucketError::NoObject { key },
            _ if status == StatusCode::INSUFFICIENT_STORAGE => BucketError::Full {
                key,
                code: word(code, status),
            },
            _ if status == StatusCode::FORBIDDEN || status == StatusCode::UNAUTHORIZED => {
                let code = word(code, status);
                BucketError::Refused { key, code, detail }
            }
            _ => BucketError::Unexpected {
                key,
                status: status.to_string(),
                detail,
            },
        }
    }
}

/// The store's word for a refusal, or the status where it has none.
fn word(code: &str, status: StatusCode) -> String {
    match code {
        "" => status.to_string(),
        code => code.to_owned(),
    }
}

/// What an answer says of what it asked for again: seconds, as S3 and most proxies write it, and not longer than the longest pause.
fn retry_after(answer: &Response<Body>) -> Option<Duration> {
    let seconds: u64 = answer
        .headers()
        .get("retry-after")?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    let longest = PAUSES.last().copied()?;
    Some(Duration::from_secs(seconds).min(longest))
}

fn is_fine(status: StatusCode) -> bool {
    status.is_success()
}

/// Whether the same request may be taken later.
fn may_pass(status: StatusCode) -> bool {
    (status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE)
        || status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::REQUEST_TIMEOUT
}

/// The text of the first element of that name in a refusal, which has no attributes and nothing within.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inner.trim())
}
