//! Sets of fields.

use std::collections::{BTreeMap, BTreeSet};

use super::element::Element;
use super::node::Node;

/// A set of paths. A path and one that leads through it are two members.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FieldSet {
    /// The paths of one step.
    pub(super) members: BTreeSet<Element>,
    /// The longer ones, by their first step. None is empty.
    pub(super) children: BTreeMap<Element, Self>,
}

impl FieldSet {
    /// The set of one path of field names.
    pub(super) fn of_fields(path: &[&str]) -> Self {
        let mut set = Self::default();
        match path {
            [] => {}
            [last] => {
                set.members.insert(Element::field(last));
            }
            [first, rest @ ..] => set.put(Element::field(first), Self::of_fields(rest)),
        }
        set
    }

    /// Puts a set under a step, where none was.
    pub(super) fn put(&mut self, element: Element, set: Self) {
        if !set.is_empty() {
            self.children.insert(element, set);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    /// What stands under a step; empty where nothing does.
    pub(super) fn under(&self, element: &Element) -> Option<&Self> {
        self.children.get(element)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        union.members.extend(other.members.iter().cloned());
        for (element, theirs) in &other.children {
            let both = match union.children.get(element) {
                Some(ours) => ours.union(theirs),
                None => theirs.clone(),
            };
            union.put(element.clone(), both);
        }
        union
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let members = self.members.intersection(&other.members);
        let mut both = Self {
            members: members.cloned().collect(),
            children: BTreeMap::new(),
        };
        for (element, ours) in &self.children {
            if let Some(theirs) = other.under(element) {
                both.put(element.clone(), ours.intersection(theirs));
            }
        }
        both
    }

    /// The paths that are not in the other set.
    pub(super) fn difference(&self, other: &Self) -> Self {
        let members = self.members.difference(&other.members);
        let mut rest = Self {
            members: members.cloned().collect(),
            children: BTreeMap::new(),
        };
        for (element, ours) in &self.children {
            let ours = match other.under(element) {
                Some(theirs) => ours.difference(theirs),
                None => ours.clone(),
            };
            rest.put(element.clone(), ours);
        }
        rest
    }

    /// The paths that are not in the other set, nor lead through one that is.
    pub(super) fn outside(&self, other: &Self) -> Self {
        let mut rest = self.difference(other);
        rest.children
            .retain(|element, _| !other.members.contains(element));
        let narrowed = rest.children.iter().map(|(element, ours)| {
            let ours = match other.under(element) {
                Some(theirs) => ours.outside(theirs),
                None => ours.clone(),
            };
            (element.clone(), ours)
        });
        rest.children = narrowed.filter(|(_, set)| !set.is_empty()).collect();
        rest
    }

    /// The same with those fields as members through which others lead and which their type names.
    pub(super) fn with_named_fields(&self, node: Node<'_>) -> Self {
        let mut whole = Self {
            members: self.members.clone(),
            children: BTreeMap::new(),
        };
        for (element, set) in &self.children {
            if let Element::Field(name) = element
                && node.names_field(name)
            {
                whole.members.insert(element.clone());
            }
            let inner = node.at(element);
            whole
                .children
                .insert(element.clone(), set.with_named_fields(inner));
        }
        whole
    }

    /// All paths, as texts such as `.spec.containers[name="a"].image`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.add_paths("", &mut paths);
        paths
    }

    fn add_paths(&self, prefix: &str, paths: &mut Vec<String>) {
        paths.extend(
            self.members
                .iter()
                .map(|element| format!("{prefix}{element}")),
        );
        for (element, set) in &self.children {
            set.add_paths(&format!("{prefix}{element}"), paths);
        }
    }
}
