//! Workloads of a cluster, followed to their end.

use std::time::Duration;

use coracle_cluster::contexts::Patience;
use coracle_cluster::follow::{self, FollowError, Workload};
use futures_util::Stream;

use crate::error::AppError;
use crate::view::{FollowWorkload, WorkloadNews};
use crate::workbench::Workbench;

/// A server begins to answer a log when there is a line; how long each is waited for is said where it is asked for.
const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(300),
    silence: None,
    again: 0,
};

impl Workbench {
    /// Follows a workload of a cluster: its states, its events, and the logs of its pods. Nothing is kept; whoever drops the stream
    /// has stopped following.
    ///
    /// # Errors
    /// What names no workload, one that is not there, and a cluster that cannot be asked.
    pub async fn follow_workload(
        &self,
        query: FollowWorkload,
    ) -> Result<impl Stream<Item = WorkloadNews> + Send + use<>, AppError> {
        let workload: Workload = query.workload.parse().map_err(|error| {
            AppError::request(
                format!("{error}"),
                "`kubectl get jobs,pods,deployments` lists them",
            )
        })?;
        let target = self
            .cluster_target(query.kubeconfig.as_deref(), query.context.as_deref())
            .await?;
        let connection = target.connect(PATIENCE).await?;
        let namespace = query.namespace.as_deref().unwrap_or(&connection.namespace);
        let followed = follow::follow(&connection, namespace, workload).await;
        followed.map_err(|error| match error {
            FollowError::Cluster(error) => AppError::Cluster(error),
            FollowError::Missing {
                workload,
                namespace,
            } => AppError::NotFound {
                what: "workload of the cluster",
                name: workload,
                hint: format!("nothing of that name is in its namespace `{namespace}`; `--namespace` names another"),
            },
        })
    }
}
