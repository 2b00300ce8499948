//! What two answers to the same request say differently.

use serde_json::{Number, Value};

use crate::view::AnswerDifference;

/// How many differences are told.
const MOST_TOLD: usize = 20;

/// How long a value is told.
const LONGEST_TOLD: usize = 200;

/// What makes answers differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// How far apart numbers may be, as a part of the larger one, or of 1 where that is more.
    pub tolerance: f64,
    /// Members of the answers that are not looked at.
    pub ignored: Vec<String>,
}

/// Where answers differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// At how many places.
    pub count: usize,
    /// The first of them.
    pub told: Vec<AnswerDifference>,
}

/// Compares two bodies: as JSON where both are, and byte by byte otherwise.
pub fn compare(before: &[u8], after: &[u8], rules: &Rules) -> Differences {
    let mut differences = Differences::default();
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    match (read(before), read(after)) {
        (Some(mut before), Some(mut after)) => {
            for name in &rules.ignored {
                for answer in [&mut before, &mut after] {
                    if let Some(members) = answer.as_object_mut() {
                        members.remove(name);
                    }
                }
            }
            differences.look(&mut String::new(), Some(&before), Some(&after), rules);
        }
        _ if before == after => {}
        _ => {
            let told =
                |bytes: &[u8]| Some(Value::from(String::from_utf8_lossy(bytes).into_owned()));
            let (before, after) = (told(before), told(after));
            differences.tell("", before.as_ref(), after.as_ref());
        }
    }
    differences
}

impl Differences {
    fn look(
        &mut self,
        path: &mut String,
        before: Option<&Value>,
        after: Option<&Value>,
        rules: &Rules,
    ) {
        match (before, after) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                let added = after.keys().filter(|name| !before.contains_key(*name));
                for name in before.keys().chain(added) {
                    let dot = if path.is_empty() { "" } else { "." };
                    let step = format!("{dot}{name}");
                    self.look_below(path, &step, before.get(name), after.get(name), rules);
                }
            }
            (Some(Value::Array(before)), Some(Value::Array(after))) => {
                for place in 0..before.len().max(after.len()) {
                    let step = format!("[{place}]");
                    self.look_below(path, &step, before.get(place), after.get(place), rules);
                }
            }
            (Some(Value::Number(one)), Some(Value::Number(other))) => {
                let is_whole = |number: &Number| number.is_i64() || number.is_u64();
                let is_near = match (one.as_f64(), other.as_f64()) {
                    // Classes and ids are no measures.
                    _ if is_whole(one) && is_whole(other) => one == other,
                    (Some(one), Some(other)) => is_near(one, other, rules.tolerance),
                    _ => one == other,
                };
                if !is_near {
                    self.tell(path, before, after);
                }
            }
            _ if before == after => {}
            _ => self.tell(path, before, after),
        }
    }

    fn look_below(
        &mut self,
        path: &mut String,
        step: &str,
        before: Option<&Value>,
        after: Option<&Value>,
        rules: &Rules,
    ) {
        let length = path.len();
        path.push_str(step);
        self.look(path, before, after, rules);
        path.truncate(length);
    }

    fn tell(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        self.count += 1;
        if self.told.len() < MOST_TOLD {
            self.told.push(AnswerDifference {
                path: path.to_owned(),
                before: before.map(short),
                after: after.map(short),
            });
        }
    }
}

fn is_near(one: f64, other: f64, tolerance: f64) -> bool {
    let size = one.abs().max(other.abs()).max(1.0);
    (one - other).abs() <= tolerance * size
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_TOLD) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(before: &Value, after: &Value) -> Vec<(String, Option<String>, Option<String>)> {
        let rules = Rules {
            tolerance: 1e-6,
            ignored: vec!["id".to_owned()],
        };
        let text = |value: &Value| value.to_string().into_bytes();
        let found = compare(&text(before), &text(after), &rules);
        assert_eq!(found.count, found.told.len());
        let told = found.told.into_iter();
        told.map(|told| (told.path, told.before, told.after))
            .collect()
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn numbers_that_are_near_are_equal() {
        let none = Vec::new();
        assert_eq!(
            differences(&json!([1, 0.1]), &json!([1.0, 0.100_000_05])),
            none
        );
        assert_eq!(differences(&json!(1e9), &json!(1e9 + 100.0)), none);
        let told = differences(&json!(10_000_000), &json!(10_000_001));
        assert_eq!(told, [(String::new(), text("10000000"), text("10000001"))]);
        let told = differences(
            &json!({"predictions": [1, 2]}),
            &json!({"predictions": [1, 3]}),
        );
        assert_eq!(told, [("predictions[1]".to_owned(), text("2"), text("3"))]);
    }

    #[test]
    fn what_is_only_in_one_of_them_is_told() {
        let before = json!({"id": "a", "outputs": [{"data": [1]}], "gone": true});
        let after = json!({"id": "b", "outputs": [{"data": [1, 2], "shape": [2]}]});
        let told = differences(&before, &after);
        let expected = [
            ("outputs[0].data[1]".to_owned(), None, text("2")),
            ("outputs[0].shape".to_owned(), None, text("[2]")),
            ("gone".to_owned(), text("true"), None),
        ];
        assert_eq!(told.len(), 3);
        for difference in expected {
            assert!(
                told.contains(&difference),
                "{difference:?} is not in {told:?}"
            );
        }
    }

    #[test]
    fn another_kind_of_value_differs_and_what_is_no_json_is_compared_by_its_bytes() {
        let told = differences(&json!([1]), &json!({"error": "no"}));
        assert_eq!(
            told,
            [(String::new(), text("[1]"), text("{\"error\":\"no\"}"))]
        );
        let rules = Rules {
            tolerance: 0.0,
            ignored: Vec::new(),
        };
        assert_eq!(
            compare(b"\xff\x00", b"\xff\x00", &rules),
            Differences::default()
        );
        assert_eq!(compare(b"\xff\x00", b"\xff\x01", &rules).count, 1);
    }

    #[test]
    fn of_many_differences_the_first_are_told_and_all_counted() {
        let rules = Rules {
            tolerance: 0.0,
            ignored: Vec::new(),
        };
        let (before, after) = (json!(vec![0; 100]), json!(vec![1; 100]));
        let found = compare(
            before.to_string().as_bytes(),
            after.to_string().as_bytes(),
            &rules,
        );
        assert_eq!((found.count, found.told.len()), (100, MOST_TOLD));
    }
}
