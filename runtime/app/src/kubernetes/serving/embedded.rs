//! The models of inference services that are served in this process.
//!
//! ```text
//!   objects change ─┬─► to_load of each service ──► loaded, on a thread for it ──► answers
//!   files change ───┘                                      └──► the annotation, from which the status follows
//! ```

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use coracle_apiserver::{ApiServer, Place};
use coracle_objects::{Object, ObjectExt as _, Reason, kind};
use coracle_onnx::{Model, Server, Stamp, directories_of};
use coracle_plan::kind::serving::{LOADED, Loaded, ModelPlace, to_load};
use coracle_store::{Home, Volumes};
use serde_json::json;

use super::lookout::Lookout;
use crate::kubernetes::MANAGER;
use crate::workbench::Workbench;

/// For how long changes of files are gathered before they are looked at.
const GATHER: Duration = Duration::from_millis(100);

/// The models, by the uid of their service.
#[derive(Default)]
pub(crate) struct EmbeddedModels {
    by_service: RwLock<HashMap<String, Tried>>,
}

/// What was last done for a service.
#[derive(Clone)]
struct Tried {
    generation: i64,
    /// The file or the directory of the model; none where its claim is not there any more.
    path: Option<PathBuf>,
    /// What lay there.
    stamp: Option<Stamp>,
    /// What answers: an earlier model where this one could not be loaded.
    server: Option<Server>,
    failure: Option<String>,
}

impl EmbeddedModels {
    /// Who answers for a service.
    pub(super) fn server(&self, service: &Object) -> Option<Server> {
        self.tried(service.uid())?.server
    }

    fn tried(&self, uid: &str) -> Option<Tried> {
        let models = self
            .by_service
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        models.get(uid).cloned()
    }

    fn set(&self, uid: &str, tried: Tried) {
        let mut models = self
            .by_service
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        models.insert(uid.to_owned(), tried);
    }

    fn keep_only(&self, uids: &[&str]) {
        let mut models = self
            .by_service
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        models.retain(|uid, _| uids.contains(&uid.as_str()));
    }
}

/// Has every model loaded that is to be, now and whenever that changes.
pub(crate) async fn keep_loaded(workbench: Workbench) {
    let mut objects = workbench.kubernetes().objects().clock();
    let clock = &workbench.inner.clock;
    let mut lookout = Lookout::default();
    loop {
        // What changes while models are loaded has them looked at once more.
        objects.borrow_and_update();
        let working = workbench.clone();
        let mut watching = lookout;
        let looked = tokio::task::spawn_blocking(move || {
            while watching.watch(look(&working)) {}
            watching
        });
        lookout = looked.await.unwrap_or_else(|error| {
            tracing::error!(%error, "models were not looked at");
            Lookout::default()
        });
        // Both only wait.
        tokio::select! {
            changed = objects.changed() => if changed.is_err() {
                return;
            },
            // A file is rarely written at once.
            () = lookout.changed() => clock.sleep_until(clock.steady().after(GATHER)).await,
        }
    }
}

/// Loads what is missing or is another by now, and lets go what is not wanted any more; where changes of what is wanted would be.
fn look(workbench: &Workbench) -> BTreeSet<PathBuf> {
    let api = workbench.kubernetes();
    let services = api.all(kind::inference_services(), None);
    let wanted = services
        .iter()
        .filter_map(|service| Some((&service.body, place_of_model(api, &service.body)?)));
    let wanted: Vec<(&Object, ModelPlace)> = wanted.collect();
    let models = &workbench.inner.models;
    let uids: Vec<&str> = wanted.iter().map(|(service, _)| service.uid()).collect();
    models.keep_only(&uids);
    let mut directories = BTreeSet::new();
    for (service, place) in wanted {
        let path = path(workbench.home(), service.namespace(), &place);
        directories.extend(path.iter().flat_map(|path| directories_of(path)));
        let stamp = path.as_deref().and_then(Stamp::of);
        let is_this = |tried: &Tried| {
            let is_there = stamp.is_some() && tried.stamp == stamp;
            tried.generation == service.generation() && tried.path == path && is_there
        };
        let tried = match models.tried(service.uid()) {
            Some(tried) if is_this(&tried) => tried,
            before => {
                let earlier = before.and_then(|before| before.server);
                let tried = load(service, path, stamp, earlier);
                models.set(service.uid(), tried.clone());
                tried
            }
        };
        annotate(api, service, &tried);
    }
    directories
}

/// Where the model lies that is to be loaded for a service; none where pods serve it, or nobody does.
pub(super) fn place_of_model(api: &ApiServer, service: &Object) -> Option<ModelPlace> {
    let (namespace, claims) = (service.namespace(), kind::persistent_volume_claims());
    to_load(service, |claim| {
        api.find(claims, namespace, claim).is_some()
    })
}

fn path(home: &Home, namespace: &str, place: &ModelPlace) -> Option<PathBuf> {
    match place {
        ModelPlace::Path(path) => Some(PathBuf::from(path)),
        ModelPlace::Claim { claim, path } => {
            let directory = Volumes::of_namespace(home, namespace).path(claim)?;
            Some(directory.join(Path::new(path.trim_start_matches('/'))))
        }
    }
}

fn load(
    service: &Object,
    path: Option<PathBuf>,
    stamp: Option<Stamp>,
    earlier: Option<Server>,
) -> Tried {
    let loaded = match &path {
        Some(path) => Model::load(path).map_err(|error| error.to_string()),
        None => Err("the directory of its claim is not there yet".to_owned()),
    };
    let (server, failure) = match loaded {
        Ok(model) => (Some(Server::new(service.name(), Arc::new(model))), None),
        Err(why) => (earlier, Some(why)),
    };
    Tried {
        generation: service.generation(),
        path,
        stamp,
        server,
        failure,
    }
}

/// Writes into a service what became of its model, where that does not stand there.
fn annotate(api: &ApiServer, service: &Object, tried: &Tried) {
    let loaded = Loaded {
        generation: tried.generation,
        answers: tried.server.is_some(),
        failure: tried.failure.clone(),
    };
    let text = json!(loaded).to_string();
    if service.annotation(LOADED) == Some(text.as_str()) {
        return;
    }
    let mut annotated = service.clone();
    let annotations = annotated
        .metadata_mut()
        .entry("annotations")
        .or_insert_with(|| json!({}));
    annotations[LOADED] = text.into();
    let services = kind::inference_services();
    let place = Place::of(services, service.namespace(), service.name());
    match api.update_object(&place, &annotated, MANAGER) {
        Ok(_) => {}
        // Another change was quicker, and has it looked at again.
        Err(status) if matches!(status.reason, Reason::Conflict | Reason::NotFound) => {}
        Err(status) => {
            tracing::warn!(%status, service = service.name(), "what became of a model could not be written");
        }
    }
}
