//! Lists: what is asked of one, and a page of an answer.
//!
//! Fields are named by KFP's words. Which fields a list has is known where it is stored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is asked of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// What the items have to fit, all of it.
    pub predicates: Vec<Predicate>,
    /// Their order.
    pub sort: Sort,
    /// The place after which the page begins; the start when there is none.
    pub after: Option<ListPlace>,
    /// How many items at most.
    pub limit: usize,
}

/// The order of a list; items that are alike in it come in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// The field.
    pub field: String,
    /// Whether the last comes first.
    pub descending: bool,
}

/// Something that the items of a list have to fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predicate {
    /// The field.
    pub field: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub operand: Operand,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// The same.
    Equals,
    /// Not the same.
    NotEquals,
    /// More, or later.
    Greater,
    /// As much, or more.
    GreaterOrEqual,
    /// Less, or earlier.
    Less,
    /// As much, or less.
    LessOrEqual,
    /// One of several.
    In,
    /// It has this text in it.
    Contains,
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operand {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A time.
    Time(Timestamp),
    /// Several texts.
    Texts(Vec<String>),
    /// Several whole numbers.
    Integers(Vec<i64>),
}

/// A place in a list: that of one item, by what it is sorted by and by when it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListPlace {
    /// What the list is sorted by, of that item.
    pub value: SortValue,
    /// The item's number in the order in which all were made.
    pub number: i64,
}

/// A value that items are sorted by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SortValue {
    /// A text.
    Text(String),
    /// A whole number, or a time in microseconds.
    Integer(i64),
    /// A number, such as a metric.
    Real(f64),
    /// None at all, which comes before everything else.
    None,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many fit in all.
    pub total: u64,
    /// Where the next page begins; none when this is the last.
    pub next: Option<ListPlace>,
}
