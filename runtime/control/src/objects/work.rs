//! The loop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TrySendError};
use std::time::Duration;

use coracle_apiserver::ApiServer;
use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, Resource, kind};
use coracle_plan::kind::{self as rules, ObjectPlan, ObjectStep, World as _};
use coracle_store::{Home, ObjectChange, ObjectKey, VolumeClaim, VolumeError, Volumes};
use tokio_util::sync::CancellationToken;

use super::carry_out::{Now, carry_out};
use super::garbage::{Owned, Typed, resource_of};
use super::keys::{Key, What};
use super::recorder::Recorder;
use crate::handle::ControlError;
use crate::supervisor::{Supervisor, TaskKind};

/// How often the loop looks for what became due by time alone.
const TICK: Duration = Duration::from_secs(60);

/// Who writes what follows from owners.
const GARBAGE_COLLECTOR: &str = "garbage-collector";

/// What the loop is given.
#[derive(Debug, Clone)]
pub struct ObjectSetting {
    /// The objects.
    pub api: ApiServer,
    /// Where claims have their directories.
    pub home: Home,
}

/// The loop over the objects.
#[derive(Debug)]
pub struct ObjectLoop {
    setting: ObjectSetting,
    recorder: Recorder,
    owned: Owned,
    /// The version up to which everything was looked at.
    version: u64,
    due: BTreeSet<Key>,
    /// What is to be looked at again at some time, although nothing changed.
    wakes: BTreeMap<Key, Timestamp>,
    /// When old events were last removed.
    swept: Timestamp,
}

impl ObjectLoop {
    /// Starts a loop on a thread of its own: it writes to the disk.
    ///
    /// # Errors
    /// When there can be no such thread.
    pub fn start(setting: ObjectSetting, supervisor: &Supervisor) -> Result<(), ControlError> {
        let mut clock = setting.api.objects().clock();
        let token = supervisor.token().clone();
        let (wake, woken) = mpsc::sync_channel(1);
        // It goes with the shutdown, and with it the sender, by which the thread learns of the end.
        supervisor.spawn(TaskKind::Timer, async move {
            while clock.changed().await.is_ok() {
                // One that was not taken yet will do for this change, too.
                if let Err(TrySendError::Disconnected(())) = wake.try_send(()) {
                    return;
                }
            }
        });
        let (over, ended) = tokio::sync::oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("coracle-objects".to_owned())
            .spawn(move || {
                Self::new(setting).run(&woken, &token);
                drop(over);
            })
            .map_err(ControlError::Thread)?;
        supervisor.spawn(TaskKind::Server, async move {
            // The sender says nothing: it goes with the thread.
            let _ = ended.await;
        });
        Ok(())
    }

    fn new(setting: ObjectSetting) -> Self {
        let recorder = Recorder::new(setting.api.clone(), "coracle");
        let swept = setting.api.now();
        Self {
            setting,
            recorder,
            owned: Owned::default(),
            version: 0,
            due: BTreeSet::new(),
            wakes: BTreeMap::new(),
            swept,
        }
    }

    /// Works until the token is cancelled, or nobody is left to wake it.
    fn run(mut self, woken: &Receiver<()>, stopping: &CancellationToken) {
        self.look_at_everything();
        while !stopping.is_cancelled() {
            self.work();
            if let Err(RecvTimeoutError::Disconnected) = woken.recv_timeout(self.idle_time()) {
                return;
            }
            self.take_in();
            self.take_in_time();
        }
    }

    /// Begins anew: everything is looked at.
    fn look_at_everything(&mut self) {
        self.owned = Owned::default();
        self.version = self.setting.api.objects().version();
        for resource in kind::resources() {
            for object in self.setting.api.all(resource, None) {
                self.owned.add(&object.key, &object.body);
                self.due.extend(Key::of_change(resource, &object.body));
                self.follow(&object.key, &object.body, false);
            }
        }
    }

    fn take_in(&mut self) {
        match self.setting.api.objects().changes(self.version) {
            Ok((changes, version)) => {
                self.version = version;
                for change in &changes {
                    self.take_in_change(change);
                }
            }
            Err(_) => self.look_at_everything(),
        }
    }

    /// How long there is nothing to do unless something changes.
    fn idle_time(&self) -> Duration {
        let now = self.setting.api.now();
        let next = self.wakes.values().min();
        let until = next.map(|next| next.duration_since(now));
        until.map_or(TICK, |until| {
            Duration::try_from(until).unwrap_or_default().min(TICK)
        })
    }

    fn take_in_time(&mut self) {
        let now = self.setting.api.now();
        let over = self.wakes.extract_if(.., |_, wake| *wake <= now);
        self.due.extend(over.map(|(key, _)| key));
        if now.duration_since(self.swept).as_secs() >= TICK.as_secs().cast_signed() {
            self.swept = now;
            self.recorder.sweep();
        }
    }

    fn take_in_change(&mut self, change: &ObjectChange) {
        let object = &change.object;
        if let Some(before) = &change.before {
            self.owned.forget(&before.key, &before.body);
        }
        if !change.removed {
            self.owned.add(&object.key, &object.body);
        }
        let Some(resource) = resource_of(&object.key.resource) else {
            return;
        };
        self.due.extend(Key::of_change(resource, &object.body));
        self.due
            .extend(self.touched(resource, &object.key.namespace));
        self.follow(&object.key, &object.body, change.removed);
        // Those that it has let go may have waited for that.
        if let Some(before) = &change.before {
            self.finish_owners(&before.body);
        }
        if change.removed && std::ptr::eq(resource, kind::persistent_volume_claims()) {
            self.remove_directory(&object.key);
        }
        if change.removed && std::ptr::eq(resource, kind::namespaces()) {
            self.remove_namespace(&object.key.name);
        }
    }

    /// What follows from owners for an object, and from an object for what it owns.
    fn follow(&self, key: &ObjectKey, object: &Object, removed: bool) {
        let Some(resource) = resource_of(&key.resource) else {
            return;
        };
        let api = &self.setting.api;
        let world = Now(api);
        let mut steps = Vec::new();
        if !removed {
            steps.extend(rules::garbage::follow_owners(resource, object, &world));
            if object.is_being_deleted() {
                steps.extend(self.finish_owner(resource, object));
            }
        }
        if removed {
            for (resource, dependent) in self.owned_by(object) {
                steps.extend(rules::garbage::follow_owners(resource, &dependent, &world));
            }
        }
        self.carry_out(GARBAGE_COLLECTOR, steps);
        self.finish_owners(object);
    }

    /// Lets go the owners of an object that only waited for it: the last of what blocked them may have gone.
    fn finish_owners(&self, object: &Object) {
        let world = Now(&self.setting.api);
        for owner in object.owner_references() {
            let Some(resource) = kind::find_kind(&owner.api_version, &owner.kind) else {
                continue;
            };
            if let Some(owner) = world.get(resource, object.namespace(), &owner.name)
                && owner.is_being_deleted()
            {
                let steps = self.finish_owner(resource, &owner);
                self.carry_out(GARBAGE_COLLECTOR, steps);
            }
        }
    }

    fn finish_owner(&self, resource: &'static Resource, owner: &Object) -> Vec<ObjectStep> {
        let owned = self.owned_by(owner);
        let is_owner = |object: &Object| !self.owned.of(object.uid()).is_empty();
        rules::garbage::finish_owner(resource, owner, &owned, &is_owner)
    }

    fn owned_by(&self, owner: &Object) -> Vec<Typed> {
        let keys = self.owned.of(owner.uid());
        let find = |key: ObjectKey| {
            let found = self.setting.api.objects().get(&key)?;
            Some((resource_of(&key.resource)?, Arc::new(found.body.clone())))
        };
        keys.into_iter().filter_map(find).collect()
    }

    fn work(&mut self) {
        while let Some(key) = self.due.pop_first() {
            self.reconcile(&key);
            // What this wrote may touch keys that are due already.
            self.take_in();
        }
    }

    fn reconcile(&mut self, key: &Key) {
        let api = self.setting.api.clone();
        let world = Now(&api);
        let (resource, component) = match key.what {
            What::Namespace => (kind::namespaces(), "namespace-controller"),
            What::Claim => (
                kind::persistent_volume_claims(),
                "persistentvolume-controller",
            ),
            What::StatefulSet => (kind::stateful_sets(), "statefulset-controller"),
            What::ReplicaSet => (kind::replica_sets(), "replicaset-controller"),
            What::Deployment => (kind::deployments(), "deployment-controller"),
            What::Notebook => (kind::notebooks(), "notebook-controller"),
            What::Job => (kind::jobs(), "job-controller"),
            What::InferenceService => (kind::inference_services(), "inferenceservice-controller"),
            What::InferenceGraph => (kind::inference_graphs(), "inferencegraph-controller"),
            What::Endpoints => (kind::namespaces(), "endpoint-controller"),
        };
        let Some(object) = world.get(resource, &key.namespace, &key.name) else {
            if key.what == What::Job {
                let steps = rules::job::release_orphans(&key.namespace, &world);
                self.carry_out(component, steps);
            }
            return;
        };
        let steps = match key.what {
            What::Namespace => rules::namespace::reconcile(&object, &world),
            What::Claim => {
                let made = self.make_directory(&object);
                rules::claim::reconcile(&object, made, &world)
            }
            What::StatefulSet => rules::stateful_set::reconcile(&object, &world),
            What::Notebook => rules::notebook::reconcile(&object, &world),
            What::ReplicaSet => self.planned(key, rules::replica_set::reconcile(&object, &world)),
            What::Deployment => self.planned(key, rules::deployment::reconcile(&object, &world)),
            What::Job => self.planned(key, rules::job::reconcile(&object, &world)),
            What::InferenceService => rules::serving::reconcile(&object, &world),
            What::InferenceGraph => rules::serving::reconcile_graph(&object, &world),
            What::Endpoints => rules::service::reconcile_endpoints(&object, &world),
        };
        self.carry_out(component, steps);
    }

    /// What a change of a resource may touch that does not name it: any inference service may be served by another runtime then, those
    /// of its namespace may have other credentials, and the inference graphs of its namespace lead to inference services by name.
    fn touched(&self, resource: &'static Resource, namespace: &str) -> Vec<Key> {
        let is = |other: &'static Resource| std::ptr::eq(resource, other);
        let (what, touched, within) =
            if is(kind::serving_runtimes()) || is(kind::cluster_serving_runtimes()) {
                (What::InferenceService, kind::inference_services(), None)
            } else if is(kind::secrets()) || is(kind::service_accounts()) {
                let services = kind::inference_services();
                (What::InferenceService, services, Some(namespace))
            } else if is(kind::inference_services()) {
                let graphs = kind::inference_graphs();
                (What::InferenceGraph, graphs, Some(namespace))
            } else {
                return Vec::new();
            };
        let found = self.setting.api.all(touched, within);
        let keys = found
            .iter()
            .map(|found| Key::new(what, &found.key.namespace, &found.key.name));
        keys.collect()
    }

    /// The steps of a plan, whose time is kept.
    fn planned(&mut self, key: &Key, plan: ObjectPlan) -> Vec<ObjectStep> {
        self.wakes.extend(plan.wake.map(|wake| (key.clone(), wake)));
        plan.steps
    }

    fn carry_out(&self, component: &'static str, steps: Vec<ObjectStep>) {
        if !steps.is_empty() {
            let recorder = self.recorder.speaking_as(component);
            carry_out(&self.setting.api, &recorder, component, steps);
        }
    }

    /// Makes a claim's directory. Whether it is there.
    fn make_directory(&self, claim: &Object) -> bool {
        if claim.is_being_deleted() {
            return true;
        }
        let modes = claim.list_at(&["spec", "accessModes"]);
        let class = claim.text_at(&["spec", "storageClassName"]);
        let wanted = VolumeClaim {
            size: claim
                .text_at(&["spec", "resources", "requests", "storage"])
                .to_owned(),
            access_modes: modes
                .iter()
                .filter_map(|mode| Some(mode.as_str()?.to_owned()))
                .collect(),
            storage_class: Some(class.to_owned()).filter(|class| !class.is_empty()),
        };
        let volumes = Volumes::of_namespace(&self.setting.home, claim.namespace());
        match volumes.create(claim.name(), &wanted) {
            // One that asked for something else before has a directory all the same.
            Ok(_) | Err(VolumeError::Conflict { .. }) => true,
            Err(error) => {
                tracing::warn!(%error, claim = claim.name(), "a claim's directory cannot be made");
                false
            }
        }
    }

    fn remove_directory(&self, key: &ObjectKey) {
        let volumes = Volumes::of_namespace(&self.setting.home, &key.namespace);
        if let Err(error) = volumes.delete(&key.name) {
            tracing::warn!(%error, claim = key.name, "a claim's directory was left behind");
        }
    }

    /// The claims of a namespace go before it does.
    fn remove_namespace(&self, namespace: &str) {
        if let Err(error) = Volumes::forget_namespace(&self.setting.home, namespace) {
            tracing::warn!(%error, namespace, "a namespace's directory was left behind");
        }
    }
}
