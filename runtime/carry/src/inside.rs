//! Which paths and links stay in a folder.

use std::path::{Component, Path};

/// The names of a path that goes down and nowhere else. None for one that climbs, begins at the root, or is empty.
pub(crate) fn names(path: &str) -> Option<Vec<&str>> {
    let parts: Option<Vec<_>> = Path::new(path)
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    parts.filter(|parts| !parts.is_empty())
}

/// Whether a link at a path leads to something in the folder. Going up is right only at the start of its target: behind a name it
/// would go up from wherever that name leads.
pub(crate) fn stays(path: &str, to: &str) -> bool {
    let Some(names) = names(path) else {
        return false;
    };
    let parts: Vec<_> = Path::new(to).components().collect();
    let ups = parts
        .iter()
        .take_while(|part| **part == Component::ParentDir)
        .count();
    let goes_down = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !parts.is_empty() && ups < names.len() && parts.iter().skip(ups).all(goes_down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_down() {
        assert_eq!(names("a/b"), Some(vec!["a", "b"]));
        for path in ["", "/a", "../a", "a/../../b", "."] {
            assert_eq!(names(path), None, "{path}");
        }
    }

    #[test]
    fn links_lead_to_what_is_in_the_folder() {
        for (path, to) in [("a", "b"), ("a/b", "../c"), ("a/b", "./c/d")] {
            assert!(stays(path, to), "{path} to {to}");
        }
        for (path, to) in [
            ("a", "../b"),
            ("a", "/b"),
            ("a/b", "c/../../../d"),
            ("a", ""),
        ] {
            assert!(!stays(path, to), "{path} to {to}");
        }
    }
}
