//! What a model server was asked and answered lately, compared.

use std::collections::HashMap;

use coracle_model::Timestamp;
use coracle_monitoring::{
    Accuracy, Cell, Message, Observed, Profile, Task, Thresholds, features, predictions,
};
use coracle_objects::kind::inference_service::Watching;
use coracle_objects::{Object, ObjectExt as _};
use coracle_store::{Exchange, ExchangeFilter};

use super::{kept_profile, present, watching};
use crate::error::{AppError, with_causes};
use crate::view::ModelDrift;
use crate::workbench::Workbench;

/// How many requests are looked at: enough for any distribution, and read in a fraction of a second.
const MOST_REQUESTS: usize = 5000;

/// A window of requests, read.
pub(super) struct Window<'a> {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    pub(super) watching: Watching,
    pub(super) requests: u64,
    pub(super) has_more: bool,
    pub(super) unread: u64,
    pub(super) unread_reason: Option<String>,
    pub(super) rows: u64,
    pub(super) observed: Option<Observed<'a>>,
    pub(super) accuracy: Option<Accuracy>,
    pub(super) mislabelled: u64,
}

/// Compares what a service was asked lately with what is known of its training data.
pub(super) fn look(workbench: &Workbench, service: &Object) -> Result<ModelDrift, AppError> {
    let store = workbench.store();
    let kept = store.model_profile(service.uid())?;
    let profile = kept.as_ref().map(kept_profile).transpose()?;
    let watching = watching(service);
    let until = workbench.inner.clock.now();
    let since = until.checked_sub(watching.window).unwrap_or(Timestamp::MIN);
    // What is logged under its name before was another's.
    let since = service.created_at().map_or(since, |made| made.max(since));
    let filter = ExchangeFilter {
        since: Some(since),
        least_code: Some(200),
        most_code: Some(299),
        ..ExchangeFilter::default()
    };
    let (namespace, name) = (service.namespace(), service.name());
    let mut found = match &workbench.inner.requests {
        Some(log) => log.list_whole(namespace, name, &filter, MOST_REQUESTS + 1)?,
        None => Vec::new(),
    };
    let has_more = found.len() > MOST_REQUESTS;
    found.truncate(MOST_REQUESTS);
    found.retain(|kept| is_prediction(&kept.exchange));
    let mut window = Window {
        since,
        until,
        watching,
        requests: found.len() as u64,
        has_more,
        unread: 0,
        unread_reason: None,
        rows: 0,
        observed: profile.as_ref().map(Observed::new),
        accuracy: None,
        mislabelled: 0,
    };
    let ids = found.iter().map(|kept| kept.exchange.id.as_str());
    let labels = store.model_labels(service.uid(), ids)?;
    let exchanges = found.iter().map(|kept| &kept.exchange);
    window.read(exchanges, profile.as_ref(), labels);
    Ok(present::drift(window, kept.map(|kept| kept.at)))
}

impl Window<'_> {
    /// Reads requests, newest first. Of several with one id the newest has the labels.
    fn read<'e>(
        &mut self,
        exchanges: impl Iterator<Item = &'e Exchange>,
        profile: Option<&Profile>,
        mut labels: HashMap<String, String>,
    ) {
        let classes = profile.map(Profile::classes).unwrap_or_default();
        let mut pairs = Vec::new();
        for exchange in exchanges {
            let predicted = match predicted(exchange, &classes) {
                Ok(predicted) => predicted,
                Err(reason) => {
                    self.note_unread(reason);
                    continue;
                }
            };
            match self.observe(exchange, &predicted) {
                Ok(()) => self.rows += predicted.len() as u64,
                Err(reason) => self.note_unread(reason),
            }
            if let Some(right) = labels.remove(&exchange.id) {
                let right = cells(&right);
                if right.len() == predicted.len() {
                    pairs.extend(predicted.into_iter().zip(right));
                } else {
                    self.mislabelled += 1;
                }
            }
        }
        self.accuracy = Accuracy::of(Task::of(profile, &pairs), &pairs);
    }

    /// Adds a request to what is compared with the profile. Without one nobody needs to know what was sent.
    fn observe(&mut self, exchange: &Exchange, predicted: &[Cell]) -> Result<(), String> {
        let Some(observed) = &mut self.observed else {
            return Ok(());
        };
        let sent = features(message(&exchange.request)?).map_err(|error| with_causes(&error))?;
        observed.add(&sent).map_err(|error| error.to_string())?;
        observed.add_predictions(predicted);
        Ok(())
    }

    fn note_unread(&mut self, reason: String) {
        self.unread += 1;
        self.unread_reason.get_or_insert(reason);
    }

    pub(super) fn thresholds(&self) -> Thresholds {
        Thresholds {
            psi: self.watching.psi,
            least_rows: self.watching.least_rows,
        }
    }
}

/// Whether somebody asked for predictions, rather than for explanations or metadata.
fn is_prediction(exchange: &Exchange) -> bool {
    let path = exchange.path.split('?').next().unwrap_or_default();
    path.ends_with(":predict") || path.ends_with("/infer")
}

fn predicted(exchange: &Exchange, classes: &[String]) -> Result<Vec<Cell>, String> {
    predictions(message(&exchange.answer)?, classes).map_err(|error| with_causes(&error))
}

fn message(kept: &coracle_store::Message) -> Result<Message<'_>, String> {
    let encoding = kept.header("content-encoding").unwrap_or("identity");
    if encoding != "identity" {
        return Err(format!("the body is packed as {encoding}"));
    }
    let body = kept.body.as_ref();
    let length = kept.header("inference-header-content-length");
    Ok(Message {
        body: body.ok_or("a body is not kept: it is long, or the log keeps none")?,
        json_length: length.and_then(|length| length.parse().ok()),
    })
}

fn cells(labels: &str) -> Vec<Cell> {
    let labels: Vec<serde_json::Value> = serde_json::from_str(labels).unwrap_or_default();
    labels.iter().filter_map(Cell::of_json).collect()
}
