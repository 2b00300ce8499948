//! The text of a label selector, refused in the words of Kubernetes' parser.

use super::label::{Operator, Requirement};
use crate::meta::{check_label_value, check_qualified_name};

/// Reads the requirements: `a=b,c in (d,e),!f`.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser {
        tokens: tokens(text),
        at: 0,
    };
    let mut requirements = Vec::new();
    loop {
        match parser.look(Place::Key) {
            Token::Word(_) | Token::Symbol("!") => {
                let requirement = parser.requirement();
                requirements.push(requirement.map_err(|fault| lead(&fault))?);
                match parser.next(Place::Key) {
                    Token::End => return Ok(requirements),
                    Token::Symbol(",") => match parser.look(Place::Key) {
                        Token::Word(_) | Token::Symbol("!") => {}
                        other => {
                            return Err(format!(
                                "found '{}', expected: identifier after ','",
                                other.text()
                            ));
                        }
                    },
                    other => {
                        return Err(format!(
                            "found '{}', expected: ',' or 'end of string'",
                            other.text()
                        ));
                    }
                }
            }
            Token::End => return Ok(requirements),
            other @ Token::Symbol(_) => {
                return Err(format!(
                    "found '{}', expected: !, identifier, or 'end of string'",
                    other.text()
                ));
            }
        }
    }
}

fn lead(fault: &str) -> String {
    format!("unable to parse requirement: {fault}")
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Symbol(&'static str),
    End,
}

impl Token<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Symbol(symbol) => symbol,
            Self::End => "",
        }
    }
}

/// The longest first, as far as one begins another.
const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

fn tokens(text: &str) -> Vec<Token<'_>> {
    let is_symbol = |c: char| "=!(),<>".contains(c);
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while !rest.is_empty() {
        let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
        let length = match symbol {
            Some(symbol) => {
                tokens.push(Token::Symbol(symbol));
                symbol.len()
            }
            None => {
                let ends = |c: char| is_symbol(c) || " \t\r\n".contains(c);
                let length = rest.find(ends).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..length]));
                length
            }
        };
        rest = rest[length..].trim_start_matches([' ', '\t', '\r', '\n']);
    }
    tokens
}

/// Whether `in` and `notin` are operators or words like others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    Operator,
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn look(&self, place: Place) -> Token<'a> {
        let token = self.tokens.get(self.at).cloned().unwrap_or(Token::End);
        match (&token, place) {
            (Token::Word("in"), Place::Operator) => Token::Symbol("in"),
            (Token::Word("notin"), Place::Operator) => Token::Symbol("notin"),
            _ => token,
        }
    }

    fn next(&mut self, place: Place) -> Token<'a> {
        let token = self.look(place);
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let forbidden = self.look(Place::Key) == Token::Symbol("!");
        if forbidden {
            self.at += 1;
        }
        let key = match self.next(Place::Key) {
            Token::Word(word) => word,
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        if let Err(faults) = check_qualified_name(key) {
            return Err(told(
                faults
                    .iter()
                    .map(|fault| format!("<nil>: Invalid value: {key:?}: {fault}")),
            ));
        }
        let ends = matches!(self.look(Place::Operator), Token::End | Token::Symbol(","));
        if forbidden || ends {
            let operator = if forbidden {
                Operator::DoesNotExist
            } else {
                Operator::Exists
            };
            return Ok(of(key, operator, Vec::new()));
        }
        let operator = match self.next(Place::Operator) {
            Token::Symbol("in") => return Ok(of(key, Operator::In, self.values(key)?)),
            Token::Symbol("notin") => return Ok(of(key, Operator::NotIn, self.values(key)?)),
            Token::Symbol("=" | "==") => Operator::In,
            Token::Symbol("!=") => Operator::NotIn,
            Token::Symbol(">") => Operator::GreaterThan,
            Token::Symbol("<") => Operator::LessThan,
            other => {
                return Err(format!(
                    "found '{}', expected: in, notin, =, ==, !=, gt, lt",
                    other.text()
                ));
            }
        };
        let value = match self.look(Place::Key) {
            Token::End | Token::Symbol(",") => "",
            Token::Word(word) => {
                self.at += 1;
                word
            }
            other @ Token::Symbol(_) => {
                return Err(format!("found '{}', expected: identifier", other.text()));
            }
        };
        let is_number = matches!(operator, Operator::GreaterThan | Operator::LessThan);
        if is_number && value.parse::<i64>().is_err() {
            return Err(format!(
                "values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer"
            ));
        }
        check_values(key, &[value])?;
        Ok(of(key, operator, vec![value]))
    }

    /// Values in parentheses. Between two commas, and behind the last, stands an empty one.
    fn values(&mut self, key: &str) -> Result<Vec<&'a str>, String> {
        match self.next(Place::Key) {
            Token::Symbol("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let mut values = Vec::new();
        let mut last = "";
        loop {
            match self.next(Place::Key) {
                Token::Word(word) => {
                    last = word;
                    let next = self.look(Place::Key);
                    if !matches!(next, Token::Symbol("," | ")")) {
                        return Err(format!("found '{}', expected: ',' or ')'", next.text()));
                    }
                }
                Token::Symbol(",") => values.push(std::mem::take(&mut last)),
                Token::Symbol(")") => {
                    values.push(last);
                    break;
                }
                other => {
                    return Err(format!(
                        "found '{}', expected: ',', ')' or identifier",
                        other.text()
                    ));
                }
            }
        }
        check_values(key, &values)?;
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }
}

fn check_values(key: &str, values: &[&str]) -> Result<(), String> {
    let faults = values.iter().enumerate().flat_map(|(index, value)| {
        let faults = check_label_value(value).err().unwrap_or_default();
        faults
            .into_iter()
            .map(move |fault| format!("values[{index}][{key}]: Invalid value: {value:?}: {fault}"))
    });
    let faults: Vec<_> = faults.collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(told(faults.into_iter()))
}

fn told(faults: impl Iterator<Item = String>) -> String {
    let faults: Vec<_> = faults.collect();
    match faults.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

fn of(key: &str, operator: Operator, values: Vec<&str>) -> Requirement {
    Requirement {
        key: key.to_owned(),
        operator,
        values: values.into_iter().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::select::LabelSelector;

    fn selects(text: &str) -> bool {
        let labels = json!({"app": "x", "n": "3"});
        let selector = LabelSelector::parse(text).unwrap();
        selector.matches_labels(labels.as_object().unwrap())
    }

    #[test]
    fn requirements_hold_or_do_not() {
        for text in [
            "",
            "app=x",
            "app==x,n",
            "app!=y",
            "app in (x,y)",
            "zz notin (x)",
            "!zz",
            "n>2",
            "n<4",
            "in!=a",
            " app = x ",
        ] {
            assert!(selects(text), "{text}");
        }
        for text in [
            "app=y",
            "zz",
            "!app",
            "app notin (x)",
            "n>3",
            "app>1",
            "app=",
        ] {
            assert!(!selects(text), "{text}");
        }
    }

    #[test]
    fn faults_are_told_in_the_words_of_kubernetes() {
        for (text, fault) in [
            (
                "a in (x",
                "unable to parse requirement: found '', expected: ',' or ')'",
            ),
            (
                "a in b",
                "unable to parse requirement: found 'b' expected: '('",
            ),
            ("a,", "found '', expected: identifier after ','"),
            (
                ",a",
                "found ',', expected: !, identifier, or 'end of string'",
            ),
            (
                "a b",
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
            ),
            (
                "!",
                "unable to parse requirement: found '', expected: identifier",
            ),
            ("!a=b", "found '=', expected: ',' or 'end of string'"),
            (
                "a===b",
                "unable to parse requirement: found '=', expected: identifier",
            ),
        ] {
            let status = LabelSelector::parse(text).unwrap_err();
            assert_eq!(
                (status.code, status.message.as_str()),
                (400, fault),
                "{text}"
            );
        }
    }
}
