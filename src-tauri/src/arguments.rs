//! What the command line asks of the desktop: to show itself, a run, or a file.
//!
//! File managers and browsers start the desktop with what they were asked to open, a path or an address of its own scheme.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What links to runs begin with.
const RUN_LINK: &str = "coracle://run/";

/// What every address of the desktop's own begins with.
const LINK: &str = "coracle:";

const FILE_LINK: &str = "file://";

/// What the desktop is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wish {
    /// Show the window as it is.
    Show,
    /// Be there, in the tray only.
    Hide,
    /// Show a run.
    Run(String),
    /// Offer to run a file.
    File(PathBuf),
    /// End.
    Quit,
}

/// What the process is started for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be the desktop, or to tell it what is wished.
    Desktop(Vec<Wish>),
    /// To look after one process of a step, as `coracle supervise` does.
    Supervise(PathBuf),
    /// To print a text.
    Tell(&'static str),
    /// Nothing: a word that is not understood.
    Mistaken(String),
}

/// How the desktop is used.
pub(crate) const USAGE: &str = "\
The workbench in a window of its own.

Usage: coracle-desktop [--hidden | --quit] [FILE | coracle://run/ID]...

  FILE              a compiled pipeline, a Python file or a notebook: offers to run it
  coracle://run/ID  shows that run
  --hidden          stays in the tray until it is asked for
  --quit            has the desktop that runs end, which asks first where work runs
  -h, --help        prints this
  -V, --version     prints the version

`coracle serve` is the same workbench without a window. Settings are those of `coracle`.
";

/// Reads the command line, without the program's own name. Paths are made absolute from `directory`.
pub(crate) fn read(words: &[OsString], directory: &Path) -> Purpose {
    if let [first, workload] = words
        && first == "supervise"
    {
        return Purpose::Supervise(workload.into());
    }
    let mut wishes = Vec::new();
    for word in words {
        wishes.push(match word.to_str() {
            Some("--hidden") => Wish::Hide,
            Some("--quit") => Wish::Quit,
            Some("-h" | "--help") => return Purpose::Tell(USAGE),
            Some("-V" | "--version") => {
                return Purpose::Tell(concat!("coracle-desktop ", env!("CARGO_PKG_VERSION"), "\n"));
            }
            Some(option) if option.starts_with('-') => {
                return Purpose::Mistaken(option.to_owned());
            }
            Some(_) | None => named(word, directory),
        });
    }
    if wishes.is_empty() {
        wishes.push(Wish::Show);
    }
    Purpose::Desktop(wishes)
}

/// A file or a link. Links come from pages of anybody, so that one which is not understood only shows the window.
fn named(word: &OsStr, directory: &Path) -> Wish {
    match word.to_str() {
        Some(link) if link.starts_with(LINK) => link
            .strip_prefix(RUN_LINK)
            .map(|run| run.trim_end_matches('/'))
            .filter(|run| is_run(run))
            .map_or(Wish::Show, |run| Wish::Run(run.to_owned())),
        Some(link) if link.starts_with(FILE_LINK) => {
            file_of_link(&link[FILE_LINK.len()..]).map_or(Wish::Show, Wish::File)
        }
        Some(_) | None => Wish::File(directory.join(word)),
    }
}

/// Whether a text may stand for a run in an address.
fn is_run(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn file_of_link(path: &str) -> Option<PathBuf> {
    let decoded = percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .ok()?;
    decoded.starts_with('/').then(|| decoded.as_ref().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Purpose {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        read(&words, Path::new("/work"))
    }

    fn wish(word: &str) -> Wish {
        match of(&[word]) {
            Purpose::Desktop(wishes) => wishes.into_iter().next().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_words_the_window_is_shown() {
        assert_eq!(of(&[]), Purpose::Desktop(vec![Wish::Show]));
        assert_eq!(of(&["--hidden"]), Purpose::Desktop(vec![Wish::Hide]));
        assert_eq!(of(&["--quit"]), Purpose::Desktop(vec![Wish::Quit]));
    }

    #[test]
    fn files_are_found_from_where_they_were_named() {
        assert_eq!(wish("a.yaml"), Wish::File("/work/a.yaml".into()));
        assert_eq!(wish("/b/c.py"), Wish::File("/b/c.py".into()));
        assert_eq!(
            wish("file:///b/two%20words.yaml"),
            Wish::File("/b/two words.yaml".into())
        );
        assert_eq!(wish("file://elsewhere/b.yaml"), Wish::Show);
    }

    #[test]
    fn a_link_leads_to_its_run_and_nowhere_else() {
        let id = "5f0c1d2e-0000-4000-8000-000000000000";
        assert_eq!(
            wish(&format!("coracle://run/{id}")),
            Wish::Run(id.to_owned())
        );
        assert_eq!(
            wish(&format!("coracle://run/{id}/")),
            Wish::Run(id.to_owned())
        );
        for link in [
            "coracle://run/",
            "coracle://run/../secrets",
            "coracle://run/5f0c?x=1",
            "coracle://run/5f0c#/secrets",
            "coracle://secrets/all",
            "coracle:run/5f0c",
        ] {
            assert_eq!(wish(link), Wish::Show, "{link}");
        }
    }

    #[test]
    fn a_step_of_the_process_engine_is_looked_after() {
        assert_eq!(of(&["supervise", "/x"]), Purpose::Supervise("/x".into()));
    }

    #[test]
    fn a_word_that_is_not_understood_is_named() {
        assert_eq!(
            of(&["--frobnicate"]),
            Purpose::Mistaken("--frobnicate".to_owned())
        );
        assert!(matches!(of(&["a.yaml", "-h"]), Purpose::Tell(_)));
    }
}
