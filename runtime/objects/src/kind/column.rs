//! The columns that kinds are made of, and what stands in an empty cell.

use crate::strategy::Column;

/// The first column of most kinds.
pub(super) const NAME: Column = Column {
    name: "Name",
    kind: "string",
    format: "name",
    description: "The object's name.",
    priority: 0,
};

/// How long ago it was made.
pub(super) const AGE: Column = text("Age", "How long ago it was made.");

/// The names of a template's containers.
pub(super) const CONTAINERS: Column = wide("Containers", "The containers of its pods.");

/// The images of a template's containers.
pub(super) const IMAGES: Column = wide("Images", "The images of its pods' containers.");

/// What selects the pods.
pub(super) const SELECTOR: Column = wide("Selector", "What labels its pods have.");

/// A column of texts.
pub(super) const fn text(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        kind: "string",
        format: "",
        description,
        priority: 0,
    }
}

/// A column of whole numbers.
pub(super) const fn integer(name: &'static str, description: &'static str) -> Column {
    Column {
        kind: "integer",
        ..text(name, description)
    }
}

/// A column of what is so or not.
pub(super) const fn boolean(name: &'static str, description: &'static str) -> Column {
    Column {
        kind: "boolean",
        ..text(name, description)
    }
}

/// A column of times.
pub(super) const fn date(name: &'static str, description: &'static str) -> Column {
    Column {
        kind: "date",
        ..text(name, description)
    }
}

/// A column of texts that only `-o wide` shows.
pub(super) const fn wide(name: &'static str, description: &'static str) -> Column {
    Column {
        priority: 1,
        ..text(name, description)
    }
}

/// The text, or `<none>` where there is none.
pub(super) fn or_none(text: &str) -> String {
    or(text, "<none>")
}

/// The text, or another where there is none.
pub(super) fn or(text: &str, other: &str) -> String {
    if text.is_empty() { other } else { text }.to_owned()
}
