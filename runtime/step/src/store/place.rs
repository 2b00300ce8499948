//! Where a store is, as the program's command line and its surroundings say it.

use std::path::PathBuf;

use coracle_bucket::{Access, Trusted};

use crate::arguments::{ArgumentError, Arguments, STORE_FOLDER, variables};

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of a volume.
    Folder(PathBuf),
    /// A bucket.
    Bucket(BucketPlace),
}

/// A bucket that holds stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPlace {
    /// The bucket.
    pub access: Access,
    /// What all keys begin with, without a slash at either end; may be empty.
    pub prefix: String,
}

impl Place {
    /// As it is said: `--store` is a folder or `s3://BUCKET/PREFIX`, then with `--endpoint` and `--region`; the key is in
    /// [`variables`], which `variable` reads.
    ///
    /// # Errors
    /// When a bucket is named without an endpoint.
    pub fn told(
        arguments: &Arguments,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ArgumentError> {
        let store = arguments.maybe("store").unwrap_or(STORE_FOLDER);
        let Some(named) = store.strip_prefix("s3://") else {
            return Ok(Self::Folder(PathBuf::from(store)));
        };
        let (bucket, prefix) = named.split_once('/').unwrap_or((named, ""));
        let authority = variable(variables::AUTHORITY).filter(|pem| !pem.trim().is_empty());
        Ok(Self::Bucket(BucketPlace {
            access: Access {
                endpoint: arguments.one("endpoint")?.to_owned(),
                bucket: bucket.to_owned(),
                region: arguments.maybe("region").unwrap_or("us-east-1").to_owned(),
                key_id: variable(variables::KEY_ID).unwrap_or_default(),
                secret: variable(variables::SECRET).unwrap_or_default(),
                token: None,
                is_in_path: true,
                trusted: authority.map_or(Trusted::Public, Trusted::These),
            },
            prefix: prefix.trim_matches('/').to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Result<Place, ArgumentError> {
        let arguments = Arguments::read(line.split_whitespace().map(str::to_owned)).unwrap();
        Place::told(&arguments, |name| {
            (name == variables::KEY_ID).then(|| "id".to_owned())
        })
    }

    #[test]
    fn a_store_is_a_folder_or_a_bucket() {
        assert_eq!(told("end"), Ok(Place::Folder(STORE_FOLDER.into())));
        assert_eq!(told("end --store /x"), Ok(Place::Folder("/x".into())));
        assert_eq!(
            told("end --store s3://b/p"),
            Err(ArgumentError::Missing("endpoint"))
        );
        let place = told("end --store s3://b/p/q/ --endpoint http://s:9000");
        let Ok(Place::Bucket(place)) = place else {
            panic!("{place:?}");
        };
        assert_eq!(
            (place.access.bucket.as_str(), place.prefix.as_str()),
            ("b", "p/q")
        );
        assert_eq!(
            (place.access.key_id.as_str(), place.access.region.as_str()),
            ("id", "us-east-1")
        );
        assert_eq!(place.access.trusted, Trusted::Public);
    }
}
