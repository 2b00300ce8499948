//! Who shows what is stored hears which tables were written to.

use coracle_store::{Home, Store};

use crate::support::{at, home, notice, run, stored_run};

#[test]
fn a_commit_tells_its_tables_and_a_refusal_nothing() {
    let store = Store::open_in_memory().unwrap();
    let mut touched = store.touched().unwrap();
    let asked = run("digits");
    store.create_run(&asked).unwrap();
    assert!(touched.has_changed().unwrap());
    let first = touched.borrow_and_update().clone();
    let tables: Vec<&str> = first.keys().map(String::as_str).collect();
    assert!(
        tables.contains(&"runs") && tables.contains(&"events"),
        "{tables:?}"
    );
    assert!(!tables.contains(&"pipelines"), "{tables:?}");

    store.create_run(&asked).unwrap_err();
    assert!(!touched.has_changed().unwrap());
    // What the refused transaction had touched is not told with the next one.
    store.record(&[notice(asked.id, "late")], at(2)).unwrap();
    let second = touched.borrow_and_update().clone();
    assert_eq!(second["runs"], first["runs"]);
    assert_eq!(second["events"], first["events"] + 1);
}

#[test]
fn nothing_is_written_where_a_store_only_reads() {
    let (_root, home): (_, Home) = home();
    stored_run(&Store::open(&home).unwrap(), "digits");
    assert!(Store::open_read_only(&home).unwrap().touched().is_none());
}
