//! Objects to a cluster: what sending would do, sending, going back, removing; and the same objects as files.

use std::collections::BTreeSet;

use coracle_cluster::ClusterError;
use coracle_cluster::contexts::{Connection, Patience};
use coracle_cluster::files::{self, Secrets};
use coracle_cluster::objects::{
    Cluster, DeployError, DeployOptions, Deployed, Deployment, DeploymentName, RequestError,
    Retries, deployments, standings,
};

use super::{data, sources};
use crate::error::AppError;
use crate::view::{
    DeployObjects, DeploymentList, DeploymentPlace, DeploymentStanding, DeploymentsQuery,
    ExportObjects, ExportedObjects, PreviewedDeployment,
};
use crate::workbench::{Workbench, off_runtime};

impl Workbench {
    /// What sending objects would do: an account of every field, and what the server would make of them. Nothing is written.
    ///
    /// # Errors
    /// What cannot be read, and a cluster that cannot be asked.
    pub async fn preview_deployment(
        &self,
        request: DeployObjects,
    ) -> Result<PreviewedDeployment, AppError> {
        let translation = sources::translated(&self.inner.kubernetes, &request.sources)?;
        let there = self.reach(&request.place).await?;
        let claims = self.claims_that_go(&request, &there.namespace)?;
        let data = off_runtime(move || claims.into_iter().map(data::survey).collect()).await?;
        let cluster = there.cluster();
        let preview = there
            .deployment(&cluster)
            .preview(&translation.objects, options(&request))
            .await
            .map_err(|error| there.explain(error))?;
        Ok(PreviewedDeployment {
            is_fine: translation.report.exit_code() == 0 && preview.is_fine(),
            is_protected: self.is_protected(&there.connection.context),
            context: there.connection.context,
            server: there.connection.server,
            namespace: there.namespace,
            report: translation.report,
            preview,
            data,
        })
    }

    /// The claims whose files go along, where that is asked for.
    fn claims_that_go(
        &self,
        request: &DeployObjects,
        namespace_there: &str,
    ) -> Result<Vec<data::ClaimHere>, AppError> {
        match request.data {
            Some(_) => data::claims_here(
                &self.inner.kubernetes,
                self.home(),
                &request.sources,
                namespace_there,
            ),
            None => Ok(Vec::new()),
        }
    }

    /// Sends objects. What was refused or not reached is in the answer; the same request again finishes the work.
    ///
    /// # Errors
    /// What cannot be read or is not portable, a protected context that is not confirmed, and a cluster that cannot be asked.
    pub async fn deploy_objects(&self, request: DeployObjects) -> Result<Deployed, AppError> {
        let translation = sources::translated(&self.inner.kubernetes, &request.sources)?;
        if translation.report.exit_code() != 0 {
            return Err(AppError::request(
                "something of the objects is not portable, and nothing was sent",
                "`coracle deploy --dry-run` lists it with its reasons",
            ));
        }
        let there = self.reach(&request.place).await?;
        self.confirmed(&there.connection.context, request.place.confirm.as_deref())?;
        let claims = self.claims_that_go(&request, &there.namespace)?;
        let mut carried = Vec::new();
        let between = async {
            let data = request.data.as_ref()?;
            for claim in claims {
                carried.push(self.carry(&request.place, data, claim).await);
            }
            data::what_stopped(&carried)
        };
        let cluster = there.cluster();
        let deployed = there
            .deployment(&cluster)
            .apply_around(&translation.objects, options(&request), between)
            .await
            .map_err(|error| there.explain(error))?;
        Ok(Deployed {
            data: carried,
            ..deployed
        })
    }

    /// Has objects be as they were before the last deployment of the name.
    ///
    /// # Errors
    /// When there is nothing to go back to, a protected context is not confirmed, or the cluster cannot be asked.
    pub async fn rollback_deployment(&self, place: DeploymentPlace) -> Result<Deployed, AppError> {
        let there = self.reach(&place).await?;
        self.confirmed(&there.connection.context, place.confirm.as_deref())?;
        let cluster = there.cluster();
        let gone_back = there.deployment(&cluster).rollback().await;
        gone_back.map_err(|error| there.explain(error))
    }

    /// Removes what was sent under a name, and nothing else.
    ///
    /// # Errors
    /// When nothing was sent, a protected context is not confirmed, or the cluster cannot be asked.
    pub async fn remove_deployment(&self, place: DeploymentPlace) -> Result<Deployed, AppError> {
        let there = self.reach(&place).await?;
        self.confirmed(&there.connection.context, place.confirm.as_deref())?;
        let cluster = there.cluster();
        let removed = there.deployment(&cluster).remove().await;
        removed.map_err(|error| there.explain(error))
    }

    /// What was sent to a cluster, by its records there.
    ///
    /// # Errors
    /// A cluster that cannot be asked, or does not let its config maps be listed.
    pub async fn deployments(&self, query: DeploymentsQuery) -> Result<DeploymentList, AppError> {
        let target = self
            .cluster_target(query.kubeconfig.as_deref(), query.context.as_deref())
            .await?;
        let connection = target.connect(Patience::ONCE).await?;
        let namespace = query.namespace.as_deref().unwrap_or(&connection.namespace);
        let namespace = (!query.all_namespaces).then_some(namespace);
        let cluster = Cluster::new(connection.client.clone(), Retries::USUAL);
        let listed = deployments(&cluster, namespace).await;
        Ok(DeploymentList {
            deployments: listed.map_err(|error| of_request(&connection, &error))?,
            context: connection.context,
        })
    }

    /// How what was sent under a name stands in its cluster now.
    ///
    /// # Errors
    /// A cluster that cannot be asked, and nothing that was sent under the name.
    pub async fn deployment_standing(
        &self,
        place: DeploymentPlace,
    ) -> Result<DeploymentStanding, AppError> {
        let there = self.reach(&place).await?;
        let cluster = there.cluster();
        let inventory = there.deployment(&cluster).inventory().await;
        let inventory = inventory.map_err(|error| there.explain(error))?;
        let inventory = inventory.ok_or_else(|| AppError::NotFound {
            what: "deployment",
            name: place.deployment,
            hint: "`coracle deployments` lists those there are".to_owned(),
        })?;
        let objects = inventory.entries.into_iter();
        let objects = standings(&cluster, objects.map(|entry| entry.object).collect()).await;
        Ok(DeploymentStanding {
            objects: objects.map_err(|error| of_request(&there.connection, &error))?,
            context: there.connection.context,
            namespace: there.namespace,
        })
    }

    /// Objects as the files of a folder that `kubectl apply -k` takes. No cluster is asked.
    ///
    /// # Errors
    /// What cannot be read.
    pub async fn export_objects(
        &self,
        request: ExportObjects,
    ) -> Result<ExportedObjects, AppError> {
        let translation = sources::translated(&self.inner.kubernetes, &request.sources)?;
        let secrets = match request.with_secrets {
            true => Secrets::Written,
            false => Secrets::LeftOut,
        };
        let layout = files::lay_out(&translation.objects, &BTreeSet::new(), secrets)
            .map_err(|error| AppError::request(error.to_string(), "each object needs a name"))?;
        let texts = layout.files.into_iter();
        Ok(ExportedObjects {
            report: translation.report,
            files: texts
                .map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned()))
                .collect(),
            left_out: layout.left_out.iter().map(ToString::to_string).collect(),
        })
    }

    async fn reach(&self, place: &DeploymentPlace) -> Result<There, AppError> {
        let name = DeploymentName::try_from(place.deployment.clone())
            .map_err(|error| AppError::request(error.to_string(), "choose another name"))?;
        let target = self
            .cluster_target(place.kubeconfig.as_deref(), place.context.as_deref())
            .await?;
        let connection = target.connect(Patience::ONCE).await?;
        let namespace = place.namespace.clone();
        Ok(There {
            namespace: namespace.unwrap_or_else(|| connection.namespace.clone()),
            connection,
            name,
        })
    }
}

/// A deployment's place in a cluster.
struct There {
    connection: Connection,
    name: DeploymentName,
    namespace: String,
}

impl There {
    fn cluster(&self) -> Cluster {
        Cluster::new(self.connection.client.clone(), Retries::USUAL)
    }

    fn deployment<'a>(&self, cluster: &'a Cluster) -> Deployment<'a> {
        Deployment {
            cluster,
            name: self.name.clone(),
            namespace: self.namespace.clone(),
        }
    }

    fn explain(&self, error: DeployError) -> AppError {
        match error {
            DeployError::Request(error) => of_request(&self.connection, &error),
            error => AppError::request(
                error.to_string(),
                "nothing was sent; the same command can be run again",
            ),
        }
    }
}

fn of_request(connection: &Connection, error: &RequestError) -> AppError {
    match error {
        RequestError::Lost(reason) => AppError::Cluster(ClusterError::Unreachable {
            server: connection.server.clone(),
            reason: reason.clone(),
        }),
        RequestError::Refused(refusal) => {
            AppError::request(refusal.message.clone(), refusal.hint())
        }
    }
}

fn options(request: &DeployObjects) -> DeployOptions {
    DeployOptions {
        force_conflicts: request.force_conflicts,
        with_secrets: request.with_secrets,
        prune: request.prune,
    }
}
