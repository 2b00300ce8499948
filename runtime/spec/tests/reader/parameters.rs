//! The verdict on a run's parameters, and parameters written as text.

use std::collections::BTreeMap;

use coracle_model::Value;
use coracle_spec::pipeline::{
    ParameterSpec, ParameterType, PipelineSpec, check_parameters, parse_parameter_argument,
};

use crate::{sound, with};

/// A pipeline that takes a parameter of every kind, only the text being required.
fn spec() -> PipelineSpec {
    sound(&with(
        "      fruit:\n        defaultValue: pear\n        isOptional: true\n        parameterType: STRING\n",
        "      fruit: {parameterType: STRING}\n      \
         size: {parameterType: STRING, isOptional: true, literals: [small, large]}\n      \
         ripe: {parameterType: BOOLEAN, isOptional: true}\n      \
         kinds: {parameterType: LIST, isOptional: true}\n      \
         prices: {parameterType: STRUCT, isOptional: true}\n      \
         status: {parameterType: TASK_FINAL_STATUS, isOptional: true}\n",
    ))
    .spec
}

fn messages(given: &str) -> Vec<String> {
    let Value::Struct(given) = Value::from_json(given).unwrap() else {
        panic!("parameters are a struct")
    };
    check_parameters(&spec(), &given)
        .into_iter()
        .map(|diagnostic| diagnostic.message)
        .collect()
}

#[test]
fn fitting_parameters_are_taken() {
    assert_eq!(messages(r#"{"fruit": "fig"}"#), [""; 0]);
    assert_eq!(
        messages(
            r#"{"fruit": "fig", "count": 2.5, "size": "small", "ripe": false, "kinds": [], "prices": {}}"#
        ),
        [""; 0]
    );
}

#[test]
fn the_words_are_those_of_the_api_server() {
    assert_eq!(
        messages("{}"),
        ["parameter fruit is not optional, yet has neither default value nor user provided value"]
    );
    assert_eq!(
        messages(r#"{"fruit": "fig", "colour": "red", "age": 1}"#),
        ["parameter(s) provided are not required by pipeline: age, colour"]
    );
    assert_eq!(
        messages(
            r#"{"fruit": 1, "count": "two", "ripe": "yes", "kinds": {}, "prices": [], "status": {}}"#
        ),
        [
            "input parameter count requires type double or integer, but the parameter value is not of number value type",
            "input parameter fruit requires type string, but the input parameter is not of string value type",
            "input parameter kinds requires type list, but the input parameter is not of list value type",
            "input parameter prices requires type struct, but the input parameter is not of struct value type",
            "input parameter ripe requires type bool, but the input parameter is not of bool value type",
            "input parameter status requires type TASK_FINAL_STATUS, which is invalid for root component",
        ]
    );
    assert_eq!(
        messages(r#"{"fruit": "fig", "size": "huge"}"#),
        [
            r#"input parameter "size" value "huge" does not match any of the allowed literal values: ["small","large"]"#
        ]
    );
    assert_eq!(messages(r#"{"fruit": null}"#).len(), 1, "null is not text");
}

#[test]
fn a_pipeline_without_parameters_takes_none() {
    let mut spec = spec();
    spec.root.input_parameters.clear();
    assert_eq!(check_parameters(&spec, &BTreeMap::new()), []);
    let given = BTreeMap::from([("x".to_owned(), Value::Null)]);
    assert_eq!(check_parameters(&spec, &given)[0].code, "unknown-parameter");
}

fn parsed(parameter_type: ParameterType, text: &str) -> Result<Value, String> {
    let spec = ParameterSpec {
        parameter_type,
        default: None,
        optional: false,
        description: String::new(),
        literals: Vec::new(),
    };
    parse_parameter_argument(&spec, text).map_err(|diagnostic| {
        assert!(diagnostic.help.is_some());
        diagnostic.message
    })
}

#[test]
fn text_becomes_a_value_of_the_declared_type() {
    use ParameterType::{Boolean, Double, Integer, List, String, Struct, TaskFinalStatus};
    assert_eq!(parsed(String, " 5 "), Ok(" 5 ".into()));
    assert_eq!(parsed(String, ""), Ok("".into()));
    assert_eq!(parsed(Integer, "-5"), Ok(Value::Number(-5.0)));
    assert_eq!(parsed(Integer, "1e3"), Ok(Value::Number(1000.0)));
    assert_eq!(parsed(Double, "0.25"), Ok(Value::Number(0.25)));
    assert_eq!(parsed(Boolean, "True"), Ok(Value::Bool(true)));
    assert_eq!(
        parsed(List, "[1]"),
        Ok(Value::List(vec![Value::Number(1.0)]))
    );
    assert_eq!(
        parsed(Struct, r#"{"a": []}"#),
        Ok(Value::from_json(r#"{"a": []}"#).unwrap())
    );
    for (kind, text) in [
        (Integer, "5.5"),
        (Integer, "five"),
        (Integer, ""),
        (Double, "inf"),
        (Double, "nan"),
        (Boolean, "yes"),
        (List, "{}"),
        (List, "[1"),
        (Struct, "[]"),
        (TaskFinalStatus, "{}"),
    ] {
        assert!(parsed(kind, text).is_err(), "{kind} {text:?}");
    }
    assert_eq!(
        parsed(Integer, "5.5").unwrap_err(),
        "`5.5` is not a whole number"
    );
}

#[test]
fn text_must_be_one_of_the_literals() {
    let size = &spec().root.input_parameters["size"];
    assert_eq!(parse_parameter_argument(size, "large"), Ok("large".into()));
    assert_eq!(
        parse_parameter_argument(size, "huge").unwrap_err().code,
        "parameter-literal"
    );
}
