use proptest::prelude::*;

use super::*;

fn message(body: &[u8]) -> Message<'_> {
    Message {
        body,
        json_length: None,
    }
}

/// What a body has: each column as `NAME: VALUE VALUE`.
fn check(body: &str, expected: &[&str]) {
    let table =
        features(message(body.as_bytes())).unwrap_or_else(|error| panic!("{body}: {error}"));
    assert_eq!(told(&table), expected, "{body}");
}

fn told(table: &Table) -> Vec<String> {
    let column = |(column, label): (&Column, String)| {
        let values = column.cells.iter().map(|cell| match cell {
            Cell::Missing => "-".to_owned(),
            cell => cell.to_string(),
        });
        format!("{label}: {}", values.collect::<Vec<_>>().join(" "))
    };
    table
        .columns()
        .iter()
        .zip(table.labels())
        .map(column)
        .collect()
}

#[test]
fn the_first_protocol_has_rows_in_several_forms() {
    let two = ["feature 0: 1 3", "feature 1: 2.5 -"];
    check(r#"{"instances": [[1, 2.5], [3, null]]}"#, &two);
    check(r#"{"inputs": [[1, 2.5], [3, null]]}"#, &two);
    check(r#"{"instances": [[[1], [2.5]], [[3], [null]]]}"#, &two);
    check(r#"{"instances": [1, 2]}"#, &["feature 0: 1 2"]);
    check(
        r#"{"instances": [{"a": 1, "b": "x"}, {"b": true, "a": 2}]}"#,
        &["a: 1 2", "b: x true"],
    );
    check(
        r#"{"instances": [{"x": [1, 2]}, {"x": [3, 4]}]}"#,
        &["feature 0: 1 3", "feature 1: 2 4"],
    );
    check(
        r#"{"inputs": {"a": [1, 2], "b": [[3, 4], [5, 6]]}}"#,
        &["a: 1 2", "b 0: 3 5", "b 1: 4 6"],
    );
}

#[test]
fn the_second_protocol_has_tensors() {
    check(
        r#"{"inputs": [{"name": "X", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}]}"#,
        &["feature 0: 1 3", "feature 1: 2 4"],
    );
    check(
        r#"{"inputs": [{"name": "X", "shape": [2, 2], "datatype": "FP32", "data": [[1, 2], [3, 4]]}]}"#,
        &["feature 0: 1 3", "feature 1: 2 4"],
    );
    check(
        r#"{"id": "1", "inputs": [
            {"name": "age", "shape": [2], "datatype": "INT64", "data": [30, 40]},
            {"name": "job", "shape": [2, 1], "datatype": "BYTES", "data": ["smith", "sailor"]},
            {"name": "free", "shape": [2, 1], "datatype": "BOOL", "data": [1, false]}]}"#,
        &["age: 30 40", "job: smith sailor", "free: true false"],
    );
}

#[test]
fn tensors_may_be_bytes_behind_the_json() {
    let json = br#"{"inputs": [
        {"name": "a", "shape": [2, 1], "datatype": "FP32", "parameters": {"binary_data_size": 8}},
        {"name": "b", "shape": [2, 1], "datatype": "INT8", "parameters": {"binary_data_size": 2}}]}"#;
    let numbers = [0.1f32, -2.0].map(f32::to_le_bytes).concat();
    let body = [&json[..], &numbers, &[7, 0xff]].concat();
    let table = features(Message {
        body: &body,
        json_length: Some(json.len()),
    });
    let table = table.expect("it is of the protocol");
    assert_eq!(told(&table), ["a: 0.1 -2", "b: 7 -1"]);
}

#[test]
fn what_is_no_request_is_refused() {
    for body in [
        "",
        "[]",
        "{}",
        r#"{"instances": 7}"#,
        r#"{"instances": [[1, 2], [3]]}"#,
        r#"{"instances": [{"a": 1}, {"b": 1}]}"#,
        r#"{"instances": [[1], {"a": 1}]}"#,
        r#"{"inputs": {"a": [1, 2], "b": [1]}}"#,
        r#"{"inputs": [{"name": "X", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3]}]}"#,
        r#"{"inputs": [{"name": "X", "shape": [2, 2], "datatype": "FP32"}]}"#,
        r#"{"inputs": [{"name": "X", "shape": [18446744073709551615, 2], "datatype": "FP32", "data": [1]}]}"#,
        r#"{"inputs": [{"name": "X", "shape": [1], "datatype": "FP32", "parameters": {"binary_data_size": 4}}]}"#,
    ] {
        assert!(features(message(body.as_bytes())).is_err(), "{body}");
    }
}

#[test]
fn images_are_too_wide() {
    let row = vec!["0.5"; 3 * 224 * 224].join(",");
    let first = format!(r#"{{"instances": [[{row}]]}}"#);
    let second = format!(
        r#"{{"inputs": [{{"name": "X", "shape": [1, 3, 224, 224], "datatype": "FP32", "data": [{row}]}}]}}"#
    );
    for body in [first, second] {
        let error = features(message(body.as_bytes())).expect_err("it is an image");
        assert!(matches!(error, Unread::TooWide(_)), "{error}");
    }
    let exact = vec!["1"; MOST_FEATURES].join(",");
    let body = format!(r#"{{"instances": [[{exact}]]}}"#);
    let table = features(message(body.as_bytes())).expect("it is not");
    assert_eq!(table.columns().len(), MOST_FEATURES);
}

#[test]
fn what_would_not_fit_is_refused() {
    let ones = vec!["1"; MOST_CELLS + 1];
    let list = format!("[{}]", ones.join(","));
    let named = format!(r#"{{"inputs": {{"x": {list}}}}}"#);
    let half = format!("[{}]", ones[..MOST_CELLS / 2 + 1].join(","));
    let tensor = format!(
        r#"{{"name": "x", "shape": [{}], "datatype": "INT8", "data": {half}}}"#,
        MOST_CELLS / 2 + 1
    );
    let tensors = format!(r#"{{"inputs": [{tensor}, {tensor}]}}"#);
    for body in [&list, &named, &tensors] {
        let error = of_json(body.as_bytes()).expect_err("it is too much");
        assert!(matches!(error, Unread::TooLong), "{error}");
    }
    let error = of_csv(ones.join("\n").as_bytes()).expect_err("it is too much");
    assert!(matches!(error, Unread::TooLong), "{error}");

    let most = &ones[1..];
    assert!(of_csv(most.join("\n").as_bytes()).is_ok());
    assert!(of_json(format!("[{}]", most.join(",")).as_bytes()).is_ok());
}

fn check_predictions(body: &str, classes: &[&str], expected: &[&str]) {
    let classes: Vec<String> = classes.iter().map(|class| (*class).to_owned()).collect();
    let found = predictions(message(body.as_bytes()), &classes);
    let found = found.unwrap_or_else(|error| panic!("{body}: {error}"));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{body}");
}

#[test]
fn predictions_are_values_or_the_largest_of_several() {
    check_predictions(
        r#"{"predictions": [1, 0.5, "setosa"]}"#,
        &[],
        &["1", "0.5", "setosa"],
    );
    check_predictions(r#"{"predictions": [[1.5], [2]]}"#, &[], &["1.5", "2"]);
    check_predictions(
        r#"{"predictions": [[0.1, 0.7, 0.2], [3, -1, 2]]}"#,
        &[],
        &["1", "0"],
    );
    check_predictions(
        r#"{"predictions": [[0.1, 0.7], [0.6, 0.4]]}"#,
        &["no", "yes"],
        &["yes", "no"],
    );
    check_predictions(
        r#"{"predictions": [{"probabilities": [0.9, 0.1], "label": 7}]}"#,
        &[],
        &["7"],
    );
    let outputs = r#"{"model_name": "iris", "outputs": [
        {"name": "probabilities", "shape": [2, 2], "datatype": "FP32", "data": [0.1, 0.9, 0.8, 0.2]},
        {"name": "label", "shape": [2], "datatype": "INT64", "data": [4, 5]}]}"#;
    check_predictions(outputs, &[], &["4", "5"]);
    let only = r#"{"outputs": [{"name": "p", "shape": [2, 2], "datatype": "FP32", "data": [0.1, 0.9, 0.8, 0.2]}]}"#;
    check_predictions(only, &["a", "b"], &["b", "a"]);
    check_predictions(only, &["a", "b", "c"], &["1", "0"]);
}

#[test]
fn what_is_no_answer_has_no_predictions() {
    for body in [
        r#"{"error": "no such model"}"#,
        r#"{"outputs": []}"#,
        r#"{"predictions": [{}]}"#,
        "<html>",
    ] {
        assert!(
            predictions(message(body.as_bytes()), &[]).is_err(),
            "{body}"
        );
    }
}

#[test]
fn training_data_is_a_table_or_rows() {
    let of_csv = |text: &str| told(&of_csv(text.as_bytes()).expect("it is a table"));
    assert_eq!(
        of_csv("a,\"b, c\"\r\n1,x\r\n,y\r\n"),
        ["a: 1 -", "b, c: x y"]
    );
    assert_eq!(of_csv("1,x\n2,y\n"), ["feature 0: 1 2", "feature 1: x y"]);
    assert_eq!(of_csv("\u{feff},a\n0,5\n"), ["a: 5"]);
    assert_eq!(of_csv("a,,b\n0,5,6\n"), ["a: 0", "feature 1: 5", "b: 6"]);
    assert_eq!(of_csv("\"\"\n5\n"), ["feature 0: 5"]);
    let of_json = |text: &str| told(&of_json(text.as_bytes()).expect("these are rows"));
    assert_eq!(of_json(r#"[{"a": 1}, {"a": 2}]"#), ["a: 1 2"]);
    assert_eq!(of_json(" [[1, 2]]"), ["feature 0: 1", "feature 1: 2"]);
    assert_eq!(of_json(r#"{"instances": [[1]]}"#), ["feature 0: 1"]);
}

#[test]
fn a_table_with_lines_of_different_lengths_says_where() {
    let error = of_csv(b"a,b\n1,2\n3\n").expect_err("the third line is short");
    let Unread::Csv(error) = error else {
        panic!("{error} is not of the table");
    };
    assert_eq!(error.position().map(::csv::Position::line), Some(3));
}

proptest! {
    #[test]
    fn whatever_the_bytes_nothing_panics(body in prop::collection::vec(any::<u8>(), 0..200), length in 0usize..300) {
        let message = Message { body: &body, json_length: Some(length) };
        let _ = features(message);
        let _ = predictions(message, &[]);
        let _ = of_csv(&body);
        let _ = of_json(&body);
    }

    #[test]
    fn both_protocols_say_the_same(rows in prop::collection::vec(prop::array::uniform3(-1e3f32..1e3), 1..20)) {
        let first = serde_json::json!({ "instances": rows });
        let flat: Vec<f32> = rows.iter().flatten().copied().collect();
        let second = serde_json::json!({ "inputs": [
            { "name": "X", "shape": [rows.len(), 3], "datatype": "FP32", "data": flat }
        ]});
        let read = |body: serde_json::Value| features(message(body.to_string().as_bytes())).ok();
        let (first, second) = (read(first), read(second));
        prop_assert!(first.is_some());
        prop_assert_eq!(first, second);
    }
}
