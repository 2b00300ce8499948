//! Whatever comes in, the reader answers: no panic, and a definition exactly when there is no error.

use coracle_spec::pipeline::{check_parameters, read};
use proptest::prelude::*;

use crate::{ORCHARD, TWO_STEPS, shown};

const NAMES: [&str; 4] = ["p.yaml", "p.json", "p.zip", "p.tar.gz"];

/// Pieces that mean something to YAML or to a pipeline.
const PIECES: [&str; 16] = [
    "{", "}", "[", "]", "*a", "&a ", "<<: ", "---\n", "null", "- ", ": ", "!!map ", "'", "\t",
    "🦀", "weigh",
];

fn answers(bytes: &[u8], name: &str) {
    let reading = read(bytes, name);
    shown(&reading);
    if let Some(definition) = reading.definition {
        check_parameters(&definition.spec, &std::collections::BTreeMap::new());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), name in 0..4_usize) {
        answers(&bytes, NAMES[name]);
        let zip = [b"PK\x03\x04".as_slice(), &bytes].concat();
        answers(&zip, "p.zip");
        let gzip = [b"\x1f\x8b\x08\x00".as_slice(), &bytes].concat();
        answers(&gzip, "p.tar.gz");
    }

    #[test]
    fn a_pipeline_cut_short(end in 0..TWO_STEPS.len()) {
        answers(&TWO_STEPS.as_bytes()[..end], "p.yaml");
    }

    #[test]
    fn a_pipeline_with_pieces_put_in(places in proptest::collection::vec((0..ORCHARD.len(), 0..PIECES.len()), 1..6)) {
        let mut text = ORCHARD.to_owned();
        for (place, piece) in places {
            let place = (0..=place).rev().find(|index| text.is_char_boundary(*index)).unwrap();
            text.insert_str(place, PIECES[piece]);
        }
        answers(text.as_bytes(), "p.yaml");
    }

    #[test]
    fn a_pipeline_with_lines_exchanged(first in 0..500_usize, second in 0..500_usize) {
        let mut lines: Vec<&str> = ORCHARD.lines().collect();
        lines.swap(first, second);
        answers(lines.join("\n").as_bytes(), "p.yaml");
    }

    #[test]
    fn a_pipeline_with_one_word_instead_of_another(line in 0..500_usize, word in "[a-zA-Z0-9{}\\[\\]'\":,.~-]{0,12}") {
        let mut lines: Vec<String> = ORCHARD.lines().map(str::to_owned).collect();
        if let Some((key, _)) = lines[line].clone().split_once(':') {
            lines[line] = format!("{key}: {word}");
        }
        answers(lines.join("\n").as_bytes(), "p.yaml");
    }
}
