//! Elements as nested arrays in JSON.

use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use super::element::Element;

/// Elements as arrays of arrays.
pub(super) struct Rows<'a, T> {
    pub(super) elements: &'a [T],
    pub(super) shape: &'a [usize],
}

/// One element, which is not itself what serde knows.
struct One<'a, T>(&'a T);

impl<T: Element> Serialize for One<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

impl<T: Element> Serialize for Rows<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.shape {
            [] => self.elements[0].write(serializer),
            [_] => serializer.collect_seq(self.elements.iter().map(One)),
            [count, shape @ ..] => {
                let length = shape.iter().product::<usize>();
                let mut rows = serializer.serialize_seq(Some(*count))?;
                for number in 0..*count {
                    let elements = &self.elements[number * length..(number + 1) * length];
                    rows.serialize_element(&Rows { elements, shape })?;
                }
                rows.end()
            }
        }
    }
}
