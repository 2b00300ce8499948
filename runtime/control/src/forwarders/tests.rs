//! The keeper over real objects and an engine that a script plays.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use coracle_apiserver::{ApiServer, Place};
use coracle_host::clock::SystemClock;
use coracle_host::fake::{Act, FakeEngine};
use coracle_host::{Engine as _, ROUTES, SandboxName};
use coracle_model::Timestamp;
use coracle_objects::{Object, ObjectExt as _, Resource, kind};
use coracle_store::{Home, Objects, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ForwarderSetting, keep_forwarders};
use crate::supervisor::Supervisor;

struct World {
    api: ApiServer,
    engine: Arc<FakeEngine>,
    home: Home,
    _directory: TempDir,
}

impl World {
    async fn begin() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        let objects = Objects::open(Store::open_in_memory().unwrap()).unwrap();
        let api = ApiServer::new(objects, Arc::new(|| Timestamp::UNIX_EPOCH), "owner");
        let clock = Arc::new(SystemClock::new());
        let engine = Arc::new(FakeEngine::new(clock.clone(), |_| Act::succeed()));
        let world = Self {
            api,
            engine,
            home,
            _directory: directory,
        };
        world.make(
            kind::namespaces(),
            json!({ "metadata": { "name": "team" } }),
        );
        world.make(
            kind::pods(),
            json!({
                "metadata": { "name": "one", "namespace": "team", "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "main", "image": "a" }] },
            }),
        );
        let setting = ForwarderSetting {
            api: world.api.clone(),
            engine: world.engine.clone(),
            image: world.engine.describe().await.unwrap().forwarder.unwrap(),
            home: world.home.clone(),
            clock,
            workbench: None,
        };
        let supervisor = Supervisor::new(tokio::runtime::Handle::current());
        keep_forwarders(setting, &supervisor);
        world
    }

    fn make(&self, resource: &'static Resource, object: Value) -> Object {
        let Value::Object(mut object) = object else {
            panic!("no object")
        };
        object.insert("apiVersion".to_owned(), "v1".into());
        object.insert("kind".to_owned(), resource.kind.into());
        let place = Place::of(resource, object.namespace(), "");
        let made = self.api.create_object(&place, &object, "test").unwrap();
        made.body.clone()
    }

    fn service(&self, name: &str, spec: &Value) -> Object {
        let metadata = json!({ "name": name, "namespace": "team" });
        self.make(
            kind::services(),
            json!({ "metadata": metadata, "spec": spec }),
        )
    }

    fn amend(&self, resource: &'static Resource, name: &str, change: impl Fn(&mut Object)) {
        let uid = self.find(resource, name).uid().to_owned();
        let place = Place::of(resource, "team", name);
        self.api.amend(&place, &uid, change).unwrap();
    }

    fn find(&self, resource: &'static Resource, name: &str) -> Object {
        let found = self.api.find(resource, "team", name);
        found.expect("it is there").body.clone()
    }

    /// Waits for the routes that a service has.
    async fn leads(&self, service: &Object, wanted: &str) {
        let file = self.home.service_dir(service.uid()).join(ROUTES);
        let reads = || fs_err::read_to_string(&file).is_ok_and(|routes| routes == wanted);
        comes(reads, wanted).await;
    }
}

async fn comes(condition: impl Fn() -> bool, what: &str) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(waited.is_ok(), "{what} did not come");
}

fn sandbox(service: &Object) -> SandboxName {
    SandboxName(format!("coracle-svc-{}", service.uid()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_has_a_forwarder_as_long_as_it_is_to_have_one() {
    let world = World::begin().await;
    let service = world.service(
        "web",
        &json!({ "selector": { "app": "web" }, "ports": [{ "port": 80 }] }),
    );
    world.leads(&service, "").await;
    let name = sandbox(&service);
    comes(|| world.engine.sandboxes().contains(&name), "a forwarder").await;
    let request = world.engine.sandbox_request(&name).unwrap();
    let address: IpAddr = service.text_at(&["spec", "clusterIP"]).parse().unwrap();
    assert_eq!(request.address, Some(address));
    assert_eq!(request.aliases[1], "web.team");

    world.amend(kind::pods(), "one", |pod| {
        let ready = json!([{ "type": "Ready", "status": "True" }]);
        let status = json!({ "phase": "Running", "podIP": "10.0.0.9", "conditions": ready });
        pod.insert("status".to_owned(), status);
    });
    world.leads(&service, "80 10.0.0.9:80\n").await;

    let select = |app: Value| {
        world.amend(kind::services(), "web", |service| {
            service["spec"]["selector"] = app.clone();
        });
    };
    select(json!({}));
    comes(|| !world.engine.sandboxes().contains(&name), "its end").await;
    select(json!({ "app": "web" }));
    world.leads(&service, "80 10.0.0.9:80\n").await;
    comes(|| world.engine.sandboxes().contains(&name), "it again").await;

    let place = Place::of(kind::services(), "team", "web");
    world.api.delete(&place, &Default::default()).unwrap();
    comes(|| world.engine.sandboxes().is_empty(), "its end").await;
    let directory = world.home.service_dir(service.uid());
    comes(|| !directory.exists(), "the end of its routes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_was_away_is_asked_again() {
    let world = World::begin().await;
    let spec = json!({ "selector": { "app": "web" }, "ports": [{ "port": 80 }] });
    let first = sandbox(&world.service("web", &spec));
    comes(|| world.engine.sandboxes().contains(&first), "a forwarder").await;
    world.engine.go_away("a restart");
    let service = world.service("late", &spec);
    world.leads(&service, "").await;
    world.engine.come_back();
    let late = sandbox(&service);
    comes(|| world.engine.sandboxes().contains(&late), "another").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_says_the_address_that_it_has() {
    let world = World::begin().await;
    let service = world.service(
        "web",
        &json!({
            "clusterIP": "192.0.2.1",
            "selector": { "app": "web" },
            "ports": [{ "port": 80 }],
        }),
    );
    let chosen = || {
        let service = world.find(kind::services(), "web");
        let address = service.text_at(&["spec", "clusterIP"]);
        address.starts_with("10.") && service.list_at(&["spec", "clusterIPs"])[0] == address
    };
    comes(chosen, "another address").await;
    assert_eq!(world.engine.sandboxes(), [sandbox(&service)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_goes_while_its_pods_change_leaves_nothing() {
    let world = World::begin().await;
    // One that may ask has a forwarder begin at once.
    world.make(
        kind::pods(),
        json!({
            "metadata": { "name": "client", "namespace": "team" },
            "spec": { "containers": [{ "name": "main", "image": "a" }] },
        }),
    );
    let spec = json!({ "selector": { "app": "web" }, "ports": [{ "port": 80 }] });
    for round in 0..200 {
        let service = world.service("web", &spec);
        world.amend(kind::pods(), "one", |pod| {
            let ready = json!([{ "type": "Ready", "status": "True" }]);
            let status = json!({ "phase": "Running", "podIP": format!("10.0.0.{round}"), "conditions": ready });
            pod.insert("status".to_owned(), status);
        });
        let name = sandbox(&service);
        comes(|| world.engine.sandboxes().contains(&name), "a forwarder").await;
        world.amend(kind::pods(), "one", |pod| drop(pod.remove("status")));
        let place = Place::of(kind::services(), "team", "web");
        world.api.delete(&place, &Default::default()).unwrap();
    }
    comes(|| world.engine.sandboxes().is_empty(), "the end of all").await;
}
