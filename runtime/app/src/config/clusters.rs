//! Where clusters are found, and which ones are not changed by accident.

use std::path::PathBuf;

use coracle_cluster::contexts::Protected;

use super::Situation;

/// What the workbench is told of clusters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterSettings {
    /// The files of `KUBECONFIG`; none where it is not set. What a request brings along goes before them.
    pub kubeconfig: Vec<PathBuf>,
    /// The contexts whose name has to be typed before anything is changed there: `CORACLE_PROTECTED_CONTEXTS`, names
    /// and patterns with commas between them.
    pub protected: Protected,
    /// `HTTPS_PROXY`.
    pub https_proxy: Option<String>,
    /// `NO_PROXY`.
    pub no_proxy: Option<String>,
}

impl ClusterSettings {
    pub(super) fn read(situation: &Situation) -> Self {
        let either =
            |upper: &str, lower: &str| situation.text(upper).or_else(|| situation.text(lower));
        let kubeconfig = situation.variables.get("KUBECONFIG");
        let files = kubeconfig.map(std::env::split_paths).into_iter().flatten();
        let files = files.filter(|file| !file.as_os_str().is_empty());
        let protected = situation.text("CORACLE_PROTECTED_CONTEXTS");
        Self {
            kubeconfig: files
                .map(|file| situation.current_directory.join(file))
                .collect(),
            protected: Protected::of(protected.as_deref().unwrap_or_default()),
            https_proxy: either("HTTPS_PROXY", "https_proxy"),
            no_proxy: either("NO_PROXY", "no_proxy"),
        }
    }
}
