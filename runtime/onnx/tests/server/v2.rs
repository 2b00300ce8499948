//! The Open Inference Protocol.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tract_onnx::pb::tensor_proto::DataType;

use super::models::{self, Fixed, Named};
use super::{ask, get, post, serve, told};

const INFER: &str = "/v2/models/m/infer";

/// What a request to run a model is answered.
fn infer(model: &tract_onnx::pb::ModelProto, request: &Value) -> (u16, Value) {
    post(&serve(model), INFER, request)
}

fn x(shape: impl Into<Value>, data: impl Into<Value>) -> Value {
    let (shape, data) = (shape.into(), data.into());
    json!({ "inputs": [{ "name": "x", "datatype": "FP32", "shape": shape, "data": data }] })
}

#[test]
fn a_model_is_described() {
    let server = serve(&models::linear(Named("N")));
    let metadata = json!({
        "name": "m",
        "versions": ["1"],
        "platform": "onnx_tract",
        "inputs": [{ "name": "x", "datatype": "FP32", "shape": [-1, 3] }],
        "outputs": [{ "name": "y", "datatype": "FP32", "shape": [-1, 2] }],
    });
    let ready = json!({ "name": "m", "ready": true });
    for (path, expected) in [
        ("/v2/health/live", json!({ "live": true })),
        ("/v2/health/ready", json!({ "ready": true })),
        ("/v2/models", json!({ "models": ["m"] })),
        ("/v2/models/m", metadata.clone()),
        ("/v2/models/m/versions/1", metadata),
        ("/v2/models/m/ready", ready.clone()),
        ("/v2/models/m/versions/1/ready", ready),
    ] {
        assert_eq!(get(&server, path), (200, expected), "{path}");
    }
    let (_, about) = get(&server, "/v2");
    assert_eq!(about["name"], "coracle-onnx");
    assert_eq!(about["extensions"], json!(["binary_tensor_data"]));
}

#[test]
fn what_is_not_served_is_not_found() {
    let server = serve(&models::linear(Named("N")));
    let missing = json!({ "error": "Model with name other does not exist." });
    let version = json!({ "error": "Model with name m and version 2 does not exist." });
    for (method, path, status, body) in [
        ("GET", "/v2/models/other", 404, missing.clone()),
        ("POST", "/v2/models/other/infer", 404, missing),
        ("GET", "/v2/models/m/versions/2/ready", 404, version),
        ("GET", "/v3", 404, json!({ "detail": "Not Found" })),
        ("GET", INFER, 405, json!({ "detail": "Method Not Allowed" })),
    ] {
        assert_eq!(
            told(&ask(&server, method, path, "{}")),
            (status, body),
            "{method} {path}"
        );
    }
}

#[test]
fn a_batch_of_any_size_is_run() {
    let model = models::linear(Named("N"));
    for (shape, data, shape_out, data_out) in [
        (
            json!([1, 3]),
            json!([1, 2, 3]),
            json!([1, 2]),
            json!([14.0, -1.0]),
        ),
        (
            json!([2, 3]),
            json!([[1, 2, 3], [0.5, 0, 0]]),
            json!([2, 2]),
            json!([14.0, -1.0, 0.5, -0.5]),
        ),
        (json!([0, 3]), json!([]), json!([0, 2]), json!([])),
    ] {
        let (status, answer) = infer(&model, &x(shape, data));
        let output =
            json!({ "name": "y", "datatype": "FP32", "shape": shape_out, "data": data_out });
        assert_eq!(
            (status, &answer["outputs"]),
            (200, &json!([output])),
            "{answer}"
        );
    }
    let rows = 10_000;
    let (status, answer) = infer(&model, &x(json!([rows, 3]), json!(vec![1.0; 3 * rows])));
    assert_eq!(
        (
            status,
            answer["outputs"][0]["data"].as_array().unwrap().len()
        ),
        (200, 2 * rows)
    );
}

#[test]
fn the_answer_bears_the_name_the_version_and_the_id() {
    let mut request = x(json!([1, 3]), json!([1, 2, 3]));
    request["id"] = "ride \"7\"".into();
    let (_, answer) = infer(&models::linear(Named("N")), &request);
    assert_eq!(answer["model_name"], "m");
    assert_eq!(answer["model_version"], "1");
    assert_eq!(answer["id"], "ride \"7\"");
}

#[test]
fn every_datatype_goes_through() {
    for (datatype, name, data) in [
        (DataType::Bool, "BOOL", json!([true, false])),
        (DataType::Int8, "INT8", json!([-128, 127])),
        (DataType::Int16, "INT16", json!([-32768, 32767])),
        (DataType::Int32, "INT32", json!([-2147483648, 2147483647])),
        (DataType::Int64, "INT64", json!([i64::MIN, i64::MAX])),
        (DataType::Uint8, "UINT8", json!([0, 255])),
        (DataType::Uint16, "UINT16", json!([0, 65535])),
        (DataType::Uint32, "UINT32", json!([0, 4294967295u32])),
        (DataType::Uint64, "UINT64", json!([0, u64::MAX])),
        (DataType::Float16, "FP16", json!([0.5, -65504.0])),
        (DataType::Float, "FP32", json!([0.1, -1e38])),
        (DataType::Double, "FP64", json!([0.1, 1e300])),
        (DataType::String, "BYTES", json!(["größe", ""])),
    ] {
        let model = models::identity(datatype);
        let input = json!({ "name": "x", "datatype": name, "shape": [1, 2], "data": data });
        let (status, answer) = infer(&model, &json!({ "inputs": [input] }));
        assert_eq!(status, 200, "{name}: {answer}");
        assert_eq!(answer["outputs"][0]["datatype"], name);
        assert_eq!(answer["outputs"][0]["data"], data, "{name}");
        // The same as bytes comes back as the same bytes.
        let json_only = x_in_binary(&model, name, &data);
        assert_eq!(json_only, data, "{name}");
    }
}

/// Sends an output that came as bytes back as an input of bytes; what it says in JSON then.
fn x_in_binary(model: &tract_onnx::pb::ModelProto, name: &str, data: &Value) -> Value {
    let server = serve(model);
    let asked = json!({
        "inputs": [{ "name": "x", "datatype": name, "shape": [1, 2], "data": data }],
        "outputs": [{ "name": "y", "parameters": { "binary_data": true } }],
    });
    let answer = ask(&server, "POST", INFER, asked.to_string());
    let (head, bytes) = parts(&answer);
    assert_eq!(
        head["outputs"][0]["parameters"]["binary_data_size"],
        bytes.len()
    );
    let parameters = json!({ "binary_data_size": bytes.len() });
    let input = json!({ "name": "x", "datatype": name, "shape": [1, 2], "parameters": parameters });
    let back = binary(&json!({ "inputs": [input] }), bytes);
    told(&server.answer(&back)).1["outputs"][0]["data"].clone()
}

/// The JSON of an answer, and the bytes behind it.
fn parts(answer: &Response<Bytes>) -> (Value, &[u8]) {
    let length = &answer.headers()["inference-header-content-length"];
    let length = length.to_str().unwrap().parse().unwrap();
    let (json, bytes) = answer.body().split_at(length);
    (serde_json::from_slice(json).unwrap(), bytes)
}

fn binary(json: &Value, bytes: &[u8]) -> Request<Bytes> {
    let json = json.to_string();
    Request::builder()
        .method("POST")
        .uri(INFER)
        .header("Inference-Header-Content-Length", json.len())
        .body([json.as_bytes(), bytes].concat().into())
        .unwrap()
}

#[test]
fn numbers_that_are_none_are_null() {
    let model = models::linear(Named("N"));
    let (status, answer) = infer(&model, &x(json!([1, 3]), json!([null, 0, 0])));
    assert_eq!(
        (status, &answer["outputs"][0]["data"]),
        (200, &json!([null, null]))
    );
}

#[test]
fn outputs_are_chosen_by_name() {
    let mut request =
        json!({ "inputs": [{ "name": "x", "datatype": "FP32", "shape": [1, 2], "data": [3, 5] }] });
    let names = |answer: &Value| -> Vec<String> {
        let outputs = answer["outputs"].as_array().unwrap().iter();
        outputs
            .map(|output| output["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let model = models::classifier();
    assert_eq!(names(&infer(&model, &request).1), ["label", "scores"]);
    request["outputs"] = json!([{ "name": "scores" }, { "name": "label" }]);
    let (_, answer) = infer(&model, &request);
    assert_eq!(names(&answer), ["scores", "label"]);
    assert_eq!(answer["outputs"][1]["data"], json!([1]));
    request["outputs"] = json!([{ "name": "nothing" }]);
    let refused = json!({ "error": "the model has no output `nothing`" });
    assert_eq!(infer(&model, &request), (400, refused));
}

#[test]
fn what_does_not_fit_the_model_is_refused() {
    let fixed = models::linear(Fixed(2));
    let open = models::linear(Named("N"));
    let input = |name: &str, datatype: &str| json!({ "inputs": [{ "name": name, "datatype": datatype, "shape": [1, 3], "data": [1, 2, 3] }] });
    let one = &input("x", "FP32")["inputs"][0];
    for (model, request, why) in [
        (
            &open,
            x(json!([1, 2]), json!([1, 2])),
            "the input `x` has the shape [1, 2] and is to have [-1, 3]",
        ),
        (
            &open,
            x(json!([3]), json!([1, 2, 3])),
            "the input `x` has the shape [3] and is to have [-1, 3]",
        ),
        (
            &fixed,
            x(json!([1, 3]), json!([1, 2, 3])),
            "the input `x` has the shape [1, 3] and is to have [2, 3]",
        ),
        (
            &open,
            x(json!([2, 3]), json!([1, 2, 3])),
            "the input `x`: 3 elements do not make the shape [2, 3]",
        ),
        (
            &open,
            x(json!([u64::MAX, 3]), json!([1])),
            "do not make the shape",
        ),
        (
            &open,
            x(json!([-1, 3]), json!([1, 2, 3])),
            "invalid value: integer `-1`",
        ),
        (
            &open,
            input("x", "FP64"),
            "the input `x` is of the datatype FP64 and is to be FP32",
        ),
        (
            &open,
            input("x", "FLOAT"),
            "the input `x` is of the datatype FLOAT and is to be FP32",
        ),
        (&open, input("z", "FP32"), "the model has no input `z`"),
        (&open, json!({ "inputs": [] }), "the input `x` is missing"),
        (
            &open,
            json!({ "inputs": [one, one] }),
            "the input `x` is sent twice",
        ),
        (&open, json!({}), "missing field `inputs`"),
        (&open, json!([]), "Unrecognized request format: "),
        (
            &open,
            x(json!([1, 3]), json!(["a", "b", "c"])),
            "the text `a` is no FP32",
        ),
        (
            &open,
            x(json!([1, 3]), json!([1, 2, true])),
            "true is no FP32",
        ),
        (
            &open,
            x(json!([1, 3]), json!([1, 2, {}])),
            "nested arrays of FP32",
        ),
        (&open, x(json!([1, 3]), json!([1e39, 2, 3])), "is no FP32"),
        (
            &open,
            x(json!([1, 3]), json!([[1, 2], 3])),
            "differ in their lengths",
        ),
        (
            &open,
            json!({ "inputs": [{ "name": "x", "datatype": "FP32", "shape": [1, 3] }] }),
            "neither `data` nor",
        ),
    ] {
        let (status, answer) = infer(model, &request);
        assert_eq!(status, 400, "{request}: {answer}");
        let told = answer["error"].as_str().unwrap();
        assert!(told.contains(why), "{why}: {told}");
    }
}

#[test]
fn no_elements_may_not_claim_any_size() {
    let shape = [Named("N"), Named("M")];
    let model = models::model(
        vec![models::value("x", DataType::Float, &shape)],
        vec![models::value("y", DataType::Float, &shape)],
        vec![models::node("Identity", &["x"], &["y"])],
    );
    for (shape, expected) in [(json!([0, 7]), 200), (json!([0, 1_u64 << 40]), 400)] {
        let (status, answer) = infer(&model, &x(shape, json!([])));
        assert_eq!(status, expected, "{answer}");
    }
}

#[test]
fn integers_are_not_rounded() {
    let model = models::identity(DataType::Int8);
    for (data, status) in [
        (json!([1.0, -2.0]), 200),
        (json!([1.5, 0]), 400),
        (json!([128, 0]), 400),
        (json!([null, 0]), 400),
    ] {
        let input = json!({ "name": "x", "datatype": "INT8", "shape": [1, 2], "data": data });
        assert_eq!(
            infer(&model, &json!({ "inputs": [input] })).0,
            status,
            "{data}"
        );
    }
}

#[test]
fn bytes_that_do_not_fit_are_refused() {
    let server = serve(&models::linear(Named("N")));
    let input = |size: usize| json!({ "inputs": [{ "name": "x", "datatype": "FP32", "shape": [1, 3], "parameters": { "binary_data_size": size } }] });
    let bytes = [0; 16];
    for (request, why) in [
        (
            binary(&input(17), &bytes),
            "has 17 bytes, and fewer were sent",
        ),
        (
            binary(&input(12), &bytes),
            "4 bytes behind the JSON belong to no input",
        ),
        (
            binary(&input(11), &bytes[..11]),
            "the binary data is not of the datatype FP32",
        ),
        (
            binary(&input(8), &bytes[..8]),
            "2 elements do not make the shape [1, 3]",
        ),
    ] {
        let (status, answer) = told(&server.answer(&request));
        assert_eq!(status, 400, "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(why), "{answer}");
    }
    let mut long = binary(&input(16), &bytes);
    long.headers_mut()
        .insert("inference-header-content-length", 10_000.into());
    let (status, answer) = told(&server.answer(&long));
    assert_eq!(status, 400, "{answer}");
}

#[test]
fn batches_that_are_to_be_alike_are() {
    let model = models::beside();
    let request = |rows: usize| {
        json!({ "inputs": [
            { "name": "b", "datatype": "FP32", "shape": [2, 2], "data": [2, 3, 5, 6] },
            { "name": "a", "datatype": "FP32", "shape": [rows, 1], "data": vec![1; rows] },
        ] })
    };
    let (status, answer) = infer(&model, &request(2));
    assert_eq!(
        (status, &answer["outputs"][0]["data"]),
        (200, &json!([1.0, 2.0, 3.0, 1.0, 5.0, 6.0]))
    );
    let (status, answer) = infer(&model, &request(3));
    assert_eq!(status, 400, "{answer}");
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .contains("`a` and `b` are to be alike"),
        "{answer}"
    );
}

#[test]
fn a_model_that_fails_answers_so_and_goes_on() {
    let server = serve(&models::table());
    let request = |index: i64| json!({ "inputs": [{ "name": "index", "datatype": "INT64", "shape": [1], "data": [index] }] });
    let (status, answer) = post(&server, INFER, &request(7));
    assert_eq!(status, 500, "{answer}");
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .starts_with("the model failed: "),
        "{answer}"
    );
    let (status, answer) = post(&server, INFER, &request(1));
    assert_eq!(
        (status, &answer["outputs"][0]["data"]),
        (200, &json!([20.0]))
    );
}
