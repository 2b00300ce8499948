//! How often something is tried again, and how long is waited before.

use std::time::Duration;

use crate::cancel::Cancel;
use crate::error::PushError;

/// How long to wait before each further try.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
    Duration::from_secs(12),
];

/// How many of these a registry gets that has never answered: its name may be wrong.
const PAUSES_OF_STRANGERS: usize = 2;

/// The longest wait that a registry can ask for.
const LONGEST: Duration = Duration::from_secs(60);

/// How often in all, however much arrives between the failures.
const MOST: u32 = 60;

/// What is left of it.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    cancel: &'a Cancel,
    pauses: &'static [Duration],
    failures_in_a_row: usize,
    failures: u32,
}

impl<'a> Patience<'a> {
    pub(super) fn new(cancel: &'a Cancel) -> Self {
        Self {
            cancel,
            pauses: &PAUSES,
            failures_in_a_row: 0,
            failures: 0,
        }
    }

    /// What one has with a registry that has never answered.
    pub(super) fn with_stranger(cancel: &'a Cancel) -> Self {
        Self {
            pauses: &PAUSES[..PAUSES_OF_STRANGERS],
            ..Self::new(cancel)
        }
    }

    /// The registry answers, if only that it has too much to do.
    pub(super) fn met(&mut self) {
        self.pauses = &PAUSES;
    }

    /// Something arrived: what failed before counts no more, but for the whole.
    pub(super) fn restore(&mut self) {
        self.failures_in_a_row = 0;
    }

    /// Waits before another try: as long as was asked for, or a little longer each time.
    ///
    /// # Errors
    /// The failure itself, when there were enough of them.
    pub(super) fn wait(
        &mut self,
        failure: PushError,
        asked: Option<Duration>,
    ) -> Result<(), PushError> {
        let Some(pause) = self
            .pauses
            .get(self.failures_in_a_row)
            .filter(|_| self.failures < MOST)
        else {
            return Err(failure);
        };
        self.failures_in_a_row += 1;
        self.failures += 1;
        self.cancel
            .wait(asked.map_or(*pause, |asked| asked.min(LONGEST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_gets_few_tries_until_it_answers() {
        let tries = |mut patience: Patience<'_>| {
            let again = || patience.wait(PushError::archive("x"), Some(Duration::ZERO));
            std::iter::repeat_with(again)
                .take_while(Result::is_ok)
                .count()
        };
        let cancel = Cancel::default();
        let mut met = Patience::with_stranger(&cancel);
        met.met();
        assert_eq!(tries(met), PAUSES.len());
        assert_eq!(tries(Patience::with_stranger(&cancel)), PAUSES_OF_STRANGERS);
    }

    #[test]
    fn patience_ends_with_the_failure() {
        let cancel = Cancel::default();
        let mut patience = Patience::new(&cancel);
        let failure = || PushError::archive("x");
        let at_once = Some(Duration::ZERO);
        for _ in 0..PAUSES.len() {
            patience.wait(failure(), at_once).unwrap();
        }
        assert!(matches!(
            patience.wait(failure(), at_once),
            Err(PushError::Archive { .. })
        ));
        let mut more = 0;
        loop {
            patience.restore();
            if patience.wait(failure(), at_once).is_err() {
                break;
            }
            more += 1;
        }
        assert_eq!(more, MOST - 5);
        cancel.cancel();
        let mut patience = Patience::new(&cancel);
        assert!(matches!(
            patience.wait(failure(), None),
            Err(PushError::Cancelled)
        ));
    }
}
