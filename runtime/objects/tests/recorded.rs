//! What a Kubernetes 1.34 answered, which `data/record` asked: the same requests, answered by this crate.
//!
//! Codes, reasons, causes and warnings have to be equal, and so have sentences, unless the case is listed below with a
//! reason. Of objects that were accepted everything that the crate read has to be in the answer, which has the defaults
//! of the kind besides.

mod harness;

use harness::{Case, Report};

#[test]
fn answers_are_those_of_kubernetes() {
    let mut report = Report::default();
    for line in include_str!("data/recorded.jsonl").lines() {
        let case = Case::read(line);
        let found = harness::differences(&case);
        report.add(&case, &found);
    }
    report.finish();
}
