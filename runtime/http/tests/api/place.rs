//! A workbench for one test, and how the tests ask it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use coracle_app::config::{Config, Flags, Situation};
use coracle_app::view::{CreateRun, CreatedRun, ErrorBody, Event, ParameterValue, RunResult};
use coracle_app::{App, EngineSource, Running, Workbench};
use coracle_host::Workload;
use coracle_host::clock::{Clock, SystemClock};
use coracle_host::fake::{Act, FakeEngine};
use coracle_model::{EventCursor, EventKind, RunId};
use futures_util::TryStreamExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const API: &str = "/apis/coracle/v1";

/// Longer than any of this takes on a busy machine; a test that hangs ends here.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Two steps, one after the other; the first takes a number.
pub(crate) const PIPELINE: &str = "\
pipelineInfo: {name: greet}
schemaVersion: 2.1.0
sdkVersion: kfp-2.13.0
root:
  inputDefinitions:
    parameters:
      n: {parameterType: NUMBER_INTEGER, defaultValue: 1.0}
  dag:
    tasks:
      load:
        taskInfo: {name: load}
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-load}
        inputs: {parameters: {n: {componentInputParameter: n}}}
      train:
        taskInfo: {name: train}
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-train}
        dependentTasks: [load]
components:
  comp-load:
    executorLabel: exec-load
    inputDefinitions: {parameters: {n: {parameterType: NUMBER_INTEGER}}}
  comp-train: {executorLabel: exec-train}
deploymentSpec:
  executors:
    exec-load: {container: {image: alpine, command: [load, \"{{$.inputs.parameters['n']}}\"]}}
    exec-train: {container: {image: alpine, command: [train]}}
";

/// A workbench at work in a home of its own.
pub(crate) struct Place {
    pub(crate) root: TempDir,
    pub(crate) engine: Arc<FakeEngine>,
    pub(crate) running: Running,
    pub(crate) router: Router,
}

pub(crate) fn config(root: &Path) -> Config {
    let variables =
        [("HOME", root), ("CORACLE_HOME", root)].map(|(name, path)| (name.to_owned(), path.into()));
    let situation = Situation {
        variables: BTreeMap::from(variables),
        current_directory: root.to_owned(),
        program: root.join("coracle"),
        user_and_group: (0, 0),
    };
    Config::read(&situation, &Flags::default()).unwrap()
}

impl Place {
    /// Every step does what the script says.
    pub(crate) async fn new(script: impl Fn(&Workload) -> Act + Send + Sync + 'static) -> Self {
        Self::with_clock(Arc::new(SystemClock::new()), script).await
    }

    /// The same, with a clock that may be moved by hand.
    pub(crate) async fn with_clock(
        clock: Arc<dyn Clock>,
        script: impl Fn(&Workload) -> Act + Send + Sync + 'static,
    ) -> Self {
        let engine = Arc::new(FakeEngine::new(clock.clone(), script));
        let root = tempfile::tempdir().unwrap();
        let app = App::build_with(
            config(root.path()),
            clock,
            EngineSource::Given(engine.clone()),
        )
        .await
        .unwrap();
        let running = app.spawn();
        let router = coracle_http::router(running.workbench().clone());
        Self {
            root,
            engine,
            running,
            router,
        }
    }

    pub(crate) fn workbench(&self) -> &Workbench {
        self.running.workbench()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// An answer that is a success, as JSON.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let (status, body) = whole(self.send(bare(Method::GET, path)).await).await;
        assert!(status.is_success(), "{path}: {status} {body:?}");
        serde_json::from_slice(&body).unwrap()
    }

    /// An answer that is a success, as text.
    pub(crate) async fn text(&self, path: &str) -> String {
        let (status, body) = whole(self.send(bare(Method::GET, path)).await).await;
        assert!(status.is_success(), "{path}: {status} {body:?}");
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// An answer that is a refusal.
    pub(crate) async fn refused(&self, request: Request<Body>) -> (StatusCode, ErrorBody) {
        let (status, body) = whole(self.send(request).await).await;
        let read = serde_json::from_slice(&body);
        (
            status,
            read.unwrap_or_else(|error| panic!("{status} {error} {body:?}")),
        )
    }

    /// A request with nothing to say back.
    pub(crate) async fn done(&self, request: Request<Body>) {
        let (status, body) = whole(self.send(request).await).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{body:?}");
    }

    /// What came of removing something.
    pub(crate) async fn removed<T: DeserializeOwned>(&self, path: &str) -> T {
        let (status, body) = whole(self.send(bare(Method::DELETE, path)).await).await;
        assert_eq!(status, StatusCode::OK, "{body:?}");
        serde_json::from_slice(&body).unwrap()
    }

    /// The folder of a run's attempts.
    pub(crate) fn run_directory(&self, run: RunId) -> PathBuf {
        self.root.path().join("data/runs").join(run.to_string())
    }

    pub(crate) async fn create(&self, request: &CreateRun) -> CreatedRun {
        let (status, body) = whole(self.send(json(Method::POST, "/runs", request)).await).await;
        assert_eq!(status, StatusCode::CREATED, "{body:?}");
        serde_json::from_slice(&body).unwrap()
    }

    /// Runs the pipeline to its end.
    pub(crate) async fn run(&self, request: &CreateRun) -> RunResult {
        let run = self.create(request).await.run_id;
        self.finished(run).await;
        self.get(&format!("{API}/runs/{run}/result")).await
    }

    /// Waits until an event of a run is what is waited for.
    pub(crate) async fn until(
        &self,
        run: RunId,
        after: EventCursor,
        reached: impl Fn(&EventKind) -> bool,
    ) -> Event {
        let events = self
            .workbench()
            .events(Some(run.to_string()), after)
            .await
            .unwrap();
        let mut events = std::pin::pin!(events);
        let waiting = async {
            loop {
                let event = events
                    .try_next()
                    .await
                    .unwrap()
                    .expect("the events of a workbench at work do not end");
                if reached(&event.what) {
                    return event;
                }
            }
        };
        tokio::time::timeout(LIMIT, waiting)
            .await
            .expect("it happens in time")
    }

    pub(crate) async fn finished(&self, run: RunId) -> Event {
        self.until(
            run,
            EventCursor::default(),
            |what| matches!(what, EventKind::Run { state, .. } if state.is_final()),
        )
        .await
    }
}

pub(crate) fn greet() -> CreateRun {
    CreateRun {
        definition: coracle_app::view::Bytes(PIPELINE.as_bytes().to_vec()),
        file_name: "greet.yaml".to_owned(),
        parameters: BTreeMap::new(),
        display_name: None,
        pipeline_root: None,
        cache: true,
    }
}

pub(crate) fn greet_with(n: &str) -> CreateRun {
    let parameters = BTreeMap::from([("n".to_owned(), ParameterValue::Text(n.to_owned()))]);
    CreateRun {
        parameters,
        ..greet()
    }
}

/// Every step says its own command and succeeds.
pub(crate) fn talking(workload: &Workload) -> Act {
    let words = workload.command.join(" ");
    Act::succeed().saying(coracle_host::log::Stream::Stdout, format!("{words}\n"))
}

pub(crate) fn bare(method: Method, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap()
}

/// A request below the API's root with a JSON body.
pub(crate) fn json(method: Method, path: &str, body: &impl Serialize) -> Request<Body> {
    let builder = Request::builder()
        .method(method)
        .uri(format!("{API}{path}"))
        .header("content-type", "application/json");
    builder
        .body(Body::from(serde_json::to_vec(body).unwrap()))
        .unwrap()
}

pub(crate) async fn whole(response: Response<Body>) -> (StatusCode, Bytes) {
    let status = response.status();
    let body = tokio::time::timeout(LIMIT, to_bytes(response.into_body(), usize::MAX))
        .await
        .expect("it ends in time");
    (status, body.unwrap())
}
