//! Looks at the models that can be compared with something, and says where a threshold is crossed.

use std::collections::HashMap;
use std::time::Duration;

use coracle_control::Recorder;
use coracle_model::Timestamp;
use coracle_objects::kind::inference_service::Watching;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_plan::kind::About;
use coracle_store::ExchangeFilter;

use super::standing::Standing;
use super::{watching, window};
use crate::error::AppError;
use crate::workbench::{Workbench, off_runtime};

/// Who says it.
const COMPONENT: &str = "coracle-monitoring";

/// How often is looked whether there is anything new, where there is anything to compare.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A look that takes long is followed by a pause so many times as long, so that it takes a twentieth of a processor at most.
const REST: u32 = 20;

/// The longest pause, however long a look took.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// What a verdict follows from. While it is the same, nothing is looked at.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    newest_request: Option<i64>,
    newest_label: i64,
    profile_at: Option<Timestamp>,
    watching: Watching,
}

/// Watches the models that are served, until the workbench shuts down.
pub(crate) async fn watch_models(workbench: Workbench) {
    let Some(mut tables) = workbench.store().touched() else {
        return;
    };
    let clock = workbench.inner.clock.clone();
    let recorder = {
        let api = workbench.kubernetes().clone();
        off_runtime(move || Ok(Recorder::new(api, COMPONENT))).await
    };
    let Ok(recorder) = recorder else { return };
    let mut seen = HashMap::new();
    loop {
        tables.borrow_and_update();
        let begun = clock.steady();
        let (asked, said, before) = (
            workbench.clone(),
            recorder.clone(),
            std::mem::take(&mut seen),
        );
        let is_idle = match off_runtime(move || look(&asked, &said, before)).await {
            Ok(now) => {
                seen = now;
                seen.is_empty()
            }
            Err(error) => {
                tracing::warn!(%error, "models that are served were not looked at");
                false
            }
        };
        if is_idle && tables.changed().await.is_err() {
            return;
        }
        let pause = clock.steady().since(begun).saturating_mul(REST);
        clock
            .sleep_until(clock.steady().after(pause.clamp(LOOK_EVERY, LONGEST_REST)))
            .await;
    }
}

/// Looks at every model of which there is something new; what there is of each.
fn look(
    workbench: &Workbench,
    recorder: &Recorder,
    mut before: HashMap<String, Seen>,
) -> Result<HashMap<String, Seen>, AppError> {
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
        let found = Seen {
            newest_request: newest_request(workbench, service)?,
            newest_label,
            profile_at: store.model_profile(&uid)?.map(|kept| kept.at),
            watching: watching(service),
        };
        if before.remove(&uid).as_ref() != Some(&found)
            && let Err(error) = judge(workbench, recorder, service)
        {
            tracing::warn!(%error, service = service.name(), "a model was not compared with its training data");
        }
        now.insert(uid, found);
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
    for news in news {
        let about = About::object(service);
        recorder.say(&about, news.is_warning, news.reason, &news.message);
    }
    if standing != before
        && let Ok(text) = serde_json::to_string(&standing)
    {
        store.put_model_standing(service.uid(), &text)?;
    }
    Ok(())
}
