//! Looks at the models that can be compared with something, and says where a threshold is crossed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coracle_control::Recorder;
use coracle_host::clock::Clock;
use coracle_model::Timestamp;
use coracle_objects::kind::inference_service::Watching;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::kind::About;
use coracle_store::ExchangeFilter;
use tokio::sync::watch;

use super::standing::Standing;
use super::{watching, window};
use crate::error::{AppError, with_causes};
use crate::workbench::{Workbench, off_runtime};

/// Who says it.
const COMPONENT: &str = "coracle-monitoring";

/// How often is looked whether there is anything new, where there is anything to compare.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A look that takes long is followed by a pause so many times as long, so that it takes a twentieth of a processor at most.
const REST: u32 = 20;

/// The longest pause, however long a look took.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// What a verdict follows from. While it is the same and there was one, nothing is looked at.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    newest_request: Option<i64>,
    newest_label: i64,
    profile_at: Option<Timestamp>,
    watching: Watching,
}

/// How a look at a model ended.
#[derive(Debug)]
struct Looked {
    seen: Seen,
    /// Why it was not judged, if it was not.
    failure: Option<String>,
}

impl Looked {
    /// What there is of a model, judged where that is something new or could not be judged before. A failure that goes on is told
    /// once.
    fn at(
        seen: Seen,
        before: Option<Self>,
        judge: impl FnOnce() -> Result<(), AppError>,
        tell: impl FnOnce(&str),
    ) -> Self {
        let failed_before = match before {
            Some(before) if before.failure.is_none() && before.seen == seen => return before,
            Some(before) => before.failure,
            None => None,
        };
        let failure = judge().err().map(|error| with_causes(&error));
        if let Some(failure) = &failure
            && failed_before.as_ref() != Some(failure)
        {
            tell(failure);
        }
        Self { seen, failure }
    }
}

/// Watches the models that are served, until the workbench shuts down.
pub(crate) async fn watch_models(workbench: Workbench) {
    let Some(tables) = workbench.store().touched() else {
        return;
    };
    let clock = workbench.inner.clock.clone();
    let recorder = {
        let api = workbench.kubernetes().clone();
        off_runtime(move || Ok(Recorder::new(api, COMPONENT))).await
    };
    let Ok(recorder) = recorder else { return };
    let seen = Arc::new(Mutex::new(HashMap::new()));
    let look_at_all = || {
        let (asked, said, seen) = (workbench.clone(), recorder.clone(), seen.clone());
        async move {
            let looked = off_runtime(move || {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                *seen = look(&asked, &said, std::mem::take(&mut *seen))?;
                Ok(seen.is_empty())
            });
            looked.await.unwrap_or_else(|error| {
                tracing::warn!(%error, "models that are served were not looked at");
                false
            })
        }
    };
    keep_looking(clock.as_ref(), tables, look_at_all).await;
}

/// Looks again and again, with rests by how long that takes. Where a look says that there is nothing to compare, the next one waits
/// for a change; it ends when there will be none.
async fn keep_looking<T, F: Future<Output = bool>>(
    clock: &dyn Clock,
    mut tables: watch::Receiver<T>,
    mut look: impl FnMut() -> F,
) {
    loop {
        tables.borrow_and_update();
        let begun = clock.steady();
        let is_idle = look().await;
        let rest = clock.steady().since(begun).saturating_mul(REST);
        if is_idle && tables.changed().await.is_err() {
            return;
        }
        let rest = rest.clamp(LOOK_EVERY, LONGEST_REST);
        clock.sleep_until(clock.steady().after(rest)).await;
    }
}

/// Looks at every model of which there is something new; what there is of each.
fn look(
    workbench: &Workbench,
    recorder: &Recorder,
    mut before: HashMap<String, Looked>,
) -> Result<HashMap<String, Looked>, AppError> {
    let store = workbench.store();
    let mut now = HashMap::new();
    let compared = store.compared_models()?;
    if compared.is_empty() {
        return Ok(now);
    }
    let services = workbench.kubernetes().all(kind::inference_services(), None);
    for (uid, newest_label) in compared {
        let Some(service) = services.iter().find(|found| found.body.uid() == uid) else {
            store.forget_model(&uid)?;
            continue;
        };
        let service = &service.body;
        let seen = Seen {
            newest_request: newest_request(workbench, service)?,
            newest_label,
            profile_at: store.model_profile(&uid)?.map(|kept| kept.at),
            watching: watching(service),
        };
        let looked = Looked::at(
            seen,
            before.remove(&uid),
            || judge(workbench, recorder, service),
            |error| {
                let service = service.name();
                tracing::warn!(
                    error,
                    service,
                    "a model was not compared with its training data"
                );
            },
        );
        now.insert(uid, looked);
    }
    Ok(now)
}

fn newest_request(workbench: &Workbench, service: &Object) -> Result<Option<i64>, AppError> {
    let Some(log) = &workbench.inner.requests else {
        return Ok(None);
    };
    let (namespace, name) = (service.namespace(), service.name());
    let newest = log.list(namespace, name, &ExchangeFilter::default(), 1)?;
    Ok(newest.first().map(|kept| kept.number))
}

fn judge(workbench: &Workbench, recorder: &Recorder, service: &Object) -> Result<(), AppError> {
    let drift = window::look(workbench, service)?;
    let store = workbench.store();
    let kept = store.model_standing(service.uid())?;
    // What another version wrote is said again, if it still holds.
    let before: Standing = kept
        .and_then(|kept| serde_json::from_str(&kept).ok())
        .unwrap_or_default();
    let (standing, news) = before.after(&drift);
    // Kept before it is said, so that a look that is taken again as it could not be kept says nothing twice.
    if standing != before
        && let Ok(text) = serde_json::to_string(&standing)
    {
        store.put_model_standing(service.uid(), &text)?;
    }
    for news in news {
        let about = About::object(service);
        recorder.say(&about, news.is_warning, news.reason, &news.message);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use coracle_host::clock::ManualClock;

    use super::*;

    #[tokio::test]
    async fn the_wait_for_something_to_compare_is_no_work_to_rest_from() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let (changes, tables) = watch::channel(0);
        let mut looks = 0;
        let looking = keep_looking(&clock, tables, || {
            looks += 1;
            ready(looks == 1)
        });
        let time = async {
            settle().await;
            clock.advance(LONGEST_REST);
            changes.send_modify(|count| *count += 1);
            settle().await;
            clock.advance(LOOK_EVERY);
            settle().await;
        };
        tokio::select! {
            biased;
            () = looking => panic!("there may be more changes"),
            () = time => {}
        }
        assert_eq!(looks, 2);
    }

    #[test]
    fn what_could_not_be_judged_is_judged_again_until_it_is() {
        let seen = || Seen {
            newest_request: Some(1),
            newest_label: 0,
            profile_at: None,
            watching: Watching::default(),
        };
        let mut said = Vec::new();
        let mut looked = None;
        for (round, outcome) in ["locked", "locked", "full", "", ""].into_iter().enumerate() {
            let mut tell = |what: &str| said.push(format!("{round} {what}"));
            let mut judged = false;
            let judge = || {
                judged = true;
                match outcome {
                    "" => Ok(()),
                    why => Err(AppError::request(why, "wait")),
                }
            };
            let now = Looked::at(seen(), looked.take(), judge, &mut tell);
            looked = Some(now);
            if judged {
                tell("judged");
            }
        }
        assert_eq!(
            said,
            [
                "0 locked", "0 judged", "1 judged", "2 full", "2 judged", "3 judged"
            ]
        );
    }

    /// Lets whoever is ready go on until nobody is.
    async fn settle() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}
