//! What was seen at the workbench last, for those who show it.

use std::sync::Mutex;

use crate::activity::Activity;

/// Where the workbench is that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// In this process.
    Here,
    /// In another one, which goes on without this.
    Elsewhere,
}

/// What was seen last; nothing before the first look.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Option<(Activity, Where)>>);

impl Seen {
    pub(crate) fn keep(&self, activity: Activity, place: Where) {
        *self.lock() = Some((activity, place));
    }

    pub(crate) fn activity(&self) -> Activity {
        self.lock()
            .as_ref()
            .map(|(activity, _)| activity.clone())
            .unwrap_or_default()
    }

    /// How many runs wait for this process to go on.
    pub(crate) fn open_runs_here(&self) -> u64 {
        match &*self.lock() {
            Some((activity, Where::Here)) => activity.open_count,
            Some((_, Where::Elsewhere)) | None => 0,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Activity, Where)>> {
        self.0.lock().expect("nothing panics while it is held")
    }
}
