//! Files made to hurt: each is refused with a reason, soon and without a panic.
//!
//! The bound on time is for a debug build on a busy machine; a release build takes a tenth of it.

use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use coracle_spec::pipeline::read;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{TWO_STEPS, shown, with};

const SOON: Duration = Duration::from_secs(10);

/// The only diagnostic, which comes soon.
fn refused(bytes: &[u8], name: &str) -> String {
    let start = Instant::now();
    let found = shown(&read(bytes, name));
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn nothing_at_all() {
    assert_eq!(refused(b"", "p.yaml"), "empty-file - the file is empty");
    assert_eq!(refused(b"", "p.zip"), "empty-file - the file is empty");
}

#[test]
fn a_hundred_megabytes() {
    let start = Instant::now();
    let large = vec![b'#'; 100 << 20];
    let made = start.elapsed();
    assert_eq!(
        refused(&large, "p.yaml"),
        "file-too-large - the definition is larger than 32 MiB"
    );
    assert!(
        start.elapsed() - made < Duration::from_secs(1),
        "refused by its size alone"
    );
}

#[test]
fn ten_thousand_levels() {
    let levels = 10_000;
    let lists = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let maps = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let dashes = format!("{}x", "- ".repeat(levels));
    let block: String = (0..2000)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    for text in [&lists, &maps, &dashes, &block] {
        assert!(
            refused(text.as_bytes(), "p.yaml").starts_with("too-deep"),
            "{}",
            &text[..20]
        );
        assert!(refused(text.as_bytes(), "p.json").starts_with("too-deep"));
    }
    let default = with("defaultValue: pear", &format!("defaultValue: {maps}"));
    assert!(refused(default.as_bytes(), "p.yaml").starts_with("too-deep 107:"));
}

#[test]
fn a_default_as_deep_as_is_allowed_is_still_json() {
    let nested = format!("{}1{}", "{\"a\":".repeat(90), "}".repeat(90));
    let text = with(
        "defaultValue: pear\n        isOptional: true\n        parameterType: STRING",
        &format!("defaultValue: {nested}\n        isOptional: true\n        parameterType: STRUCT"),
    );
    let reading = read(text.as_bytes(), "p.yaml");
    let default = reading.definition.unwrap().spec.root.input_parameters["fruit"]
        .default
        .clone()
        .unwrap();
    assert_eq!(
        coracle_model::Value::from_json(&default.to_json()).unwrap(),
        default
    );
}

#[test]
fn aliases_that_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let start = Instant::now();
    assert!(refused(bomb.as_bytes(), "p.yaml").starts_with("too-large"));
    assert!(
        start.elapsed() < Duration::from_millis(1250),
        "{:?}",
        start.elapsed()
    );
    let wide = format!(
        "a: &a '{}'\nb: [{}]\n",
        "x".repeat(1 << 20),
        vec!["*a"; 10_000].join(", ")
    );
    assert!(refused(wide.as_bytes(), "p.yaml").starts_with("too-large 2:"));
    let chain: String = (1..200)
        .map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1))
        .collect();
    assert!(
        refused(format!("a0: &a0 x\n{chain}").as_bytes(), "p.yaml").starts_with("too-deep 101:")
    );
}

#[test]
fn very_many_documents_and_problems() {
    let documents = "---\n".repeat(100_000);
    assert!(refused(documents.as_bytes(), "p.yaml").starts_with("too-large 101:"));
    let unknown: String = (0..20_000).map(|index| format!("k{index}: 1\n")).collect();
    let found = shown(&read(format!("{TWO_STEPS}{unknown}").as_bytes(), "p.yaml"));
    assert_eq!(found.len(), 201);
    assert_eq!(
        found[200],
        "more-problems - 19800 more problems are not shown"
    );
}

#[test]
fn text_that_is_none() {
    assert_eq!(
        refused(b"pipelineInfo:\n  name: caf\xe9\n", "p.yaml"),
        "not-utf8 2:12 the text is not UTF-8: byte 25 makes no character"
    );
    assert!(refused(b"\xff\xfea\0:\0", "p.yaml").starts_with("not-utf8 1:1"));
    assert!(refused(b"a: \0b\n", "p.yaml").starts_with("yaml-syntax 1:4"));
}

#[test]
fn archives_that_grow() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .start_file("pipeline.yaml", SimpleFileOptions::default())
        .unwrap();
    let zeros = vec![b' '; 1 << 20];
    (0..40).for_each(|_| writer.write_all(&zeros).unwrap());
    let bomb = writer.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20);
    assert!(refused(&bomb, "p.zip").starts_with("file-too-large"));

    let mut packed = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    let mut header = tar::Header::new_gnu();
    header.set_size(70 << 20);
    header.set_cksum();
    packed
        .append_data(
            &mut header,
            "big.bin",
            std::io::repeat(b' ').take_bytes(70 << 20),
        )
        .unwrap();
    let bomb = packed.into_inner().unwrap().finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    assert!(refused(&bomb, "p.tar.gz").contains("it unpacks to more than 64 MiB"));
}

trait TakeBytes: std::io::Read + Sized {
    fn take_bytes(self, count: u64) -> std::io::Take<Self> {
        std::io::Read::take(self, count)
    }
}

impl TakeBytes for std::io::Repeat {}
