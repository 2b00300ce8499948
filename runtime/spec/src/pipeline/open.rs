//! Lists and maps while they are read: keys that are text, each once, and entries merged in by `<<`.

use std::collections::HashSet;

use coracle_model::Span;

use super::problems::Problems;
use super::tree::{Content, Entry, Node};

/// A list or map that is not closed yet.
pub(super) struct Open {
    /// Where it begins.
    pub(super) place: Span,
    /// The id of its anchor; 0 for none.
    pub(super) anchor: usize,
    /// What it holds so far.
    pub(super) kind: OpenKind,
}

/// What an open list or map holds so far.
pub(super) enum OpenKind {
    /// Items.
    List(Vec<Node>),
    /// Entries.
    Map(OpenMap),
}

/// An open map.
#[derive(Default)]
pub(super) struct OpenMap {
    entries: Vec<Entry>,
    merged: Vec<Node>,
    /// What the next value is.
    pub(super) key: Key,
}

/// What the next value of an open map is.
#[derive(Default)]
pub(super) enum Key {
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

impl OpenMap {
    /// Takes the next key or value.
    pub(super) fn put(&mut self, node: Node, problems: &Problems) {
        self.key = match std::mem::take(&mut self.key) {
            Key::Awaited => match node.content {
                Content::Text(key) => Key::Named(key, node.place),
                Content::Null
                | Content::Bool(_)
                | Content::Number(_)
                | Content::List(_)
                | Content::Map(_) => {
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
                self.entries.push(Entry {
                    key,
                    key_place,
                    value: node,
                });
                Key::Awaited
            }
            Key::Merge => {
                self.merged.push(node);
                Key::Awaited
            }
            Key::Refused => Key::Awaited,
        };
    }

    /// The entries of the map, which is complete.
    pub(super) fn finish(mut self, problems: &Problems) -> Vec<Entry> {
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
                    format!(
                        "mapping key \"{}\" already defined at line {}",
                        second.key, first.key_place.line
                    ),
                    "keep one of the two",
                );
            }
        }
    }

    /// An entry of the map itself wins over a merged one, an earlier merged one over a later.
    fn merge(&mut self, problems: &Problems) {
        let mut known: HashSet<String> =
            self.entries.iter().map(|entry| entry.key.clone()).collect();
        let sources = std::mem::take(&mut self.merged)
            .into_iter()
            .flat_map(|node| match node.content {
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
            self.entries.extend(
                entries
                    .into_iter()
                    .filter(|entry| known.insert(entry.key.clone())),
            );
        }
    }
}
