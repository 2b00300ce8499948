//! Archives and other packings.

use std::io::{Cursor, Write};

use coracle_spec::pipeline::{Reading, read};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{TWO_STEPS, shown};

fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn tarred(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, kind, content) in entries {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        if *kind != EntryType::Regular {
            header.set_link_name("/etc/hostname").unwrap();
        }
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn is_two_steps(reading: Reading) {
    assert_eq!(reading.diagnostics, []);
    let definition = reading.definition.unwrap();
    assert_eq!(definition.spec.name.as_str(), "two-steps");
    assert_eq!(
        definition.text, TWO_STEPS,
        "the text comes out of the archive"
    );
}

fn refused(bytes: &[u8], name: &str, expected: &str) {
    let found = shown(&read(bytes, name));
    assert!(
        found.len() == 1 && found[0].contains(expected),
        "{name}: {found:?}"
    );
}

#[test]
fn archives_hold_a_pipeline() {
    let text = TWO_STEPS.as_bytes();
    is_two_steps(read(&zipped(&[("pipeline.yaml", TWO_STEPS)]), "p.zip"));
    is_two_steps(read(&zipped(&[("other.yml", TWO_STEPS)]), "anything"));
    is_two_steps(read(
        &zipped(&[("readme.md", "hello"), ("pipeline.yaml", TWO_STEPS)]),
        "p.zip",
    ));
    let file = EntryType::Regular;
    is_two_steps(read(&tarred(&[("pipeline.yaml", file, text)]), "p.tar.gz"));
    is_two_steps(read(
        &tarred(&[("other.yaml", file, text), ("more.txt", file, b"x")]),
        "p.tgz",
    ));
    is_two_steps(read(
        &tarred(&[("readme.md", file, b"x"), ("pipeline.yaml", file, text)]),
        "p.tar.gz",
    ));
}

#[test]
fn archives_without_a_pipeline_are_refused() {
    refused(
        &zipped(&[]),
        "p.zip",
        "bad-archive - Error extracting pipeline from the zip file. Empty zip file",
    );
    refused(
        &zipped(&[("readme.md", "hello")]),
        "p.zip",
        "Expecting a pipeline.yaml file inside the zip file. Got: readme.md",
    );
    refused(&tarred(&[]), "p.tar.gz", "Empty tarball");
    refused(
        &tarred(&[("readme.md", EntryType::Regular, b"")]),
        "p.tar.gz",
        "Got: readme.md",
    );
    refused(&zipped(&[("pipeline.yaml", "")]), "p.zip", "empty-file");
}

#[test]
fn broken_archives_are_refused() {
    let whole = zipped(&[("pipeline.yaml", TWO_STEPS)]);
    refused(&whole[..whole.len() / 2], "p.zip", "Not a valid zip file");
    let mut damaged = whole.clone();
    damaged[200..260].fill(0);
    refused(&damaged, "p.zip", "bad-archive");
    let packed = tarred(&[("pipeline.yaml", EntryType::Regular, TWO_STEPS.as_bytes())]);
    refused(
        &packed[..packed.len() / 2],
        "p.tar.gz",
        "Not a valid tarball file",
    );
    refused(
        b"\x1f\x8bnot gzip at all",
        "p.tar.gz",
        "Not a valid tarball file",
    );
}

#[test]
fn entries_that_lead_out_are_refused() {
    for name in [
        "../../x.yaml",
        "/etc/x.yaml",
        "..\\x.yaml",
        "a/../../x.yaml",
        "C:x.yaml",
    ] {
        refused(
            &zipped(&[(name, TWO_STEPS)]),
            "p.zip",
            "leads out of the archive",
        );
        refused(
            &tarred(&[(name, EntryType::Regular, TWO_STEPS.as_bytes())]),
            "p.tar.gz",
            "leads out of the archive",
        );
    }
    let beside = zipped(&[("pipeline.yaml", TWO_STEPS), ("../x", "")]);
    refused(&beside, "p.zip", "leads out of the archive");
}

#[test]
fn links_are_not_followed() {
    for kind in [EntryType::Symlink, EntryType::Link] {
        refused(
            &tarred(&[("pipeline.yaml", kind, b"")]),
            "p.tar.gz",
            "is a link or a folder, not a file",
        );
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_symlink(
            "pipeline.yaml",
            "/etc/hostname",
            SimpleFileOptions::default(),
        )
        .unwrap();
    let linked = writer.finish().unwrap().into_inner();
    refused(&linked, "p.zip", "is a link or a folder, not a file");
}

#[test]
fn names_and_content_must_agree() {
    refused(
        &zipped(&[("pipeline.yaml", TWO_STEPS)]),
        "p.yaml",
        "wrong-ending - `p.yaml` holds an archive",
    );
    refused(
        TWO_STEPS.as_bytes(),
        "p.txt",
        "unknown-format - Unexpected pipeline file format",
    );
    refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "p.png", "unknown-format");
    refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "p.yaml", "not-utf8 1:1");
}
