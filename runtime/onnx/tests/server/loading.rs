//! What is a model, what it says of itself, and what is told of what is none.

use coracle_onnx::{Datatype, Model, TensorMetadata};
use prost::Message as _;
use tract_onnx::pb::tensor_proto::DataType;

use super::models::{self, Fixed, Named, Nameless, model, node, value};
use super::{Files, load};

fn tensor(name: &str, datatype: Datatype, shape: &[Option<usize>]) -> TensorMetadata {
    TensorMetadata {
        name: name.to_owned(),
        datatype,
        shape: shape.to_vec(),
    }
}

#[test]
fn a_model_says_what_it_takes_and_gives() {
    for batch in [Named("N"), Nameless] {
        let linear = load(&models::linear(batch)).unwrap();
        let x = tensor("x", Datatype::Fp32, &[None, Some(3)]);
        let y = tensor("y", Datatype::Fp32, &[None, Some(2)]);
        assert_eq!(linear.metadata().inputs, [x]);
        assert_eq!(linear.metadata().outputs, [y]);
    }
    let fixed = load(&models::linear(Fixed(4))).unwrap();
    assert_eq!(fixed.metadata().inputs[0].shape, [Some(4), Some(3)]);
    let classifier = load(&models::classifier()).unwrap();
    let label = tensor("label", Datatype::Int64, &[None]);
    let scores = tensor("scores", Datatype::Fp32, &[None, Some(2)]);
    assert_eq!(classifier.metadata().outputs, [label, scores]);
}

#[test]
fn the_version_is_that_of_the_directory() {
    let files = Files::new();
    let bytes = models::linear(Nameless).encode_to_vec();
    files.write("1/model.onnx", b"an older one, which is not looked at");
    let newest = files.write("12/model.onnx", &bytes);
    assert_eq!(Model::load(files.path()).unwrap().metadata().version, 12);
    assert_eq!(Model::load(&newest).unwrap().metadata().version, 1);
}

#[test]
fn what_is_no_model_is_told_with_its_place() {
    let truncated = models::linear(Nameless).encode_to_vec();
    let truncated = &truncated[..truncated.len() - 7];
    for (content, why) in [
        (&b""[..], "it has no graph with outputs"),
        (b"<html>not found</html>", "is not an ONNX model"),
        (truncated, "is not an ONNX model"),
    ] {
        let files = Files::new();
        let file = files.write("model.onnx", content);
        let told = Model::load(files.path()).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
        assert!(told.contains(file.to_str().unwrap()), "{told}");
    }
}

#[test]
fn operators_that_are_unknown_are_named_once_each() {
    let mut zip = node("ZipMap", &["scores"], &["map"]);
    zip.domain = "ai.onnx.ml".to_owned();
    let mut again = zip.clone();
    again.output = vec!["other".to_owned()];
    let scores = value("scores", DataType::Float, &[Named("N"), Fixed(2)]);
    let map = value("map", DataType::Float, &[Named("N")]);
    let made_up = node("Frobnicate", &["scores"], &["third"]);
    let classifier = model(vec![scores], vec![map], vec![zip, again, made_up]);
    let told = load(&classifier).unwrap_err().to_string();
    let operators = "does not have: ai.onnx.ml.ZipMap (node `the_ZipMap`), ai.onnx.Frobnicate (node `the_Frobnicate`)";
    assert!(told.ends_with(operators), "{told}");
}

#[test]
fn a_model_that_does_not_fit_together_is_told() {
    let x = || value("x", DataType::Float, &[Named("N"), Fixed(3)]);
    let y = || value("y", DataType::Float, &[Named("N"), Fixed(2)]);
    let mut without_shape = models::linear(Nameless);
    let graph = without_shape.graph.as_mut().unwrap();
    let tract_onnx::pb::type_proto::Value::TensorType(tensor) = graph.input[0]
        .r#type
        .as_mut()
        .unwrap()
        .value
        .as_mut()
        .unwrap();
    tensor.shape = None;
    for (model, why) in [
        (
            model(vec![x()], vec![y()], vec![node("Add", &["x", "z"], &["y"])]),
            "nothing makes the tensors z",
        ),
        // The library looks up what it does not find.
        (
            model(vec![x()], vec![y()], vec![node("Relu", &["x"], &["z"])]),
            "the library that runs it failed",
        ),
        (
            model(
                vec![x(), value("z", DataType::Float, &[Fixed(4), Fixed(2)])],
                vec![y()],
                vec![node("MatMul", &["x", "z"], &["y"])],
            ),
            "cannot be run",
        ),
        (without_shape, "the input `x` has no shape"),
    ] {
        let told = load(&model).unwrap_err().to_string();
        assert!(told.contains(why), "{why}: {told}");
    }
}
