//! Bounds on what an expression may cost, checked on its tree before it runs.
//!
//! Without loops an expression costs no more than its text and its inputs are long. CEL's loops (`map`,
//! `filter`, `all`, `exists`, `exists_one`) multiply that each time they nest, and can double a value each
//! time they follow each other. So, where there are loops, an upper bound of steps and of sizes is
//! reckoned from the real sizes of the inputs.

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::ExpressionError;
use super::variables::Variables;

/// The most steps that an expression with loops may take, by our reckoning. It takes about a second.
const MAX_STEPS: f64 = 2e7;

/// The text of a number, a type or a time is no longer than this, in bytes.
const SCALAR_TEXT: f64 = 400.0;

/// Refuses an expression whose loops could take too long.
pub(super) fn check(
    expression: &str,
    tree: &IdedExpr,
    variables: &Variables,
) -> Result<(), ExpressionError> {
    let mut loops = 0_usize;
    visit(tree, &mut |node| {
        loops += usize::from(matches!(node.expr, Expr::Comprehension(_)));
    });
    if loops == 0 {
        return Ok(());
    }
    let inputs = variables
        .iter()
        .map(|(_, value)| size_of(value))
        .fold(Size::SCALAR, Size::with);
    let mut reckoning = Reckoning {
        inputs,
        bound: Vec::new(),
        steps: 0.0,
    };
    let size = reckoning.reckon(tree, 1.0);
    if reckoning.steps + size.total > MAX_STEPS {
        let limit = "loops over more than it may, given the sizes of its inputs".to_owned();
        return Err(ExpressionError::TooLarge {
            expression: expression.to_owned(),
            limit,
        });
    }
    Ok(())
}

/// Calls `see` with every node of a tree.
pub(super) fn visit<'a>(node: &'a IdedExpr, see: &mut impl FnMut(&'a IdedExpr)) {
    see(node);
    match &node.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .for_each(|part| visit(part, see)),
        Expr::Comprehension(each) => {
            [
                &each.iter_range,
                &each.accu_init,
                &each.loop_cond,
                &each.loop_step,
                &each.result,
            ]
            .into_iter()
            .for_each(|part| visit(part, see));
        }
        Expr::List(list) => list.elements.iter().for_each(|part| visit(part, see)),
        Expr::Map(map) => map
            .entries
            .iter()
            .for_each(|entry| visit_entry(&entry.expr, see)),
        Expr::Struct(fields) => fields
            .entries
            .iter()
            .for_each(|entry| visit_entry(&entry.expr, see)),
        Expr::Select(select) => visit(&select.operand, see),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

fn visit_entry<'a>(entry: &'a EntryExpr, see: &mut impl FnMut(&'a IdedExpr)) {
    match entry {
        EntryExpr::MapEntry(entry) => {
            visit(&entry.key, see);
            visit(&entry.value, see);
        }
        EntryExpr::StructField(field) => visit(&field.value, see),
    }
}

/// An upper bound of how large a value is.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// The longest list or map in it, in elements.
    longest: f64,
    /// All of it, in elements and bytes.
    total: f64,
}

impl Size {
    const SCALAR: Self = Self {
        longest: 0.0,
        total: 1.0,
    };

    fn with(self, other: Self) -> Self {
        Self {
            longest: self.longest.max(other.longest),
            total: self.total + other.total,
        }
    }
}

fn size_of(value: &cel::Value) -> Size {
    let container = |count: usize, parts: Size| Size {
        longest: parts.longest.max(as_f64(count)),
        ..parts
    };
    match value {
        cel::Value::List(items) => container(
            items.len(),
            items.iter().map(size_of).fold(Size::SCALAR, Size::with),
        ),
        cel::Value::Map(fields) => {
            let keys = fields.map.keys().map(|key| Size {
                longest: 0.0,
                total: as_f64(key.to_string().len()),
            });
            let sizes = fields.map.values().map(size_of).chain(keys);
            container(fields.map.len(), sizes.fold(Size::SCALAR, Size::with))
        }
        cel::Value::String(text) => Size {
            longest: 0.0,
            total: 1.0 + as_f64(text.len()),
        },
        _ => Size::SCALAR,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bound need not be exact")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

struct Reckoning<'a> {
    /// All variables together.
    inputs: Size,
    /// The variables of the loops around, innermost last.
    bound: Vec<(&'a str, Size)>,
    /// Steps so far.
    steps: f64,
}

impl<'a> Reckoning<'a> {
    /// An upper bound of a node's size; counts its steps, each `times` over.
    fn reckon(&mut self, node: &'a IdedExpr, times: f64) -> Size {
        self.steps += times;
        match &node.expr {
            Expr::Literal(literal) => literal_size(literal),
            Expr::Ident(name) => self
                .bound
                .iter()
                .rev()
                .find(|(bound, _)| bound == name)
                .map_or(self.inputs, |(_, size)| *size),
            Expr::Select(select) => self.reckon(&select.operand, times),
            Expr::List(list) => {
                let parts = list
                    .elements
                    .iter()
                    .map(|part| self.reckon(part, times))
                    .fold(Size::SCALAR, Size::with);
                self.steps += times * parts.total;
                Size {
                    longest: parts.longest.max(as_f64(list.elements.len())),
                    ..parts
                }
            }
            Expr::Map(map) => self.entries(map.entries.iter().map(|entry| &entry.expr), times),
            Expr::Struct(fields) => {
                self.entries(fields.entries.iter().map(|entry| &entry.expr), times)
            }
            Expr::Call(call) => {
                let parts = call.target.as_deref().into_iter().chain(&call.args);
                let sizes: Vec<Size> = parts.map(|part| self.reckon(part, times)).collect();
                self.call(&call.func_name, &sizes, times)
            }
            Expr::Comprehension(each) => self.each(each, times),
            Expr::Unspecified => Size::SCALAR,
        }
    }

    fn entries(&mut self, entries: impl Iterator<Item = &'a EntryExpr>, times: f64) -> Size {
        let mut size = Size::SCALAR;
        for entry in entries {
            let value = match entry {
                EntryExpr::MapEntry(entry) => {
                    size = size.with(self.reckon(&entry.key, times));
                    &entry.value
                }
                EntryExpr::StructField(field) => &field.value,
            };
            size = size.with(self.reckon(value, times));
            size.longest += 1.0;
        }
        self.steps += times * size.total;
        size
    }

    fn call(&mut self, function: &str, sizes: &[Size], times: f64) -> Size {
        let all = sizes.iter().copied().fold(Size::SCALAR, Size::with);
        let (steps, size) = match function {
            operators::ADD => (
                all.total,
                Size {
                    longest: sizes.iter().map(|size| size.longest).sum(),
                    total: all.total,
                },
            ),
            // The part that is picked is handed on without a copy.
            operators::INDEX | operators::CONDITIONAL => (1.0, all),
            operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::NOT_STRICTLY_FALSE => (1.0, Size::SCALAR),
            // Two values are compared no further than the smaller of them.
            operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS => (
                sizes
                    .iter()
                    .map(|size| size.total)
                    .fold(f64::INFINITY, f64::min),
                Size::SCALAR,
            ),
            "size" | "int" | "uint" | "double" | "bool" | "startsWith" | "endsWith"
            | "contains" => (all.total, Size::SCALAR),
            // A regular expression may take the product of both lengths.
            "matches" => (sizes.iter().map(|size| size.total).product(), Size::SCALAR),
            // JSON has no more elements than bytes.
            "parseJson" => (
                all.total,
                Size {
                    longest: all.total,
                    total: 2.0 * all.total,
                },
            ),
            _ => (
                all.total,
                Size {
                    longest: all.longest,
                    total: all.total + SCALAR_TEXT,
                },
            ),
        };
        self.steps += times * steps;
        size
    }

    /// A loop. Its macros only ever add to the accumulator, so a round costs what it adds.
    ///
    /// An item counts with the average size: whatever grows evenly with the items is right in sum.
    fn each(&mut self, each: &'a ComprehensionExpr, times: f64) -> Size {
        let range = self.reckon(&each.iter_range, times);
        let start = self.reckon(&each.accu_init, times);
        let rounds = range.longest;
        let item = Size {
            total: 1.0 + range.total / rounds.max(1.0),
            ..range
        };
        let around = self.bound.len();
        self.bound.push((&each.iter_var, item));
        self.bound
            .extend(each.iter_var2.as_deref().map(|name| (name, item)));
        self.bound.push((
            &each.accu_var,
            Size {
                longest: 0.0,
                total: 0.0,
            },
        ));
        self.steps += times * rounds * item.total;
        self.reckon(&each.loop_cond, times * rounds);
        let added = self.reckon(&each.loop_step, times * rounds);
        self.bound.truncate(around);
        let end = Size {
            longest: start.longest + rounds.max(added.longest),
            total: start.total + rounds * added.total,
        };
        self.bound.push((&each.accu_var, end));
        let result = self.reckon(&each.result, times);
        self.bound.truncate(around);
        result
    }
}

fn literal_size(literal: &LiteralValue) -> Size {
    let length = match literal {
        LiteralValue::String(text) => text.inner().len(),
        LiteralValue::Bytes(bytes) => bytes.inner().len(),
        LiteralValue::Boolean(_)
        | LiteralValue::Double(_)
        | LiteralValue::Int(_)
        | LiteralValue::Null
        | LiteralValue::UInt(_) => 0,
    };
    Size {
        longest: 0.0,
        total: 1.0 + as_f64(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cel::Program;

    fn is_refused(expression: &str, items: usize) -> bool {
        let list = cel::Value::from(vec!["text of some length"; items]);
        let program = Program::compile(expression).unwrap();
        check(expression, program.expression(), &vec![("x", list)]).is_err()
    }

    #[test]
    fn loops_over_what_there_is_are_fine() {
        assert!(!is_refused(
            "x.all(a, a == 'b' || a.startsWith('text'))",
            50_000
        ));
        assert!(!is_refused(
            "x.filter(a, a != '').map(a, size(a)).exists(n, n > 3)",
            50_000
        ));
        assert!(!is_refused("x.all(a, x.exists(b, a == b))", 500));
        assert!(!is_refused("[[1, 2], [3]].exists(a, a.all(b, b > 2))", 0));
    }

    #[test]
    fn loops_that_multiply_are_refused() {
        assert!(is_refused("x.all(a, x.exists(b, a == b))", 50_000));
        assert!(is_refused(
            "x.all(a, x.all(b, x.all(c, x.all(d, a != b))))",
            100
        ));
        assert!(is_refused("x.map(a, x).map(a, x).map(a, x) == x", 10_000));
    }

    #[test]
    fn values_that_double_are_refused() {
        let doubling = ".map(a, a + a)".repeat(40);
        assert!(is_refused(&format!("['x']{doubling} == []"), 0));
        let nested = (0..12).fold("'x'".to_owned(), |inner, _| {
            format!("[{inner}].map(a, a + a + a + a)[0]")
        });
        assert!(is_refused(&format!("{nested} == ''"), 0));
    }

    #[test]
    fn without_loops_nothing_is_reckoned() {
        assert!(!is_refused("size(x) + size(x) > 3", 1_000_000));
    }
}
