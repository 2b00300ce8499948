//! Rows as KServe's first protocol has them: values, lists or objects.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Unread;
use super::cells::{Cells, Into};

/// One row.
pub(super) enum Row {
    /// A value or a list of them.
    Unnamed(Cells),
    /// An object, in its own order.
    Named(Vec<(String, Cells)>),
}

/// The rows of a list, each added to the others as soon as it is read. Of each as many cells are kept as there may be, and one.
pub(super) fn read<R: Rows>(text: &RawValue, most: usize) -> Result<R, Unread> {
    let mut deserializer = serde_json::Deserializer::from_str(text.get());
    All::new(most)
        .deserialize(&mut deserializer)
        .map_err(Unread::Json)
}

/// The rows of each member of an object.
pub(super) fn read_named<R: Rows>(
    text: &RawValue,
    most: usize,
) -> Result<Vec<(String, R)>, Unread> {
    let mut deserializer = serde_json::Deserializer::from_str(text.get());
    let of = All::new(most);
    Members { of }
        .deserialize(&mut deserializer)
        .map_err(Unread::Json)
}

/// What rows are added to.
pub(super) trait Rows: Default + Extend<Row> {}

impl<R: Default + Extend<Row>> Rows for R {}

struct All<R> {
    most: usize,
    rows: PhantomData<R>,
}

impl<R> All<R> {
    fn new(most: usize) -> Self {
        Self {
            most,
            rows: PhantomData,
        }
    }
}

impl<R> Clone for All<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for All<R> {}

impl<'de, R: Rows> DeserializeSeed<'de> for All<R> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, R: Rows> Visitor<'de> for All<R> {
    type Value = R;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<R, A::Error> {
        let mut rows = R::default();
        while let Some(row) = sequence.next_element_seed(One { most: self.most })? {
            rows.extend([row]);
        }
        Ok(rows)
    }
}

#[derive(Clone, Copy)]
struct One {
    most: usize,
}

impl One {
    fn unnamed<E>(self, read: impl FnOnce(Into<'_>) -> Result<(), E>) -> Result<Row, E> {
        let mut cells = Cells::with_room_for(self.most);
        read(Into(&mut cells))?;
        Ok(Row::Unnamed(cells))
    }
}

impl<'de> DeserializeSeed<'de> for One {
    type Value = Row;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Row, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One {
    type Value = Row;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a row")
    }

    fn visit_unit<E: Error>(self) -> Result<Row, E> {
        self.unnamed(|into| into.visit_unit())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Row, E> {
        self.unnamed(|into| into.visit_bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Row, E> {
        self.unnamed(|into| into.visit_i64(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Row, E> {
        self.unnamed(|into| into.visit_u64(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Row, E> {
        self.unnamed(|into| into.visit_f64(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Row, E> {
        self.unnamed(|into| into.visit_str(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Row, A::Error> {
        self.unnamed(|into| into.visit_seq(sequence))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Row, A::Error> {
        let of = Member { most: self.most };
        Ok(Row::Named(Members { of }.visit_map(map)?))
    }
}

#[derive(Clone, Copy)]
struct Member {
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Member {
    type Value = Cells;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cells, D::Error> {
        let mut cells = Cells::with_room_for(self.most);
        Into(&mut cells).deserialize(deserializer)?;
        Ok(cells)
    }
}

/// An object whose members are each read alike, in its own order.
struct Members<S> {
    of: S,
}

impl<'de, S: DeserializeSeed<'de> + Copy> DeserializeSeed<'de> for Members<S> {
    type Value = Vec<(String, S::Value)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Copy> Visitor<'de> for Members<S> {
    type Value = Vec<(String, S::Value)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key()? {
            members.push((name, map.next_value_seed(self.of)?));
        }
        Ok(members)
    }
}
