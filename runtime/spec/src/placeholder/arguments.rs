//! Commands and arguments: one text each, or a `Concat` or `IfPresent` written as JSON.

use coracle_model::Value;

use super::text::resolve_text;
use super::{PlaceholderError, RunFacts, TaskFacts};
use crate::executor::ExecutorInput;

/// Resolves a command or its arguments.
///
/// `Concat` becomes one argument. `IfPresent` becomes what it holds for the case at hand: one argument,
/// several, or none. Either may hold the other, to any depth.
///
/// # Errors
/// When an argument is not of KFP's form, or uses something that is not there.
pub fn resolve_arguments(
    arguments: &[String],
    input: &ExecutorInput,
    run: &RunFacts,
    task: &TaskFacts,
) -> Result<Vec<String>, PlaceholderError> {
    let mut resolved = Vec::new();
    for argument in arguments {
        let texts = match parse(argument)? {
            Some(structure) => structure.choose(input),
            None => vec![argument.clone()],
        };
        for text in texts {
            resolved.push(resolve_text(&text, input, run, task)?);
        }
    }
    Ok(resolved)
}

/// An argument that is more than a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Element {
    /// Text with placeholders.
    Text(String),
    /// Its parts in a row, as one text.
    Concat(Vec<Self>),
    /// One of two lists.
    IfPresent {
        input: String,
        then: Vec<Self>,
        otherwise: Vec<Self>,
    },
}

impl Element {
    /// The texts that this becomes, placeholders still in them.
    fn choose(&self, input: &ExecutorInput) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Concat(parts) => vec![parts.iter().flat_map(|part| part.choose(input)).collect()],
            Self::IfPresent {
                input: name,
                then,
                otherwise,
            } => {
                let chosen = if input.is_present(name) {
                    then
                } else {
                    otherwise
                };
                chosen
                    .iter()
                    .flat_map(|element| element.choose(input))
                    .collect()
            }
        }
    }
}

fn parse(argument: &str) -> Result<Option<Element>, PlaceholderError> {
    let trimmed = argument.trim_start();
    if !trimmed.starts_with(r#"{"Concat":"#) && !trimmed.starts_with(r#"{"IfPresent":"#) {
        return Ok(None);
    }
    let malformed = |reason: String| PlaceholderError::Malformed {
        argument: argument.to_owned(),
        reason,
    };
    let value = Value::from_json(argument).map_err(|error| malformed(error.to_string()))?;
    element(value).map(Some).map_err(malformed)
}

fn element(value: Value) -> Result<Element, String> {
    let fields = match value {
        Value::String(text) => return Ok(Element::Text(text)),
        Value::Struct(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) => {
            return Err(format!(
                "a part of it is a {}, where text or a structure is due",
                value.kind()
            ));
        }
    };
    let mut fields = fields.into_iter();
    match (fields.next(), fields.next()) {
        (Some((key, inner)), None) if key == "Concat" => match inner {
            Value::List(_) => elements(inner).map(Element::Concat),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Struct(_) => Err("`Concat` must hold a list".to_owned()),
        },
        (Some((key, inner)), None) if key == "IfPresent" => if_present(inner),
        _ => Err("a structure in it must be one `Concat` or one `IfPresent`".to_owned()),
    }
}

fn if_present(value: Value) -> Result<Element, String> {
    let Value::Struct(mut fields) = value else {
        return Err("`IfPresent` must hold an object".to_owned());
    };
    let mut take = |key: &str| fields.remove(key).unwrap_or_default();
    let Value::String(input) = take("InputName") else {
        return Err("`IfPresent` must name its input in `InputName`".to_owned());
    };
    let (then, otherwise) = (elements(take("Then"))?, elements(take("Else"))?);
    match fields.into_keys().next() {
        Some(key) => Err(format!(
            "`IfPresent` has a field `{key}`, which KFP does not know"
        )),
        None => Ok(Element::IfPresent {
            input,
            then,
            otherwise,
        }),
    }
}

/// One element or a list of them; null for none.
fn elements(value: Value) -> Result<Vec<Element>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::List(items) => items.into_iter().map(element).collect(),
        Value::String(_) | Value::Struct(_) | Value::Bool(_) | Value::Number(_) => {
            Ok(vec![element(value)?])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::{executor_input, run_facts, task_facts};
    use super::*;
    use proptest::prelude::*;

    fn resolved(arguments: &[&str]) -> Result<Vec<String>, PlaceholderError> {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect();
        resolve_arguments(&arguments, &executor_input(), &run_facts(), &task_facts())
    }

    fn check(argument: &str, expected: &[&str]) {
        assert_eq!(resolved(&[argument]).unwrap(), expected, "{argument}");
    }

    #[test]
    fn texts_stay_one_each() {
        let arguments = [
            "sh",
            "-c",
            "echo {{$.inputs.parameters['text']}}",
            "",
            "{\"a\": 1}",
        ];
        assert_eq!(
            resolved(&arguments).unwrap(),
            ["sh", "-c", "echo a b", "", "{\"a\": 1}"]
        );
    }

    #[test]
    fn concat_is_one_argument() {
        check(
            r#"{"Concat": ["--x=", "{{$.inputs.parameters['text']}}", "!"]}"#,
            &["--x=a b!"],
        );
        check(
            r#"{"Concat": ["a", {"Concat": ["b", "c"]}, {"Concat": []}]}"#,
            &["abc"],
        );
        check(r#"{"Concat": []}"#, &[""]);
    }

    #[test]
    fn if_present_takes_one_side() {
        let then = r#"["--text", "{{$.inputs.parameters['text']}}"]"#;
        let argument = |name: &str, otherwise: &str| {
            format!(r#"{{"IfPresent": {{"InputName": "{name}", "Then": {then}{otherwise}}}}}"#)
        };
        check(&argument("text", ""), &["--text", "a b"]);
        check(&argument("zz", ""), &[]);
        check(&argument("zz", r#", "Else": "none""#), &["none"]);
        check(
            &argument("zz", r#", "Else": ["no", "thing"]"#),
            &["no", "thing"],
        );
        check(
            &argument("nothing", r#", "Else": "null counts as absent""#),
            &["null counts as absent"],
        );
        check(
            &argument("optional", r#", "Else": "a default counts as absent""#),
            &["a default counts as absent"],
        );
        check(&argument("models", ""), &["--text", "a b"]);
    }

    #[test]
    fn structures_nest() {
        check(
            r#"{"Concat": ["x=", {"IfPresent": {"InputName": "zz", "Then": "1", "Else": {"Concat": ["2", "3"]}}}]}"#,
            &["x=23"],
        );
        check(
            r#"{"Concat": ["x", {"IfPresent": {"InputName": "zz", "Then": "1"}}]}"#,
            &["x"],
        );
        check(
            r#"{"IfPresent": {"InputName": "text", "Then": [
                {"Concat": ["--", "a"]}, {"IfPresent": {"InputName": "number", "Then": ["b", "c"]}}]}}"#,
            &["--a", "b", "c"],
        );
    }

    #[test]
    fn a_side_not_taken_may_use_what_is_missing() {
        check(
            r#"{"IfPresent": {"InputName": "zz", "Then": "{{$.inputs.parameters['zz']}}"}}"#,
            &[],
        );
    }

    #[test]
    fn quotes_and_braces_in_values_do_no_harm() {
        let mut input = executor_input();
        input
            .parameters
            .insert("text".into(), r#""}]} {"Concat": ["#.into());
        let arguments = [r#"{"Concat": ["<", "{{$.inputs.parameters['text']}}", ">"]}"#.to_owned()];
        let resolved = resolve_arguments(&arguments, &input, &run_facts(), &task_facts()).unwrap();
        assert_eq!(resolved, [r#"<"}]} {"Concat": [>"#]);
    }

    #[test]
    fn what_is_not_kfps_form_is_an_error() {
        let check = |argument: &str, part: &str| {
            let message = resolved(&[argument]).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        check(
            r#"{"Concat": ["a""#,
            "no `Concat` or `IfPresent` of KFP's form: EOF",
        );
        check(r#"{"Concat": "a"}"#, "`Concat` must hold a list");
        check(r#"{"Concat": [3]}"#, "a part of it is a number");
        check(
            r#"{"Concat": [], "Other": 1}"#,
            "one `Concat` or one `IfPresent`",
        );
        check(r#"{"IfPresent": {"Then": "a"}}"#, "`InputName`");
        check(
            r#"{"IfPresent": {"InputName": "a", "Otherwise": "b"}}"#,
            "`Otherwise`",
        );
        check(
            &format!(r#"{{"Concat": [{}"#, "[".repeat(5000)),
            "recursion limit",
        );
    }

    proptest! {
        #[test]
        fn no_argument_makes_it_panic(tail in r#"[\[\]{}":, a-z$.']{0,60}"#) {
            let _ = resolved(&[&format!(r#"{{"Concat":{tail}"#), &format!(r#"{{"IfPresent":{tail}"#), &tail]);
        }
    }
}
