//! Whether a graph of names can be put in order.

use std::collections::{BTreeMap, BTreeSet};

/// The answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order<'n> {
    /// It can; the longest path has this many names.
    Levels(usize),
    /// It cannot: each of these needs the next, and the last the first.
    Cycle(Vec<&'n str>),
}

/// Orders a graph given as each name with the names it needs, all of them keys. No call goes deeper than one.
pub(super) fn of<'n>(needs: &BTreeMap<&'n str, BTreeSet<&'n str>>) -> Order<'n> {
    let mut missing: BTreeMap<&str, usize> = needs
        .iter()
        .map(|(name, needed)| (*name, needed.len()))
        .collect();
    let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, needed) in needs {
        for other in needed {
            needed_by.entry(other).or_default().push(name);
        }
    }
    let mut levels = 0;
    let mut ready: Vec<&str> = missing
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(name, _)| *name)
        .collect();
    while !ready.is_empty() {
        levels += 1;
        let mut next = Vec::new();
        for done in ready {
            missing.remove(done);
            for name in needed_by.get(done).into_iter().flatten() {
                if let Some(count) = missing.get_mut(name) {
                    *count -= 1;
                    if *count == 0 {
                        next.push(*name);
                    }
                }
            }
        }
        ready = next;
    }
    match missing.keys().next() {
        None => Order::Levels(levels),
        Some(start) => Order::Cycle(follow(needs, &missing, start)),
    }
}

/// Walks from need to need among the names left over until one comes again; each of them has such a need.
fn follow<'n>(
    needs: &BTreeMap<&'n str, BTreeSet<&'n str>>,
    left: &BTreeMap<&'n str, usize>,
    start: &'n str,
) -> Vec<&'n str> {
    let mut path = vec![start];
    let mut seen = BTreeMap::from([(start, 0)]);
    loop {
        let last = path[path.len() - 1];
        let Some(next) = needs
            .get(last)
            .and_then(|needed| needed.iter().find(|name| left.contains_key(*name)))
        else {
            return path;
        };
        if let Some(first) = seen.insert(next, path.len()) {
            return path.split_off(first);
        }
        path.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph<'n>(edges: &[(&'n str, &[&'n str])]) -> BTreeMap<&'n str, BTreeSet<&'n str>> {
        edges
            .iter()
            .map(|(name, needed)| (*name, needed.iter().copied().collect()))
            .collect()
    }

    #[test]
    fn a_graph_without_cycles_has_levels() {
        assert_eq!(of(&graph(&[])), Order::Levels(0));
        assert_eq!(
            of(&graph(&[
                ("a", &[]),
                ("b", &["a"]),
                ("c", &["a", "b"]),
                ("d", &[])
            ])),
            Order::Levels(3)
        );
    }

    #[test]
    fn a_cycle_is_named_without_what_leads_to_it() {
        let found = of(&graph(&[
            ("a", &["b"]),
            ("b", &["c"]),
            ("c", &["d"]),
            ("d", &["b"]),
            ("e", &[]),
        ]));
        assert_eq!(found, Order::Cycle(vec!["b", "c", "d"]));
        assert_eq!(of(&graph(&[("a", &["a"])])), Order::Cycle(vec!["a"]));
    }
}
