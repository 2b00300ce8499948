//! Contexts whose name has to be typed before anything is changed there.

/// Names with `*` for any characters: `prod*,*-live`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Protected {
    patterns: Vec<String>,
}

impl Protected {
    /// Reads names and patterns with commas between them.
    pub fn of(text: &str) -> Self {
        let patterns = text.split(',').map(str::trim);
        let patterns = patterns.filter(|pattern| !pattern.is_empty());
        Self {
            patterns: patterns.map(str::to_owned).collect(),
        }
    }

    /// Whether a context is protected.
    pub fn matches(&self, context: &str) -> bool {
        self.patterns
            .iter()
            .any(|pattern| matches(pattern, context))
    }
}

/// Whether a text is the pattern with something, or nothing, in place of each `*`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns_are_told_apart() {
        let protected = Protected::of("prod*, *-live ,exact,a*b*c");
        for context in ["prod", "prod-eu", "shop-live", "exact", "abc", "a-b-b-c"] {
            assert!(protected.matches(context), "{context}");
        }
        for context in ["my-prod", "live", "exactly", "acb", "ab", ""] {
            assert!(!protected.matches(context), "{context}");
        }
        assert!(!Protected::default().matches("prod"));
        assert!(Protected::of("*").matches("anything"));
    }
}
