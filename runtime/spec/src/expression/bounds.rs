//! Bounds on an expression's text, checked before it is parsed.
//!
//! Parser and interpreter recurse: once for each bracket, and once for each operator in a row. How deep
//! they will go is counted here, on the tokens. So that the count is of the same tokens that the parser
//! sees, quotes must be closed and escapes must be CEL's.

use super::ExpressionError;

/// The longest expression, in bytes. One branch of an `Elif` chain takes about a hundred.
const MAX_LENGTH: usize = 64 * 1024;

/// How deep brackets may nest. A level takes the parser up to 16 KiB of stack, in a debug build too, since
/// the workspace's profiles optimise the `cel` and `antlr4rust` crates there.
const MAX_BRACKETS: usize = 16;

/// How many operators may stand in a row, `&&`, `||` and `,` aside. One takes about 2 KiB of stack.
const MAX_OPERATORS: usize = 100;

/// Refuses an expression that could overflow the stack, or whose quotes are wrong.
pub(super) fn check(expression: &str) -> Result<(), ExpressionError> {
    if expression.len() > MAX_LENGTH {
        return Err(too_large(
            expression,
            format!("is longer than {MAX_LENGTH} bytes"),
        ));
    }
    let mut nesting = Nesting::default();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => {
                quoted_length(rest, Escapes::Cel).map_err(|problem| problem.of(expression))?
            }
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '_' | 'a'..='z' | 'A'..='Z' => {
                let word = word_length(rest);
                match string_after_prefix(rest, word) {
                    Some(escapes) => {
                        word + quoted_length(&rest[word..], escapes)
                            .map_err(|problem| problem.of(expression))?
                    }
                    None => {
                        nesting.word(&rest[..word]);
                        word
                    }
                }
            }
            _ => nesting.symbol(rest, first),
        };
        if nesting.open.len() > MAX_BRACKETS {
            return Err(too_large(
                expression,
                format!("nests brackets deeper than {MAX_BRACKETS}"),
            ));
        }
        if nesting.level.depth() > MAX_OPERATORS {
            return Err(too_large(
                expression,
                format!("has more than {MAX_OPERATORS} operators in a row"),
            ));
        }
        rest = &rest[length..];
    }
    Ok(())
}

fn too_large(expression: &str, limit: String) -> ExpressionError {
    ExpressionError::TooLarge {
        expression: expression.to_owned(),
        limit,
    }
}

/// How deep the tree of what is read so far is, bracket by bracket.
#[derive(Default)]
struct Nesting {
    level: Level,
    open: Vec<Level>,
}

/// The depth of what stands between two brackets: elements between `,`, and in them parts between `&&`.
#[derive(Default, Clone, Copy)]
struct Level {
    /// In this part.
    operators: usize,
    /// In the deepest earlier part of this element.
    parts: usize,
    /// `?` and `:` in this element, which nest to the right across parts.
    choices: usize,
    /// In the deepest earlier element.
    elements: usize,
}

impl Level {
    fn depth(self) -> usize {
        self.elements
            .max(self.operators.max(self.parts) + self.choices)
    }

    fn end_part(&mut self) {
        self.parts = self.parts.max(self.operators);
        self.operators = 0;
    }

    fn end_element(&mut self) {
        *self = Self {
            elements: self.depth(),
            ..Self::default()
        };
    }
}

impl Nesting {
    fn word(&mut self, word: &str) {
        if word == "in" {
            self.level.operators += 1;
        }
    }

    /// Takes in one symbol and gives its length.
    fn symbol(&mut self, rest: &str, first: char) -> usize {
        match first {
            '(' | '[' | '{' => self.open.push(std::mem::take(&mut self.level)),
            ')' | ']' | '}' => {
                let inner = self.level.depth();
                self.level = self.open.pop().unwrap_or_default();
                // Whatever follows is built on top of the bracket, as `(…) + 1 + 1` is.
                self.level.operators = self.level.operators.max(inner) + 1;
            }
            ',' => self.level.end_element(),
            '&' | '|' => self.level.end_part(),
            '?' | ':' => {
                self.level.end_part();
                self.level.choices += 1;
            }
            '+' | '-' | '*' | '/' | '%' | '.' => self.level.operators += 1,
            '!' | '=' | '<' | '>' => {
                self.level.operators += 1;
                if rest[1..].starts_with('=') {
                    return 2;
                }
            }
            _ => {}
        }
        first.len_utf8()
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric())
        .unwrap_or(rest.len())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// A backslash begins an escape.
    Cel,
    /// A backslash is a backslash.
    Raw,
}

/// Whether a word is the prefix of a string, such as the `r` of `r'\d'`.
fn string_after_prefix(rest: &str, word: usize) -> Option<Escapes> {
    if !rest[word..].starts_with(['\'', '"']) {
        return None;
    }
    match rest[..word].to_ascii_lowercase().as_str() {
        "b" => Some(Escapes::Cel),
        "r" | "br" | "rb" => Some(Escapes::Raw),
        _ => None,
    }
}

/// What is wrong with a string.
#[derive(Clone, Copy)]
enum StringProblem {
    NotClosed,
    NoSuchEscape,
}

impl StringProblem {
    fn of(self, expression: &str) -> ExpressionError {
        let (reason, hint) = match self {
            Self::NotClosed => (
                "a quote is not closed",
                "; the text in quotes may hold a quote, which the kfp compiler does not escape: \
                 compare with a text that has none, or compute the answer in a component",
            ),
            Self::NoSuchEscape => (
                "a backslash in quotes begins no escape that CEL knows",
                "; the kfp compiler does not escape backslashes: write two for one",
            ),
        };
        ExpressionError::Syntax {
            expression: expression.to_owned(),
            reason: reason.to_owned(),
            hint,
        }
    }
}

/// The length of the string that `rest` begins with, quotes included.
fn quoted_length(rest: &str, escapes: Escapes) -> Result<usize, StringProblem> {
    let quote = &rest[..1];
    let triple = quote.repeat(3);
    let (closing, may_break) = if rest.starts_with(&triple) {
        (triple.as_str(), true)
    } else {
        (quote, false)
    };
    let mut at = closing.len();
    loop {
        let tail = &rest[at..];
        let Some(next) = tail.chars().next() else {
            return Err(StringProblem::NotClosed);
        };
        if tail.starts_with(closing) {
            return Ok(at + closing.len());
        }
        at += match next {
            '\n' | '\r' if !may_break => return Err(StringProblem::NotClosed),
            '\\' if escapes == Escapes::Cel => {
                escape_length(tail).ok_or(StringProblem::NoSuchEscape)?
            }
            _ => next.len_utf8(),
        };
    }
}

fn escape_length(tail: &str) -> Option<usize> {
    let digits = |count: usize, radix: u32| {
        let text = tail.get(2..2 + count)?;
        text.chars()
            .all(|digit| digit.is_digit(radix))
            .then_some(2 + count)
    };
    match tail.as_bytes().get(1)? {
        b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\\' | b'?' | b'`' => {
            Some(2)
        }
        b'x' | b'X' => digits(2, 16),
        b'u' => digits(4, 16),
        b'U' => digits(8, 16),
        b'0'..=b'3' => digits(2, 8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(expression: &str) -> Option<String> {
        match check(expression) {
            Err(ExpressionError::TooLarge { limit, .. }) => Some(limit),
            Ok(()) | Err(_) => None,
        }
    }

    fn is_bad_text(expression: &str) -> bool {
        matches!(check(expression), Err(ExpressionError::Syntax { .. }))
    }

    #[test]
    fn brackets_may_nest_so_far() {
        let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(check(&nested(MAX_BRACKETS)), Ok(()));
        assert!(limit(&nested(MAX_BRACKETS + 1)).is_some());
        assert!(limit(&"[(".repeat(MAX_BRACKETS)).is_some());
    }

    #[test]
    fn operators_may_follow_each_other_so_far() {
        let sum = |terms: usize| vec!["1"; terms].join(" + ");
        assert_eq!(check(&sum(MAX_OPERATORS)), Ok(()));
        assert!(limit(&sum(MAX_OPERATORS + 2)).is_some());
        assert!(limit(&"-".repeat(MAX_OPERATORS + 1)).is_some());
        assert!(limit(&"a ? b : ".repeat(MAX_OPERATORS)).is_some());
        assert!(limit(&"a ? b && c : ".repeat(MAX_OPERATORS)).is_some());
        assert!(limit(&format!("x{}", ".x".repeat(MAX_OPERATORS + 1))).is_some());
        assert!(limit(&vec!["x"; MAX_OPERATORS + 2].join(" in ")).is_some());
    }

    #[test]
    fn what_is_built_on_top_of_brackets_counts() {
        let half = vec!["1"; MAX_OPERATORS / 2 + 10].join("+");
        assert_eq!(check(&format!("[{half}, {half}, {half}]")), Ok(()));
        assert!(limit(&format!("({half}) + {half}")).is_some());
        assert!(limit(&format!("[{half}, 1] + {half}")).is_some());
        let entries = vec!["1: 2"; 1000].join(", ");
        assert_eq!(check(&format!("{{{entries}}}")), Ok(()));
    }

    #[test]
    fn a_long_chain_of_branches_is_fine() {
        let branch =
            "!(inputs.parameter_values['pipelinechannel--flip-coin-op-Output'] == 'heads')";
        assert_eq!(check(&vec![branch; 500].join(" && ")), Ok(()));
        assert!(limit(&vec![branch; 1000].join(" && ")).is_some());
    }

    #[test]
    fn brackets_and_operators_in_quotes_do_not_count() {
        assert_eq!(check(&format!("x == '{}'", "([{+".repeat(200))), Ok(()));
        assert_eq!(
            check(&format!("x == r\"{}\\\"", "([{+".repeat(200))),
            Ok(())
        );
        assert_eq!(check(&format!("1 // {}", "'([{+".repeat(200))), Ok(()));
        assert_eq!(check("'''it's ( \n fine'''"), Ok(()));
        assert_eq!(check(r"'\n \x41 \u00e9 \U0001F600 \101 \' \\'"), Ok(()));
    }

    #[test]
    fn quotes_must_be_closed_and_escapes_known() {
        assert!(is_bad_text("x == 'it's'"));
        assert!(is_bad_text("x == '((((((((((((((((((((((((("));
        assert!(is_bad_text("x == 'a\nb'"));
        assert!(is_bad_text(r"x == '\d(((((((((((((((((((((((('"));
        assert!(is_bad_text(r"x == '\x4'"));
        assert!(is_bad_text(r"x == '\u00é9'"));
        assert!(is_bad_text(r"x == '\"));
    }
}
