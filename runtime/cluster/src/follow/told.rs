//! Which events of a namespace are about what is followed, and which of them were told.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;

use super::news::WorkloadNews;
use super::state::text;

/// An event can come before the pod that it is about; so many are kept of a namespace in which much else happens.
const KEPT: usize = 1000;

/// The events of a workload.
pub(super) struct ToldEvents {
    /// What they are about.
    known: HashSet<String>,
    told: HashSet<String>,
    /// Those about what is not known, or not yet.
    kept: VecDeque<Value>,
}

impl ToldEvents {
    /// Events about the object of a uid.
    pub(super) fn about(uid: String) -> Self {
        Self {
            known: HashSet::from([uid]),
            told: HashSet::new(),
            kept: VecDeque::new(),
        }
    }

    /// Takes events in. Those that are to be told, in their order.
    pub(super) fn take(&mut self, mut events: Vec<Value>) -> Vec<WorkloadNews> {
        // A list is in the order of names.
        events.sort_by_key(time);
        let mut news = Vec::new();
        for event in events {
            if self.known.contains(&about(&event)) {
                news.extend(self.tell(&event));
            } else {
                self.kept.push_back(event);
            }
        }
        let surplus = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..surplus);
        news
    }

    /// From now on events about this one are told too. Those that came before it.
    pub(super) fn know(&mut self, uid: &str) -> Vec<WorkloadNews> {
        if !self.known.insert(uid.to_owned()) {
            return Vec::new();
        }
        let kept = std::mem::take(&mut self.kept);
        let (its, others) = kept
            .into_iter()
            .partition::<VecDeque<_>, _>(|event| about(event) == uid);
        self.kept = others;
        its.iter().filter_map(|event| self.tell(event)).collect()
    }

    /// An event that happens again has the same uid.
    fn tell(&mut self, event: &Value) -> Option<WorkloadNews> {
        let uid = text(&event["metadata"]["uid"])?;
        self.told.insert(uid).then(|| {
            let of = |pointer: &str| event.pointer(pointer).and_then(text).unwrap_or_default();
            WorkloadNews::Event {
                object: format!(
                    "{}/{}",
                    of("/involvedObject/kind"),
                    of("/involvedObject/name")
                ),
                is_warning: event["type"] == "Warning",
                reason: of("/reason"),
                message: of("/message"),
            }
        })
    }
}

fn about(event: &Value) -> String {
    text(&event["involvedObject"]["uid"]).unwrap_or_default()
}

/// When it happened first, as texts that are ordered as times are.
fn time(event: &Value) -> String {
    let times = ["firstTimestamp", "eventTime"].map(|name| text(&event[name]));
    let made = || text(&event["metadata"]["creationTimestamp"]);
    times
        .into_iter()
        .flatten()
        .next()
        .or_else(made)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(uid: &str, about: &str, at: &str) -> Value {
        json!({"metadata": {"uid": uid}, "firstTimestamp": at, "type": "Warning", "reason": uid,
            "involvedObject": {"uid": about, "kind": "Pod", "name": "p"}})
    }

    fn reasons(news: Vec<WorkloadNews>) -> Vec<String> {
        let reason = |news| match news {
            WorkloadNews::Event { reason, .. } => reason,
            other => format!("{other:?}"),
        };
        news.into_iter().map(reason).collect()
    }

    #[test]
    fn events_are_told_once_in_order_and_when_it_is_known_whom_they_are_about() {
        let mut events = ToldEvents::about("job".to_owned());
        let list = vec![
            event("c", "pod", "3"),
            event("b", "job", "2"),
            event("a", "job", "1"),
            event("x", "other", "0"),
        ];
        assert_eq!(reasons(events.take(list.clone())), ["a", "b"]);
        assert_eq!(reasons(events.know("pod")), ["c"]);
        assert_eq!(reasons(events.take(list)), Vec::<String>::new());
        assert_eq!(reasons(events.know("pod")), Vec::<String>::new());
    }
}
