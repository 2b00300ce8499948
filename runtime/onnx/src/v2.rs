//! The Open Inference Protocol, with tensors as JSON or as bytes behind it.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tract_onnx::prelude::Tensor;

use crate::datatype::Datatype;
use crate::model::{Metadata, Model, TensorMessage, TensorMetadata};
use crate::refusal::Refusal;
use crate::route::json_response;
use crate::tensor;

/// How long the JSON is, where bytes follow it.
const JSON_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

#[derive(Serialize)]
pub(crate) struct MetadataMessage<'a> {
    name: &'a str,
    versions: [String; 1],
    platform: &'static str,
    inputs: Vec<TensorMessage<'a>>,
    outputs: Vec<TensorMessage<'a>>,
}

/// What a model takes and gives.
pub(crate) fn metadata<'a>(name: &'a str, metadata: &'a Metadata) -> MetadataMessage<'a> {
    MetadataMessage {
        name,
        versions: [metadata.version.to_string()],
        platform: "onnx_tract",
        inputs: metadata.inputs.iter().map(TensorMessage::of).collect(),
        outputs: metadata.outputs.iter().map(TensorMessage::of).collect(),
    }
}

#[derive(Deserialize)]
struct InferRequest<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(default)]
    parameters: Option<Parameters>,
    #[serde(borrow)]
    inputs: Vec<InferInput<'a>>,
    #[serde(borrow, default)]
    outputs: Option<Vec<WantedOutput<'a>>>,
}

#[derive(Deserialize)]
struct InferInput<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    shape: Vec<usize>,
    #[serde(borrow)]
    datatype: Cow<'a, str>,
    #[serde(default)]
    parameters: Option<Parameters>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WantedOutput<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default)]
    parameters: Option<Parameters>,
}

/// The parameters that are heeded.
#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    binary_data_size: Option<usize>,
    #[serde(default)]
    binary_data: Option<bool>,
    #[serde(default)]
    binary_data_output: Option<bool>,
}

#[derive(Serialize)]
struct InferResponse<'a> {
    model_name: &'a str,
    model_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Cow<'a, str>>,
    outputs: Vec<InferOutput<'a>>,
}

#[derive(Serialize)]
struct InferOutput<'a> {
    name: &'a str,
    shape: Vec<usize>,
    datatype: Datatype,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<OutputParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct OutputParameters {
    binary_data_size: usize,
}

/// Runs a model.
pub(crate) fn infer(
    name: &str,
    model: &Model,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Refusal> {
    let (json, binary) = parts(request)?;
    let message: InferRequest<'_> =
        serde_json::from_slice(json).map_err(|error| Refusal::format(&error))?;
    let metadata = model.metadata();
    let wanted = wanted(&message, metadata)?;
    let tensors = model.run(inputs(&message.inputs, binary, metadata)?)?;
    let mut bytes = Vec::new();
    let mut outputs = Vec::new();
    for (index, form) in wanted {
        outputs.push(output(
            &metadata.outputs[index],
            &tensors[index],
            form,
            &mut bytes,
        )?);
    }
    let answer = InferResponse {
        model_name: name,
        model_version: metadata.version.to_string(),
        id: message.id,
        outputs,
    };
    Ok(with_bytes(json_response(&answer), &bytes))
}

/// The JSON of a request, and the bytes behind it.
fn parts(request: &Request<Bytes>) -> Result<(&[u8], &[u8]), Refusal> {
    let Some(length) = request.headers().get(JSON_LENGTH) else {
        return Ok((request.body(), &[]));
    };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    length
        .and_then(|length| request.body().split_at_checked(length))
        .ok_or_else(|| Refusal::InvalidInput(format!("{JSON_LENGTH} is no length within the body")))
}

/// How an output is given.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Binary,
}

/// The outputs that are asked for, by their places; all where none are named.
fn wanted(message: &InferRequest<'_>, metadata: &Metadata) -> Result<Vec<(usize, Form)>, Refusal> {
    let form = |is_binary: Option<bool>| match is_binary {
        Some(true) => Form::Binary,
        Some(false) | None => Form::Json,
    };
    let usual = message
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.binary_data_output);
    let named = message
        .outputs
        .as_ref()
        .filter(|outputs| !outputs.is_empty());
    let Some(named) = named else {
        let all = 0..metadata.outputs.len();
        return Ok(all.map(|index| (index, form(usual))).collect());
    };
    let of_output = |output: &WantedOutput<'_>| {
        let place = metadata
            .outputs
            .iter()
            .position(|known| known.name == output.name);
        let index = place.ok_or_else(|| {
            Refusal::InvalidInput(format!("the model has no output `{}`", output.name))
        })?;
        let own = output
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.binary_data);
        Ok((index, form(own.or(usual))))
    };
    named.iter().map(of_output).collect()
}

/// The tensors that are sent, in the model's order.
fn inputs(
    sent: &[InferInput<'_>],
    mut binary: &[u8],
    metadata: &Metadata,
) -> Result<Vec<Tensor>, Refusal> {
    let mut tensors: Vec<Option<Tensor>> = metadata.inputs.iter().map(|_| None).collect();
    for input in sent {
        let known = &metadata.inputs;
        let Some(index) = known.iter().position(|known| known.name == input.name) else {
            return Err(Refusal::InvalidInput(format!(
                "the model has no input `{}`",
                input.name
            )));
        };
        let tensor = tensor_of(input, &known[index], &mut binary)?;
        if tensors[index].replace(tensor).is_some() {
            return Err(Refusal::InvalidInput(format!(
                "the input `{}` is sent twice",
                input.name
            )));
        }
    }
    if !binary.is_empty() {
        let left = binary.len();
        return Err(Refusal::InvalidInput(format!(
            "{left} bytes behind the JSON belong to no input"
        )));
    }
    tensors
        .into_iter()
        .zip(&metadata.inputs)
        .map(|(tensor, known)| {
            tensor.ok_or_else(|| {
                Refusal::InvalidInput(format!("the input `{}` is missing", known.name))
            })
        })
        .collect()
}

fn tensor_of(
    input: &InferInput<'_>,
    known: &TensorMetadata,
    binary: &mut &[u8],
) -> Result<Tensor, Refusal> {
    let name = &known.name;
    let wanted = known.datatype.as_str();
    if !input.datatype.eq_ignore_ascii_case(wanted) {
        return Err(Refusal::InvalidInput(format!(
            "the input `{name}` is of the datatype {} and is to be {wanted}",
            input.datatype
        )));
    }
    known.check_shape(&input.shape)?;
    let size = input
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.binary_data_size);
    let tensor = match (input.data, size) {
        (Some(data), None) => tensor::of_json(known.datatype, data, &input.shape),
        (None, Some(size)) => {
            let Some((own, rest)) = binary.split_at_checked(size) else {
                return Err(Refusal::InvalidInput(format!(
                    "the input `{name}` has {size} bytes, and fewer were sent"
                )));
            };
            *binary = rest;
            tensor::of_bytes(known.datatype, own, &input.shape)
        }
        (Some(_), Some(_)) => {
            return Err(Refusal::InvalidInput(format!(
                "the input `{name}` has both `data` and `binary_data_size`"
            )));
        }
        (None, None) => {
            return Err(Refusal::InvalidInput(format!(
                "the input `{name}` has neither `data` nor `binary_data_size`"
            )));
        }
    };
    tensor.map_err(|refusal| refusal.of_input(name))
}

fn output<'a>(
    known: &'a TensorMetadata,
    tensor: &Tensor,
    form: Form,
    bytes: &mut Vec<u8>,
) -> Result<InferOutput<'a>, Refusal> {
    let (parameters, data) = match form {
        Form::Json => (None, Some(tensor::to_flat_json(tensor, known.datatype)?)),
        Form::Binary => {
            let own = tensor::to_bytes(tensor, known.datatype)?;
            let parameters = OutputParameters {
                binary_data_size: own.len(),
            };
            bytes.extend(own);
            (Some(parameters), None)
        }
    };
    Ok(InferOutput {
        name: &known.name,
        shape: tensor.shape().to_vec(),
        datatype: known.datatype,
        parameters,
        data,
    })
}

/// An answer with the bytes of its outputs behind it, if there are any.
fn with_bytes(json: Response<Bytes>, bytes: &[u8]) -> Response<Bytes> {
    if bytes.is_empty() {
        return json;
    }
    let (mut head, json) = json.into_parts();
    head.headers.insert(JSON_LENGTH, json.len().into());
    head.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    Response::from_parts(head, [&json, bytes].concat().into())
}
