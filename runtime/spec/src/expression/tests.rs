//! Conditions and selectors as KFP's driver evaluates them.

use super::*;
use coracle_model::{ArtifactId, ArtifactType};
use proptest::prelude::*;

fn value(json: &str) -> Value {
    Value::from_json(json).unwrap()
}

fn parameters() -> BTreeMap<String, Value> {
    let json = r#"{"type": "foo", "num": 1, "half": 0.5, "yes": true, "digits": "12", "nothing": null,
        "list": [1, 2, 3], "nested": {"a": {"b": "c"}}, "json": "{\"k\": [10]}", "it's": 1}"#;
    serde_json::from_str(json).unwrap()
}

fn artifacts() -> BTreeMap<String, Vec<Artifact>> {
    let model = Artifact {
        id: Some(ArtifactId(17)),
        name: "model".into(),
        artifact_type: ArtifactType {
            schema_title: "system.Model".into(),
            ..ArtifactType::default()
        },
        uri: "gs://pipeline-root/abcdefgh".into(),
        metadata: [("accuracy".into(), 0.95.into())].into(),
        custom_path: None,
        sha256: None,
    };
    [("model".into(), vec![model])].into()
}

fn evaluated(expression: &str) -> Result<bool, ExpressionError> {
    condition(
        expression,
        &ConditionInputs {
            parameters: &parameters(),
            artifacts: &artifacts(),
        },
    )
}

fn check(expression: &str, expected: bool) {
    assert_eq!(evaluated(expression), Ok(expected), "{expression}");
}

fn fails(expression: &str, part: &str) {
    let message = evaluated(expression).unwrap_err().to_string();
    assert!(message.contains(part), "{message}");
}

#[test]
fn every_form_that_the_compiler_emits() {
    check("inputs.parameter_values['type'] == 'foo'", true);
    check("inputs.parameter_values['type'] != 'foo'", false);
    check("!(inputs.parameter_values['type'] == 'foo')", false);
    check("inputs.parameter_values['yes'] == true", true);
    check("int(inputs.parameter_values['num']) >= 1", true);
    check("int(inputs.parameter_values['num']) < -1", false);
    check("int(inputs.parameter_values['digits']) == 12", true);
    check(
        "int(inputs.parameter_values['num']) == int(inputs.parameter_values['num'])",
        true,
    );
    check("inputs.parameter_values['half'] <= 0.5", true);
    check(
        "double(int(inputs.parameter_values['num'])) > inputs.parameter_values['half']",
        true,
    );
    check("inputs.parameter_values['half'] < double(3)", true);
    check(
        "inputs.parameter_values['type'] > 'fo' && inputs.parameter_values['half'] > 1e-05",
        true,
    );
    check(
        "!(inputs.parameter_values['type'] == 'a') && !(int(inputs.parameter_values['num']) == 2)",
        true,
    );
    check("'a b' == 'a b'", true);
}

#[test]
fn what_hand_written_conditions_may_use() {
    check("inputs.parameter_values['num'] == 1", true);
    check("inputs.parameter_values.num == 1.0", true);
    check(
        "inputs.artifacts['model'].artifacts[0].metadata['accuracy'] * 100.0 > 90.0",
        true,
    );
    check(
        "inputs.artifacts['model'].artifacts[0].metadata.accuracy * 100.0 <= 90.0",
        false,
    );
    check(
        "inputs.artifacts['model'].artifacts[0].uri.startsWith('gs://')",
        true,
    );
    check("inputs.artifacts['model'].artifacts[0].name == '17'", true);
    check(
        "inputs.artifacts['model'].artifacts[0].type.schema_title == 'system.Model'",
        true,
    );
    check("inputs.parameter_values['list'][2] == 3", true);
    check("inputs.parameter_values['nested'].a.b == 'c'", true);
    check(
        "parseJson(inputs.parameter_values['json']).k[0] == 10",
        true,
    );
    check("size(inputs.parameter_values['list']) == 3", true);
    check("2 in inputs.parameter_values['list']", true);
    check(
        "'type' in inputs.parameter_values && !has(inputs.parameter_values.zz)",
        true,
    );
    check("inputs.parameter_values['nothing'] == null", true);
    check("string(inputs.parameter_values['num']) == '1'", true);
    check(
        "inputs.parameter_values['list'].exists(n, n > 2) ? true : false",
        true,
    );
}

#[test]
fn values_of_different_kinds_are_unequal_and_have_no_order() {
    check("inputs.parameter_values['num'] == '1'", false);
    check("inputs.parameter_values['yes'] == 'true'", false);
    fails(
        "inputs.parameter_values['num'] < '2'",
        "`_<_` does not take (double, string)",
    );
    fails(
        "inputs.parameter_values['type'] > 1",
        "`_>_` does not take (string, int)",
    );
    fails(
        "inputs.parameter_values['num'] * 2 == 2",
        "`mul` does not take (double, int)",
    );
}

#[test]
fn what_does_not_convert_is_an_error() {
    fails("int(inputs.parameter_values['type']) == 1", "`int` failed");
    fails(
        "int(inputs.parameter_values['yes']) == 1",
        "`int` does not take (bool)",
    );
    fails(
        "double(inputs.parameter_values['type']) == 1.0",
        "`double` failed",
    );
    fails(
        "parseJson(inputs.parameter_values['type']) == 1",
        "failed to unmarshal JSON",
    );
}

#[test]
fn a_missing_input_is_an_error_that_names_it() {
    fails(
        "inputs.parameter_values['zz'] == 'foo'",
        "uses `zz`, which the task is not given (no such key)",
    );
    fails(
        "inputs.parameter_values['zz'] == inputs.parameter_values['yy']",
        "uses `zz`, `yy`,",
    );
    fails(
        "inputs.artifacts['zz'].artifacts[0].uri == ''",
        "uses `zz`,",
    );
    fails("inputs.parameter_values.zz == 1", "uses `zz`,");
    fails(
        "inputs.artifacts['model'].artifacts[0].metadata['zz'] == 1",
        "no such key",
    );
    fails("inputs.parameter_values['nested'].zz == 1", "no such key");
}

#[test]
fn an_answer_that_is_certain_needs_no_missing_input() {
    check(
        "inputs.parameter_values['type'] == 'bar' && inputs.parameter_values['zz'] == 1",
        false,
    );
    check(
        "inputs.parameter_values['zz'] == 1 && inputs.parameter_values['type'] == 'bar'",
        false,
    );
    check(
        "inputs.parameter_values['zz'] == 1 || inputs.parameter_values['type'] == 'foo'",
        true,
    );
}

#[test]
fn a_condition_must_give_a_boolean() {
    fails(
        "inputs.parameter_values['num']",
        "gives a double, but must give true or false",
    );
    fails("'true'", "gives a string");
    fails("inputs", "gives a map");
}

#[test]
fn quotes_that_the_compiler_left_bare_are_explained() {
    fails(
        "inputs.parameter_values['type'] == 'it's'",
        "which the kfp compiler does not escape",
    );
    fails(
        "'inputs.parameter_values['type']' == 'foo'",
        "which the kfp compiler does not escape",
    );
    fails(
        "inputs.parameter_values['type'] == 'C:\\data'",
        "write two for one",
    );
    check("inputs.parameter_values[\"it's\"] == 1", true);
}

#[test]
fn what_is_not_cel_is_an_error() {
    fails("", "is not a CEL expression");
    fails(
        "inputs.parameter_values['num'] = 1",
        "is not a CEL expression",
    );
    fails(
        "inputs.parameter_values['num'] ==",
        "is not a CEL expression",
    );
    fails("inputs.?parameter_values == 1", "is not a CEL expression");
    fails("unknown == 1", "`unknown` is not known here");
    fails("launch(1)", "`launch` is not known here");
}

#[test]
fn a_bomb_is_refused() {
    fails(&"(".repeat(100_000), "make it simpler");
    fails(&format!("{}true", "!(".repeat(5_000)), "make it simpler");
    fails(&vec!["1"; 20_000].join("+"), "make it simpler");
    fails(
        &format!("['x']{}.size() == 1", ".map(a, a + a)".repeat(30)),
        "loops over more than it may",
    );
}

#[test]
fn the_deepest_and_longest_expression_fits_a_small_stack() {
    let deep = format!("{}true{}", "!(".repeat(16), ")".repeat(16));
    let wide = format!("{} > 0", vec!["1"; 80].join(" + "));
    let both = format!("{}{wide}{}", "(".repeat(16), ")".repeat(16));
    let thread = std::thread::Builder::new().stack_size(1024 * 1024);
    let handle = thread.spawn(move || [deep, wide, both].map(|expression| evaluated(&expression)));
    assert_eq!(
        handle.unwrap().join().unwrap(),
        [Ok(true), Ok(true), Ok(true)]
    );
}

fn selected(expression: &str, json: &str) -> Result<Value, ExpressionError> {
    select(expression, &value(json))
}

#[test]
fn selectors_pick_a_part() {
    let check = |expression: &str, json: &str, expected: &str| {
        assert_eq!(
            selected(expression, json),
            Ok(value(expected)),
            "{expression} of {json}"
        );
    };
    check(
        r#"parseJson(string_value)["A_a"]"#,
        r#"{"A_a": 3, "B_b": 2}"#,
        "3",
    );
    check(
        r#"parseJson(string_value)["B_b"]"#,
        r#"{"A_a": 3, "B_b": {"k": [null]}}"#,
        r#"{"k": [null]}"#,
    );
    check("parseJson(string_value)[0]", r#""[1.1, 1.2]""#, "1.1");
    check("string_value", r#""Hello""#, r#""Hello""#);
    check("string_value", "null", r#""""#);
    check("string_value", "3.0", r#""3""#);
    check("string_value", r#"[1, "<"]"#, r#""[1,\"\\u003c\"]""#);
    check(
        "struct_value.nested.b",
        r#"{"nested": {"b": "B"}}"#,
        r#""B""#,
    );
    check("struct_value.list", r#"{"list": [1.1]}"#, "[1.1]");
    check("list_value[1]", "[true, false]", "false");
    check("number_value + 1.0", "2", "3");
    check("bool_value", "true", "true");
    check("null_value", "null", "null");
    check("size(string_value)", r#""abc""#, "3");
}

#[test]
fn a_selector_that_finds_nothing_is_an_error() {
    let fails = |expression: &str, json: &str, part: &str| {
        let message = selected(expression, json).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    fails("struct_value.c", r#"{"a": "A"}"#, "no such key: `c`");
    fails(
        "struct_value",
        r#""Hello""#,
        "`struct_value` is not known here",
    );
    fails(
        r#"parseJson(string_value)["a"]"#,
        r#""invalidjson""#,
        "failed to unmarshal JSON",
    );
    fails("b'abc'", "1", "gives a bytes, which no parameter can hold");
    fails("1.0 / 0.0", "1", "number that JSON does not have");
    fails("{1: 2}", "1", "map with keys that are no text");
}

/// Pieces that make up expressions, and pieces that break them.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "inputs",
        ".parameter_values",
        "['num']",
        "['list']",
        "['zz']",
        "int(",
        "double(",
        "string(",
        "size(",
        "parseJson(",
        "has(",
        ".map(a, ",
        ".all(a, ",
        "a",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ", ",
        " == ",
        " < ",
        " && ",
        " || ",
        " ? ",
        " : ",
        " in ",
        "!",
        "-",
        " + ",
        " * ",
        " / ",
        " % ",
        "0",
        "1",
        "1.5",
        "9223372036854775807",
        "0x",
        "1u",
        "'",
        "\"",
        "'a'",
        "\"b\"",
        "\\",
        "'''",
        "r'",
        "b'\\xff'",
        "true",
        "null",
        "//",
        "\n",
        ".",
        "é",
        "timestamp(",
        "duration(",
        "type(",
        "dyn(",
        "'2020-01-01T00:00:00Z'",
        ".matches(",
        "'('",
        "`",
        "?",
        "@",
        "..",
    ];
    prop_oneof![9 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,3}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(pieces in proptest::collection::vec(piece(), 0..16)) {
        let text = pieces.concat();
        let _ = evaluated(&text);
        let _ = selected(&text, r#"{"a": [1]}"#);
    }

    #[test]
    fn comparing_with_a_text_is_comparing_texts(left in "[a-z \\(\\)\\{\\}]{0,8}", right in "[a-z \\(\\)\\{\\}]{0,8}") {
        let parameters = [("x".to_owned(), Value::from(left.as_str()))].into();
        let inputs = ConditionInputs { parameters: &parameters, artifacts: &BTreeMap::new() };
        let expression = format!("inputs.parameter_values['x'] == '{right}'");
        prop_assert_eq!(condition(&expression, &inputs), Ok(left == right));
    }

    #[test]
    fn comparing_numbers_is_comparing_doubles(left in any::<i32>(), right in any::<i32>()) {
        let parameters = [("x".to_owned(), Value::from(f64::from(left)))].into();
        let inputs = ConditionInputs { parameters: &parameters, artifacts: &BTreeMap::new() };
        let check = |operator: &str, expected: bool| {
            let plain = format!("inputs.parameter_values['x'] {operator} {right}");
            let cast = format!("int(inputs.parameter_values['x']) {operator} {right}");
            prop_assert_eq!(condition(&plain, &inputs), Ok(expected));
            prop_assert_eq!(condition(&cast, &inputs), Ok(expected));
            Ok(())
        };
        check("==", left == right)?;
        check("<", left < right)?;
        check(">=", left >= right)?;
    }
}
