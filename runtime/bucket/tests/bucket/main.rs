//! Files to a store and back, and what a store may do meanwhile.

mod store;

use std::path::PathBuf;

use coracle_bucket::BucketError;
use store::{Fault, Object, Store};

/// Bytes that differ at each place.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

struct Scene {
    store: Store,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self {
            store: Store::start(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let file = self.folder.path().join("file");
        fs_err::write(&file, bytes).unwrap();
        file
    }

    fn back(&self) -> PathBuf {
        self.folder.path().join("some/where/back")
    }
}

/// SHA-256 of `abc`, from FIPS 180-2.
const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn a_file_goes_there_once_and_comes_back_as_it_was() {
    let scene = Scene::new();
    let bucket = scene.store.bucket();
    let file = scene.file(b"abc");
    let first = bucket.put("runs/1/a b+c.txt", &file).unwrap();
    assert_eq!(
        (first.bytes, first.sha256.as_str(), first.was_there),
        (3, OF_ABC, false)
    );
    assert!(bucket.put("runs/1/a b+c.txt", &file).unwrap().was_there);
    assert_eq!(scene.store.received("PUT"), 3);
    bucket.get("runs/1/a b+c.txt", &scene.back()).unwrap();
    assert_eq!(fs_err::read(scene.back()).unwrap(), b"abc");
    fs_err::write(&file, b"abd").unwrap();
    assert!(!bucket.put("runs/1/a b+c.txt", &file).unwrap().was_there);
    assert_eq!(bucket.read("runs/1/a b+c.txt", 3).unwrap(), b"abd");
    assert!(bucket.read("runs/1/a b+c.txt", 2).is_err());
    let empty = scene.file(b"");
    assert_eq!(bucket.put("empty", &empty).unwrap().bytes, 0);
    assert_eq!(bucket.read("empty", 0).unwrap(), b"");
}

#[test]
fn a_large_file_goes_in_parts_of_which_only_the_one_that_broke_off_goes_again() {
    let scene = Scene::new();
    let whole = bytes(40 << 20);
    let file = scene.file(&whole);
    scene.store.fail("PUT", Fault::CutRequest(9 << 20));
    scene.store.bucket().put("large", &file).unwrap();
    assert!(scene.store.object("large").unwrap().bytes == whole);
    assert_eq!(scene.store.received("PUT"), (40 << 20) + (9 << 20));
    scene.store.bucket().get("large", &scene.back()).unwrap();
    assert!(fs_err::read(scene.back()).unwrap() == whole);
}

#[test]
fn parts_of_what_failed_do_not_stay() {
    let scene = Scene::new();
    let file = scene.file(&bytes(40 << 20));
    scene.store.fail("POST", Fault::Answer(200, ""));
    let error = scene.store.bucket().put("large", &file).unwrap_err();
    assert!(matches!(error, BucketError::Unexpected { .. }), "{error}");
    scene
        .store
        .fail("PUT", Fault::Answer(507, "XMinioStorageFull"));
    let error = scene.store.bucket().put("large", &file).unwrap_err();
    assert!(matches!(error, BucketError::Full { .. }), "{error}");
    assert!(scene.store.state.lock().unwrap().parts.is_empty());
    assert!(scene.store.object("large").is_none());
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_from_there_on() {
    let scene = Scene::new();
    let whole = bytes(1 << 20);
    scene.store.bucket().put("o", &scene.file(&whole)).unwrap();
    for cut in [0, 1, 700_000] {
        scene.store.fail("GET", Fault::CutAnswer(cut));
    }
    scene.store.bucket().get("o", &scene.back()).unwrap();
    assert!(fs_err::read(scene.back()).unwrap() == whole);
}

#[test]
fn what_is_not_as_it_was_put_is_not_kept() {
    let scene = Scene::new();
    let object = Object {
        bytes: b"abd".to_vec(),
        sha256: Some(OF_ABC.to_owned()),
    };
    scene
        .store
        .state
        .lock()
        .unwrap()
        .objects
        .insert("o".to_owned(), object);
    let error = scene.store.bucket().get("o", &scene.back()).unwrap_err();
    assert!(
        matches!(&error, BucketError::Damaged { expected, .. } if expected == OF_ABC),
        "{error}"
    );
    assert!(!scene.back().exists());
    assert_eq!(
        fs_err::read_dir(scene.back().parent().unwrap())
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn what_others_put_there_comes_without_a_checksum() {
    let scene = Scene::new();
    let object = Object {
        bytes: b"abc".to_vec(),
        sha256: None,
    };
    scene
        .store
        .state
        .lock()
        .unwrap()
        .objects
        .insert("o".to_owned(), object);
    assert_eq!(
        scene.store.bucket().get("o", &scene.back()).unwrap().sha256,
        OF_ABC
    );
}

#[test]
fn a_store_that_has_too_much_to_do_is_asked_again() {
    let scene = Scene::new();
    scene.store.fail("PUT", Fault::Answer(503, "SlowDown"));
    scene
        .store
        .fail("PUT", Fault::Answer(429, "TooManyRequests"));
    scene.store.bucket().put("o", &scene.file(b"abc")).unwrap();
    assert_eq!(scene.store.received("PUT"), 9);
}

#[test]
fn refusals_are_named_and_secrets_are_not() {
    let scene = Scene::new();
    let refused = |status, code| {
        scene.store.fail("PUT", Fault::Answer(status, code));
        scene
            .store
            .bucket()
            .put("o", &scene.file(b"abc"))
            .unwrap_err()
    };
    let error = refused(403, "SignatureDoesNotMatch");
    assert!(
        matches!(&error, BucketError::Refused { code, .. } if code == "SignatureDoesNotMatch"),
        "{error}"
    );
    assert!(matches!(
        refused(404, "NoSuchBucket"),
        BucketError::NoBucket { .. }
    ));
    assert!(matches!(
        refused(400, "QuotaExceeded"),
        BucketError::Full { .. }
    ));
    let error = scene
        .store
        .bucket()
        .get("nothing", &scene.back())
        .unwrap_err();
    assert!(matches!(error, BucketError::NoObject { .. }), "{error}");
    let said = format!("{:?}{}", scene.store.bucket(), refused(403, "AccessDenied"));
    assert!(!said.contains("very-secret"), "{said}");
}

#[test]
fn nobody_there_is_said_after_a_few_tries() {
    let scene = Scene::new();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let access = coracle_bucket::Access {
        endpoint: format!("http://{}", gone.local_addr().unwrap()),
        bucket: "b".to_owned(),
        region: "r".to_owned(),
        key_id: String::new(),
        secret: String::new(),
        token: None,
        is_in_path: true,
        trusted: coracle_bucket::Trusted::Public,
    };
    drop(gone);
    let bucket = coracle_bucket::Bucket::new(access).unwrap();
    let error = bucket.put("o", &scene.file(b"abc")).unwrap_err();
    assert!(matches!(error, BucketError::Unreachable { .. }), "{error}");
}

#[test]
fn objects_are_listed_by_their_keys() {
    let scene = Scene::new();
    let bucket = scene.store.bucket();
    for key in ["b", "a/2", "a/1"] {
        bucket.put(key, &scene.file(b"abc")).unwrap();
    }
    let listed = bucket.list("").unwrap();
    let keys: Vec<_> = listed
        .iter()
        .map(|found| (found.key.as_str(), found.bytes))
        .collect();
    assert_eq!(keys, [("a/1", 3), ("a/2", 3), ("b", 3)]);
}

#[test]
fn what_is_in_memory_goes_there_comes_back_and_is_removed() {
    let scene = Scene::new();
    let bucket = scene.store.bucket();
    bucket.put_bytes("o", b"abc").unwrap();
    assert_eq!(
        scene.store.object("o").unwrap().sha256.as_deref(),
        Some(OF_ABC)
    );
    scene.store.fail("GET", Fault::CutAnswer(1));
    assert_eq!(bucket.read("o", 3).unwrap(), b"abc");
    bucket.remove("o").unwrap();
    let error = bucket.read("o", 3).unwrap_err();
    assert!(matches!(error, BucketError::NoObject { .. }), "{error}");
    bucket.remove("o").unwrap();
    scene
        .store
        .fail("DELETE", Fault::Answer(403, "AccessDenied"));
    assert!(bucket.remove("o").is_err());
}

#[test]
fn a_name_is_of_this_bucket_or_of_another() {
    let bucket = Scene::new().store.bucket();
    assert_eq!(bucket.key_of(&bucket.uri("a/b")), Some("a/b"));
    for elsewhere in ["s3://bb/a", "s3://b", "s3://b/", "gs://b/a", "/b/a"] {
        assert_eq!(bucket.key_of(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn certificates_that_are_none_are_no_address() {
    let scene = Scene::new();
    let access = |pem: &str| coracle_bucket::Access {
        trusted: coracle_bucket::Trusted::These(pem.to_owned()),
        ..scene.store.access()
    };
    for pem in [
        "",
        "text",
        "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----",
    ] {
        let error = coracle_bucket::Bucket::new(access(pem)).unwrap_err();
        assert!(matches!(error, BucketError::Address { .. }), "{error}");
    }
}
