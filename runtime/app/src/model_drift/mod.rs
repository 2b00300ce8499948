//! Models that are served, watched: whether requests still look like the training data, and whether answers are right.
//!
//! ```text
//!   a profile ───► store ◄─── labels
//!                    │
//!   log of requests ─┴─► window: what was asked lately ─► drift, accuracy ─┬─► whoever asks
//!                                                                          └─► watch: an event where a threshold is crossed
//! ```

mod present;
mod standing;
mod watch;
mod window;

use coracle_monitoring::{Cell, Profile, ProfileError, Table, Unread, of_csv, of_json};
use coracle_objects::kind::inference_service::Watching;
use coracle_objects::{Object, ObjectExt as _, kind};
use coracle_store::StoredProfile;

use crate::error::{AppError, with_causes};
use crate::view::{ModelDrift, ModelProfile, ProfileQuery, RequestLabels};
use crate::workbench::{Workbench, off_runtime};

pub(crate) use watch::watch_models;

/// How many labels of requests are taken at once.
const MOST_LABELS: usize = 10_000;

impl Workbench {
    /// Makes the profile of a model server of its training data, as CSV or as rows in JSON, in place of the one before.
    ///
    /// # Errors
    /// When there is no such server, or the data cannot be read.
    pub async fn put_model_profile(
        &self,
        namespace: &str,
        name: &str,
        query: ProfileQuery,
        data: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<ModelProfile, AppError> {
        let (store, uid) = (
            self.store(),
            self.watched(namespace, name)?.uid().to_owned(),
        );
        let at = self.inner.clock.now();
        off_runtime(move || {
            let table = read(data.as_ref()).map_err(|error| refused(&error))?;
            let profile = match query.target {
                Some(target) => Profile::with_target(table, &target),
                None => Profile::of(&table),
            };
            let profile = profile.map_err(|error| refused(&error))?;
            let text = profile.to_json().map_err(|error| refused(&error))?;
            let at = store.put_model_profile(&uid, &text, at)?;
            Ok(present::profile(at, profile))
        })
        .await
    }

    /// The profile of a model server.
    ///
    /// # Errors
    /// When there is no such server, or it has none.
    pub async fn model_profile(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<ModelProfile, AppError> {
        let uid = self.watched(namespace, name)?.uid().to_owned();
        let shown = format!("{namespace}/{name}");
        self.ask_store(move |store| {
            let kept = store.model_profile(&uid)?;
            let kept = kept.ok_or_else(|| no_profile(&shown))?;
            Ok(present::profile(kept.at, kept_profile(&kept)?))
        })
        .await
    }

    /// Forgets the profile of a model server.
    ///
    /// # Errors
    /// When there is no such server, or it has none.
    pub async fn remove_model_profile(&self, namespace: &str, name: &str) -> Result<(), AppError> {
        let uid = self.watched(namespace, name)?.uid().to_owned();
        let shown = format!("{namespace}/{name}");
        self.ask_store(move |store| {
            if store.remove_model_profile(&uid)? {
                return Ok(());
            }
            Err(no_profile(&shown))
        })
        .await
    }

    /// Keeps what would have been right to answer. Requests may not have been logged; their labels then mean nothing.
    ///
    /// # Errors
    /// When there is no such server, or a label is a list or an object.
    pub async fn put_model_labels(
        &self,
        namespace: &str,
        name: &str,
        labels: Vec<RequestLabels>,
    ) -> Result<(), AppError> {
        let uid = self.watched(namespace, name)?.uid().to_owned();
        if labels.len() > MOST_LABELS {
            return Err(AppError::TooLarge {
                message: format!("these are labels of {} requests", labels.len()),
                hint: format!("send those of {MOST_LABELS} at once at most"),
            });
        }
        let texts = labels.into_iter().map(|labels| {
            if labels
                .labels
                .iter()
                .any(|label| Cell::of_json(label).is_none())
            {
                return Err(AppError::request(
                    format!(
                        "a label of the request `{}` is a list or an object",
                        labels.request
                    ),
                    "give a number, a text or a truth for each row",
                ));
            }
            Ok((
                labels.request,
                serde_json::Value::Array(labels.labels).to_string(),
            ))
        });
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        self.ask_store(move |store| Ok(store.put_model_labels(&uid, &texts)?))
            .await
    }

    /// How far what a model server was asked lately is from its profile, and how right it was.
    ///
    /// # Errors
    /// When there is no such server, or what is kept cannot be read.
    pub async fn model_drift(&self, namespace: &str, name: &str) -> Result<ModelDrift, AppError> {
        let service = self.watched(namespace, name)?;
        let workbench = self.clone();
        off_runtime(move || window::look(&workbench, &service)).await
    }

    fn watched(&self, namespace: &str, name: &str) -> Result<Object, AppError> {
        let found = self
            .kubernetes()
            .find(kind::inference_services(), namespace, name);
        let found = found.ok_or_else(|| AppError::no_model_server(namespace, name))?;
        Ok(found.body.clone())
    }
}

fn read(data: &[u8]) -> Result<Table, Unread> {
    match data.trim_ascii_start().first() {
        Some(b'[' | b'{') => of_json(data),
        Some(_) | None => of_csv(data),
    }
}

fn refused(error: &(dyn std::error::Error + 'static)) -> AppError {
    AppError::request(
        format!(
            "there can be no profile of this data: {}",
            with_causes(error)
        ),
        "send a table as CSV, or a list of rows as JSON",
    )
}

fn kept_profile(kept: &StoredProfile) -> Result<Profile, AppError> {
    Profile::from_json(&kept.profile).map_err(|error: ProfileError| AppError::Nothing {
        message: with_causes(&error),
        hint: Some("make the profile anew".to_owned()),
    })
}

fn no_profile(server: &str) -> AppError {
    AppError::NotFound {
        what: "profile of the model server",
        name: server.to_owned(),
        hint: "`coracle drift NAME --profile FILE` makes one of training data".to_owned(),
    }
}

/// By what a service is watched. What says nothing was refused when it was applied.
fn watching(service: &Object) -> Watching {
    Watching::of(service).unwrap_or_default()
}
