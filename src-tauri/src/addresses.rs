//! Which addresses the windows may show, and where pages are.

use tauri::Url;

/// What becomes of an address that a page leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    /// It is shown here.
    Here,
    /// The user's browser shows it.
    Browser,
    /// Nothing shows it.
    Nowhere,
}

/// Judges an address. Only the workbench's own pages are shown, and what they make themselves.
pub(crate) fn lead(url: &Url, workbench: &Url) -> Lead {
    match url.scheme() {
        _ if url.origin() == workbench.origin() => Lead::Here,
        // What pages make: previews and downloads. Their policy keeps such out of scripts and of frames.
        "blob" | "data" | "about" => Lead::Here,
        "http" | "https" | "mailto" => Lead::Browser,
        _ => Lead::Nowhere,
    }
}

/// A page of the workbench's, whose pages stand behind a `#`.
pub(crate) fn page(workbench: &Url, path: &str) -> Url {
    let mut url = workbench.clone();
    url.set_fragment(Some(path));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_workbenchs_own_pages_are_shown() {
        let workbench: Url = "http://127.0.0.1:8890".parse().unwrap();
        let of = |url: &str| lead(&url.parse().unwrap(), &workbench);
        for own in [
            "http://127.0.0.1:8890/#/runs",
            "http://127.0.0.1:8890/notebook/default/a/lab",
            "about:blank",
            "blob:http://127.0.0.1:8890/5f0c",
            "data:application/yaml,a",
        ] {
            assert_eq!(of(own), Lead::Here, "{own}");
        }
        for other in [
            "http://127.0.0.1:8891/",
            "http://localhost:8890/",
            "https://127.0.0.1:8890/",
            "http://127.0.0.1.evil.example:8890/",
            "http://127.0.0.1.evil.example:8890/",
            "mailto:a@b.example",
        ] {
            assert_eq!(of(other), Lead::Browser, "{other}");
        }
        for other in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "coracle://run/1",
        ] {
            assert_eq!(of(other), Lead::Nowhere, "{other}");
        }
    }

    #[test]
    fn a_page_stands_behind_the_sign() {
        let workbench: Url = "http://127.0.0.1:8890".parse().unwrap();
        assert_eq!(
            page(&workbench, "/runs/5f0c").as_str(),
            "http://127.0.0.1:8890/#/runs/5f0c"
        );
    }
}
