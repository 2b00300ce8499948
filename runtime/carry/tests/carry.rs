//! Both ends of a transfer, with folders in the place of volumes.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use coracle_carry::{
    CarryError, Entry, Received, Trouble, UNFINISHED, is_same, list, receive, send,
};
use tar::{Builder, EntryType, Header};

fn listed(folder: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    list(folder, &mut |entry| {
        entries.push(entry);
        Ok(())
    })
    .unwrap();
    entries
}

fn archive(folder: &Path) -> Vec<u8> {
    let entries = listed(folder);
    let mut archive = Vec::new();
    send(
        folder,
        entries.iter().map(|entry| entry.path.as_str()),
        &mut archive,
    )
    .unwrap();
    archive
}

fn unpack(folder: &Path, archive: &[u8]) -> Result<Received, CarryError> {
    receive(folder, archive, &mut |_| Ok(()))
}

#[test]
fn what_is_sent_comes_as_it_was() {
    let here = tempfile::tempdir().unwrap();
    let at = |path: &str| here.path().join(path);
    let long = format!("deep/{}/{}", "n".repeat(200), "ü".repeat(100));
    fs_err::create_dir_all(at(&long).parent().unwrap()).unwrap();
    fs_err::create_dir(at("empty")).unwrap();
    fs_err::write(at(&long), "x".repeat(1000)).unwrap();
    fs_err::write(at("none"), "").unwrap();
    fs_err::write(at("run"), "#!").unwrap();
    fs_err::set_permissions(at("run"), Permissions::from_mode(0o755)).unwrap();
    symlink("../run", at("deep/link")).unwrap();
    let there = tempfile::tempdir().unwrap();
    let received = unpack(there.path(), &archive(here.path())).unwrap();
    assert_eq!(received.bytes, 1002);
    let (one, other) = (listed(here.path()), listed(there.path()));
    assert_eq!(one, other);
    assert!(
        one.iter()
            .zip(&other)
            .all(|(one, other)| is_same(&one.content, &other.content))
    );
    assert!(!there.path().join(UNFINISHED).exists());
}

#[test]
fn a_stream_that_breaks_leaves_each_file_as_it_was_or_whole() {
    let here = tempfile::tempdir().unwrap();
    fs_err::write(here.path().join("a"), "new").unwrap();
    fs_err::write(here.path().join("b"), "n".repeat(4096)).unwrap();
    let there = tempfile::tempdir().unwrap();
    fs_err::write(there.path().join("a"), "old").unwrap();
    fs_err::write(there.path().join("b"), "old").unwrap();
    let whole = archive(here.path());
    // Two headers, the file `a` in a block of its own, and some of `b`.
    let error = unpack(there.path(), &whole[..512 * 5]).unwrap_err();
    assert!(matches!(error, CarryError::Stream(_)), "{error:?}");
    let read = |name: &str| fs_err::read_to_string(there.path().join(name)).unwrap();
    assert_eq!((read("a"), read("b")), ("new".to_owned(), "old".to_owned()));
    // What a program left that was killed does not stand in the way, and is not listed.
    fs_err::create_dir(there.path().join(UNFINISHED)).unwrap();
    fs_err::write(there.path().join(UNFINISHED).join("next"), "part").unwrap();
    assert_eq!(listed(there.path()).len(), 2);
    unpack(there.path(), &whole).unwrap();
    assert_eq!(listed(there.path()), listed(here.path()));
}

fn evil(path: &[u8], kind: EntryType, link: &str) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    header.set_mode(0o4777);
    header.set_size(0);
    if !link.is_empty() {
        header.set_link_name(link).unwrap();
    }
    header.set_cksum();
    archive.append(&header, std::io::empty()).unwrap();
    archive.into_inner().unwrap()
}

#[test]
fn nothing_leads_out() {
    let outside = tempfile::tempdir().unwrap();
    let there = outside.path().join("volume");
    fs_err::create_dir(&there).unwrap();
    symlink("..", there.join("up")).unwrap();
    for (path, kind, link) in [
        (&b"../x"[..], EntryType::Regular, ""),
        (b"/tmp/coracle-carry-evil", EntryType::Regular, ""),
        (b"up/x", EntryType::Regular, ""),
        (b"l", EntryType::Symlink, "../../x"),
        (b"l", EntryType::Symlink, "/etc/passwd"),
        (b"l", EntryType::Link, "up"),
        (b"d", EntryType::Block, ""),
    ] {
        let refused = unpack(&there, &evil(path, kind, link));
        assert!(refused.is_err(), "{}", String::from_utf8_lossy(path));
    }
    assert_eq!(fs_err::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(fs_err::read_dir(&there).unwrap().count(), 1);
    unpack(&there, &evil(b"s", EntryType::Regular, "")).unwrap();
    let mode = fs_err::metadata(there.join("s"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o777, "a file runs as nobody else");
}

#[test]
fn a_folder_is_not_replaced_by_a_file_nor_a_file_by_a_folder() {
    let there = tempfile::tempdir().unwrap();
    fs_err::create_dir(there.path().join("a")).unwrap();
    fs_err::write(there.path().join("b"), "kept").unwrap();
    for archive in [
        evil(b"a", EntryType::Regular, ""),
        evil(b"b", EntryType::Directory, ""),
        evil(b"b/c", EntryType::Regular, ""),
    ] {
        let error = unpack(there.path(), &archive).unwrap_err();
        assert_eq!(error.trouble(), Trouble::Occupied);
    }
    assert_eq!(fs_err::read(there.path().join("b")).unwrap(), b"kept");
}

#[test]
fn a_file_that_becomes_shorter_while_it_is_sent_is_told() {
    struct Cuts(fs_err::File);
    impl std::io::Write for Cuts {
        fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
            self.0.set_len(10)?;
            Ok(piece.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let here = tempfile::tempdir().unwrap();
    let mut file = fs_err::File::create(here.path().join("a")).unwrap();
    file.write_all(&vec![0; 1 << 20]).unwrap();
    let error = send(here.path(), ["a"], Cuts(file)).unwrap_err();
    assert!(matches!(error, CarryError::Changed(path) if path == "a"));
}
