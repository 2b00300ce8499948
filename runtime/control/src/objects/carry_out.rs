//! Doing what was planned for objects, and looking at them for the plans.

use std::sync::Arc;

use coracle_apiserver::{ApiServer, Place};
use coracle_model::Timestamp;
use coracle_objects::meta::{DeleteOptions, Preconditions};
use coracle_objects::{Object, ObjectExt as _, Reason, Resource, Status};
use coracle_plan::kind::{ObjectStep, World};

use super::recorder::Recorder;

/// The objects as they are when each is asked for.
pub struct Now<'a>(pub &'a ApiServer);

impl World for Now<'_> {
    fn get(&self, resource: &'static Resource, namespace: &str, name: &str) -> Option<Arc<Object>> {
        let found = self.0.find(resource, namespace, name)?;
        Some(Arc::new(found.body.clone()))
    }

    fn list(&self, resource: &'static Resource, namespace: Option<&str>) -> Vec<Arc<Object>> {
        let found = self.0.all(resource, namespace);
        found
            .into_iter()
            .map(|object| Arc::new(object.body.clone()))
            .collect()
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Does the steps, as a component, in their order. One that comes too late ends them: the change that was quicker has
/// everything looked at again.
pub(super) fn carry_out(
    api: &ApiServer,
    recorder: &Recorder,
    component: &str,
    steps: Vec<ObjectStep>,
) {
    for step in steps {
        let done = carry_out_one(api, recorder, component, &step);
        if let Err(status) = done {
            match status.reason {
                Reason::AlreadyExists | Reason::NotFound => {
                    tracing::debug!(%status, component, "a step was done already");
                }
                Reason::Conflict => {
                    tracing::debug!(%status, component, "a step came too late");
                    return;
                }
                _ => {
                    tracing::warn!(%status, component, "an object could not be written");
                    complain(recorder, &step, &status);
                }
            }
        }
    }
}

fn carry_out_one(
    api: &ApiServer,
    recorder: &Recorder,
    component: &str,
    step: &ObjectStep,
) -> Result<(), Status> {
    match step {
        ObjectStep::Create { resource, object } => {
            let place = Place::of(resource, object.namespace(), "");
            api.create_object(&place, object, component).map(|_| ())
        }
        ObjectStep::Update {
            resource,
            object,
            subresource,
        } => {
            let place = Place::of(resource, object.namespace(), object.name()).part(subresource);
            api.update_object(&place, object, component).map(|_| ())
        }
        ObjectStep::Delete {
            resource,
            namespace,
            name,
            uid,
            policy,
        } => {
            let options = DeleteOptions {
                propagation_policy: *policy,
                preconditions: Preconditions {
                    uid: Some(uid.clone()),
                    resource_version: None,
                },
                ..DeleteOptions::default()
            };
            api.delete(&Place::of(resource, namespace, name), &options)
                .map(|_| ())
        }
        ObjectStep::Say {
            about,
            warning,
            reason,
            message,
        } => {
            recorder.say(about, *warning, reason, message);
            Ok(())
        }
    }
}

/// Tells the owner of what could not be made.
fn complain(recorder: &Recorder, step: &ObjectStep, status: &Status) {
    let ObjectStep::Create { object, .. } = step else {
        return;
    };
    let Some(owner) = object.controller() else {
        return;
    };
    let about = coracle_plan::kind::About {
        api_version: owner.api_version,
        kind: owner.kind,
        namespace: object.namespace().to_owned(),
        name: owner.name,
        uid: owner.uid,
        resource_version: String::new(),
        field_path: String::new(),
    };
    let message = format!("Error creating: {status}");
    recorder.say(&about, true, "FailedCreate", &message);
}
