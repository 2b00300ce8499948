//! How the pods of a run come at what they share: a claim that they mount, or a bucket that they ask.

use coracle_model::{WorkflowBucket, WorkflowStore};
use coracle_step::arguments::{STORE_FOLDER, variables};
use serde_json::{Value, json};

use crate::pod::mount;
use crate::report::Report;

/// The volume that all pods of a run mount.
pub(crate) const VOLUME: &str = "coracle-store";

/// The words that tell `coracle-step` where the store is; none where it is the volume.
pub(crate) fn words(store: &WorkflowStore) -> Vec<String> {
    let WorkflowStore::Bucket(bucket) = store else {
        return Vec::new();
    };
    let place = match bucket.prefix.as_str() {
        "" => format!("s3://{}", bucket.bucket),
        prefix => format!("s3://{}/{prefix}", bucket.bucket),
    };
    let mut words = vec!["--store".to_owned(), place];
    words.extend(["--endpoint".to_owned(), bucket.endpoint.clone()]);
    if let Some(region) = &bucket.region {
        words.extend(["--region".to_owned(), region.clone()]);
    }
    words
}

/// The variables that tell it as whom the bucket is asked, by reference to the secret.
pub(crate) fn env(store: &WorkflowStore) -> Vec<Value> {
    let WorkflowStore::Bucket(WorkflowBucket {
        secret: Some(secret),
        ..
    }) = store
    else {
        return Vec::new();
    };
    let of = |name: &str, key: &str, is_optional: bool| {
        let mut reference = json!({"name": secret, "key": key});
        if is_optional {
            reference["optional"] = json!(true);
        }
        json!({"name": name, "valueFrom": {"secretKeyRef": reference}})
    };
    vec![
        of(variables::KEY_ID, "accesskey", false),
        of(variables::SECRET, "secretkey", false),
        of(variables::AUTHORITY, "ca.crt", true),
    ]
}

/// Where the store's volume is mounted, where it is one.
pub(crate) fn mounts(store: &WorkflowStore) -> Option<Value> {
    let is_volume = !matches!(store, WorkflowStore::Bucket(_));
    is_volume.then(|| mount(VOLUME, STORE_FOLDER))
}

/// Where artifacts go when nobody says another root: by their names they are found in the bucket.
pub(crate) fn root(store: &WorkflowStore) -> Option<String> {
    let WorkflowStore::Bucket(bucket) = store else {
        return None;
    };
    let below = ["artifacts"];
    let names = [bucket.bucket.as_str(), bucket.prefix.as_str()]
        .into_iter()
        .chain(below)
        .filter(|name| !name.is_empty());
    Some(format!("s3://{}", names.collect::<Vec<_>>().join("/")))
}

/// Refuses a bucket that is not named as one.
pub(crate) fn check(store: &WorkflowStore, report: &mut Report) {
    let WorkflowStore::Bucket(bucket) = store else {
        return;
    };
    let of_web = ["http://", "https://"];
    let host = of_web
        .iter()
        .find_map(|scheme| bucket.endpoint.strip_prefix(scheme));
    let is_plain =
        |text: &str| !text.contains(['{', '$']) && !text.chars().any(char::is_whitespace);
    if host.is_none_or(|host| host.is_empty() || host.contains('@')) || !is_plain(&bucket.endpoint)
    {
        let reason = "the endpoint is the store's URL, such as `http://minio.store:9000`, without a key: that is in the secret";
        report.refuse("store: endpoint", reason);
    }
    if bucket.bucket.is_empty() || bucket.bucket.contains('/') || !is_plain(&bucket.bucket) {
        report.refuse("store: bucket", "a bucket is named by one word");
    }
    if bucket
        .region
        .as_ref()
        .is_some_and(|region| region.is_empty() || !is_plain(region))
    {
        report.refuse("store: region", "a region is named by one word");
    }
    let is_below = |name: &str| !matches!(name, "" | "." | "..");
    let is_prefix = |text: &str| text.split('/').all(is_below) && is_plain(text);
    if !bucket.prefix.is_empty() && !is_prefix(&bucket.prefix) {
        let reason = "a prefix is names with `/` between them";
        report.refuse("store: prefix", reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(prefix: &str) -> WorkflowBucket {
        WorkflowBucket {
            endpoint: "http://store:9000".to_owned(),
            bucket: "b".to_owned(),
            prefix: prefix.to_owned(),
            region: None,
            secret: None,
        }
    }

    #[test]
    fn artifacts_are_in_the_bucket_below_the_prefix() {
        let of = |prefix| root(&WorkflowStore::Bucket(bucket(prefix)));
        assert_eq!(of("").as_deref(), Some("s3://b/artifacts"));
        assert_eq!(of("p/q").as_deref(), Some("s3://b/p/q/artifacts"));
        assert_eq!(root(&WorkflowStore::Claim("c".to_owned())), None);
    }

    #[test]
    fn a_bucket_that_is_not_named_as_one_is_refused() {
        let places = |bucket: WorkflowBucket| {
            let mut report = Report::default();
            check(&WorkflowStore::Bucket(bucket), &mut report);
            let findings = report.into_findings().into_iter();
            findings.map(|finding| finding.place).collect::<Vec<_>>()
        };
        assert_eq!(places(bucket("p/q")), Vec::<String>::new());
        for prefix in ["/p", "p/", "a//b", "../b", "{{x}}", "a b"] {
            assert_eq!(places(bucket(prefix)), ["store: prefix"], "{prefix}");
        }
        for endpoint in [
            "store:9000",
            "http://",
            "http://key:secret@store",
            "http://{{x}}",
        ] {
            let endpoint = endpoint.to_owned();
            let wrong = WorkflowBucket {
                endpoint,
                ..bucket("")
            };
            assert_eq!(places(wrong), ["store: endpoint"]);
        }
        for region in ["", "$(KEY)", "{{x}}"] {
            let region = Some(region.to_owned());
            let wrong = WorkflowBucket {
                region,
                ..bucket("")
            };
            assert_eq!(places(wrong), ["store: region"]);
        }
        for name in ["", "a/b", "$(HOME)"] {
            let wrong = WorkflowBucket {
                bucket: name.to_owned(),
                ..bucket("")
            };
            assert_eq!(places(wrong), ["store: bucket"]);
        }
    }
}
