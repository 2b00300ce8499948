//! Databases from newer versions, damaged ones, media that cannot be written and disks that are full.
//!
//! The last two need file systems of their own: the test binary is started again in a mount namespace, and
//! says so when the machine does not let it have one.
#![expect(
    clippy::disallowed_methods,
    reason = "this binary starts itself again, told by a variable what to be"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use coracle_model::EventCursor;
use coracle_store::{Format, Home, RunFilter, Store, StoreError};
use fs_err as fs;
use rusqlite::Connection;

use crate::support::{CHILD_HOME, at, home, notice, stored_run};

fn content(home: &Home) -> Vec<u8> {
    fs::read(home.database()).unwrap()
}

/// A database with a run in it, closed.
fn closed_database(home: &Home) {
    let store = Store::open(home).unwrap();
    stored_run(&store, "digits");
}

#[test]
fn a_newer_database_is_refused_untouched() {
    let (_root, home) = home();
    closed_database(&home);
    Connection::open(home.database())
        .unwrap()
        .pragma_update(None, "user_version", 9999)
        .unwrap();
    let before = content(&home);
    for error in [
        Store::open(&home).unwrap_err(),
        Store::open_read_only(&home).unwrap_err(),
    ] {
        let StoreError::NewerDatabase { found, known, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((*found, *known), (Format(9999), Format::KNOWN));
        assert!(
            error.to_string().contains("9999") && error.to_string().contains("coracle.db"),
            "{error}"
        );
    }
    assert!(content(&home) == before);
}

#[test]
fn what_a_newer_version_only_added_is_no_hindrance() {
    let (_root, home) = home();
    closed_database(&home);
    Connection::open(home.database())
        .unwrap()
        .execute_batch(
            "ALTER TABLE runs ADD COLUMN flavour TEXT;
            INSERT INTO migrations (name, date) VALUES ('run_experiments', '2030-01-01')",
        )
        .unwrap();
    let store = Store::open(&home).unwrap();
    stored_run(&store, "digits");
    assert_eq!(store.runs(&RunFilter::default()).unwrap().len(), 2);
}

#[test]
fn a_damaged_database_is_told_and_left_as_it_is() {
    let damages: [fn(Vec<u8>) -> Vec<u8>; 3] = [
        |_| b"this is no database, whatever its name says".repeat(100),
        |whole| whole[..whole.len() / 2].to_vec(),
        |mut whole| {
            whole[100..4096].fill(0xAB);
            whole
        },
    ];
    for damage in damages {
        let (_root, home) = home();
        closed_database(&home);
        let damaged = damage(content(&home));
        fs::write(home.database(), &damaged).unwrap();
        for error in [
            Store::open(&home).unwrap_err(),
            Store::open_read_only(&home).unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
            assert!(error.to_string().contains("was left as it is"), "{error}");
        }
        assert!(content(&home) == damaged);
    }
}

#[test]
fn damage_inside_is_found_by_a_check() {
    let (_root, home) = home();
    let store = Store::open(&home).unwrap();
    let run = stored_run(&store, "digits");
    for number in 0..200 {
        store
            .record(&[notice(run, "x".repeat(300 + number))], at(1))
            .unwrap();
    }
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    drop(store);
    let mut bytes = content(&home);
    let middle = bytes.len() - 3 * 4096;
    bytes[middle..middle + 8192].fill(0xAB);
    fs::write(home.database(), bytes).unwrap();
    let store = Store::open(&home).unwrap();
    assert!(!store.check().unwrap().is_empty());
}

#[test]
fn a_database_that_is_not_there_reads_as_empty() {
    let (_root, home) = home();
    let store = Store::open_read_only(&home).unwrap();
    assert_eq!(store.runs(&RunFilter::default()).unwrap(), vec![]);
    assert!(!home.database().exists());
    home.prepare().unwrap();
    fs::write(home.database(), "").unwrap();
    let store = Store::open_read_only(&home).unwrap();
    assert_eq!(store.runs(&RunFilter::default()).unwrap(), vec![]);
}

#[test]
fn a_directory_in_the_place_of_the_database_is_named() {
    let (_root, home) = home();
    home.prepare().unwrap();
    fs::create_dir(home.database()).unwrap();
    let error = Store::open(&home).unwrap_err();
    assert!(error.to_string().contains("coracle.db"), "{error}");
}

/// Runs tests of this binary with a small file system of their own mounted on a directory.
fn in_own_file_system(script: &str) -> Option<String> {
    let root = tempfile::tempdir().unwrap();
    let mount =
        r#"mount -t tmpfs -o size=3m,mode=0700 tmpfs "$CORACLE_STORE_TEST_HOME" || exit 77"#;
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &format!("{mount}; {script}"), "sh"])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD_HOME, root.path())
        .output();
    let said = match &output {
        Ok(output) => format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => error.to_string(),
    };
    match output.map(|output| output.status) {
        Ok(status) if status.success() => Some(said),
        Ok(status) if status.code() != Some(77) && !said.starts_with("unshare:") => {
            panic!("{said}")
        }
        Ok(_) | Err(_) => {
            eprintln!("skipped: this machine gives no mount namespace: {said}");
            None
        }
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let script = r#""$1" --exact hard_times::child_fills_the_disk --nocapture"#;
    if let Some(said) = in_own_file_system(script) {
        assert!(said.contains("1 passed"), "{said}");
    }
}

#[test]
fn a_read_only_medium_can_be_read_and_is_told() {
    let script = r#""$1" --exact hard_times::child_makes_a_database &&
        mount -o remount,ro "$CORACLE_STORE_TEST_HOME" &&
        "$1" --exact hard_times::child_meets_a_read_only_medium --nocapture"#;
    if let Some(said) = in_own_file_system(script) {
        assert_eq!(said.matches("1 passed").count(), 2, "{said}");
    }
}

#[test]
fn child_fills_the_disk() {
    let Some(root) = std::env::var_os(CHILD_HOME) else {
        return;
    };
    let root = Path::new(&root);
    let home = Home::at(root);
    let store = Store::open(&home).unwrap();
    let run = stored_run(&store, "digits");
    fs::write(root.join("ballast"), vec![b'x'; 1 << 20]).unwrap();
    let mut stored = 0;
    let full = loop {
        match store.record(&[notice(run, "x".repeat(2000)), notice(run, "y")], at(1)) {
            Ok(_) => stored += 2,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::DiskFull { .. }), "{full:?}");
    assert!(full.to_string().contains("no room is left"));
    let events = || {
        store
            .events_after(EventCursor(0), Some(run), usize::MAX)
            .unwrap()
            .len()
    };
    assert_eq!(
        events(),
        1 + stored,
        "what was refused is not there, not even in part"
    );
    fs::write(root.join("last"), vec![b'x'; 1 << 20]).unwrap_err();
    let error = home.prepare().unwrap_err();
    assert!(
        matches!(&error, StoreError::DiskFull { path, .. } if *path == home.data()),
        "{error:?}"
    );

    fs::remove_file(root.join("ballast")).unwrap();
    fs::remove_file(root.join("last")).unwrap();
    store.record(&[notice(run, "again")], at(2)).unwrap();
    assert_eq!(events(), 2 + stored);
    drop(store);
    let store = Store::open(&home).unwrap();
    assert_eq!(
        store
            .events_after(EventCursor(0), Some(run), usize::MAX)
            .unwrap()
            .len(),
        2 + stored
    );
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn child_makes_a_database() {
    let Some(root) = std::env::var_os(CHILD_HOME) else {
        return;
    };
    closed_database(&Home::at(Path::new(&root)));
}

#[test]
fn child_meets_a_read_only_medium() {
    let Some(root) = std::env::var_os(CHILD_HOME) else {
        return;
    };
    let home = Home::at(Path::new(&root));
    let error = home.prepare().unwrap_err();
    assert!(
        matches!(&error, StoreError::ReadOnly { path, .. } if *path == home.data()),
        "{error:?}"
    );
    assert!(error.to_string().contains("CORACLE_HOME"), "{error}");
    assert!(matches!(
        Store::open(&home),
        Err(StoreError::ReadOnly { .. })
    ));
    assert!(matches!(home.lock(), Err(StoreError::ReadOnly { .. })));
    let store = Store::open_read_only(&home).unwrap();
    assert_eq!(store.runs(&RunFilter::default()).unwrap().len(), 1);
}

#[test]
fn only_its_user_can_read_a_database_even_one_from_before() {
    let (_root, home) = home();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let log = home.database().with_extension("db-wal");
    let store = Store::open(&home).unwrap();
    stored_run(&store, "digits");
    assert_eq!((mode(&home.database()), mode(&log)), (0o600, 0o600));
    drop(store);
    for path in [&home.database(), &log] {
        // Who was killed has left a log.
        let mut options = fs::OpenOptions::new();
        options.create(true).append(true).open(path).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
    }
    let store = Store::open(&home).unwrap();
    stored_run(&store, "digits");
    assert_eq!((mode(&home.database()), mode(&log)), (0o600, 0o600));
}
