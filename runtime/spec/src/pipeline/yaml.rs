//! YAML text (and so JSON text) to trees with places.
//!
//! Depth, number of nodes and what aliases may copy are bounded while the text is scanned, so a hostile file
//! costs no more than a large honest one. The limits are far above what a compiled pipeline needs.

use std::collections::{HashMap, HashSet};

use coracle_model::{Diagnostic, Span};
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, Tag};

use super::problems::Problems;
use super::scalar::{self, Plain};
use super::tree::{Content, Entry, Measure, Node};

/// Nesting of lists and maps. Values are later kept as JSON, whose reader stops at 128 levels.
const MAX_DEPTH: usize = 100;
/// Values in a file; ten thousand tasks need some four hundred thousand.
const MAX_NODES: usize = 1_000_000;
/// Bytes that anchors and aliases may copy.
const MAX_COPIED: usize = 16 << 20;
/// Documents in a file, of which two have a meaning.
const MAX_DOCUMENTS: usize = 100;

/// The documents of a file.
pub(super) struct Documents {
    /// Their contents; those of empty documents are null.
    pub(super) roots: Vec<Node>,
    /// Whether the text was read to its end.
    pub(super) complete: bool,
}

/// Reads all documents of a text. Problems are reported; the first one of syntax ends the reading.
pub(super) fn documents(text: &str, problems: &Problems) -> Documents {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    // The parser looks ahead, so either limit can be the first to be met.
    options.flow_nesting_limit = MAX_DEPTH + 1;
    options.block_nesting_limit = MAX_DEPTH + 1;
    let mut builder = Builder { problems, roots: Vec::new(), open: Vec::new(), anchors: HashMap::new(), nodes: 0, copied: 0 };
    for event in Parser::new_from_str_with_options(text, options) {
        let taken = match event {
            Ok((event, span)) => builder.take(event, place(span.start)),
            Err(error) => Err(syntax_error(&error)),
        };
        if let Err(diagnostic) = taken {
            problems.report(diagnostic);
            return Documents { roots: builder.roots, complete: false };
        }
    }
    Documents { roots: builder.roots, complete: true }
}

fn place(marker: granit_parser::Marker) -> Span {
    Span { line: marker.line().max(1), column: marker.col() + 1 }
}

fn syntax_error(error: &granit_parser::ScanError) -> Diagnostic {
    if matches!(error.kind(), granit_parser::ErrorKind::RecursionLimitExceeded) {
        return too_deep(place(*error.marker()));
    }
    Diagnostic::error("yaml-syntax", format!("failed to parse pipeline spec YAML: {}", error.info()))
        .at(Some(place(*error.marker())))
        .with_help("look at this line and the one above it: indentation, quotes, brackets and colons")
}

/// A list or map that is not closed yet.
struct Open {
    place: Span,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Map(OpenMap),
}

#[derive(Default)]
struct OpenMap {
    entries: Vec<Entry>,
    merged: Vec<Node>,
    key: Key,
}

/// What the next value of an open map is.
#[derive(Default)]
enum Key {
    /// A key.
    #[default]
    Awaited,
    /// The value of this key.
    Named(String, Span),
    /// A map, or a list of maps, whose entries are added where they are missing: `<<`.
    Merge,
    /// The value of a key that has been refused.
    Refused,
}

struct Anchored {
    node: Node,
    measure: Measure,
}

struct Builder<'a> {
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
                if style == ScalarStyle::Plain && text == "<<" && tag.is_none() && self.awaits_key() {
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
        if self.roots.len() < MAX_DOCUMENTS {
            return Ok(());
        }
        Err(too_large(place, format!("the file holds more than {MAX_DOCUMENTS} documents")))
    }

    fn start(&mut self, place: Span, anchor: usize, kind: OpenKind) -> Result<(), Diagnostic> {
        self.open.push(Open { place, anchor, kind });
        if self.open.len() <= MAX_DEPTH { Ok(()) } else { Err(too_deep(place)) }
    }

    fn alias(&mut self, id: usize, place: Span) -> Result<(), Diagnostic> {
        let Some(Anchored { node, measure }) = self.anchors.get(&id) else {
            return Err(Diagnostic::error("alias-cycle", "an alias stands inside the value it refers to")
                .at(Some(place))
                .with_help("write the value out instead"));
        };
        if self.open.len() + measure.height > MAX_DEPTH {
            return Err(too_deep(place));
        }
        let (bytes, copy) = (measure.bytes, Node { place, content: node.content.clone() });
        self.copy(bytes, place)?;
        self.close(copy, 0)
    }

    fn copy(&mut self, bytes: usize, place: Span) -> Result<(), Diagnostic> {
        self.copied += bytes;
        if self.copied <= MAX_COPIED {
            return Ok(());
        }
        Err(too_large(place, format!("anchors and aliases make the file larger than {} MiB", MAX_COPIED >> 20)))
    }

    /// Puts a finished value where it belongs.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(too_large(node.place, format!("the file holds more than {MAX_NODES} values")));
        }
        if anchor != 0 {
            let measure = node.measure();
            self.copy(measure.bytes, node.place)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), measure });
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
            Some(Open { kind: OpenKind::Map(OpenMap { key: Key::Awaited, .. }), .. })
        )
    }

    fn set_key(&mut self, key: Key) {
        if let Some(Open { kind: OpenKind::Map(map), .. }) = self.open.last_mut() {
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
                    format!("`{text}` is a date without quotes, which Kubeflow turns into other text"),
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

impl OpenMap {
    fn put(&mut self, node: Node, problems: &Problems) {
        self.key = match std::mem::take(&mut self.key) {
            Key::Awaited => match node.content {
                Content::Text(key) => Key::Named(key, node.place),
                Content::Null | Content::Bool(_) | Content::Number(_) | Content::List(_) | Content::Map(_) => {
                    problems.error(
                        node.place,
                        "key-not-text",
                        format!("a key of a map must be text, found {}", node.kind()),
                        "put the key in quotes",
                    );
                    Key::Refused
                }
            },
            Key::Named(key, key_place) => {
                self.entries.push(Entry { key, key_place, value: node });
                Key::Awaited
            }
            Key::Merge => {
                self.merged.push(node);
                Key::Awaited
            }
            Key::Refused => Key::Awaited,
        };
    }

    fn finish(mut self, problems: &Problems) -> Vec<Entry> {
        self.refuse_repeated(problems);
        if !self.merged.is_empty() {
            self.merge(problems);
        }
        self.entries
    }

    fn refuse_repeated(&mut self, problems: &Problems) {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.sort_by(|a, b| self.entries[*a].key.cmp(&self.entries[*b].key));
        for pair in order.windows(2) {
            let (first, second) = (&self.entries[pair[0]], &self.entries[pair[1]]);
            if first.key == second.key {
                problems.error(
                    second.key_place,
                    "duplicate-key",
                    format!("mapping key \"{}\" already defined at line {}", second.key, first.key_place.line),
                    "keep one of the two",
                );
            }
        }
    }

    /// An entry of the map itself wins over a merged one, an earlier merged one over a later.
    fn merge(&mut self, problems: &Problems) {
        let mut known: HashSet<String> = self.entries.iter().map(|entry| entry.key.clone()).collect();
        let sources = std::mem::take(&mut self.merged).into_iter().flat_map(|node| match node.content {
            Content::List(items) => items,
            content => vec![Node { content, ..node }],
        });
        for source in sources {
            let Content::Map(entries) = source.content else {
                problems.error(
                    source.place,
                    "yaml-merge",
                    "map merge requires map or sequence of maps as the value",
                    "write `<<: *anchor` where the anchor names a map",
                );
                continue;
            };
            self.entries.extend(entries.into_iter().filter(|entry| known.insert(entry.key.clone())));
        }
    }
}

fn says_text(tag: &Tag) -> bool {
    tag.core_suffix() == Some("str") || tag.original() == "!"
}

fn too_deep(place: Span) -> Diagnostic {
    Diagnostic::error("too-deep", format!("more than {MAX_DEPTH} levels of lists and maps"))
        .at(Some(place))
        .with_help("pass deeply nested values as text, or as a file")
}

fn too_large(place: Span, message: String) -> Diagnostic {
    Diagnostic::error("too-large", message)
        .at(Some(place))
        .with_help("pass large values as artifacts, not inside the definition")
}
