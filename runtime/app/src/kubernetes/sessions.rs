//! Connections into pods: commands, their own programs, ports.

use std::sync::Arc;

use coracle_host::{
    AttachRequest, Connection, Engine, EngineError, ExecRequest, Session, WorkloadName,
};
use coracle_objects::{ObjectExt as _, Reason, Status, kind};

use super::containers::Meant;
use coracle_spec::kind::pod::PodUid;

use crate::error::AppError;
use crate::workbench::Workbench;

impl Workbench {
    /// Runs a command in a container of a pod.
    ///
    /// # Errors
    /// 404, 400 and 500, as a kubelet has them.
    pub async fn pod_exec(
        &self,
        namespace: &str,
        pod: &str,
        container: Option<&str>,
        request: &ExecRequest,
    ) -> Result<Session, Status> {
        let (engine, workload) = self.container_at_work(namespace, pod, container).await?;
        let session = engine.exec(&workload, request).await;
        session.map_err(|error| of_engine(&error))
    }

    /// Joins the program that a container of a pod runs.
    ///
    /// # Errors
    /// As [`Workbench::pod_exec`].
    pub async fn pod_attach(
        &self,
        namespace: &str,
        pod: &str,
        container: Option<&str>,
        request: &AttachRequest,
    ) -> Result<Session, Status> {
        let (engine, workload) = self.container_at_work(namespace, pod, container).await?;
        let session = engine.attach(&workload, request).await;
        session.map_err(|error| of_engine(&error))
    }

    /// A container of a pod that runs, and the engine that runs it.
    async fn container_at_work(
        &self,
        namespace: &str,
        pod: &str,
        container: Option<&str>,
    ) -> Result<(Arc<dyn Engine>, WorkloadName), Status> {
        let workload = Meant::find(self, namespace, pod, container)?.running()?;
        let chosen = self.chosen().await;
        let engine = chosen.map_err(|error| super::internal(&error))?.engine;
        Ok((engine, workload))
    }

    /// Whether a container of a pod runs, so that one can connect to it.
    ///
    /// # Errors
    /// As [`Workbench::pod_exec`].
    pub fn pod_is_running(
        &self,
        namespace: &str,
        pod: &str,
        container: Option<&str>,
    ) -> Result<(), Status> {
        Meant::find(self, namespace, pod, container)?
            .running()
            .map(|_| ())
    }

    /// Whether a pod has a place to run, so that one can connect to its ports.
    ///
    /// # Errors
    /// 404, and 400 where it has none yet.
    pub fn pod_is_placed(&self, namespace: &str, pod: &str) -> Result<(), Status> {
        let pods = kind::pods();
        let found = self.kubernetes().find(pods, namespace, pod);
        let found = found.ok_or_else(|| Status::not_found(pods.group, pods.plural, pod))?;
        if found.body.text_at(&["spec", "nodeName"]).is_empty() {
            return Err(not_placed(pod));
        }
        Ok(())
    }

    /// A new connection to a port of a pod.
    ///
    /// # Errors
    /// When there is no such pod, or nothing listens.
    pub async fn pod_connect(
        &self,
        namespace: &str,
        pod: &str,
        port: u16,
    ) -> Result<Box<dyn Connection>, PodConnectError> {
        let pods = kind::pods();
        let found = self.kubernetes().find(pods, namespace, pod);
        let found = found.ok_or_else(|| Status::not_found(pods.group, pods.plural, pod))?;
        let working = self.working().await?;
        let sandbox = working
            .pods
            .of(&PodUid::from(found.body.uid()))
            .ok_or_else(|| not_placed(pod))?;
        let engine = &working.chosen.engine;
        Ok(engine.connect(&sandbox, port).await?)
    }
}

/// Why a port of a pod could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum PodConnectError {
    /// There is no such pod, or it does not run.
    #[error(transparent)]
    Pod(#[from] Status),
    /// There is no engine.
    #[error(transparent)]
    Workbench(#[from] AppError),
    /// The engine, or who should listen, refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn of_engine(error: &EngineError) -> Status {
    Status::new(Reason::InternalError, error.to_string())
}

fn not_placed(pod: &str) -> Status {
    Status::bad_request(format!("pod {pod} does not have a host assigned"))
}
