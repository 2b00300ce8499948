//! Where packages may be fetched from: KFP's rule, by the variables of its own server.

/// The hosts that are trusted without being named.
const USUAL_HOSTS: [&str; 4] = [
    "storage.googleapis.com",
    "s3.amazonaws.com",
    "github.com",
    "raw.githubusercontent.com",
];

/// Where packages may be fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageHosts {
    /// From anywhere: `PIPELINE_URL_VALIDATION_ENABLED=false`.
    Any,
    /// By HTTPS from well-known hosts, and from those that are named in `PIPELINE_URL_ALLOWED_DOMAINS`.
    Known(Vec<String>),
}

impl PackageHosts {
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let validated = variable("PIPELINE_URL_VALIDATION_ENABLED");
        if validated.is_some_and(|value| value.eq_ignore_ascii_case("false")) {
            return Self::Any;
        }
        let named = variable("PIPELINE_URL_ALLOWED_DOMAINS").unwrap_or_default();
        let named = named
            .split(',')
            .map(str::trim)
            .filter(|host| !host.is_empty());
        let hosts = USUAL_HOSTS.into_iter().chain(named);
        Self::Known(hosts.map(str::to_ascii_lowercase).collect())
    }

    /// Whether a URL may be asked for.
    pub(crate) fn admit(&self, url: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Known(hosts) => url.strip_prefix("https://").is_some_and(|rest| {
                // With a port or a user in it, this is none of the hosts.
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                hosts.contains(&host.to_ascii_lowercase())
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(validated: &str, named: &str) -> PackageHosts {
        PackageHosts::read(|name| {
            let value = match name {
                "PIPELINE_URL_VALIDATION_ENABLED" => validated,
                _ => named,
            };
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    #[test]
    fn only_known_hosts_are_asked_by_https() {
        let usual = hosts("", "");
        for url in ["https://github.com/a/b.yaml", "https://GitHub.com?x"] {
            assert!(usual.admit(url), "{url}");
        }
        for url in [
            "http://github.com/a",
            "https://github.com:8443/a",
            "https://user@github.com/a",
            "https://github.com.evil.example/a",
            "https://169.254.169.254/latest",
            "file:///etc/passwd",
        ] {
            assert!(!usual.admit(url), "{url}");
        }
        assert!(hosts("", "models.example, b").admit("https://models.example/p.yaml"));
        assert!(hosts("False", "").admit("http://127.0.0.1:9/p.yaml"));
    }
}
