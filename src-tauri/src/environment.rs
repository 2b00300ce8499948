//! Variables that GTK and WebKit read when they start, and what they have to be for the pages to work.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// A locale that every part of the web platform knows.
const ENGLISH: &str = "en_US.UTF-8";

/// Which variables say the locale of a process; the first that is there counts.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

const NO_DMABUF: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// What has to be set before the libraries start; nothing where all is well.
///
/// Under `C.UTF-8` WebKit tells pages that their language is `C`, which is none, and their `Intl` throws. With NVIDIA's
/// driver its fast path shows an empty window.
pub(crate) fn missing(
    variable: impl Fn(&str) -> Option<OsString>,
    has_nvidia: bool,
) -> BTreeMap<&'static str, &'static str> {
    let mut missing = BTreeMap::new();
    let said = LOCALE
        .into_iter()
        .find_map(|name| Some((name, variable(name).filter(|value| !value.is_empty())?)));
    match said {
        None => {
            missing.insert("LANG", ENGLISH);
        }
        Some((name, value)) if is_no_language(&value) => {
            missing.insert(name, ENGLISH);
        }
        Some(_) => {}
    }
    if has_nvidia && variable(NO_DMABUF).is_none() {
        missing.insert(NO_DMABUF, "1");
    }
    missing
}

/// `C`, `POSIX`, and these with an encoding.
fn is_no_language(locale: &OsStr) -> bool {
    let text = locale.to_string_lossy();
    let language = text.split(['.', '@']).next().unwrap_or_default();
    language == "C" || language == "POSIX"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&str, &str)], has_nvidia: bool, expected: &[(&str, &str)]) {
        let given: BTreeMap<&str, &str> = given.iter().copied().collect();
        let found = missing(|name| given.get(name).map(OsString::from), has_nvidia);
        assert_eq!(found, expected.iter().copied().collect(), "{given:?}");
        // What was set is enough: the process that is begun with it sets nothing more.
        let all: BTreeMap<&str, &str> = given.into_iter().chain(found).collect();
        let again = missing(|name| all.get(name).map(OsString::from), has_nvidia);
        assert!(again.is_empty(), "{all:?}: {again:?}");
    }

    #[test]
    fn a_locale_without_a_language_becomes_english() {
        check(&[], false, &[("LANG", ENGLISH)]);
        check(&[("LANG", "")], false, &[("LANG", ENGLISH)]);
        check(&[("LANG", "C.UTF-8")], false, &[("LANG", ENGLISH)]);
        check(&[("LANG", "POSIX")], false, &[("LANG", ENGLISH)]);
        check(
            &[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C.UTF-8")],
            false,
            &[("LC_ALL", ENGLISH)],
        );
        check(
            &[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")],
            false,
            &[("LC_CTYPE", ENGLISH)],
        );
    }

    #[test]
    fn a_language_stays() {
        check(&[("LANG", "de_DE.UTF-8")], false, &[]);
        check(&[("LANG", "C"), ("LC_ALL", "ca_ES.UTF-8")], false, &[]);
    }

    #[test]
    fn the_user_decides_how_is_drawn() {
        let german = ("LANG", "de_DE.UTF-8");
        check(&[german], true, &[(NO_DMABUF, "1")]);
        check(&[german, (NO_DMABUF, "0")], true, &[]);
    }
}
