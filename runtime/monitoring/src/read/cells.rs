//! A value of JSON as the cells in it, however it is nested.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Unread;
use crate::cell::Cell;

/// The cells of a value, in order.
#[derive(Debug, Default)]
pub(super) struct Cells {
    found: Vec<Cell>,
    most: usize,
}

impl Cells {
    pub(super) fn with_room_for(most: usize) -> Self {
        Self {
            found: Vec::new(),
            most,
        }
    }

    pub(super) fn push(&mut self, cell: Cell) {
        // One more than there may be is kept, which tells that there are more.
        if self.found.len() <= self.most {
            self.found.push(cell);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    pub(super) fn into_vec(self) -> Result<Vec<Cell>, Unread> {
        if self.found.len() > self.most {
            return Err(Unread::TooWide(self.found.len()));
        }
        Ok(self.found)
    }

    fn is_full(&self) -> bool {
        self.found.len() > self.most
    }
}

/// Adds what is read to the cells that are there.
pub(super) struct Into<'a>(pub(super) &'a mut Cells);

impl<'de> DeserializeSeed<'de> for Into<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Into<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.push(Cell::Missing);
        Ok(())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        self.0.push(Cell::truth(truth));
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.0.push(Cell::number(number));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.push(Cell::text(text));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while !self.0.is_full() {
            if sequence.next_element_seed(Into(self.0))?.is_none() {
                return Ok(());
            }
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    /// What is below names has no order: probabilities by their classes, or base64 of an image.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
