//! Which attempts are at work at a place in the log of events.

use std::collections::HashMap;

use coracle_model::{Event, EventCursor, EventKind, RunId};
use coracle_store::Store;

use super::piece::AttemptName;
use crate::error::AppError;

/// Events that are read at once.
const BATCH: usize = 1000;

/// The attempts at work, each with the event that began it.
#[derive(Debug, Default)]
pub(super) struct AtWork {
    begun: HashMap<AttemptName, EventCursor>,
}

impl AtWork {
    /// Those of a run at a place.
    pub(super) fn read(store: &Store, run: RunId, until: EventCursor) -> Result<Self, AppError> {
        let mut at_work = Self::default();
        let mut cursor = EventCursor::default();
        while cursor < until {
            let events = store.events_after(cursor, Some(run), BATCH)?;
            let Some(last) = events.last() else { break };
            cursor = last.cursor;
            for event in events.iter().take_while(|event| event.cursor <= until) {
                at_work.note(event);
            }
        }
        Ok(at_work)
    }

    /// All of them, each by the event that began it.
    pub(super) fn begun(&self) -> impl Iterator<Item = (EventCursor, AttemptName)> {
        self.begun
            .iter()
            .map(|(name, begun)| (*begun, name.clone()))
    }

    /// Takes an event in; the attempt that it begins, if it begins one.
    pub(super) fn note(&mut self, event: &Event) -> Option<AttemptName> {
        match &event.kind {
            EventKind::Attempt {
                path,
                number,
                state,
                ..
            } => {
                let name = AttemptName {
                    step: path.clone(),
                    number: *number,
                };
                if state.is_final() {
                    self.begun.remove(&name);
                    return None;
                }
                if self.begun.contains_key(&name) {
                    return None;
                }
                self.begun.insert(name.clone(), event.cursor);
                Some(name)
            }
            EventKind::Run { state, .. } if state.is_final() => {
                self.begun.clear();
                None
            }
            EventKind::Run { .. }
            | EventKind::Task { .. }
            | EventKind::Metrics { .. }
            | EventKind::Notice { .. } => None,
        }
    }

    /// The attempts that an event ends.
    pub(super) fn ended_by(&self, event: &Event) -> Vec<EventCursor> {
        match &event.kind {
            EventKind::Attempt {
                path,
                number,
                state,
                ..
            } if state.is_final() => {
                let name = AttemptName {
                    step: path.clone(),
                    number: *number,
                };
                self.begun.get(&name).copied().into_iter().collect()
            }
            // Nothing works on a run that is over, whatever is recorded of its attempts.
            EventKind::Run { state, .. } if state.is_final() => {
                self.begun.values().copied().collect()
            }
            EventKind::Run { .. }
            | EventKind::Attempt { .. }
            | EventKind::Task { .. }
            | EventKind::Metrics { .. }
            | EventKind::Notice { .. } => Vec::new(),
        }
    }
}
