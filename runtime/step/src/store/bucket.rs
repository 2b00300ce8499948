//! A store in a bucket of an S3-compatible store, below a prefix.
//!
//! An artifact of one file is one object; one of a folder is an object for each of its files, as Kubeflow Pipelines has it: empty
//! folders and the modes of files do not come along. What is named by the bucket's own `s3://` is where it says.

use std::collections::BTreeSet;
use std::path::Path;

use coracle_bucket::{Bucket, BucketError};

use super::StoreError;
use super::place::BucketPlace;
use crate::tree;

/// The largest file of a run that is no artifact, in bytes: a definition of 64 MiB.
const LARGEST_RECORD: u64 = 96 << 20;

#[derive(Debug, Clone)]
pub(super) struct InBucket {
    bucket: Bucket,
    prefix: String,
}

impl InBucket {
    pub(super) fn new(place: &BucketPlace) -> Result<Self, BucketError> {
        Ok(Self {
            bucket: Bucket::new(place.access.clone())?,
            prefix: place.prefix.clone(),
        })
    }

    fn whole(&self, key: &str) -> String {
        match self.prefix.as_str() {
            "" => key.to_owned(),
            prefix => format!("{prefix}/{key}"),
        }
    }

    pub(super) fn write(&self, key: &str, bytes: &[u8]) -> Result<(), BucketError> {
        self.bucket.put_bytes(&self.whole(key), bytes)
    }

    pub(super) fn read(&self, key: &str) -> Result<Vec<u8>, BucketError> {
        self.bucket.read(&self.whole(key), LARGEST_RECORD)
    }

    /// The keys below one.
    pub(super) fn list(&self, key: &str) -> Result<Vec<String>, BucketError> {
        let objects = self.bucket.list(&format!("{}/", self.whole(key)))?;
        let without = |whole: String| match self.prefix.is_empty() {
            true => whole,
            false => whole[self.prefix.len() + 1..].to_owned(),
        };
        Ok(objects
            .into_iter()
            .map(|object| without(object.key))
            .collect())
    }

    /// The whole key of an artifact by its URI, and by where it stands among those of all stores.
    pub(super) fn key_of(&self, uri: &str, below: &str) -> String {
        match self.bucket.key_of(uri) {
            Some(key) => key.trim_end_matches('/').to_owned(),
            None => self.whole(&format!("artifacts/{below}")),
        }
    }

    /// Brings an artifact by its whole key.
    pub(super) fn fetch(&self, key: &str, target: &Path) -> Result<(), StoreError> {
        if let Some(folder) = target.parent() {
            tree::make(folder)?;
        }
        match self.bucket.get(key, target) {
            Ok(_) => return Ok(tree::open_to_all(target)?),
            // A folder is no object itself.
            Err(BucketError::NoObject { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let folder = format!("{key}/");
        for object in self.bucket.list(&folder)? {
            let below = &object.key[folder.len()..];
            // Some make an object for the folder itself.
            if below.is_empty() || below.ends_with('/') {
                continue;
            }
            if below.split('/').any(|name| matches!(name, "" | "." | "..")) {
                return Err(StoreError::Climbs { key: object.key });
            }
            let file = target.join(below);
            if let Some(folder) = file.parent() {
                tree::make(folder)?;
            }
            self.bucket.get(&object.key, &file)?;
            tree::open_to_all(&file)?;
        }
        Ok(())
    }

    /// Keeps an artifact by its whole key. What else an earlier try left there is removed, unless it may be others': a step may name
    /// any place of the bucket, and there nothing goes away.
    pub(super) fn keep(
        &self,
        key: &str,
        source: &Path,
        is_of_the_run: bool,
    ) -> Result<(), StoreError> {
        let folder = format!("{key}/");
        let mut earlier = BTreeSet::new();
        if is_of_the_run {
            let objects = self.bucket.list(&folder)?.into_iter();
            earlier.extend(objects.map(|object| object.key));
            earlier.extend(source.is_dir().then(|| key.to_owned()));
        }
        for (below, file) in coracle_carry::files(source)? {
            let key = match below.is_empty() {
                true => key.to_owned(),
                false => format!("{folder}{below}"),
            };
            self.bucket.put(&key, &file)?;
            earlier.remove(&key);
        }
        for key in &earlier {
            self.bucket.remove(key)?;
        }
        Ok(())
    }
}
