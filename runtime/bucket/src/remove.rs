//! What is in a bucket no more.

use rusty_s3::actions::DeleteObject;

use crate::bucket::Bucket;
use crate::error::BucketError;
use crate::request::Nothing;

impl Bucket {
    /// Removes an object; that there is none is fine.
    ///
    /// # Errors
    /// When the store refuses, or cannot be reached.
    pub fn remove(&self, key: &str) -> Result<(), BucketError> {
        let action = DeleteObject::new(&self.signed, self.credentials.as_ref(), key);
        match self.send(key, &action, &[], &Nothing) {
            Ok(_) | Err(BucketError::NoObject { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
