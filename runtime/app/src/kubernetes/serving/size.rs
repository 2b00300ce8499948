//! Keeps as many pods of each model server as its requests need.

use std::sync::Arc;
use std::time::Duration;

use coracle_apiserver::{ApiServer, Place};
use coracle_model::Timestamp;
use coracle_objects::kind::inference_service::Component;
use coracle_objects::{Object, ObjectExt as _, Reason, Status, kind};
use coracle_plan::kind::serving::{bounds, deployment_names, is_stopped, window};
use coracle_store::{ObjectKey, StoredObject};
use serde_json::Value;

use super::requests::ModelRequests;
use crate::error::AppError;
use crate::workbench::{Workbench, off_runtime};

/// Who is said to have changed the number of pods.
const MANAGER: &str = "coracle-autoscaler";

/// How often is looked, where there is anything to look after.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks after the numbers of pods that may change, until the workbench shuts down.
pub(crate) async fn keep_sizes(workbench: Workbench) {
    let api = workbench.kubernetes();
    let clock = &workbench.inner.clock;
    let mut objects = api.objects().clock();
    loop {
        objects.borrow_and_update();
        let mut services = api.all(kind::inference_services(), None);
        let is_there = |(namespace, name): &(String, String)| {
            let is_this = |key: &ObjectKey| key.namespace == *namespace && key.name == *name;
            services.iter().any(|service| is_this(&service.key))
        };
        workbench.inner.model_requests.retain(is_there);
        workbench.inner.loads.retain(is_there);
        services.retain(|service| can_change(&service.body));
        if services.is_empty() {
            // The sender goes with the last of the objects, and this holds them.
            let _ = objects.changed().await;
            continue;
        }
        let (api, requests) = (api.clone(), workbench.inner.model_requests.clone());
        let looked = off_runtime(move || Ok(resize_all(&api, &requests, &services)?)).await;
        if let Err(error) = looked {
            tracing::warn!(%error, "the number of a model server's pods stays for now");
        }
        clock.sleep_until(clock.steady().after(LOOK_EVERY)).await;
    }
}

impl Workbench {
    /// Has the parts of a model server that sleep wake up.
    pub(super) async fn wake(&self, namespace: &str, name: &str) -> Result<(), AppError> {
        let api = self.kubernetes().clone();
        let Some(service) = api.find(kind::inference_services(), namespace, name) else {
            return Ok(());
        };
        off_runtime(move || {
            for (part, deployment) in deployments(&api, &service.body) {
                if pods(&deployment) == 0 {
                    let awake = bounds(&service.body, part).least.max(1);
                    resize(&api, &deployment, awake)?;
                }
            }
            Ok(())
        })
        .await
    }
}

fn resize_all(
    api: &ApiServer,
    requests: &ModelRequests,
    services: &[Arc<StoredObject>],
) -> Result<(), Status> {
    for service in services {
        let window = window(&service.body);
        let key = (service.key.namespace.clone(), service.key.name.clone());
        let Some(most) = requests.most_within(&key, window) else {
            continue;
        };
        for (part, deployment) in deployments(api, &service.body) {
            let wanted = bounds(&service.body, part).wanted(most);
            let stands = pods(&deployment);
            let is_time = wanted > stands || answers_since(&deployment, api.now(), window);
            if wanted != stands && is_time {
                resize(api, &deployment, wanted)?;
            }
        }
    }
    Ok(())
}

/// Whether a part of a service has not always the same number of pods.
fn can_change(service: &Object) -> bool {
    let mut parts = Component::ALL
        .into_iter()
        .filter(|part| part.of(service).is_some());
    !service.is_being_deleted()
        && !is_stopped(service)
        && parts.any(|part| !bounds(service, part).is_fixed())
}

/// The deployments of a service that are there, each with its part.
fn deployments(api: &ApiServer, service: &Object) -> Vec<(Component, Object)> {
    let parts = Component::ALL
        .into_iter()
        .filter(|part| part.of(service).is_some());
    let named = parts.flat_map(|part| {
        let names = deployment_names(service, part);
        names.into_iter().map(move |name| (part, name))
    });
    let found = named.filter_map(|(part, name)| {
        let found = api.find(kind::deployments(), service.namespace(), &name)?;
        Some((part, found.body.clone()))
    });
    found.collect()
}

fn pods(deployment: &Object) -> u64 {
    let told = deployment.at(&["spec", "replicas"]);
    told.and_then(Value::as_u64).unwrap_or(1)
}

/// Whether all of a deployment has been able to answer for as long: one that just began has not been asked yet.
fn answers_since(deployment: &Object, now: Timestamp, window: Duration) -> bool {
    let since = deployment
        .condition("Available")
        .filter(|available| available["status"] == "True")
        .and_then(|available| available["lastTransitionTime"].as_str())
        .and_then(|since| since.parse::<Timestamp>().ok());
    since.is_some_and(|since| {
        Duration::try_from(now.duration_since(since)).is_ok_and(|passed| passed >= window)
    })
}

fn resize(api: &ApiServer, deployment: &Object, wanted: u64) -> Result<(), Status> {
    let mut deployment = deployment.clone();
    loop {
        let (namespace, name) = (
            deployment.namespace().to_owned(),
            deployment.name().to_owned(),
        );
        deployment["spec"]["replicas"] = wanted.into();
        let place = Place::of(kind::deployments(), &namespace, &name);
        match api.update_object(&place, &deployment, MANAGER) {
            Err(status) if status.reason == Reason::Conflict => {
                let Some(found) = api.find(kind::deployments(), &namespace, &name) else {
                    return Ok(());
                };
                deployment = found.body.clone();
            }
            Err(status) if status.reason == Reason::NotFound => return Ok(()),
            answer => return answer.map(drop),
        }
    }
}
