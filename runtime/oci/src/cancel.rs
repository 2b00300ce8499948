//! The word that ends a push early.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::PushError;

/// The word that ends a push early. Cheap to clone; all clones are one word.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Word>);

#[derive(Debug, Default)]
struct Word {
    is_said: Mutex<bool>,
    said: Condvar,
}

impl Cancel {
    /// Says it. Whoever waits is woken.
    pub fn cancel(&self) {
        *self
            .0
            .is_said
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.0.said.notify_all();
    }

    /// Whether it was said.
    pub fn is_cancelled(&self) -> bool {
        *self
            .0
            .is_said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails when it was said.
    pub(crate) fn check(&self) -> Result<(), PushError> {
        match self.is_cancelled() {
            true => Err(PushError::Cancelled),
            false => Ok(()),
        }
    }

    /// Waits, unless it is said meanwhile.
    pub(crate) fn wait(&self, pause: Duration) -> Result<(), PushError> {
        let is_said = self
            .0
            .is_said
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .0
            .said
            .wait_timeout_while(is_said, pause, |is_said| !*is_said);
        let (is_said, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match *is_said {
            true => Err(PushError::Cancelled),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn whoever_waits_is_woken() {
        let cancel = Cancel::default();
        cancel.wait(Duration::ZERO).unwrap();
        let other = cancel.clone();
        let begun = Instant::now();
        let waiting = std::thread::spawn(move || other.wait(Duration::from_secs(600)));
        cancel.cancel();
        assert!(matches!(waiting.join().unwrap(), Err(PushError::Cancelled)));
        assert!(begun.elapsed() < Duration::from_secs(300));
        assert!(cancel.check().is_err());
    }
}
