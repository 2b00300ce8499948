//! Tensors: read from JSON and from bytes, and written as both.

mod element;
mod nested;
mod rows;

use std::fmt::Display;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tract_onnx::prelude::tract_ndarray::ArrayD;
use tract_onnx::prelude::{Tensor, f16};

use self::element::Element;
use self::nested::Nested;
use self::rows::Rows;
use crate::datatype::Datatype;
use crate::refusal::Refusal;

/// More elements than a request can hold. Where there are none, the other dimensions may still say anything.
const MOST_ELEMENTS: usize = 1 << 28;

/// Does something for the type of elements that a datatype stands for.
macro_rules! for_elements {
    ($datatype:expr, $element:ident => $work:expr) => {
        match $datatype {
            Datatype::Bool => for_elements!(@ bool, $element => $work),
            Datatype::Int8 => for_elements!(@ i8, $element => $work),
            Datatype::Int16 => for_elements!(@ i16, $element => $work),
            Datatype::Int32 => for_elements!(@ i32, $element => $work),
            Datatype::Int64 => for_elements!(@ i64, $element => $work),
            Datatype::Uint8 => for_elements!(@ u8, $element => $work),
            Datatype::Uint16 => for_elements!(@ u16, $element => $work),
            Datatype::Uint32 => for_elements!(@ u32, $element => $work),
            Datatype::Uint64 => for_elements!(@ u64, $element => $work),
            Datatype::Fp16 => for_elements!(@ f16, $element => $work),
            Datatype::Fp32 => for_elements!(@ f32, $element => $work),
            Datatype::Fp64 => for_elements!(@ f64, $element => $work),
            Datatype::Bytes => for_elements!(@ String, $element => $work),
        }
    };
    (@ $type:ty, $element:ident => $work:expr) => {{
        type $element = $type;
        $work
    }};
}

/// Elements from an array in JSON, which may be nested, in a shape that is told beside it.
pub(crate) fn of_json(
    datatype: Datatype,
    json: &RawValue,
    shape: &[usize],
) -> Result<Tensor, Refusal> {
    for_elements!(datatype, T => {
        let nested = Nested::<T>::read(datatype, json)?;
        shaped(nested.elements, shape)
    })
}

/// Elements from nested arrays in JSON, which have the shape of the tensor. No rows at all are those of any shape.
pub(crate) fn of_nested_json(
    datatype: Datatype,
    json: &RawValue,
    declared: &[Option<usize>],
) -> Result<Tensor, Refusal> {
    for_elements!(datatype, T => {
        let nested = Nested::<T>::read(datatype, json)?;
        let mut shape = nested.shape();
        if shape == [0] {
            shape.extend(declared.iter().skip(1).map(|size| size.unwrap_or_default()));
        }
        shaped(nested.elements, &shape)
    })
}

/// Elements from their bytes, in the order of the machines that nearly everybody has.
pub(crate) fn of_bytes(
    datatype: Datatype,
    mut bytes: &[u8],
    shape: &[usize],
) -> Result<Tensor, Refusal> {
    for_elements!(datatype, T => {
        let mut elements: Vec<T> = Vec::new();
        while !bytes.is_empty() {
            let Some((element, length)) = T::of_bytes(bytes) else {
                let name = datatype.as_str();
                return Err(Refusal::InvalidInput(format!("the binary data is not of the datatype {name}")));
            };
            elements.push(element);
            bytes = &bytes[length..];
        }
        shaped(elements, shape)
    })
}

/// The bytes of a tensor's elements.
pub(crate) fn to_bytes(tensor: &Tensor, datatype: Datatype) -> Result<Vec<u8>, Refusal> {
    for_elements!(datatype, T => {
        let mut bytes = Vec::new();
        for element in elements::<T>(tensor)? {
            element.append_to(&mut bytes);
        }
        Ok(bytes)
    })
}

/// A tensor's elements one after the other, as JSON.
pub(crate) fn to_flat_json(tensor: &Tensor, datatype: Datatype) -> Result<Box<RawValue>, Refusal> {
    for_elements!(datatype, T => raw(&Rows { elements: elements::<T>(tensor)?, shape: &[tensor.len()] }))
}

/// A tensor as nested arrays.
pub(crate) fn to_nested_json(
    tensor: &Tensor,
    datatype: Datatype,
) -> Result<Box<RawValue>, Refusal> {
    for_elements!(datatype, T => raw(&Rows { elements: elements::<T>(tensor)?, shape: tensor.shape() }))
}

/// The rows of a tensor, each as nested arrays.
pub(crate) fn to_rows(tensor: &Tensor, datatype: Datatype) -> Result<Vec<Box<RawValue>>, Refusal> {
    let (count, shape) = tensor.shape().split_first().unwrap_or((&1, &[]));
    let length = shape.iter().product::<usize>();
    for_elements!(datatype, T => {
        let elements = elements::<T>(tensor)?;
        let row = |number: usize| {
            raw(&Rows { elements: &elements[number * length..(number + 1) * length], shape })
        };
        (0..*count).map(row).collect()
    })
}

/// A shape as it is written in messages.
pub(crate) fn shape_text(shape: &[impl Display]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("[{}]", sizes.join(", "))
}

fn raw(value: &impl Serialize) -> Result<Box<RawValue>, Refusal> {
    to_raw_value(value).map_err(|error| Refusal::Inference(error.to_string()))
}

fn elements<T: Element>(tensor: &Tensor) -> Result<&[T], Refusal> {
    let elements = tensor.try_as_plain_ram().and_then(|view| view.as_slice());
    elements.map_err(|error| Refusal::Inference(format!("{error:#}")))
}

fn shaped<T: Element>(elements: Vec<T>, shape: &[usize]) -> Result<Tensor, Refusal> {
    let (count, wanted) = (elements.len(), shape_text(shape));
    let filled = shape.iter().filter(|size| **size > 0);
    let claimed = filled
        .copied()
        .try_fold(1, |claimed: usize, size| claimed.checked_mul(size));
    let is_possible = claimed.is_some_and(|claimed| claimed <= MOST_ELEMENTS);
    match ArrayD::from_shape_vec(shape, elements) {
        Ok(array) if is_possible => Ok(array.into()),
        Ok(_) | Err(_) => Err(Refusal::InvalidInput(format!(
            "{count} elements do not make the shape {wanted}"
        ))),
    }
}
