//! Elements from nested arrays in JSON, and the shape that these have.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::element::{Element, Scalar};
use crate::datatype::Datatype;
use crate::refusal::Refusal;

/// Nested arrays while they are read: all elements in their order, and how long the arrays of each level are.
pub(super) struct Nested<T> {
    datatype: Datatype,
    pub(super) elements: Vec<T>,
    /// None for a level whose first array has not ended.
    lengths: Vec<Option<usize>>,
    /// How deep elements stand.
    depth: Option<usize>,
}

impl<T: Element> Nested<T> {
    pub(super) fn read(datatype: Datatype, json: &RawValue) -> Result<Self, Refusal> {
        let mut nested = Self {
            datatype,
            elements: Vec::new(),
            lengths: Vec::new(),
            depth: None,
        };
        let mut deserializer = serde_json::Deserializer::from_str(json.get());
        let level = Level {
            nested: &mut nested,
            depth: 0,
        };
        let read = level.deserialize(&mut deserializer);
        read.map_err(|error| Refusal::format(&error))?;
        Ok(nested)
    }

    pub(super) fn shape(&self) -> Vec<usize> {
        self.lengths
            .iter()
            .map(|length| length.unwrap_or_default())
            .collect()
    }
}

/// One array or element of nested arrays.
struct Level<'a, T> {
    nested: &'a mut Nested<T>,
    depth: usize,
}

impl<T: Element> Level<'_, T> {
    fn take<E: Error>(self, scalar: &Scalar<'_>) -> Result<(), E> {
        let depth = *self.nested.depth.get_or_insert(self.depth);
        if depth != self.depth || self.nested.lengths.len() > depth {
            return Err(ragged());
        }
        let Some(element) = T::of_scalar(scalar) else {
            let name = self.nested.datatype.as_str();
            return Err(E::custom(format!("{scalar} is no {name}")));
        };
        self.nested.elements.push(element);
        Ok(())
    }
}

fn ragged<E: Error>() -> E {
    E::custom("arrays of one level differ in their lengths")
}

impl<'de, T: Element> DeserializeSeed<'de> for Level<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Element> Visitor<'de> for Level<'_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.nested.datatype.as_str();
        write!(formatter, "nested arrays of {name}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let (nested, depth) = (self.nested, self.depth);
        if nested.depth.is_some_and(|elements| elements <= depth) {
            return Err(ragged());
        }
        if nested.lengths.len() == depth {
            nested.lengths.push(None);
        }
        let mut count = 0;
        let below = depth + 1;
        loop {
            let next = Level {
                nested: &mut *nested,
                depth: below,
            };
            if items.next_element_seed(next)?.is_none() {
                break;
            }
            count += 1;
        }
        if *nested.lengths[depth].get_or_insert(count) == count {
            Ok(())
        } else {
            Err(ragged())
        }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.take(&Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.take(&Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.take(&Scalar::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.take(&Scalar::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.take(&Scalar::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.take(&Scalar::Text(value))
    }
}
