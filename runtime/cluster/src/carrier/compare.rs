//! What of a folder has to go over, by what is in both.

use std::collections::HashMap;

use coracle_carry::{Content, Entry, is_same};

use super::account::{Account, LeftOut};

/// What becomes of files that are there with other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// They stay: nothing is carried, and they are named.
    Keep,
    /// They are replaced.
    Replace,
}

/// What has to go over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Missing<'a> {
    /// In the order in which they were listed: a folder before what is in it.
    pub(super) send: Vec<&'a Entry>,
    /// Those of them at whose paths there is something else.
    pub(super) different: Vec<String>,
    /// What nothing has to be done for, and what cannot go over.
    pub(super) account: Account,
}

/// What of `from` is missing in `to`, or other there.
pub(super) fn missing<'a>(from: &'a [Entry], to: &[Entry]) -> Missing<'a> {
    let there: HashMap<&str, &Content> = to
        .iter()
        .map(|entry| (entry.path.as_str(), &entry.content))
        .collect();
    let mut missing = Missing::default();
    for entry in from {
        if let Content::Other { why } = &entry.content {
            missing.account.left_out.push(LeftOut {
                path: entry.path.clone(),
                why: why.clone(),
            });
            continue;
        }
        match there.get(entry.path.as_str()) {
            Some(content) if is_same(&entry.content, content) => {
                missing.account.there += u64::from(counts(entry));
            }
            Some(_) => {
                missing.different.push(entry.path.clone());
                missing.send.push(entry);
            }
            None => missing.send.push(entry),
        }
    }
    missing
}

/// Whether something is counted: a folder is not what anybody misses.
pub(super) fn counts(entry: &Entry) -> bool {
    !matches!(entry.content, Content::Folder { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, sha256: &str) -> Entry {
        let content = Content::File {
            bytes: 1,
            sha256: sha256.to_owned(),
            mode: 0o644,
        };
        Entry {
            path: path.to_owned(),
            content,
        }
    }

    #[test]
    fn what_is_there_with_the_same_bytes_stays_and_what_is_other_is_named() {
        let folder = Entry {
            path: "d".to_owned(),
            content: Content::Folder { mode: 0o755 },
        };
        let socket = Entry {
            path: "s".to_owned(),
            content: Content::Other {
                why: "no file".to_owned(),
            },
        };
        let here = [
            file("a", "1"),
            file("b", "2"),
            folder.clone(),
            file("d/c", "3"),
            socket,
        ];
        let there = [file("a", "1"), file("b", "other"), folder, file("z", "9")];
        let found = missing(&here, &there);
        let paths: Vec<_> = found.send.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["b", "d/c"]);
        assert_eq!(found.different, ["b"]);
        assert_eq!((found.account.there, found.account.left_out.len()), (1, 1));
    }
}
