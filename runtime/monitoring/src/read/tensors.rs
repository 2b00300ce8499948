//! Tensors as the Open Inference Protocol has them: as JSON, or as bytes behind it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeSeed as _;
use serde_json::value::RawValue;

use super::cells::{Cells, Into};
use super::{Unread, datatype, few_enough};
use crate::cell::Cell;

/// Rows of values, one behind the other.
pub(super) struct Tensor {
    pub(super) name: String,
    /// How many values a row has.
    pub(super) width: usize,
    pub(super) cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Sent<'a> {
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
struct Parameters {
    #[serde(default)]
    binary_data_size: Option<usize>,
}

/// Whether what is sent are tensors: the first protocol has members of the same name.
pub(super) fn are_in(text: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Start {
        #[expect(dead_code, reason = "that it is there tells them")]
        datatype: String,
        #[expect(dead_code, reason = "that it is there tells them")]
        shape: Vec<usize>,
    }
    text.get().starts_with('[') && serde_json::from_str::<Vec<Start>>(text.get()).is_ok()
}

/// The tensors, each of which has so many values in a row at most.
pub(super) fn read(text: &RawValue, mut binary: &[u8], most: usize) -> Result<Vec<Tensor>, Unread> {
    let sent: Vec<Sent<'_>> = serde_json::from_str(text.get()).map_err(Unread::Json)?;
    let mut tensors = Vec::new();
    let mut all = 0;
    for tensor in sent {
        let wrong = || Unread::Tensor(tensor.name.clone().into_owned());
        let rows = tensor.shape.first().copied().unwrap_or(1);
        let inner = tensor.shape.iter().skip(1);
        let width = inner.fold(1usize, |width, dimension| width.saturating_mul(*dimension));
        if width > most {
            return Err(Unread::TooWide(width));
        }
        let count = rows.checked_mul(width).ok_or_else(wrong)?;
        all = count.saturating_add(all);
        few_enough(all)?;
        let size = tensor
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.binary_data_size);
        let cells = match (tensor.data, size) {
            (Some(data), None) => of_json(data, &tensor.datatype, count)?,
            (None, Some(size)) => {
                let (own, rest) = binary.split_at_checked(size).ok_or_else(wrong)?;
                binary = rest;
                datatype::cells(&tensor.datatype, own).ok_or_else(wrong)?
            }
            (Some(_), Some(_)) | (None, None) => return Err(wrong()),
        };
        if cells.len() != count {
            return Err(wrong());
        }
        tensors.push(Tensor {
            name: tensor.name.into_owned(),
            width,
            cells,
        });
    }
    Ok(tensors)
}

fn of_json(data: &RawValue, datatype: &str, count: usize) -> Result<Vec<Cell>, Unread> {
    let mut cells = Cells::with_room_for(count);
    let mut deserializer = serde_json::Deserializer::from_str(data.get());
    Into(&mut cells)
        .deserialize(&mut deserializer)
        .map_err(Unread::Json)?;
    let mut cells = cells.into_vec().map_err(|_| Unread::Ragged)?;
    if datatype.eq_ignore_ascii_case("BOOL") {
        // Some clients send truths as 0 and 1.
        for cell in &mut cells {
            if let Cell::Number(number) = cell {
                *cell = Cell::truth(*number != 0.0);
            }
        }
    }
    Ok(cells)
}
