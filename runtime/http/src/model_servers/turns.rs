//! Whose turn it is: which revision a request goes to, and which of its pods.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coracle_app::{ModelPod, ModelRevision};
use tokio::sync::Notify;

/// Of so many requests to a server in a row, each revision gets exactly its share.
const ROUND: u64 = 100;

/// How far the next request is from the last one in a round. It has no divisor in common with a round, so that each place comes once;
/// and the places of a share are spread over it.
const STRIDE: u64 = 37;

/// The turns of all servers.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Told when a pod has one request less.
    freed: Notify,
}

#[derive(Default)]
struct State {
    /// How many requests each server was asked, by namespace and name.
    asked: HashMap<(String, String), u64>,
    /// How many requests each pod works on, by uid.
    at_work: HashMap<String, u64>,
}

/// A request's place at a pod, until this is dropped.
pub(super) struct PodAtWork {
    turns: Turns,
    pub(super) pod: ModelPod,
    pub(super) revision: String,
}

impl Turns {
    /// The place of a new request in its server's round.
    pub(super) fn next(&self, namespace: &str, name: &str) -> u64 {
        let mut state = self.state();
        let key = (namespace.to_owned(), name.to_owned());
        let asked = state.asked.entry(key).or_default();
        *asked = asked.wrapping_add(1);
        asked.wrapping_mul(STRIDE) % ROUND
    }

    /// A pod for the request of that place, which has not been tried yet: of the revision whose share the place is in, if that has
    /// one; the one with least to do. Waits while each has as many requests as it may. None where all were tried.
    pub(super) async fn take(
        &self,
        place: u64,
        revisions: &[ModelRevision],
        most: Option<u64>,
        tried: &[String],
    ) -> Option<PodAtWork> {
        loop {
            let freed = self.0.freed.notified();
            match self.try_take(place, revisions, most, tried) {
                Taken::Pod(pod) => return Some(pod),
                Taken::Nobody => return None,
                Taken::Later => freed.await,
            }
        }
    }

    fn try_take(
        &self,
        place: u64,
        revisions: &[ModelRevision],
        most: Option<u64>,
        tried: &[String],
    ) -> Taken {
        let is_new = |pod: &&ModelPod| !tried.contains(&pod.uid);
        let in_turn = in_turn(place, revisions);
        let in_order = in_turn.into_iter().chain(
            revisions
                .iter()
                .filter(|revision| in_turn.is_none_or(|first| first.name != revision.name)),
        );
        let mut state = self.state();
        for revision in in_order {
            let work = |pod: &ModelPod| state.at_work.get(&pod.uid).copied().unwrap_or(0);
            let Some(pod) = revision
                .pods
                .iter()
                .filter(is_new)
                .min_by_key(|pod| work(pod))
            else {
                continue;
            };
            if most.is_some_and(|most| work(pod) >= most) {
                return Taken::Later;
            }
            *state.at_work.entry(pod.uid.clone()).or_default() += 1;
            return Taken::Pod(PodAtWork {
                turns: self.clone(),
                pod: pod.clone(),
                revision: revision.name.clone(),
            });
        }
        Taken::Nobody
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Taken {
    Pod(PodAtWork),
    Later,
    Nobody,
}

/// The revision in whose share a place is: the last has the first places. One that is not there leaves its share to the others.
fn in_turn(place: u64, revisions: &[ModelRevision]) -> Option<&ModelRevision> {
    let mut end = 0;
    revisions.iter().rev().find(|revision| {
        end += revision.percent;
        place < end
    })
}

impl Drop for PodAtWork {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        if let Some(work) = state.at_work.get_mut(&self.pod.uid) {
            *work -= 1;
            if *work == 0 {
                state.at_work.remove(&self.pod.uid);
            }
        }
        drop(state);
        self.turns.0.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn revision(name: &str, percent: u64, pods: &[&str]) -> ModelRevision {
        let pods = pods.iter().map(|uid| ModelPod {
            namespace: "team".to_owned(),
            name: format!("pod-{uid}"),
            uid: (*uid).to_owned(),
            port: 8080,
            grpc_port: 8081,
        });
        ModelRevision {
            name: name.to_owned(),
            percent,
            pods: pods.collect(),
        }
    }

    async fn shares(revisions: &[ModelRevision]) -> HashMap<String, u32> {
        let turns = Turns::default();
        let mut shares = HashMap::new();
        for _ in 0..100 {
            let place = turns.next("team", "iris");
            let taken = turns.take(place, revisions, None, &[]).await.unwrap();
            *shares.entry(taken.revision.clone()).or_default() += 1;
        }
        shares
    }

    #[tokio::test]
    async fn of_a_hundred_requests_each_revision_has_its_share() {
        for percent in [1, 20, 33, 50, 99] {
            let both = [
                revision("old", 100 - percent, &["a"]),
                revision("new", percent, &["b"]),
            ];
            let shares = shares(&both).await;
            assert_eq!(u64::from(shares["new"]), percent);
        }
    }

    #[tokio::test]
    async fn a_revision_without_pods_leaves_its_share_to_the_other() {
        let old = revision("old", 80, &["a"]);
        assert_eq!(shares(std::slice::from_ref(&old)).await["old"], 100);
        let turns = Turns::default();
        let both = [old, revision("new", 20, &["b"])];
        let taken = turns.take(0, &both, None, &["b".to_owned()]).await;
        assert_eq!(taken.unwrap().revision, "old");
        let all = ["a".to_owned(), "b".to_owned()];
        assert!(turns.take(0, &both, None, &all).await.is_none());
    }

    #[tokio::test]
    async fn the_pod_with_least_to_do_is_next() {
        let turns = Turns::default();
        let one = [revision("old", 100, &["a", "b"])];
        let take = || async { turns.take(0, &one, None, &[]).await.unwrap() };
        let (first, second) = (take().await, take().await);
        assert_ne!(first.pod.uid, second.pod.uid);
        let freed = first.pod.uid.clone();
        drop(first);
        assert_eq!(take().await.pod.uid, freed);
    }

    #[tokio::test]
    async fn a_request_waits_for_a_pod_that_has_enough() {
        let turns = Turns::default();
        let one = [revision("old", 100, &["a"])];
        let first = turns.take(0, &one, Some(1), &[]).await.unwrap();
        let mut second = pin!(turns.take(0, &one, Some(1), &[]));
        let mut context = Context::from_waker(Waker::noop());
        assert!(second.as_mut().poll(&mut context).is_pending());
        drop(first);
        assert!(second.await.is_some());
    }
}
