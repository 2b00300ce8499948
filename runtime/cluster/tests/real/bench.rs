//! A namespace of a real cluster, and clients that fail at will.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use coracle_cluster::objects::{Cluster, Deployed, Deployment, DeploymentName, Done, Retries};
use http::{Method, Request};
use kube::client::{Body, ClientBuilder};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tower::{BoxError, filter::FilterLayer};

/// Names the kubeconfig of the cluster that these tests may write to.
const CLUSTER: &str = "CORACLE_TEST_CLUSTER";

/// A namespace of its own, which goes at the end.
pub(crate) struct Bench {
    pub(crate) config: Config,
    pub(crate) client: Client,
    pub(crate) namespace: String,
}

/// Short waits: what fails here goes on failing.
const RETRIES: Retries = Retries {
    tries: 2,
    first_wait: Duration::from_millis(10),
};

impl Bench {
    /// None, with words, where no cluster is named.
    pub(crate) async fn new(test: &str) -> Option<Self> {
        let path = kubeconfig()?;
        let kubeconfig =
            Kubeconfig::read_from(Path::new(&path)).expect("the kubeconfig is readable");
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .expect("it has a context");
        let client = Client::try_from(config.clone()).expect("it has a client");
        let namespace = format!("deploy-{test}-{}", std::process::id());
        let bench = Self {
            config,
            client,
            namespace,
        };
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": bench.namespace}});
        bench.post("/api/v1/namespaces", &object).await;
        Some(bench)
    }

    pub(crate) fn cluster(&self) -> Cluster {
        Cluster::new(self.client.clone(), RETRIES)
    }

    /// Another user, who may do nothing yet.
    pub(crate) fn as_user(&self, user: &str) -> Cluster {
        let mut config = self.config.clone();
        config.auth_info.impersonate = Some(user.to_owned());
        Cluster::new(Client::try_from(config).expect("it has a client"), RETRIES)
    }

    /// Has a user be allowed everything with some kinds of the namespace. The server's authorizer hears of it a moment later.
    pub(crate) async fn allow(&self, role: &str, user: &str, resources: &[&str]) {
        let rbac = format!(
            "/apis/rbac.authorization.k8s.io/v1/namespaces/{}",
            self.namespace
        );
        let version = "rbac.authorization.k8s.io/v1";
        let rules = json!([{"apiGroups": ["", "batch"], "resources": resources, "verbs": ["*"]}]);
        let object = json!({"apiVersion": version, "kind": "Role", "metadata": {"name": role}, "rules": rules});
        self.post(&format!("{rbac}/roles"), &object).await;
        let binding = json!({"apiVersion": version, "kind": "RoleBinding", "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]});
        self.post(&format!("{rbac}/rolebindings"), &binding).await;
    }

    /// A cluster that is lost after some objects were sent for good; the record does not count.
    pub(crate) fn lost_after(&self, sent: i64) -> Cluster {
        let left = Arc::new(AtomicI64::new(sent));
        let cut = move |request: Request<Body>| -> Result<Request<Body>, BoxError> {
            let sends =
                request.method() == Method::PATCH && !request.uri().to_string().contains("dryRun");
            if sends {
                left.fetch_sub(1, Ordering::SeqCst);
            }
            if left.load(Ordering::SeqCst) < 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into());
            }
            Ok(request)
        };
        let builder = ClientBuilder::try_from(self.config.clone()).expect("it has a client");
        let client = builder.with_layer(&FilterLayer::new(cut)).build();
        Cluster::new(client, RETRIES)
    }

    pub(crate) fn deployment<'a>(&self, cluster: &'a Cluster) -> Deployment<'a> {
        Deployment {
            cluster,
            name: DeploymentName::try_from("iris".to_owned()).expect("it is a name"),
            namespace: self.namespace.clone(),
        }
    }

    pub(crate) fn config_map(&self, name: &str, data: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
    }

    /// An object below the namespace: `configmaps/a`. None where it is not there.
    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        self.get_at(&format!("/api/v1/namespaces/{}/{path}", self.namespace))
            .await
    }

    pub(crate) async fn get_at(&self, path: &str) -> Option<Value> {
        let request = Request::get(path)
            .body(Vec::new())
            .expect("it is a request");
        match self.client.request::<Value>(request).await {
            Ok(object) => Some(object),
            Err(kube::Error::Api(status)) if status.code == 404 => None,
            Err(error) => panic!("{path}: {error}"),
        }
    }

    pub(crate) async fn create(&self, collection: &str, object: &Value) -> Value {
        self.post(
            &format!("/api/v1/namespaces/{}/{collection}", self.namespace),
            object,
        )
        .await
    }

    pub(crate) async fn post(&self, path: &str, object: &Value) -> Value {
        let path = format!("{path}?fieldManager=kubectl-edit");
        let request = Request::post(path).header("content-type", "application/json");
        let request = request
            .body(object.to_string().into_bytes())
            .expect("it is a request");
        self.client.request(request).await.expect("it is created")
    }

    pub(crate) async fn edit(&self, path: &str, patch: &Value) {
        let path = format!(
            "/api/v1/namespaces/{}/{path}?fieldManager=kubectl-edit",
            self.namespace
        );
        let request = Request::patch(path).header("content-type", "application/merge-patch+json");
        let request = request
            .body(patch.to_string().into_bytes())
            .expect("it is a request");
        self.client
            .request::<Value>(request)
            .await
            .expect("it is edited");
    }

    pub(crate) async fn delete_at(&self, path: &str) {
        let request = Request::delete(path)
            .body(Vec::new())
            .expect("it is a request");
        let _: Result<Value, _> = self.client.request(request).await;
    }

    /// Asks until something is so.
    pub(crate) async fn until(&self, path: &str, is_so: impl Fn(&Option<Value>) -> bool) {
        for _ in 0..300 {
            if is_so(&self.get_at(path).await) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path} has not come to be as was waited for");
    }

    pub(crate) async fn end(self) {
        self.delete_at(&format!("/api/v1/namespaces/{}", self.namespace))
            .await;
    }
}

/// The cluster's kubeconfig. None, with words, where none is named.
pub(crate) fn kubeconfig() -> Option<String> {
    let path = env(CLUSTER);
    if path.is_none() {
        assert!(
            env("CORACLE_REQUIRE_CLUSTER").is_none(),
            "{CLUSTER} names no kubeconfig"
        );
        eprintln!("skipped: {CLUSTER} names no kubeconfig of a cluster");
    }
    path
}

/// What came of each object: `ConfigMap/a created`.
pub(crate) fn told(deployed: &Deployed) -> Vec<String> {
    let word = |done: &Done| {
        let value = serde_json::to_value(done).expect("it is JSON");
        match done {
            Done::Refused { refusal, .. } => format!("refused: {:?}", refusal.kind),
            _ => value["state"].as_str().expect("it has a state").to_owned(),
        }
    };
    let outcomes = deployed.outcomes.iter();
    outcomes
        .map(|one| {
            format!(
                "{}/{} {}",
                one.object.kind,
                one.object.name,
                word(&one.done)
            )
        })
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the tests' cluster is, is told by the environment"
)]
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The test's namespace, or the end of the test.
macro_rules! bench {
    ($test:literal) => {
        match crate::bench::Bench::new($test).await {
            Some(bench) => bench,
            None => return,
        }
    };
}
pub(crate) use bench;
