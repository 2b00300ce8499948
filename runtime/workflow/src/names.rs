//! Names that Argo takes, one for each thing.

use std::collections::BTreeSet;

/// The longest name of a template or task; nodes' names are made of several.
const LONGEST: usize = 60;

/// Names that are taken.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// A name like the wished one that nothing else has: letters of a DNS label.
    pub(crate) fn take(&mut self, wished: &str) -> String {
        let plain = plain(wished);
        let mut name = plain.clone();
        let mut count = 1;
        while !self.0.insert(name.clone()) {
            count += 1;
            name = format!("{plain}-{count}");
        }
        name
    }
}

/// Words that mean something where Argo reads which tasks a task depends on.
const WORDS: [&str; 12] = [
    "in", "or", "and", "not", "matches", "contains", "let", "if", "else", "true", "false", "nil",
];

/// A wish for the name of a task in a DAG, where it may neither begin with a digit nor be one of Argo's own words.
pub(crate) fn of_task(text: &str) -> String {
    let name = plain(text);
    if name.starts_with(|letter: char| letter.is_ascii_digit()) || WORDS.contains(&name.as_str()) {
        return format!("t-{name}");
    }
    name
}

/// The text as a DNS label.
pub(crate) fn plain(text: &str) -> String {
    let letter = |character: char| {
        if character.is_ascii_alphanumeric() {
            character.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let letters: String = text.chars().map(letter).take(LONGEST).collect();
    let trimmed = letters.trim_matches('-');
    if trimmed.is_empty() {
        "x".to_owned()
    } else {
        trimmed.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_called_nothing_that_argo_reads_otherwise() {
        assert_eq!(of_task("2nd-step"), "t-2nd-step");
        assert_eq!(of_task("Contains"), "t-contains");
        assert_eq!(of_task("contains-2"), "contains-2");
    }

    #[test]
    fn names_are_labels_and_differ() {
        let mut names = Names::default();
        assert_eq!(names.take("Comp_Train.x"), "comp-train-x");
        assert_eq!(names.take("comp-train-x"), "comp-train-x-2");
        assert_eq!(names.take("___"), "x");
        assert!(names.take(&"a".repeat(200)).len() <= LONGEST);
    }
}
