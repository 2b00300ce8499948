//! KServe's first protocol.

use serde_json::{Value, json};

use super::models::{self, Fixed, Named};
use super::{get, post, serve};

const PREDICT: &str = "/v1/models/m:predict";

fn predict(model: &tract_onnx::pb::ModelProto, request: &Value) -> (u16, Value) {
    post(&serve(model), PREDICT, request)
}

#[test]
fn models_are_listed_and_ready() {
    let server = serve(&models::linear(Named("N")));
    for (path, status, body) in [
        ("/", 200, json!({ "status": "alive" })),
        ("/v1/models", 200, json!({ "models": ["m"] })),
        ("/v1/models/m", 200, json!({ "name": "m", "ready": true })),
        (
            "/v1/models/n",
            404,
            json!({ "error": "Model with name n does not exist." }),
        ),
    ] {
        assert_eq!(get(&server, path), (status, body), "{path}");
    }
}

#[test]
fn rows_are_predicted() {
    let rows = json!([[14.0, -1.0], [0.5, -0.5]]);
    for (request, expected) in [
        (
            json!({ "instances": [[1, 2, 3], [0.5, 0, 0]] }),
            rows.clone(),
        ),
        (json!({ "inputs": [[1, 2, 3], [0.5, 0, 0]] }), rows.clone()),
        (json!({ "inputs": { "x": [[1, 2, 3], [0.5, 0, 0]] } }), rows),
        (
            json!({ "instances": [{ "x": [1, 2, 3] }] }),
            json!([[14.0, -1.0]]),
        ),
        (json!({ "instances": [] }), json!([])),
        (
            json!({ "instances": [[null, 0, 0]] }),
            json!([[null, null]]),
        ),
    ] {
        let answer = predict(&models::linear(Named("N")), &request);
        assert_eq!(
            answer,
            (200, json!({ "predictions": expected })),
            "{request}"
        );
    }
}

#[test]
fn several_inputs_are_named() {
    let model = models::beside();
    let together = json!({ "predictions": [[1.0, 2.0, 3.0]] });
    for (request, status, answer) in [
        (
            json!({ "instances": [{ "a": [1], "b": [2, 3] }] }),
            200,
            together.clone(),
        ),
        (
            json!({ "inputs": { "a": [[1]], "b": [[2, 3]] } }),
            200,
            together,
        ),
        (
            json!({ "instances": [[1], [2, 3]] }),
            400,
            json!({ "error": "the model has several inputs, which are to be named: a, b" }),
        ),
        (
            json!({ "instances": [{ "a": [1] }] }),
            400,
            json!({ "error": "the input `b` is missing" }),
        ),
        (
            json!({ "instances": [{ "a": [1], "b": [2, 3] }, { "a": [1] }] }),
            400,
            json!({ "error": "the input `b` is missing in some instances" }),
        ),
        (
            json!({ "instances": [{ "a": [1], "b": [2, 3], "c": [4] }] }),
            400,
            json!({ "error": "the model has no input `c`" }),
        ),
    ] {
        assert_eq!(predict(&model, &request), (status, answer), "{request}");
    }
}

#[test]
fn several_outputs_are_named_in_each_row() {
    let request = json!({ "instances": [[0, 0], [0, 0]] });
    let row = json!({ "label": 0, "scores": [0.5, 0.5] });
    let answer = predict(&models::classifier(), &request);
    assert_eq!(answer, (200, json!({ "predictions": [row, row] })));
}

#[test]
fn what_does_not_fit_is_refused() {
    for (request, status, why) in [
        (
            json!({ "instances": [[1, 2]] }),
            400,
            "the input `x` has the shape [1, 2] and is to have [-1, 3]",
        ),
        (
            json!({ "instances": [1, 2, 3] }),
            400,
            "the input `x` has the shape [3] and is to have [-1, 3]",
        ),
        (
            json!({ "instances": [[1, 2, 3], [1, 2]] }),
            400,
            "arrays of one level differ in their lengths",
        ),
        (
            json!({ "instances": [[1, 2, "3"]] }),
            400,
            "the text `3` is no FP32",
        ),
        (
            json!({ "instances": 7 }),
            400,
            "Expected \"instances\" to be a list",
        ),
        (json!({ "data": [] }), 400, "`instances` or `inputs`"),
        (
            json!({ "instances": [], "inputs": [] }),
            400,
            "`instances` or `inputs`",
        ),
        (json!("text"), 400, "Unrecognized request format: "),
    ] {
        let (told, answer) = predict(&models::linear(Named("N")), &request);
        assert_eq!(told, status, "{request}: {answer}");
        assert!(
            answer["error"].as_str().unwrap().contains(why),
            "{request}: {answer}"
        );
    }
    // No rows do not make the two that the model wants.
    let (status, answer) = predict(&models::linear(Fixed(2)), &json!({ "instances": [] }));
    assert_eq!(status, 400, "{answer}");
}

#[test]
fn nothing_is_explained() {
    let server = serve(&models::linear(Named("N")));
    let (status, answer) = post(&server, "/v1/models/m:explain", &json!({ "instances": [] }));
    assert_eq!(
        (status, answer),
        (501, json!({ "error": "Explain is not implemented." }))
    );
}
