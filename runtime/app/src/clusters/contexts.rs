//! The contexts that there are, and the one that is meant.

use coracle_cluster::contexts::{Kubeconfig, Surroundings, Target};

use super::present;
use crate::error::AppError;
use crate::view::{ClusterContextList, ContextsQuery};
use crate::workbench::{Workbench, off_runtime};

impl Workbench {
    /// The contexts of a kubeconfig. No cluster is asked.
    ///
    /// # Errors
    /// When the work itself is lost; what is wrong with files and contexts is in the answer.
    pub async fn cluster_contexts(
        &self,
        query: ContextsQuery,
    ) -> Result<ClusterContextList, AppError> {
        let kubeconfig = self.kubeconfig(query.kubeconfig.as_deref()).await?;
        let contexts = kubeconfig.contexts(&self.inner.config.clusters.protected);
        Ok(ClusterContextList {
            current: kubeconfig.current().map(str::to_owned),
            contexts: contexts.into_iter().map(present::context).collect(),
            problems: present::findings(kubeconfig.problems()),
        })
    }

    /// The context of a name, or the current one, of a kubeconfig.
    ///
    /// # Errors
    /// One that is not there or cannot be used.
    pub(crate) async fn cluster_target(
        &self,
        kubeconfig: Option<&str>,
        context: Option<&str>,
    ) -> Result<Target, AppError> {
        Ok(self.kubeconfig(kubeconfig).await?.target(context)?)
    }

    /// The files are read anew each time, so that what has changed counts at once.
    async fn kubeconfig(&self, named: Option<&str>) -> Result<Kubeconfig, AppError> {
        let settings = &self.inner.config.clusters;
        let files = match named {
            Some(named) => std::env::split_paths(named)
                .filter(|file| file.is_absolute())
                .collect(),
            None => settings.kubeconfig.clone(),
        };
        let surroundings = Surroundings {
            files,
            home: self.inner.config.user_home.clone(),
            https_proxy: settings.https_proxy.clone(),
            no_proxy: settings.no_proxy.clone(),
        };
        off_runtime(move || Ok(Kubeconfig::read(&surroundings))).await
    }
}
