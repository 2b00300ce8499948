//! Work that several ask for at the same time and that is done once for all of them.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// Runs of one kind of work, by key.
///
/// Whoever asks while a run for the same key is under way waits for it and gets the same result. Whoever asks
/// later gets a run of its own. A run whose asker goes away is taken up by the next who waits.
#[derive(Debug)]
pub(super) struct Once<T> {
    slots: Mutex<HashMap<String, Slot<T>>>,
}

type Slot<T> = Arc<tokio::sync::Mutex<Option<T>>>;

impl<T: Clone> Once<T> {
    pub(super) fn new() -> Self {
        Self {
            slots: Mutex::new(HashMap::new()),
        }
    }

    /// The result of the run for `key` that is under way, or of `work`.
    pub(super) async fn run(&self, key: &str, work: impl Future<Output = T>) -> T {
        let slot = self.slot(key);
        let mut result = slot.lock().await;
        if let Some(result) = &*result {
            return result.clone();
        }
        let fresh = work.await;
        // From here on nobody new finds this slot; those who hold it find the result.
        self.slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
        *result = Some(fresh.clone());
        fresh
    }

    fn slot(&self, key: &str) -> Slot<T> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn those_who_ask_together_share_one_run() {
        let once = Once::new();
        let runs = AtomicUsize::new(0);
        let work = async || {
            tokio::task::yield_now().await;
            runs.fetch_add(1, Ordering::Relaxed)
        };
        let (first, second, other) = tokio::join!(
            once.run("a", work()),
            once.run("a", work()),
            once.run("b", work())
        );
        assert_eq!(first, second);
        assert_ne!(first, other);
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        once.run("a", work()).await;
        assert_eq!(runs.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn an_abandoned_run_is_taken_up_by_who_waits() {
        let once = Once::new();
        let mut abandoned = Box::pin(once.run("a", std::future::pending::<u32>()));
        assert!(futures_util::poll!(&mut abandoned).is_pending());
        let mut waiting = Box::pin(once.run("a", async { 7 }));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(abandoned);
        assert_eq!(waiting.await, 7);
    }
}
