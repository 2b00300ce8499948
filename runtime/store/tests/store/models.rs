//! What models that are served are compared with.

use std::collections::HashMap;

use coracle_store::Store;

use crate::support::{at, home};

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(request, labels)| ((*request).to_owned(), (*labels).to_owned()))
        .collect()
}

#[test]
fn a_profile_outlives_the_workbench_and_goes_with_its_server() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    store.put_model_profile("u1", "first", at(1)).unwrap();
    store.put_model_standing("u1", "drifted").unwrap();
    drop(store);
    let store = Store::open(&home).unwrap();
    let found = store.model_profile("u1").unwrap().unwrap();
    assert_eq!((found.profile.as_str(), found.at), ("first", at(1)));
    let standing = |server: &str| store.model_standing(server).unwrap();
    assert_eq!(standing("u1").as_deref(), Some("drifted"));

    store.put_model_profile("u1", "second", at(2)).unwrap();
    assert_eq!(standing("u1").as_deref(), Some("drifted"));
    assert!(store.remove_model_profile("u1").unwrap());
    assert!(!store.remove_model_profile("u1").unwrap());
    assert_eq!(store.model_profile("u1").unwrap(), None);
    assert_eq!(standing("u1"), None);

    store.put_model_profile("u1", "third", at(3)).unwrap();
    store.put_model_profile("u2", "other", at(3)).unwrap();
    store
        .put_model_labels("u1", &labels([("r", "[1]")]))
        .unwrap();
    store.put_model_standing("u1", "inaccurate").unwrap();
    store.remove_model_profile("u1").unwrap();
    assert_eq!(standing("u1").as_deref(), Some("inaccurate"));
    store.forget_model("u1").unwrap();
    // Whoever was looking at it comes too late.
    store.put_model_standing("u1", "inaccurate").unwrap();
    assert_eq!(standing("u1"), None);
    assert_eq!(
        store.compared_models().unwrap(),
        HashMap::from([("u2".to_owned(), 0)])
    );
}

#[test]
fn the_last_labels_of_a_request_count_and_are_seen_to_have_come() {
    let store = Store::open_in_memory().unwrap();
    store
        .put_model_labels("u", &labels([("a", "[1]"), ("b", "[2]")]))
        .unwrap();
    let before = store.compared_models().unwrap()["u"];
    store
        .put_model_labels("u", &labels([("a", "[3]")]))
        .unwrap();
    assert!(store.compared_models().unwrap()["u"] > before);
    let of = |server: &str, requests: &[&str]| {
        let requests = requests.iter().copied();
        store.model_labels(server, requests).unwrap()
    };
    let expected = labels([("a", "[3]"), ("b", "[2]")]);
    assert_eq!(of("u", &["b", "a", "c"]), expected.into_iter().collect());
    let expected = labels([("b", "[2]")]);
    assert_eq!(of("u", &["b"]), expected.into_iter().collect());
    assert!(of("other", &["a", "b"]).is_empty());
}

#[test]
fn the_oldest_labels_go_where_there_are_too_many() {
    let store = Store::open_in_memory().unwrap();
    let many = |from: usize, to: usize| -> Vec<(String, String)> {
        (from..to)
            .map(|number| (number.to_string(), "[0]".to_owned()))
            .collect()
    };
    store.put_model_labels("other", &many(0, 1)).unwrap();
    store.put_model_labels("u", &many(0, 50_000)).unwrap();
    store.put_model_labels("u", &many(50_000, 50_010)).unwrap();
    assert_eq!(kept(&store, "u", 50_010), (10..50_010).collect::<Vec<_>>());
    assert_eq!(kept(&store, "other", 50_010), [0]);
}

#[test]
fn the_oldest_labels_go_where_they_are_too_long() {
    let store = Store::open_in_memory().unwrap();
    let long = |number: usize| (number.to_string(), "1".repeat(20 << 20));
    for number in 0..4 {
        store.put_model_labels("u", &[long(number)]).unwrap();
    }
    assert_eq!(kept(&store, "u", 10), [1, 2, 3]);
    assert_eq!(kept(&store, "other", 10), Vec::<usize>::new());
}

/// Which of the first requests have labels.
fn kept(store: &Store, server: &str, requests: usize) -> Vec<usize> {
    let requests: Vec<String> = (0..requests).map(|number| number.to_string()).collect();
    let found = store.model_labels(server, requests.iter().map(String::as_str));
    let mut found: Vec<usize> = found
        .unwrap()
        .keys()
        .map(|request| request.parse().unwrap())
        .collect();
    found.sort_unstable();
    found
}
