//! References to variables in texts: `$(NAME)`.

/// Fills in references. One to a variable that is not there stays as it is; `$$` stands for `$`.
pub(super) fn expand<'value>(text: &str, look_up: impl Fn(&str) -> Option<&'value str>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('$') {
        filled.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            filled.push('$');
            rest = after;
        } else if let Some((name, after)) = reference(rest) {
            match look_up(name) {
                Some(value) => filled.push_str(value),
                None => filled.push_str(&format!("$({name})")),
            }
            rest = after;
        } else {
            filled.push('$');
        }
    }
    filled.push_str(rest);
    filled
}

/// The first reference that leads nowhere.
pub(super) fn unresolved(text: &str, is_there: impl Fn(&str) -> bool) -> Option<&str> {
    let mut rest = text;
    while let Some(position) = rest.find('$') {
        rest = &rest[position + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
        } else if let Some((name, after)) = reference(rest) {
            if !is_there(name) {
                return Some(name);
            }
            rest = after;
        }
    }
    None
}

/// The name in `(NAME)` and what follows.
fn reference(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('(')?.split_once(')')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        expand(text, |name| match name {
            "A" => Some("1"),
            "EMPTY" => Some(""),
            _ => None,
        })
    }

    /// The examples of Kubernetes' documentation on dependent variables, and their edges.
    #[test]
    fn references_are_filled_in_as_kubernetes_documents() {
        for (text, expected) in [
            ("$(A)", "1"),
            ("x$(A)y$(A)", "x1y1"),
            ("$(NONE)", "$(NONE)"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$1"),
            ("$$$$(A)", "$$(A)"),
            ("$A", "$A"),
            ("$(A", "$(A"),
            ("$", "$"),
            ("$(EMPTY)", ""),
            ("$()", "$()"),
            ("ä$(A)ß", "ä1ß"),
        ] {
            assert_eq!(filled(text), expected, "{text}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_found() {
        let found = |text| unresolved(text, |name| name == "A").map(str::to_owned);
        assert_eq!(found("$(A)/$(B)"), Some("B".to_owned()));
        assert_eq!(found("$(A)/$$(B)"), None);
    }
}
