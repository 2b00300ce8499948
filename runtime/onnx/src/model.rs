//! What a model takes and gives, and running it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tract_onnx::prelude::{
    DatumType, IntoTensor as _, TDim, TValue, Tensor, TractResult, TypedSimplePlan,
};

use crate::datatype::Datatype;
use crate::refusal::Refusal;
use crate::tensor::shape_text;
use crate::unwind::guarded;

/// A model that is loaded.
#[derive(Debug)]
pub struct Model {
    plan: Arc<TypedSimplePlan>,
    metadata: Metadata,
    /// The dimensions of each input, where several may share a symbol.
    dimensions: Vec<Vec<TDim>>,
}

/// What a model takes and gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Its version; 1 where its place names none.
    pub version: u64,
    /// What it takes.
    pub inputs: Vec<TensorMetadata>,
    /// What it gives.
    pub outputs: Vec<TensorMetadata>,
}

/// An input or an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorMetadata {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    pub datatype: Datatype,
    /// Its dimensions; none for one that may be of any size.
    pub shape: Vec<Option<usize>>,
}

/// An input while a model is loaded.
pub(crate) struct Input {
    pub(crate) metadata: TensorMetadata,
    pub(crate) dimensions: Vec<TDim>,
}

/// A model as the Open Inference Protocol describes it.
#[derive(Serialize)]
pub(crate) struct TensorMessage<'a> {
    name: &'a str,
    datatype: Datatype,
    shape: Vec<i64>,
}

impl<'a> TensorMessage<'a> {
    pub(crate) fn of(tensor: &'a TensorMetadata) -> Self {
        Self {
            name: &tensor.name,
            datatype: tensor.datatype,
            shape: tensor.wire_shape(),
        }
    }
}

impl TensorMetadata {
    /// The shape with -1 for what may be of any size.
    fn wire_shape(&self) -> Vec<i64> {
        let open_or = |size: &Option<usize>| size.and_then(|size| size.try_into().ok());
        self.shape
            .iter()
            .map(|size| open_or(size).unwrap_or(-1))
            .collect()
    }

    /// Refuses a shape that this cannot have.
    pub(crate) fn check_shape(&self, shape: &[usize]) -> Result<(), Refusal> {
        let fits = shape.len() == self.shape.len()
            && self
                .shape
                .iter()
                .zip(shape)
                .all(|(wanted, given)| wanted.is_none_or(|wanted| wanted == *given));
        if fits {
            return Ok(());
        }
        Err(Refusal::InvalidInput(format!(
            "the input `{}` has the shape {} and is to have {}",
            self.name,
            shape_text(shape),
            shape_text(&self.wire_shape()),
        )))
    }
}

impl Model {
    pub(crate) fn new(
        plan: Arc<TypedSimplePlan>,
        metadata: Metadata,
        dimensions: Vec<Vec<TDim>>,
    ) -> Self {
        Self {
            plan,
            metadata,
            dimensions,
        }
    }

    /// What it takes and gives.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Runs it: one tensor for each input, one for each output. Types and fixed dimensions were checked.
    pub(crate) fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Refusal> {
        self.check_shared(&inputs)?;
        let inputs = inputs.into_iter().map(TValue::from).collect();
        let outputs = guarded(|| {
            let outputs = self.plan.run(inputs)?;
            outputs.into_iter().map(plain).collect::<TractResult<_>>()
        });
        outputs
            .map_err(|panic| Refusal::Inference(format!("the model failed: {panic}")))?
            .map_err(|error| Refusal::Inference(format!("the model failed: {error:#}")))
    }

    /// Refuses inputs that give one dimension two sizes, such as two batches of different sizes.
    fn check_shared(&self, inputs: &[Tensor]) -> Result<(), Refusal> {
        let mut sizes: BTreeMap<String, (usize, &str)> = BTreeMap::new();
        let described = self.metadata.inputs.iter().zip(&self.dimensions);
        for ((metadata, dimensions), tensor) in described.zip(inputs) {
            for (dimension, size) in dimensions.iter().zip(tensor.shape()) {
                let TDim::Sym(symbol) = dimension else {
                    continue;
                };
                let (known, first) = *sizes
                    .entry(symbol.to_string())
                    .or_insert((*size, &metadata.name));
                if known != *size {
                    return Err(Refusal::InvalidInput(format!(
                        "the inputs `{first}` and `{}` are to be alike in `{symbol}`, which is {known} in the first and {size} in the second",
                        metadata.name,
                    )));
                }
            }
        }
        Ok(())
    }
}

/// A tensor of numbers that lie one after the other.
fn plain(value: TValue) -> TractResult<Tensor> {
    let tensor = value.into_tensor().into_plain_ram()?;
    if tensor.datum_type() == DatumType::TDim {
        return Ok(tensor.cast_to::<i64>()?.into_owned());
    }
    Ok(tensor)
}
