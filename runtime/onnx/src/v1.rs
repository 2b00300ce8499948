//! KServe's first protocol: `instances`, row by row, or `inputs`, input by input.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tract_onnx::prelude::Tensor;

use crate::model::{Metadata, Model, TensorMetadata};
use crate::refusal::Refusal;
use crate::route::json_response;
use crate::tensor;

#[derive(Deserialize)]
struct PredictRequest<'a> {
    #[serde(borrow, default)]
    instances: Option<&'a RawValue>,
    #[serde(borrow, default)]
    inputs: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct PredictResponse {
    predictions: Box<RawValue>,
}

/// A row or all columns, by the names of inputs or outputs.
type Named<T> = BTreeMap<String, T>;

/// Runs a model.
pub(crate) fn predict(model: &Model, body: &[u8]) -> Result<Response<Bytes>, Refusal> {
    let request: PredictRequest<'_> =
        serde_json::from_slice(body).map_err(|error| Refusal::format(&error))?;
    let metadata = model.metadata();
    let sent = match (request.instances, request.inputs) {
        (Some(instances), None) => of_instances(instances, metadata)?,
        (None, Some(inputs)) => of_inputs(inputs, metadata)?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(Refusal::InvalidInput(
                "the body is to have `instances` or `inputs`".to_owned(),
            ));
        }
    };
    for (tensor, known) in sent.iter().zip(&metadata.inputs) {
        known.check_shape(tensor.shape())?;
    }
    let predictions = predictions(&model.run(sent)?, metadata)?;
    Ok(json_response(&PredictResponse { predictions }))
}

/// Rows: of the only input, or objects with a member for each input.
fn of_instances(instances: &RawValue, metadata: &Metadata) -> Result<Vec<Tensor>, Refusal> {
    let text = instances.get();
    let Some(inner) = text.strip_prefix('[') else {
        return Err(Refusal::InvalidInput(
            "Expected \"instances\" to be a list".to_owned(),
        ));
    };
    if !inner.trim_start().starts_with('{') {
        return of_only_input(instances, metadata);
    }
    let rows: Vec<Named<&RawValue>> =
        serde_json::from_str(text).map_err(|error| Refusal::format(&error))?;
    let mut columns: Named<Vec<&RawValue>> = Named::new();
    for row in &rows {
        for (name, value) in row {
            columns.entry(name.clone()).or_default().push(value);
        }
    }
    for (name, values) in &columns {
        if values.len() != rows.len() {
            return Err(Refusal::InvalidInput(format!(
                "the input `{name}` is missing in some instances"
            )));
        }
    }
    let columns: Result<Named<Box<RawValue>>, _> = columns
        .into_iter()
        .map(|(name, values)| Ok((name, to_raw_value(&values)?)))
        .collect();
    of_columns(&columns.map_err(|error| Refusal::format(&error))?, metadata)
}

/// Whole tensors: that of the only input, or an object with a member for each input.
fn of_inputs(inputs: &RawValue, metadata: &Metadata) -> Result<Vec<Tensor>, Refusal> {
    if !inputs.get().starts_with('{') {
        return of_only_input(inputs, metadata);
    }
    let columns: Named<Box<RawValue>> =
        serde_json::from_str(inputs.get()).map_err(|error| Refusal::format(&error))?;
    of_columns(&columns, metadata)
}

fn of_only_input(value: &RawValue, metadata: &Metadata) -> Result<Vec<Tensor>, Refusal> {
    match metadata.inputs.as_slice() {
        [only] => Ok(vec![of_value(value, only)?]),
        several => {
            let names: Vec<&str> = several.iter().map(|input| input.name.as_str()).collect();
            Err(Refusal::InvalidInput(format!(
                "the model has several inputs, which are to be named: {}",
                names.join(", ")
            )))
        }
    }
}

fn of_columns(columns: &Named<Box<RawValue>>, metadata: &Metadata) -> Result<Vec<Tensor>, Refusal> {
    let is_known = |name: &str| metadata.inputs.iter().any(|known| known.name == name);
    if let Some(unknown) = columns.keys().find(|name| !is_known(name)) {
        return Err(Refusal::InvalidInput(format!(
            "the model has no input `{unknown}`"
        )));
    }
    let of_input = |known: &TensorMetadata| {
        let value = columns.get(known.name.as_str()).ok_or_else(|| {
            Refusal::InvalidInput(format!("the input `{}` is missing", known.name))
        })?;
        of_value(value, known)
    };
    metadata.inputs.iter().map(of_input).collect()
}

fn of_value(value: &RawValue, known: &TensorMetadata) -> Result<Tensor, Refusal> {
    tensor::of_nested_json(known.datatype, value, &known.shape)
        .map_err(|refusal| refusal.of_input(&known.name))
}

/// Rows of the only output, or objects with a member for each output; columns where outputs have no rows in common.
fn predictions(tensors: &[Tensor], metadata: &Metadata) -> Result<Box<RawValue>, Refusal> {
    let outputs = || metadata.outputs.iter().zip(tensors);
    if let [only] = tensors {
        return tensor::to_nested_json(only, metadata.outputs[0].datatype);
    }
    let counts: Vec<Option<&usize>> = tensors
        .iter()
        .map(|tensor| tensor.shape().first())
        .collect();
    let has_rows = counts
        .iter()
        .all(|count| count.is_some() && *count == counts[0]);
    let written = if has_rows {
        let mut rows = vec![BTreeMap::new(); counts[0].copied().unwrap_or_default()];
        for (known, tensor) in outputs() {
            let cells = tensor::to_rows(tensor, known.datatype)?;
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.insert(known.name.as_str(), cell);
            }
        }
        to_raw_value(&rows)
    } else {
        let mut columns = BTreeMap::new();
        for (known, tensor) in outputs() {
            columns.insert(
                known.name.as_str(),
                tensor::to_nested_json(tensor, known.datatype)?,
            );
        }
        to_raw_value(&columns)
    };
    written.map_err(|error| Refusal::Inference(error.to_string()))
}
