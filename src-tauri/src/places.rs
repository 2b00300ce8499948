//! Where the desktop keeps its own things, below the workbench's home.

use std::path::PathBuf;

use coracle_app::Config;

/// The files and folders of the desktop.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// What the desktop remembers.
    pub(crate) data: PathBuf,
    /// Where the window was.
    pub(crate) window: PathBuf,
    /// What WebKit keeps for the pages.
    pub(crate) webview: PathBuf,
    /// Its lock, its socket, and the icon that the tray reads.
    pub(crate) runtime: PathBuf,
}

impl Places {
    /// Of a workbench that is configured so.
    pub(crate) fn of(config: &Config) -> Self {
        let home = &config.home;
        Self {
            data: home.data().to_owned(),
            window: home.data().join("desktop-window.json"),
            webview: home.cache().join("webview"),
            runtime: home.runtime().to_owned(),
        }
    }
}
