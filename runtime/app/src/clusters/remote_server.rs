//! What runs pipelines elsewhere: a server of Kubeflow Pipelines, or a cluster's Argo Workflows.

use coracle_cluster::argo::ArgoCluster;
use coracle_cluster::contexts::Patience;
use coracle_cluster::kfp::{KfpServer, PipelineFile};
use coracle_model::{
    RemoteNews, RemotePlace, RemoteRun, RemoteSight, RemoteStage, RunId, WorkflowSettings,
};
use coracle_store::RemoteOrder;

use super::workflow::workflow;
use crate::error::AppError;
use crate::pipelines::read_definition;
use crate::workbench::{Workbench, off_runtime};

/// What runs a pipeline elsewhere, and has answered as what it is.
pub(super) enum RemoteServer {
    Kfp(KfpServer),
    Argo(Box<ArgoCluster>, WorkflowSettings),
}

/// The server of a run that is followed: what it is was asked once, and is asked again after a failure, or with another token.
#[derive(Default)]
pub(super) struct Reached(Option<(RemoteServer, Option<String>)>);

impl Reached {
    /// What an order is for.
    ///
    /// # Errors
    /// As of [`RemoteServer::reach`].
    pub(super) async fn server(
        &mut self,
        workbench: &Workbench,
        order: &RemoteOrder,
    ) -> Result<&RemoteServer, AppError> {
        let known = self.0.take().filter(|(_, token)| *token == order.token);
        let reached = match known {
            Some(reached) => reached,
            None => (
                RemoteServer::reach(workbench, order).await?,
                order.token.clone(),
            ),
        };
        Ok(&self.0.insert(reached).0)
    }

    /// Sends an order. The server is asked anew what it is after a failure.
    ///
    /// # Errors
    /// What the server said.
    pub(super) async fn send(
        &mut self,
        workbench: &Workbench,
        order: &RemoteOrder,
        run: &mut RemoteRun,
    ) -> Result<Vec<RemoteNews>, AppError> {
        let sent = self.server(workbench, order).await?.send(order, run).await;
        if sent.is_err() {
            self.0 = None;
        }
        sent
    }

    /// The run of an order as it is there now. A server that was known and fails may be another by now, or its credentials old: it is
    /// asked anew what it is before that counts.
    ///
    /// # Errors
    /// What the server said.
    pub(super) async fn look(
        &mut self,
        workbench: &Workbench,
        order: &RemoteOrder,
        there: &str,
    ) -> Result<RemoteSight, AppError> {
        let was_known = self.0.is_some();
        let server = self.server(workbench, order).await?;
        let mut looked = server.look(order.run.id, there).await;
        if looked.is_err() && was_known {
            self.0 = None;
            let server = self.server(workbench, order).await?;
            looked = server.look(order.run.id, there).await;
        }
        if looked.is_err() {
            self.0 = None;
        }
        looked
    }
}

impl RemoteServer {
    /// What an order is for.
    ///
    /// # Errors
    /// One that cannot be reached, is none, or does not accept the credentials.
    pub(super) async fn reach(
        workbench: &Workbench,
        order: &RemoteOrder,
    ) -> Result<Self, AppError> {
        let request = &order.run.request;
        let namespace = request.namespace.clone();
        let (name, kubeconfig) = match &order.run.place {
            RemotePlace::Endpoint(url) => {
                let server = KfpServer::at(url, order.token.as_deref(), namespace).await?;
                return Ok(Self::Kfp(server));
            }
            RemotePlace::Context { name, kubeconfig } => (name, kubeconfig.as_deref()),
        };
        let target = workbench.cluster_target(kubeconfig, Some(name)).await?;
        let connection = target.connect(Patience::REQUESTS).await?;
        Ok(match &request.workflow {
            Some(on) => {
                let cluster = ArgoCluster::through(connection, namespace).await?;
                Self::Argo(Box::new(cluster), on.clone())
            }
            None => Self::Kfp(KfpServer::through(connection, namespace).await?),
        })
    }

    /// A run as it is there now.
    ///
    /// # Errors
    /// What the server said.
    pub(super) async fn look(&self, id: RunId, there: &str) -> Result<RemoteSight, AppError> {
        Ok(match self {
            Self::Kfp(server) => server.look(there).await?,
            Self::Argo(cluster, _) => cluster.look(id, there).await?,
        })
    }

    /// Stops a run.
    ///
    /// # Errors
    /// What the server said.
    pub(super) async fn stop(&self, id: RunId, there: &str) -> Result<(), AppError> {
        match self {
            Self::Kfp(server) => server.stop(there).await?,
            Self::Argo(cluster, _) => cluster.stop(id, there).await?,
        }
        Ok(())
    }

    /// Has what was ordered be there, and says what is new.
    ///
    /// # Errors
    /// What the server said.
    pub(super) async fn send(
        &self,
        order: &RemoteOrder,
        run: &mut RemoteRun,
    ) -> Result<Vec<RemoteNews>, AppError> {
        let heard = match self {
            Self::Argo(cluster, on) => to_argo(cluster, order, on).await?,
            Self::Kfp(server) => to_kfp(server, order).await?,
        };
        run.stage = match run.request.recurrence {
            // The server carries it on by itself.
            Some(_) => RemoteStage::Done,
            None => RemoteStage::Sent,
        };
        run.sight = RemoteSight::default();
        run.remote_id = heard.iter().find_map(|news| match news {
            RemoteNews::Made { remote_id, .. } => Some(remote_id.clone()),
            _ => None,
        });
        Ok(heard)
    }
}

async fn to_kfp(server: &KfpServer, order: &RemoteOrder) -> Result<Vec<RemoteNews>, AppError> {
    let (id, request) = (order.run.id, &order.run.request);
    let file = PipelineFile {
        pipeline: &request.pipeline,
        file_name: &request.file_name,
        bytes: &order.definition,
    };
    let version = server.version(file).await?;
    let experiment = server.experiment(&request.experiment).await?;
    let made = match request.recurrence {
        Some(_) => {
            server
                .recurring_run(id, &experiment, &version, request)
                .await?
        }
        None => server.run(id, &experiment, &version, request).await?,
    };
    let there = RemoteNews::Version {
        pipeline_id: version.pipeline_id,
        version_id: version.version_id,
        uploaded: version.uploaded,
    };
    let made = RemoteNews::Made {
        remote_id: made.id,
        found: made.found,
    };
    Ok(vec![there, made])
}

async fn to_argo(
    cluster: &ArgoCluster,
    order: &RemoteOrder,
    on: &WorkflowSettings,
) -> Result<Vec<RemoteNews>, AppError> {
    let (bytes, request, on) = (
        order.definition.clone(),
        order.run.request.clone(),
        on.clone(),
    );
    // A large pipeline takes a while.
    let lowered = off_runtime(move || {
        let (definition, _) = read_definition(&bytes, &request.file_name)?;
        workflow(&definition, &request, &on)
    });
    let workflow = lowered.await?;
    let (remote_id, found) = cluster.make(order.run.id, &workflow).await?;
    Ok(vec![RemoteNews::Made { remote_id, found }])
}
