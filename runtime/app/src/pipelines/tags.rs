//! Which tags are taken: KFP's rules, in its words.

use std::collections::BTreeMap;

use crate::error::AppError;

/// How many something may have.
const MOST: usize = 20;

/// Characters of a key or a value.
const LONGEST: usize = 63;

pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), AppError> {
    let problem = too_many(tags).or_else(|| tags.iter().find_map(|(key, value)| wrong(key, value)));
    match problem {
        Some(problem) => Err(AppError::Tags(problem)),
        None => Ok(()),
    }
}

fn too_many(tags: &BTreeMap<String, String>) -> Option<String> {
    let count = tags.len();
    (count > MOST).then(|| format!("number of tags ({count}) exceeds maximum of {MOST} per entity"))
}

fn wrong(key: &str, value: &str) -> Option<String> {
    let long = |text: &str| text.chars().count() > LONGEST;
    if key.is_empty() {
        return Some("tag key cannot be empty".to_owned());
    }
    if key.contains('.') {
        return Some(format!("tag key {key:?} must not contain '.' character"));
    }
    if long(key) {
        return Some(format!(
            "tag key {key:?} exceeds maximum length of {LONGEST} characters"
        ));
    }
    long(value).then(|| {
        format!(
            "tag value {value:?} for key {key:?} exceeds maximum length of {LONGEST} characters"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_and_dots_are_not_taken() {
        let told = |key: &str, value: &str| {
            let tags = BTreeMap::from([(key.to_owned(), value.to_owned())]);
            check(&tags).err().map(|error| error.to_string())
        };
        assert_eq!(told("team", "vision"), None);
        assert_eq!(told(&"ü".repeat(63), ""), None);
        assert_eq!(told("", "x").unwrap(), "tag key cannot be empty");
        assert_eq!(
            told("a.b", "x").unwrap(),
            "tag key \"a.b\" must not contain '.' character"
        );
        assert!(told(&"k".repeat(64), "x").unwrap().starts_with("tag key"));
        assert!(told("k", &"v".repeat(64)).unwrap().starts_with("tag value"));
        let many = (0..21).map(|number| (number.to_string(), String::new()));
        assert_eq!(
            check(&many.collect()).unwrap_err().to_string(),
            "number of tags (21) exceeds maximum of 20 per entity"
        );
    }
}
