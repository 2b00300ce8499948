//! What is in a bucket.

use rusty_s3::actions::ListObjectsV2;

use crate::bucket::Bucket;
use crate::error::BucketError;
use crate::request::Nothing;

/// The most of a list's page that is read, in bytes: a thousand keys of a kilobyte.
const LONGEST_PAGE: u64 = 8 << 20;

/// An object as a list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Bucket {
    /// The objects whose keys begin so, in the order of their keys.
    ///
    /// # Errors
    /// When the store refuses, or cannot be reached.
    pub fn list(&self, prefix: &str) -> Result<Vec<Listed>, BucketError> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut action = ListObjectsV2::new(&self.signed, self.credentials.as_ref());
            action.with_prefix(prefix);
            if let Some(token) = &token {
                action.with_continuation_token(token.clone());
            }
            let answer = self.send(prefix, &action, &[], &Nothing)?;
            let text = answer
                .into_body()
                .with_config()
                .limit(LONGEST_PAGE)
                .read_to_string()
                .map_err(|error| unreadable(prefix, &error.to_string()))?;
            let page = ListObjectsV2::parse_response(&text)
                .map_err(|error| unreadable(prefix, &error.to_string()))?;
            found.extend(page.contents.into_iter().map(|object| Listed {
                key: object.key,
                bytes: object.size.unwrap_or_default(),
            }));
            match page.next_continuation_token {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
    }
}

fn unreadable(key: &str, reason: &str) -> BucketError {
    BucketError::Unexpected {
        key: key.to_owned(),
        status: "what cannot be read".to_owned(),
        detail: format!(": {reason}"),
    }
}
