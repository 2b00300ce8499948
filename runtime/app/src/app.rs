//! From settings to a workbench at work, and to its end.
//!
//! ```text
//! Config ──build──► App: home locked, database open, listening   nothing runs yet
//!                    │ spawn
//!                    ▼
//!                 Running ──doors──► whoever serves them (HTTP)
//!                    │   └─ beginning: engine and GPUs are looked for, then the loop starts
//!                    ▼ shutdown(grace)
//!                 doors close, tasks end, the lock goes
//! ```
//!
//! It listens before it has an engine, so that it is ready at once: asking an engine or a driver takes as long
//! as they take. Whatever needs them waits for them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use coracle_control::{Supervisor, TaskKind};
use coracle_host::clock::{Clock, SystemClock};
use coracle_store::{ConfigFiles, HomeLock, Objects, RequestLog, Room, Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::begin::begin;
use crate::config::{Config, ListenAddress};
use crate::door::{Door, Visitors, reachable};
use crate::engine::EngineSource;
use crate::error::AppError;
use crate::identity::Identity;
use crate::kubernetes;
use crate::stage::Stage;
use crate::workbench::{Workbench, off_runtime, request_log};

/// A workbench with everything open and nothing running.
pub struct App {
    workbench: Workbench,
    lock: HomeLock,
    listener: TcpListener,
    address: SocketAddr,
}

/// A workbench at work.
pub struct Running {
    workbench: Workbench,
    lock: HomeLock,
    supervisor: Supervisor,
    address: SocketAddr,
    doors: Option<mpsc::Receiver<Door>>,
}

impl App {
    /// Locks the home, opens its database and listens.
    ///
    /// # Errors
    /// A home that another workbench uses, that cannot be written or is of a newer version, and an address that
    /// is taken.
    pub async fn build(config: Config) -> Result<Self, AppError> {
        Self::build_with(config, Arc::new(SystemClock::new()), EngineSource::Settings).await
    }

    /// The same with another clock, and with an engine that is there already.
    ///
    /// # Errors
    /// As [`App::build`].
    pub async fn build_with(
        config: Config,
        clock: Arc<dyn Clock>,
        source: EngineSource,
    ) -> Result<Self, AppError> {
        let (home, now) = (config.home.clone(), clock.now());
        let (lock, stored, identity) = off_runtime(move || {
            let lock = home.lock()?;
            let store = Store::open(&home)?;
            store.default_experiment(now)?;
            coracle_store::Volumes::new(&home).sweep()?;
            let objects = Objects::open(store.clone())?;
            let requests = request_log(RequestLog::open(&home.requests(), Room::default()));
            Ok((
                lock,
                (store, objects, requests),
                Identity::of(&home).map_err(AppError::Identity)?,
            ))
        })
        .await?;
        let listener = listen(config.listen).await?;
        let address = listener.local_addr().map_err(|source| AppError::Listen {
            address: config.listen,
            source,
        })?;
        let workbench = Workbench::new(config, stored, identity, clock, source);
        let (api, store) = (workbench.kubernetes().clone(), workbench.store());
        let files = ConfigFiles::new(workbench.home());
        off_runtime(move || {
            kubernetes::stand(&api).map_err(AppError::Objects)?;
            if let Err(error) = kubernetes::take_over(&api, &store, &files) {
                tracing::warn!(%error, "secrets and config maps of an older version stay files until the next start");
            }
            Ok(())
        })
        .await?;
        Ok(Self {
            workbench,
            lock,
            listener,
            address,
        })
    }

    /// The workbench as it is before anything runs: what is stored can be read and written.
    pub fn workbench(&self) -> &Workbench {
        &self.workbench
    }

    /// Begins: looks for the engine and works on open runs as soon as there is one. The doors are to be served.
    pub fn spawn(self) -> Running {
        let Self {
            workbench,
            lock,
            listener,
            address,
        } = self;
        let stopping = workbench.stopping().clone();
        let supervisor = Supervisor::new(tokio::runtime::Handle::current());
        let _ = workbench.inner.supervisor.set(supervisor.clone());
        let (open_door, doors) = mpsc::channel(2);
        workbench.inner.stage.send_replace(Stage::Starting);
        let front = Door {
            listener,
            visitors: Visitors::User { bound: address },
        };
        let beginning = begin(
            workbench.clone(),
            supervisor.clone(),
            address,
            front,
            open_door,
        );
        supervisor.spawn(TaskKind::Lookup, beginning);
        let ending = supervisor.token().clone();
        supervisor.spawn(TaskKind::Server, async move {
            ending.cancelled().await;
            stopping.cancel();
        });
        Running {
            workbench,
            lock,
            supervisor,
            address,
            doors: Some(doors),
        }
    }
}

impl Running {
    /// The workbench.
    pub fn workbench(&self) -> &Workbench {
        &self.workbench
    }

    /// What spawns tasks and ends them.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Where it listens: `http://127.0.0.1:8890`.
    pub fn url(&self) -> String {
        format!("http://{}", reachable(self.address))
    }

    /// The doors to serve, as they open: the first at once, the one for steps when the engine is known. None
    /// when they were taken already.
    pub fn take_doors(&mut self) -> Option<mpsc::Receiver<Door>> {
        self.doors.take()
    }

    /// Tells other processes on this home where the workbench can be reached; to be called once its doors are
    /// served.
    ///
    /// # Errors
    /// What the file system said.
    pub fn announce(&self) -> Result<(), StoreError> {
        self.lock.announce(&self.url())
    }

    /// Closes the doors, ends the tasks, at most for `grace`, and gives the home back. Containers go on; the next
    /// start takes them up.
    pub async fn shutdown(self, grace: Duration) {
        self.supervisor.shutdown(grace).await;
        drop(self.lock);
    }
}

async fn listen(address: ListenAddress) -> Result<TcpListener, AppError> {
    if !address.socket().ip().is_loopback() {
        tracing::warn!(%address, "whoever reaches this address can do everything that you can here");
    }
    TcpListener::bind(address.socket())
        .await
        .map_err(|source: io::Error| AppError::Listen { address, source })
}
