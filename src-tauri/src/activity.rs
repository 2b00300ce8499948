//! What the workbench is at, as far as the tray shows it.

use coracle_app::view::RunSummary;

/// What was seen at the workbench last.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Activity {
    /// Why nothing can run now: no engine, or none yet.
    pub(crate) trouble: Option<String>,
    /// Runs that have not ended, the newest first, as many as are shown.
    pub(crate) open: Vec<RunSummary>,
    /// How many runs have not ended.
    pub(crate) open_count: u64,
    /// Runs that have ended, the last one first.
    pub(crate) ended: Vec<RunSummary>,
}

/// How many runs of each kind the tray shows.
pub(crate) const SHOWN: usize = 5;

impl Activity {
    /// One line about all of it.
    pub(crate) fn line(&self) -> String {
        match (&self.trouble, self.open_count) {
            (Some(trouble), _) => trouble.clone(),
            (None, 0) => "Nothing runs".to_owned(),
            (None, 1) => "1 run at work".to_owned(),
            (None, count) => format!("{count} runs at work"),
        }
    }

    pub(crate) fn is_at_work(&self) -> bool {
        self.open_count > 0
    }
}
