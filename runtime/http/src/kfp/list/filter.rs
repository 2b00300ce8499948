//! Filters: `{"predicates": [...]}` in any of the four spellings that KFP's clients use.

use coracle_model::{Comparison, Operand, Predicate, Timestamp};

use crate::kfp::fault::Fault;
use crate::kfp::json::{self, Object, OneOf};
use crate::kfp::query::unescape;

/// Keys that begin like this ask for a tag.
pub(super) const TAGS: &str = "tags.";

const OPERATIONS: [(&str, i32); 9] = [
    ("OPERATION_UNSPECIFIED", 0),
    ("EQUALS", 1),
    ("NOT_EQUALS", 2),
    ("GREATER_THAN", 3),
    ("GREATER_THAN_EQUALS", 5),
    ("LESS_THAN", 6),
    ("LESS_THAN_EQUALS", 7),
    ("IN", 8),
    ("IS_SUBSTRING", 9),
];

/// Why a list cannot be had.
pub(in crate::kfp) enum Unfit {
    /// What is asked does not fit the list.
    Asked(Fault),
    /// The filter of a list with tags cannot be used: such a list says so in words of its own.
    Tags(Fault),
}

impl Unfit {
    /// What is wrong, whichever it is.
    pub(in crate::kfp) fn into_fault(self) -> Fault {
        match self {
            Self::Asked(fault) | Self::Tags(fault) => fault,
        }
    }
}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self::Asked(fault)
    }
}

/// A predicate as it was given.
#[derive(Debug, Default)]
struct Given {
    operation: i32,
    key: String,
    value: Option<Compared>,
}

/// Its value.
#[derive(Debug)]
enum Compared {
    Int(i64),
    Long(i64),
    Text(String),
    Time(Timestamp),
    Ints(Vec<i64>),
    Longs(Vec<i64>),
    Texts(Vec<String>),
}

/// Reads a filter; nothing is asked when it is empty.
pub(super) fn read(text: &str, tagged: bool) -> Result<Vec<Predicate>, Unfit> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let plain = unescape(text).map_err(|problem| unreadable(text, "decode", &problem, tagged))?;
    let given = json::read_message(plain.as_bytes(), read_filter).map_err(|fault| {
        let problem = format!("proto: {}", fault.external());
        unreadable(text, "parse", &problem, tagged)
    })?;
    if tagged {
        given.iter().try_for_each(check_tag).map_err(Unfit::Tags)?;
    }
    let checked = given
        .into_iter()
        .map(check)
        .collect::<Result<Vec<_>, _>>()?;
    let predicates = checked
        .into_iter()
        .map(|(operation, predicate)| agree(operation, predicate));
    Ok(predicates.collect::<Result<_, _>>()?)
}

fn unreadable(text: &str, doing: &str, problem: &str, tagged: bool) -> Unfit {
    if tagged {
        return Unfit::Tags(Fault::invalid(format!(
            "failed to {doing} filter spec: {problem}"
        )));
    }
    Unfit::Asked(Fault::invalid(format!(
        "failed to parse valid filter from {text:?}: {problem}"
    )))
}

fn read_filter(object: Object<'_>) -> Result<Vec<Given>, Fault> {
    let mut predicates = Vec::new();
    object.read(|name, member| {
        match name {
            "predicates" => {
                for object in member.objects()? {
                    predicates.push(read_predicate(object)?);
                }
            }
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok(predicates)
}

fn read_predicate(object: Object<'_>) -> Result<Given, Fault> {
    let mut given = Given::default();
    let mut value = OneOf::new("kubeflow.pipelines.backend.api.v2beta1.Predicate.value");
    object.read(|name, member| {
        match name {
            "operation" => given.operation = member.constant(&OPERATIONS)?,
            "key" => given.key = member.text()?,
            "int_value" => {
                value.take(&member)?;
                given.value = Some(Compared::Int(member.int32()?));
            }
            "long_value" => {
                value.take(&member)?;
                given.value = Some(Compared::Long(member.int64()?));
            }
            "string_value" => {
                value.take(&member)?;
                given.value = Some(Compared::Text(member.text()?));
            }
            "timestamp_value" => {
                value.take(&member)?;
                given.value = member.time()?.map(Compared::Time);
            }
            "int_values" => {
                value.take(&member)?;
                given.value = values(member.object()?, json::Member::int32s)?.map(Compared::Ints);
            }
            "long_values" => {
                value.take(&member)?;
                given.value = values(member.object()?, json::Member::int64s)?.map(Compared::Longs);
            }
            "string_values" => {
                value.take(&member)?;
                given.value = values(member.object()?, json::Member::texts)?.map(Compared::Texts);
            }
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok(given)
}

fn values<'d, T>(
    object: Option<Object<'d>>,
    read: impl Fn(&json::Member<'d>) -> Result<Vec<T>, Fault>,
) -> Result<Option<Vec<T>>, Fault> {
    let Some(object) = object else {
        return Ok(None);
    };
    let mut values = Vec::new();
    object.read(|name, member| {
        match name {
            "values" => values = read(&member)?,
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok(Some(values))
}

/// A tag is the same as a text, or not asked for.
fn check_tag(given: &Given) -> Result<(), Fault> {
    let key = &given.key;
    if !key.starts_with(TAGS) {
        return Ok(());
    }
    if comparison(given.operation) != Some(Comparison::Equals) {
        let operation = operation_name(given.operation);
        return Err(Fault::invalid(format!(
            "only EQUALS operation is supported for tag filtering, got {operation} for key {key:?}"
        )));
    }
    match given.value {
        Some(Compared::Text(_)) => Ok(()),
        _ => Err(Fault::invalid(format!(
            "tag filter value must be a string for key {key:?}"
        ))),
    }
}

/// Checks what can be checked of a predicate by itself.
fn check(given: Given) -> Result<(i32, (Comparison, String, Compared)), Fault> {
    let Given {
        operation,
        key,
        value,
    } = given;
    let comparison = comparison(operation).ok_or_else(|| {
        Fault::unknown_version(
            "Filter.Predicate.Operation",
            "go_client.Predicate_Operation",
        )
    })?;
    let value = value.ok_or_else(|| Fault::unknown_version("Filter.Predicate.Value", "<nil>"))?;
    if key.is_empty() {
        let (name, value) = (operation_name(operation), value.shown());
        return Err(Fault::invalid(format!(
            "Predicate key cannot be empty for operation {name} and value {value}"
        )));
    }
    Ok((operation, (comparison, key, value)))
}

/// Checks that a value can be compared as it is asked.
fn agree(
    operation: i32,
    (comparison, field, value): (Comparison, String, Compared),
) -> Result<Predicate, Fault> {
    let kind = value.kind();
    match (comparison, value.is_list()) {
        (Comparison::Contains, _) if !matches!(value, Compared::Text(_)) => {
            return Err(Fault::invalid(format!(
                "cannot use non string value type string with operator {}",
                value.shown()
            )));
        }
        (Comparison::In, false) => {
            return Err(Fault::invalid(format!(
                "cannot use IN operator with scalar type {kind}"
            )));
        }
        (
            Comparison::Equals
            | Comparison::NotEquals
            | Comparison::Greater
            | Comparison::GreaterOrEqual
            | Comparison::Less
            | Comparison::LessOrEqual,
            true,
        ) => {
            let name = operation_name(operation);
            return Err(Fault::invalid(format!(
                "cannot use scalar operator {name} on array type {kind}"
            )));
        }
        (_, true | false) => {}
    }
    Ok(Predicate {
        field,
        comparison,
        operand: match value {
            Compared::Int(number) | Compared::Long(number) => Operand::Integer(number),
            Compared::Text(text) => Operand::Text(text),
            Compared::Time(time) => Operand::Time(time),
            Compared::Ints(numbers) | Compared::Longs(numbers) => Operand::Integers(numbers),
            Compared::Texts(texts) => Operand::Texts(texts),
        },
    })
}

fn comparison(operation: i32) -> Option<Comparison> {
    match operation {
        1 => Some(Comparison::Equals),
        2 => Some(Comparison::NotEquals),
        3 => Some(Comparison::Greater),
        5 => Some(Comparison::GreaterOrEqual),
        6 => Some(Comparison::Less),
        7 => Some(Comparison::LessOrEqual),
        8 => Some(Comparison::In),
        9 => Some(Comparison::Contains),
        _ => None,
    }
}

fn operation_name(operation: i32) -> String {
    let known = OPERATIONS.iter().find(|(_, number)| *number == operation);
    known.map_or_else(|| operation.to_string(), |(name, _)| (*name).to_owned())
}

impl Compared {
    fn is_list(&self) -> bool {
        match self {
            Self::Ints(_) | Self::Longs(_) | Self::Texts(_) => true,
            Self::Int(_) | Self::Long(_) | Self::Text(_) | Self::Time(_) => false,
        }
    }

    /// The type that Go has for it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Int(_) => "int32",
            Self::Long(_) | Self::Time(_) => "int64",
            Self::Text(_) => "string",
            Self::Ints(_) => "[]int32",
            Self::Longs(_) => "[]int64",
            Self::Texts(_) => "[]string",
        }
    }

    /// As Go prints it.
    fn shown(&self) -> String {
        let list = |items: Vec<String>| format!("[{}]", items.join(" "));
        match self {
            Self::Int(number) | Self::Long(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Time(time) => time.as_second().to_string(),
            Self::Ints(numbers) | Self::Longs(numbers) => {
                list(numbers.iter().map(ToString::to_string).collect())
            }
            Self::Texts(texts) => list(texts.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, tagged: bool) -> String {
        match read(text, tagged) {
            Ok(predicates) => format!("{} predicates", predicates.len()),
            Err(Unfit::Asked(fault) | Unfit::Tags(fault)) => fault.external().to_owned(),
        }
    }

    #[test]
    fn the_four_spellings_mean_the_same() {
        let spellings = [
            r#"{"predicates":[{"operation":1,"key":"name","stringValue":"x"}]}"#,
            r#"{"predicates":[{"operation":1,"key":"name","string_value":"x"}]}"#,
            r#"{"predicates":[{"operation":"EQUALS","key":"name","stringValue":"x"}]}"#,
            r#"{"predicates":[{"operation":"EQUALS","key":"name","string_value":"x"}]}"#,
        ];
        let expected = Predicate {
            field: "name".to_owned(),
            comparison: Comparison::Equals,
            operand: Operand::Text("x".to_owned()),
        };
        for text in spellings {
            let Ok(read) = read(text, false) else {
                panic!("{}", told(text, false));
            };
            assert_eq!(read, std::slice::from_ref(&expected));
        }
        assert_eq!(told("{}", false), "0 predicates");
        assert_eq!(told(r#"{"predicates":null}"#, true), "0 predicates");
    }

    #[test]
    fn what_cannot_be_compared_is_told_as_kfp_tells_it() {
        let one = |rest: &str| format!(r#"{{"predicates":[{{{rest}}}]}}"#);
        for (rest, expected) in [
            (
                r#""key":"a","string_value":"x""#,
                "Error using Filter.Predicate.Operation with go_client.Predicate_Operation",
            ),
            (
                r#""operation":4,"key":"a","string_value":"x""#,
                "Error using Filter.Predicate.Operation with go_client.Predicate_Operation",
            ),
            (
                r#""operation":"EQUALS","key":"a""#,
                "Error using Filter.Predicate.Value with <nil>",
            ),
            (
                r#""operation":"EQUALS","string_value":"x""#,
                "Predicate key cannot be empty for operation EQUALS and value x",
            ),
            (
                r#""operation":"IN","key":"a","string_value":"x""#,
                "cannot use IN operator with scalar type string",
            ),
            (
                r#""operation":"EQUALS","key":"a","string_values":{"values":["x"]}"#,
                "cannot use scalar operator EQUALS on array type []string",
            ),
            (
                r#""operation":"IS_SUBSTRING","key":"a","int_value":7"#,
                "cannot use non string value type string with operator 7",
            ),
        ] {
            assert_eq!(told(&one(rest), false), expected, "{rest}");
        }
        assert_eq!(
            told("{{", false),
            "failed to parse valid filter from \"{{\": proto: syntax error (line 1:2): unexpected token {"
        );
        assert_eq!(
            told("%zz", true),
            "failed to decode filter spec: invalid URL escape \"%zz\""
        );
        let tag = one(r#""operation":"NOT_EQUALS","key":"tags.team","string_value":"x""#);
        assert_eq!(
            told(&tag, true),
            "only EQUALS operation is supported for tag filtering, got NOT_EQUALS for key \"tags.team\""
        );
    }
}
