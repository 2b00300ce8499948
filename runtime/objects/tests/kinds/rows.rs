//! How objects are shown in tables, against the rows of a Kubernetes API server: `rows.jsonl`, recorded by
//! `record_rows.py`.

use coracle_objects::kind;
use serde_json::Value;

const ROWS: &str = include_str!("rows.jsonl");

#[test]
fn objects_are_shown_as_an_api_server_shows_them() {
    let mut differences = Vec::new();
    for line in ROWS.lines() {
        let row: Value = serde_json::from_str(line).expect("each line is JSON");
        let part = |index: usize| row["resource"][index].as_str().unwrap_or_default();
        let resource = kind::find(part(0), part(1), part(2)).expect("the kind is served");
        let object = row["object"].as_object().expect("the row has its object");
        let now = row["now"].as_str().and_then(|now| now.parse().ok());
        let cells = resource
            .strategy
            .cells(object, now.expect("the row has its time"));
        let columns = resource.strategy.columns();
        let names: Vec<_> = columns.iter().map(|column| column.name).collect();
        let recorded = row["columns"].as_array().expect("the row has its columns");
        assert!(
            names.iter().eq(recorded.iter()),
            "{}: {names:?}",
            row["label"]
        );
        for (index, name) in names.iter().enumerate() {
            let (ours, theirs) = (&cells[index], &row["cells"][index]);
            if ours != theirs && *name != "Age" {
                differences.push(format!(
                    "{} {name}: ours {ours} real {theirs}",
                    row["label"]
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
