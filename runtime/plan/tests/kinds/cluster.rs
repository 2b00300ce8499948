//! A cluster of objects alone: what an API server does to them, with nobody who runs anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use coracle_model::Timestamp;
use coracle_objects::meta::PropagationPolicy;
use coracle_objects::{Object, ObjectExt as _, Resource, Scope, kind};
use coracle_plan::kind::{self as rules, ObjectPlan, ObjectStep, World, same_json};
use serde_json::{Value, json};

/// More rounds than any story takes.
const ROUNDS: usize = 50;

/// Which rules are asked first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Forwards,
    Backwards,
}

type Key = (&'static str, String, String);

/// The objects as they are, and what was said about them.
#[derive(Clone)]
pub(crate) struct Cluster {
    objects: BTreeMap<Key, (&'static Resource, Arc<Object>)>,
    order: Order,
    now: Timestamp,
    version: u64,
    pub(crate) events: Vec<String>,
    pub(crate) wake: Option<Timestamp>,
}

impl World for Cluster {
    fn get(&self, resource: &'static Resource, namespace: &str, name: &str) -> Option<Arc<Object>> {
        let found = self.objects.get(&key(resource, namespace, name))?;
        Some(Arc::clone(&found.1))
    }

    fn list(&self, resource: &'static Resource, namespace: Option<&str>) -> Vec<Arc<Object>> {
        let all = self.objects.values();
        let of_resource = all.filter(|(of, object)| {
            std::ptr::eq(*of, resource)
                && namespace.is_none_or(|namespace| object.namespace() == namespace)
        });
        let mut objects: Vec<_> = of_resource.map(|(_, object)| Arc::clone(object)).collect();
        if let Order::Backwards = self.order {
            objects.reverse();
        }
        objects
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

impl Cluster {
    pub(crate) fn new(order: Order) -> Self {
        Self {
            objects: BTreeMap::new(),
            order,
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            version: 0,
            events: Vec::new(),
            wake: None,
        }
    }

    /// Tells a story in both orders, which has to come out the same.
    pub(crate) fn tell(story: impl Fn(&mut Self)) {
        let [one, other] = [Order::Forwards, Order::Backwards].map(|order| {
            let mut cluster = Self::new(order);
            story(&mut cluster);
            cluster.shown()
        });
        assert_eq!(one, other);
    }

    /// The objects without what hangs on the order in which they were written.
    fn shown(&self) -> Vec<String> {
        let shown = self.objects.values().map(|(_, object)| {
            let mut object = Object::clone(object);
            object.metadata_mut().remove("resourceVersion");
            Value::Object(object).to_string()
        });
        shown.collect()
    }

    /// Makes an object, of the namespace `team` where it says nothing else.
    pub(crate) fn make(&mut self, resource: &'static Resource, object: Value) {
        let Value::Object(mut object) = object else {
            panic!("{object} is no object")
        };
        let of = resource.group_version().to_string();
        object.insert("apiVersion".to_owned(), of.into());
        object.insert("kind".to_owned(), resource.kind.into());
        let namespace = match (resource.scope, object.namespace()) {
            (Scope::Namespaced, "") => "team".to_owned(),
            (_, namespace) => namespace.to_owned(),
        };
        let key = key(resource, &namespace, object.name());
        if self.objects.contains_key(&key) {
            return;
        }
        // One that is made again is another.
        let gone = format!("gone: {} {}", resource.kind, object.name());
        let life = self.events.iter().filter(|told| **told == gone).count();
        let uid = format!("{} {}/{} {life}", resource.kind, namespace, object.name());
        let created = self.now.to_string();
        let metadata = object.metadata_mut();
        if resource.scope == Scope::Namespaced {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
        metadata.insert("uid".to_owned(), uid.into());
        metadata.insert("generation".to_owned(), 1.into());
        metadata.insert("creationTimestamp".to_owned(), created.into());
        resource.strategy.set_defaults(&mut object);
        resource.prepare_for_create(&mut object);
        self.put(key, resource, object);
    }

    /// Changes an object as a client does.
    pub(crate) fn edit(
        &mut self,
        resource: &'static Resource,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) {
        let key = self.key_of(resource, name);
        let (_, stands) = &self.objects[&key];
        let mut object = Value::Object(Object::clone(stands));
        change(&mut object);
        let Value::Object(object) = object else {
            panic!("{object} is no object")
        };
        self.put(key, resource, object);
    }

    /// Says how a pod is, as a kubelet does.
    pub(crate) fn pod_is(&mut self, name: &str, status: &Value) {
        self.edit(kind::pods(), name, |pod| pod["status"] = status.clone());
    }

    pub(crate) fn pod_runs(&mut self, name: &str) {
        let since = json!({ "running": { "startedAt": self.now.to_string() } });
        let status = json!({
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": self.now.to_string() }],
            "containerStatuses": [{ "name": "main", "state": since }],
        });
        self.pod_is(name, &status);
    }

    pub(crate) fn pod_ends(&mut self, name: &str, code: i64) {
        let ended =
            json!({ "terminated": { "exitCode": code, "finishedAt": self.now.to_string() } });
        let status = json!({
            "phase": if code == 0 { "Succeeded" } else { "Failed" },
            "containerStatuses": [{ "name": "main", "state": ended }],
        });
        self.pod_is(name, &status);
    }

    pub(crate) fn delete(
        &mut self,
        resource: &'static Resource,
        name: &str,
        policy: Option<PropagationPolicy>,
    ) {
        let key = self.key_of(resource, name);
        self.remove(&key, policy);
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        self.now = Timestamp::from_second(self.now.as_second() + seconds).unwrap();
    }

    /// Does what the rules say until they say nothing more.
    pub(crate) fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let version = self.version;
            self.wake = None;
            let said = self.events.len();
            for step in self.plan() {
                self.carry_out(step);
            }
            if self.version == version {
                let more = &self.events[said..];
                assert!(
                    more.is_empty(),
                    "nothing changes, and still it says {more:?}"
                );
                return;
            }
        }
        panic!("it never settles: {:#?}", self.shown());
    }

    pub(crate) fn object(&self, resource: &'static Resource, name: &str) -> Value {
        let (_, object) = &self.objects[&self.key_of(resource, name)];
        Value::Object(Object::clone(object))
    }

    /// The names of the objects of a resource in the namespace `team`, or of none.
    pub(crate) fn names(&self, resource: &'static Resource) -> Vec<String> {
        let of = |(found, ..): &&Key| *found == resource.plural;
        let names = self.objects.keys().filter(of);
        names.map(|(_, _, name)| name.clone()).collect()
    }

    /// What the rules say of all objects as they are now.
    fn plan(&mut self) -> Vec<ObjectStep> {
        let mut all: Vec<_> = self.objects.values().cloned().collect();
        if let Order::Backwards = self.order {
            all.reverse();
        }
        let mut steps = Vec::new();
        for (resource, object) in &all {
            steps.extend(rules::garbage::follow_owners(resource, object, &*self));
            let owned_by = |owner: &Object| -> Vec<_> {
                let is_owned = |(_, other): &&(_, Arc<Object>)| {
                    let owners = other.owner_references();
                    owners.iter().any(|reference| reference.uid == owner.uid())
                };
                all.iter().filter(is_owned).cloned().collect()
            };
            let is_owner = |object: &Object| !owned_by(object).is_empty();
            let owned = owned_by(object);
            steps.extend(rules::garbage::finish_owner(
                resource, object, &owned, &is_owner,
            ));
            steps.extend(self.reconcile(resource, object));
        }
        steps.extend(rules::job::release_orphans("team", &*self));
        steps
    }

    fn reconcile(&mut self, resource: &'static Resource, object: &Object) -> Vec<ObjectStep> {
        match resource.kind {
            "Namespace" => rules::namespace::reconcile(object, &*self),
            "PersistentVolumeClaim" => rules::claim::reconcile(object, true, &*self),
            "StatefulSet" => rules::stateful_set::reconcile(object, &*self),
            "Notebook" => rules::notebook::reconcile(object, &*self),
            "InferenceService" => rules::serving::reconcile(object, &*self),
            "InferenceGraph" => rules::serving::reconcile_graph(object, &*self),
            "ReplicaSet" => self.planned(rules::replica_set::reconcile(object, self)),
            "Deployment" => self.planned(rules::deployment::reconcile(object, self)),
            "Job" => self.planned(rules::job::reconcile(object, self)),
            _ => Vec::new(),
        }
    }

    fn planned(&mut self, plan: ObjectPlan) -> Vec<ObjectStep> {
        self.wake = self.wake.into_iter().chain(plan.wake).min();
        plan.steps
    }

    fn carry_out(&mut self, step: ObjectStep) {
        match step {
            ObjectStep::Create { resource, object } => self.make(resource, Value::Object(object)),
            ObjectStep::Update {
                resource,
                object,
                subresource,
            } => self.update(resource, object, subresource),
            ObjectStep::Delete {
                resource,
                namespace,
                name,
                uid,
                policy,
            } => {
                let key = key(resource, &namespace, &name);
                let stands = self.objects.get(&key);
                if stands.is_some_and(|(_, object)| object.uid() == uid) {
                    self.remove(&key, policy);
                }
            }
            ObjectStep::Say {
                about,
                reason,
                message,
                ..
            } => self
                .events
                .push(format!("{}: {reason}: {message}", about.name)),
        }
    }

    /// Writes a part of an object, unless somebody was quicker.
    fn update(&mut self, resource: &'static Resource, object: Object, subresource: &str) {
        let key = key(resource, object.namespace(), object.name());
        let Some((_, stands)) = self.objects.get(&key).cloned() else {
            return;
        };
        if stands.resource_version() != object.resource_version() {
            return;
        }
        let part = match subresource {
            "status" => Some("status"),
            "finalize" => Some("spec"),
            _ => None,
        };
        let mut new = match part {
            None => object,
            Some(part) => {
                let mut new = Object::clone(&stands);
                new.extend(
                    object
                        .get(part)
                        .map(|value| (part.to_owned(), value.clone())),
                );
                new
            }
        };
        if part.is_none() {
            resource.strategy.set_defaults(&mut new);
        }
        let same = same_json(
            &Value::Object(new.clone()),
            &Value::Object(Object::clone(&stands)),
        );
        if !same {
            self.put(key, resource, new);
        }
    }

    fn remove(&mut self, key: &Key, policy: Option<PropagationPolicy>) {
        let (resource, stands) = self.objects[key].clone();
        let mut object = Object::clone(&stands);
        let finalizer = match policy {
            Some(PropagationPolicy::Foreground) => Some("foregroundDeletion"),
            Some(PropagationPolicy::Orphan) => Some("orphan"),
            Some(PropagationPolicy::Background) | None => None,
        };
        let mut finalizers: Vec<String> =
            object.finalizers().into_iter().map(str::to_owned).collect();
        finalizers.extend(finalizer.map(str::to_owned));
        let now = self.now.to_string();
        let metadata = object.metadata_mut();
        metadata.insert("finalizers".to_owned(), finalizers.into());
        metadata.entry("deletionTimestamp").or_insert(now.into());
        resource.strategy.prepare_for_deletion(&mut object);
        self.put(key.clone(), resource, object);
    }

    /// Keeps an object, or lets it go when it was deleted and nothing holds it any more.
    fn put(&mut self, key: Key, resource: &'static Resource, mut object: Object) {
        self.version += 1;
        let is_held = !object.finalizers().is_empty() || resource.strategy.is_held(&object);
        if object.is_being_deleted() && !is_held {
            self.events
                .push(format!("gone: {} {}", resource.kind, object.name()));
            self.objects.remove(&key);
            return;
        }
        let version = self.version.to_string();
        object
            .metadata_mut()
            .insert("resourceVersion".to_owned(), version.into());
        self.objects.insert(key, (resource, Arc::new(object)));
    }

    fn key_of(&self, resource: &'static Resource, name: &str) -> Key {
        let named = |(plural, _, found): &&Key| *plural == resource.plural && found == name;
        let mut found = self.objects.keys().filter(named);
        let key = found
            .next()
            .unwrap_or_else(|| panic!("there is no {} {name}", resource.kind));
        key.clone()
    }
}

fn key(resource: &'static Resource, namespace: &str, name: &str) -> Key {
    let namespace = match resource.scope {
        Scope::Namespaced => namespace,
        Scope::Cluster => "",
    };
    (resource.plural, namespace.to_owned(), name.to_owned())
}

/// A template with one container.
pub(crate) fn template() -> Value {
    json!({ "spec": { "containers": [{ "name": "main", "image": "busybox:1" }] } })
}
