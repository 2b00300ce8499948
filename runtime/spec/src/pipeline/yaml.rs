//! YAML text (and so JSON text) to trees with places.
//!
//! Depth, number of nodes and what aliases may copy are bounded while the text is scanned, so a hostile file
//! costs no more than a large honest one. The limits are far above what a compiled pipeline needs.

use std::collections::HashMap;

use coracle_model::{Diagnostic, Span};
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, Tag};

use super::open::{Key, Open, OpenKind, OpenMap};
use super::problems::Problems;
use super::scalar::{self, Plain};
use super::tree::{Content, Measure, Node};

/// How much a text may ask for.
struct Limits {
    /// Levels of lists and maps. Values are later kept as JSON, whose reader stops at 128.
    depth: usize,
    /// Values in all documents; ten thousand tasks need some four hundred thousand.
    nodes: usize,
    /// Bytes that anchors and aliases may copy.
    copied: usize,
    /// Documents, of which two have a meaning.
    documents: usize,
}

const LIMITS: Limits = Limits {
    depth: 100,
    nodes: 1_000_000,
    copied: 4 << 20,
    documents: 100,
};

/// The documents of a file.
pub(super) struct Documents {
    /// Their contents; those of empty documents are null.
    pub(super) roots: Vec<Node>,
    /// Whether the text was read to its end.
    pub(super) complete: bool,
}

/// Reads all documents of a text. Problems are reported; the first one of syntax ends the reading.
pub(super) fn documents(text: &str, problems: &Problems) -> Documents {
    documents_within(&LIMITS, text, problems)
}

fn documents_within(limits: &Limits, text: &str, problems: &Problems) -> Documents {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    // The parser looks ahead, so either limit can be the first to be met.
    options.flow_nesting_limit = limits.depth + 1;
    options.block_nesting_limit = limits.depth + 1;
    let mut builder = Builder {
        limits,
        problems,
        roots: Vec::new(),
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        copied: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let taken = match event {
            Ok((event, span)) => builder.take(event, place(span.start)),
            Err(error) => Err(syntax_error(&error, limits)),
        };
        if let Err(diagnostic) = taken {
            problems.report(diagnostic);
            return Documents {
                roots: builder.roots,
                complete: false,
            };
        }
    }
    Documents {
        roots: builder.roots,
        complete: true,
    }
}

fn place(marker: granit_parser::Marker) -> Span {
    Span {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}

fn syntax_error(error: &granit_parser::ScanError, limits: &Limits) -> Diagnostic {
    if matches!(
        error.kind(),
        granit_parser::ErrorKind::RecursionLimitExceeded
    ) {
        return too_deep(place(*error.marker()), limits);
    }
    Diagnostic::error(
        "yaml-syntax",
        format!("failed to parse pipeline spec YAML: {}", error.info()),
    )
    .at(Some(place(*error.marker())))
    .with_help("look at this line and the one above it: indentation, quotes, brackets and colons")
}

struct Anchored {
    node: Node,
    measure: Measure,
}

struct Builder<'a> {
    limits: &'a Limits,
    problems: &'a Problems,
    roots: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    copied: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, place: Span) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) => self.start_document(place),
            Event::Scalar(text, style, anchor, tag) => {
                if style == ScalarStyle::Plain && text == "<<" && tag.is_none() && self.awaits_key()
                {
                    self.set_key(Key::Merge);
                    return Ok(());
                }
                let content = self.scalar(&text, style, tag.as_deref(), place);
                self.close(Node { place, content }, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", place);
                self.start(place, anchor, OpenKind::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", place);
                self.start(place, anchor, OpenKind::Map(OpenMap::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let node = self.finish(open.place, open.kind);
                    self.close(node, open.anchor)
                }
                None => Ok(()),
            },
            Event::Alias(id) => self.alias(id, place),
            // The rest says nothing about values; comments and anchor names are not asked for.
            _ => Ok(()),
        }
    }

    fn start_document(&mut self, place: Span) -> Result<(), Diagnostic> {
        self.anchors.clear();
        let most = self.limits.documents;
        if self.roots.len() < most {
            return Ok(());
        }
        Err(too_large(
            place,
            format!("the file holds more than {most} documents"),
        ))
    }

    fn start(&mut self, place: Span, anchor: usize, kind: OpenKind) -> Result<(), Diagnostic> {
        self.open.push(Open {
            place,
            anchor,
            kind,
        });
        if self.open.len() <= self.limits.depth {
            Ok(())
        } else {
            Err(too_deep(place, self.limits))
        }
    }

    fn alias(&mut self, id: usize, place: Span) -> Result<(), Diagnostic> {
        let Some(Anchored { node, measure }) = self.anchors.get(&id) else {
            return Err(Diagnostic::error(
                "alias-cycle",
                "an alias stands inside the value it refers to",
            )
            .at(Some(place))
            .with_help("write the value out instead"));
        };
        if self.open.len() + measure.height > self.limits.depth {
            return Err(too_deep(place, self.limits));
        }
        let (bytes, copy) = (
            measure.bytes,
            Node {
                place,
                content: node.content.clone(),
            },
        );
        self.copy(bytes, place)?;
        self.close(copy, 0)
    }

    fn copy(&mut self, bytes: usize, place: Span) -> Result<(), Diagnostic> {
        self.copied += bytes;
        if self.copied <= self.limits.copied {
            return Ok(());
        }
        Err(too_large(
            place,
            format!(
                "anchors and aliases copy more than {} MiB",
                self.limits.copied >> 20
            ),
        ))
    }

    /// Puts a finished value where it belongs.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += 1;
        let most = self.limits.nodes;
        if self.nodes > most {
            return Err(too_large(
                node.place,
                format!("the file holds more than {most} values"),
            ));
        }
        if anchor != 0 {
            let measure = node.measure();
            self.copy(measure.bytes, node.place)?;
            self.anchors.insert(
                anchor,
                Anchored {
                    node: node.clone(),
                    measure,
                },
            );
        }
        let problems = self.problems;
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.roots.push(node),
            Some(OpenKind::List(items)) => items.push(node),
            Some(OpenKind::Map(map)) => map.put(node, problems),
        }
        Ok(())
    }

    fn finish(&self, place: Span, kind: OpenKind) -> Node {
        let content = match kind {
            OpenKind::List(items) => Content::List(items),
            OpenKind::Map(map) => Content::Map(map.finish(self.problems)),
        };
        Node { place, content }
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                kind: OpenKind::Map(OpenMap {
                    key: Key::Awaited,
                    ..
                }),
                ..
            })
        )
    }

    fn set_key(&mut self, key: Key) {
        if let Some(Open {
            kind: OpenKind::Map(map),
            ..
        }) = self.open.last_mut()
        {
            map.key = key;
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, place: Span) -> Content {
        let quoted = style != ScalarStyle::Plain || tag.is_some_and(says_text);
        if quoted {
            return Content::Text(text.to_owned());
        }
        self.check_tag(tag, "scalar", place);
        match scalar::resolve(text) {
            Plain::Is(content) => content,
            Plain::Date => {
                self.problems.warning(
                    place,
                    "unquoted-date",
                    format!(
                        "`{text}` is a date without quotes, which Kubeflow turns into other text"
                    ),
                    format!("write \"{text}\""),
                );
                Content::Text(text.to_owned())
            }
            Plain::NotFinite => {
                self.problems.error(
                    place,
                    "not-finite",
                    format!("`{text}` is no number that JSON can hold"),
                    "write a finite number, or quote it to make it text",
                );
                Content::Null
            }
        }
    }

    fn check_tag(&self, tag: Option<&Tag>, wanted: &str, place: Span) {
        let Some(tag) = tag else { return };
        let fits = match tag.core_suffix() {
            Some(kind @ ("seq" | "map")) => kind == wanted,
            Some(_) => wanted == "scalar",
            None => false,
        };
        if !fits {
            self.problems.error(
                place,
                "yaml-tag",
                format!("the tag `{}` means nothing in a pipeline", tag.original()),
                "remove the tag",
            );
        }
    }
}

fn says_text(tag: &Tag) -> bool {
    tag.core_suffix() == Some("str") || tag.original() == "!"
}

fn too_deep(place: Span, limits: &Limits) -> Diagnostic {
    Diagnostic::error(
        "too-deep",
        format!("more than {} levels of lists and maps", limits.depth),
    )
    .at(Some(place))
    .with_help("pass deeply nested values as text, or as a file")
}

fn too_large(place: Span, message: String) -> Diagnostic {
    Diagnostic::error("too-large", message)
        .at(Some(place))
        .with_help("pass large values as artifacts, not inside the definition")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Limits = Limits {
        depth: 3,
        nodes: 10,
        copied: 1000,
        documents: 2,
    };

    fn first_problem(text: &str) -> Option<String> {
        let problems = Problems::default();
        let complete = documents_within(&FEW, text, &problems).complete;
        let found = problems.into_diagnostics();
        assert_eq!(complete, found.is_empty());
        found.first().map(|first| {
            format!(
                "{} {}",
                first.code,
                first.span.unwrap_or(Span { line: 0, column: 0 })
            )
        })
    }

    #[test]
    fn each_limit_can_be_reached_and_not_passed() {
        assert_eq!(first_problem("[[[1]]]"), None);
        assert_eq!(first_problem("[[[[1]]]]"), Some("too-deep 1:4".to_owned()));
        assert_eq!(first_problem("- - - - 1"), Some("too-deep 1:7".to_owned()));
        assert_eq!(first_problem("[1, 2, 3, 4, 5, 6, 7, 8, 9]"), None);
        assert_eq!(
            first_problem("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"),
            Some("too-large 1:1".to_owned())
        );
        assert_eq!(first_problem("--- 1\n--- 2\n"), None);
        assert_eq!(
            first_problem("--- 1\n--- 2\n--- 3\n"),
            Some("too-large 3:1".to_owned())
        );
    }

    #[test]
    fn copies_count_with_what_is_in_them() {
        assert_eq!(first_problem("[&a x, *a, *a]"), None);
        assert_eq!(first_problem("[&a [[x]], *a]"), None);
        assert_eq!(
            first_problem("[[&a [x], *a], [[*a]]]"),
            Some("too-deep 1:18".to_owned())
        );
        let long = "x".repeat(600);
        assert_eq!(first_problem(&format!("[&a {long}]")), None);
        assert_eq!(
            first_problem(&format!("[&a {long}, *a]")),
            Some("too-large 1:607".to_owned())
        );
    }
}
