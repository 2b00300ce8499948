//! Where installers find packages, as the user's own `pip` is told.

use std::collections::BTreeMap;

use coracle_model::EngineKind;

/// The settings of `pip` that say where packages come from; which of them mean something in a step depends on the
/// engine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexSettings(BTreeMap<String, String>);

/// Addresses and host names: true wherever a step runs.
const PLACELESS: [&str; 3] = ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST"];

/// May be paths of this machine, or addresses.
const LINKS: &str = "PIP_FIND_LINKS";

/// Only make sense where the machine's own files are, or where what they allow is on the machine.
const OF_THIS_MACHINE: [&str; 2] = ["PIP_CERT", "PIP_NO_INDEX"];

impl IndexSettings {
    /// Picks the settings out of an environment.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let names = PLACELESS.iter().chain([&LINKS]).chain(&OF_THIS_MACHINE);
        let found = names.filter_map(|name| Some(((*name).to_owned(), variable(name)?)));
        Self(
            found
                .filter(|(_, value)| !value.trim().is_empty())
                .collect(),
        )
    }

    /// The settings that a step on this engine can use. A container sees none of the machine's files: a path in
    /// it names nothing, and a certificate named there would make every install fail.
    pub fn for_engine(&self, engine: EngineKind) -> BTreeMap<String, String> {
        match engine {
            EngineKind::Process => self.0.clone(),
            EngineKind::Docker | EngineKind::Fake => self
                .0
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), in_container(name, value)?)))
                .collect(),
        }
    }
}

fn in_container(name: &str, value: &str) -> Option<String> {
    if PLACELESS.contains(&name) {
        return Some(value.to_owned());
    }
    let addresses: Vec<&str> = value
        .split_whitespace()
        .filter(|place| place.contains("://"))
        .collect();
    let usable = name == LINKS
        && addresses.iter().all(|place| !place.starts_with("file:"))
        && !addresses.is_empty();
    usable.then(|| addresses.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> IndexSettings {
        let pairs: BTreeMap<String, String> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        IndexSettings::read(|name| pairs.get(name).cloned())
    }

    #[test]
    fn containers_get_addresses_and_no_paths() {
        let all = settings(&[
            ("PIP_INDEX_URL", "https://mirror/simple"),
            ("PIP_CERT", "/etc/ssl/mirror.pem"),
            ("PIP_FIND_LINKS", "/srv/wheels https://wheels/"),
            ("PIP_TRUSTED_HOST", " "),
            ("PIP_QUIET", "1"),
        ]);
        let docker = all.for_engine(EngineKind::Docker);
        assert_eq!(
            docker.keys().collect::<Vec<_>>(),
            ["PIP_FIND_LINKS", "PIP_INDEX_URL"]
        );
        assert_eq!(docker["PIP_FIND_LINKS"], "https://wheels/");
        let process = all.for_engine(EngineKind::Process);
        assert_eq!(
            process.keys().collect::<Vec<_>>(),
            ["PIP_CERT", "PIP_FIND_LINKS", "PIP_INDEX_URL"]
        );
    }

    #[test]
    fn links_that_are_only_paths_are_left_out() {
        let links =
            |value: &str| settings(&[("PIP_FIND_LINKS", value)]).for_engine(EngineKind::Docker);
        assert!(links("/srv/wheels").is_empty());
        assert!(links("file:///srv/wheels").is_empty());
    }
}
