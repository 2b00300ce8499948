//! Puts the pages of `ui/dist/pages` into the program, compressed, where they were built.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script has no wrapped file system"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Endings of what compresses well.
const TEXTS: [&str; 6] = ["html", "js", "css", "svg", "json", "txt"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let built = root.join("../../ui/dist");
    println!("cargo::rerun-if-changed={}", built.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let pages = built.join("pages");
    let mut files = Vec::new();
    if pages.join("index.html").exists() {
        find(&pages, &mut files)?;
    } else {
        println!("cargo::warning=the program is built without its pages; `make ui` builds them");
    }
    files.sort();
    let mut table = "[\n".to_owned();
    for (index, file) in files.iter().enumerate() {
        let name = file
            .strip_prefix(&pages)
            .expect("it was found there")
            .display()
            .to_string();
        let is_text = file
            .extension()
            .is_some_and(|ending| TEXTS.iter().any(|text| ending == *text));
        let content = fs::read(file)?;
        let target = out.join(format!("page-{index}"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        let kept = if is_text { encoder.finish()? } else { content };
        fs::write(&target, kept)?;
        let path = target.display();
        let _ = writeln!(
            table,
            "    Page {{ name: {name:?}, is_compressed: {is_text}, content: include_bytes!({path:?}) }},"
        );
    }
    table.push(']');
    fs::write(out.join("pages.rs"), table)
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
