//! What the desktop remembers of its own, beside what the workbench keeps.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The version of the file; another one is not read.
const VERSION: u32 = 1;

/// What can be set, and what was said already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    version: u32,
    /// Whether work that failed or took long is told of.
    pub(crate) notifies: bool,
    /// Whether it was said that the window closes to the tray.
    pub(crate) has_told_of_tray: bool,
}

impl Settings {
    const FIRST: Self = Self {
        version: VERSION,
        notifies: true,
        has_told_of_tray: false,
    };
}

/// The settings and their file, which is written as soon as one changes.
#[derive(Debug)]
pub(crate) struct Remembered {
    file: PathBuf,
    settings: Settings,
}

impl Remembered {
    /// What a folder remembers; the usual where it does not, or not so that it can be read.
    pub(crate) fn of(folder: &Path) -> Self {
        let file = folder.join("desktop.json");
        let read = fs_err::read(&file).and_then(|text| {
            let settings: Settings = serde_json::from_slice(&text)?;
            Ok(settings)
        });
        let settings = match read {
            Ok(settings) if settings.version == VERSION => settings,
            Ok(Settings { version, .. }) => {
                tracing::warn!(version, "settings of another version are left out");
                Settings::FIRST
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Settings::FIRST,
            Err(error) => {
                tracing::warn!(%error, "settings that cannot be read are left out");
                Settings::FIRST
            }
        };
        Self { file, settings }
    }

    pub(crate) fn settings(&self) -> Settings {
        self.settings
    }

    /// Changes settings, for now and for the next time.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        if let Err(error) = self.write() {
            tracing::warn!(%error, "a setting holds until the desktop ends");
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let part = self.file.with_extension("json.part");
        fs_err::write(&part, serde_json::to_vec_pretty(&self.settings)?)?;
        fs_err::rename(part, &self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Remembered::of(folder.path());
        assert_eq!(first.settings(), Settings::FIRST);
        first.change(|settings| settings.notifies = false);
        let next = Remembered::of(folder.path()).settings();
        assert!(!next.notifies && !next.has_told_of_tray);
    }

    #[test]
    fn what_cannot_be_read_is_as_if_it_were_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let other = r#"{"version":2,"notifies":false,"has_told_of_tray":true}"#;
        for text in ["", "{}", other] {
            fs_err::write(folder.path().join("desktop.json"), text).unwrap();
            assert_eq!(
                Remembered::of(folder.path()).settings(),
                Settings::FIRST,
                "{text}"
            );
        }
    }
}
