//! A context that can be used: its cluster, its user and its namespace.

use kube::config::{AuthInfo, Cluster};

use super::check;
use super::files::{Kubeconfig, Surroundings};
use crate::error::ClusterError;
use crate::finding::{Finding, Severity};

/// A context whose entries are there and sound, which says nothing of whether its cluster answers.
#[derive(Debug, Clone)]
pub struct Target {
    /// The context.
    pub context: String,
    /// Its namespace, `default` where it names none.
    pub namespace: String,
    /// What to say aloud before it is used: that certificates are not checked, as whom it acts.
    pub notes: Vec<Finding>,
    pub(super) cluster: Cluster,
    pub(super) user: AuthInfo,
    pub(super) surroundings: Surroundings,
}

impl Target {
    /// The address of the API server.
    pub fn server(&self) -> &str {
        self.cluster.server.as_deref().unwrap_or_default()
    }
}

impl Kubeconfig {
    /// The context of a name, or the user's current one.
    ///
    /// # Errors
    /// A context that is not there, and one with something wrong that keeps it from being used.
    pub fn target(&self, context: Option<&str>) -> Result<Target, ClusterError> {
        let named = context.or(self.current()).ok_or(ClusterError::NoContext)?;
        let entry = self
            .contexts
            .get(named)
            .ok_or_else(|| ClusterError::ContextGone {
                context: named.to_owned(),
                there: self.contexts.keys().cloned().collect(),
            })?;
        let (problems, notes): (Vec<_>, Vec<_>) = check::context(self, named, entry)
            .into_iter()
            .partition(|found| found.severity == Severity::Error);
        let broken = || ClusterError::ContextBroken {
            context: named.to_owned(),
            problems: problems.clone(),
        };
        if !problems.is_empty() {
            return Err(broken());
        }
        let context = entry.value.as_ref().map_err(|_| broken())?;
        let cluster = self.clusters.get(&context.cluster);
        let cluster = cluster.and_then(|entry| entry.value.as_ref().ok());
        let user = context.user.as_ref().and_then(|user| self.users.get(user));
        let user = user.and_then(|entry| entry.value.as_ref().ok());
        Ok(Target {
            context: named.to_owned(),
            namespace: namespace(context.namespace.as_deref()),
            notes,
            cluster: cluster.ok_or_else(broken)?.clone(),
            // Without a user requests are anonymous, as kubectl's are; it is one of the notes.
            user: user.cloned().unwrap_or_default(),
            surroundings: self.surroundings.clone(),
        })
    }
}

/// The namespace that a context means.
pub(super) fn namespace(named: Option<&str>) -> String {
    named
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or("default")
        .to_owned()
}
