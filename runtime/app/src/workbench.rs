//! The handle through which everything is asked: what the routes and the desktop hold. Cheap to clone.
//!
//! The use cases stand in files of their own, one noun each, as methods of [`Workbench`].

use std::sync::{Arc, OnceLock};

use coracle_apiserver::ApiServer;
use coracle_control::{Supervisor, TaskKind};
use coracle_host::clock::Clock;
use coracle_oci::Memory;
use coracle_store::{Home, Objects, RequestLog, Store, StoreError, Volumes};
use tokio::sync::{OnceCell, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::engine::{Chosen, EngineSource, choose};
use crate::error::AppError;
use crate::identity::Identity;
use crate::kubernetes::{EmbeddedModels, ModelRequests};
use crate::log::Shelf;
use crate::model_servers::Loads;
use crate::recurring::Standing;
use crate::stage::{Stage, Working};
use crate::view::GpuCheck;

/// How many runs are made at once: one is read while another is stored.
const TURNS: usize = 2;

/// A workbench, or what one has stored.
#[derive(Clone)]
pub struct Workbench {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) kubernetes: ApiServer,
    pub(crate) identity: Identity,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) source: EngineSource,
    pub(crate) stage: watch::Sender<Stage>,
    /// Whether workloads can use the GPUs; none where there are none, or nobody works on runs.
    pub(crate) gpus: watch::Sender<Option<GpuCheck>>,
    /// Taken while a run is made, in the order in which they were asked for, so that none waits much longer than others.
    pub(crate) turns: Semaphore,
    /// Where the schedule of recurring runs stands.
    pub(crate) schedule: Standing,
    /// Where lines begin in logs that somebody looked at.
    pub(crate) shelf: Shelf,
    /// The requests at model servers.
    pub(crate) model_requests: ModelRequests,
    /// What they were asked and answered; none where that cannot be kept.
    pub(crate) requests: Option<RequestLog>,
    /// How much that was lately.
    pub(crate) loads: Loads,
    /// What pushes of images left behind for those that come.
    pub(crate) pushes: Memory,
    /// Held while a run is brought here: what lies among the arrivals otherwise is left over.
    pub(crate) arrivals: tokio::sync::Mutex<()>,
    /// The models that are served here, without pods.
    pub(crate) models: EmbeddedModels,
    /// Cancelled when shutdown begins: answers that go on for ever end then.
    pub(crate) stopping: CancellationToken,
    /// What has tasks go on by themselves, once there is a workbench at work.
    pub(crate) supervisor: OnceLock<Supervisor>,
    /// The engine that a workbench which only reads has asked for once.
    pub(crate) asked: OnceCell<Chosen>,
}

impl Workbench {
    pub(crate) fn new(
        config: Config,
        (store, objects, requests): (Store, Objects, Option<RequestLog>),
        identity: Identity,
        clock: Arc<dyn Clock>,
        source: EngineSource,
    ) -> Self {
        let tells_time = Arc::clone(&clock);
        let kubernetes = ApiServer::new(
            objects,
            Arc::new(move || tells_time.now()),
            identity.owner(),
        );
        let stage = watch::Sender::new(Stage::Reading);
        let pushes = Memory::open(&config.home.pushes().join("memory.json"));
        let model_requests = ModelRequests::new(Arc::clone(&clock));
        let (stopping, asked) = (CancellationToken::new(), OnceCell::new());
        Self {
            inner: Arc::new(Inner {
                config,
                store,
                kubernetes,
                identity,
                clock,
                source,
                stage,
                gpus: watch::Sender::new(None),
                turns: Semaphore::new(TURNS),
                schedule: Standing::default(),
                shelf: Shelf::default(),
                model_requests,
                requests,
                loads: Loads::default(),
                pushes,
                arrivals: tokio::sync::Mutex::default(),
                models: EmbeddedModels::default(),
                stopping,
                supervisor: OnceLock::new(),
                asked,
            }),
        }
    }

    /// Opens what a home has stored, to look at it; nothing works on runs. Another workbench may use the home
    /// meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn read_only(config: Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        let home = config.home.clone();
        let opened = off_runtime(move || {
            let store = Store::open_read_only(&home)?;
            let objects = Objects::open(store.clone())?;
            let requests = home.requests();
            let requests = requests
                .exists()
                .then(|| RequestLog::open_to_read(&requests));
            let requests = requests.and_then(request_log);
            Ok(((store, objects, requests), Identity::of_reader(&home)))
        });
        let (stored, identity) = opened.await?;
        Ok(Self::new(
            config,
            stored,
            identity,
            clock,
            EngineSource::Settings,
        ))
    }

    /// The Kubernetes API over the objects of this home.
    pub fn kubernetes(&self) -> &ApiServer {
        &self.inner.kubernetes
    }

    /// Has a connection go on by itself until the workbench shuts down. It is dropped where nothing is at work.
    pub fn go_on(&self, connection: impl Future<Output = ()> + Send + 'static) {
        if let Some(supervisor) = self.inner.supervisor.get() {
            supervisor.spawn(TaskKind::Connection, connection);
        }
    }

    /// Cancelled when the workbench shuts down.
    pub fn stopping(&self) -> &CancellationToken {
        &self.inner.stopping
    }

    pub(crate) fn home(&self) -> &Home {
        &self.inner.config.home
    }

    pub(crate) fn store(&self) -> Store {
        self.inner.store.clone()
    }

    pub(crate) fn volumes(&self) -> Volumes {
        Volumes::new(self.home())
    }

    /// What works on runs, once it does.
    pub(crate) async fn working(&self) -> Result<Arc<Working>, AppError> {
        let mut stages = self.inner.stage.subscribe();
        let begun = |stage: &Stage| !matches!(stage, Stage::Starting);
        let stage = stages
            .wait_for(begun)
            .await
            .map_err(|_| AppError::stopping())?
            .clone();
        match stage {
            Stage::Working(working) => Ok(working),
            Stage::NoEngine(error) => Err(error.into()),
            Stage::Failed(error) => Err(AppError::Begin(error)),
            Stage::Reading | Stage::Starting => Err(AppError::NoWorkbench),
        }
    }

    /// The engine: the one that runs steps, or one that is asked for its own sake when nothing does.
    pub(crate) async fn chosen(&self) -> Result<Chosen, AppError> {
        match self.working().await {
            Ok(working) => Ok(working.chosen.clone()),
            Err(AppError::NoWorkbench) => {
                let Inner {
                    source,
                    config,
                    identity,
                    clock,
                    asked,
                    ..
                } = self.inner.as_ref();
                Ok(asked
                    .get_or_try_init(|| choose(source, config, identity, clock))
                    .await?
                    .clone())
            }
            Err(error) => Err(error),
        }
    }

    /// Asks the store, off the runtime's threads.
    pub(crate) async fn ask_store<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Store) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let store = self.store();
        off_runtime(move || ask(&store)).await
    }
}

/// The log of requests to model servers; without one they are served all the same.
pub(crate) fn request_log(opened: Result<RequestLog, StoreError>) -> Option<RequestLog> {
    opened
        .inspect_err(
            |error| tracing::warn!(%error, "requests to model servers are not kept, or not shown"),
        )
        .ok()
}

/// Does blocking work off the runtime's threads, which fails as use cases do.
pub(crate) async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    coracle_host::off_runtime(work).await
}
