//! A cluster's Argo Workflows, asked through the cluster's own API: `argoproj.io/v1alpha1`.
//!
//! ```text
//!   Connection ► ArgoCluster ──► make: a Workflow or CronWorkflow under a name made of its key, found where it is there already
//!                     │
//!                     ├────────► stop: asks the workflow to end; its last pod still says how it ended
//!                     ├────────► look: the workflow's status, and the records that its steps left ──► a sight of the run
//!                     └────────► whole: all that is told of a run that ended, and where its files are
//! ```
//!
//! What is sent can be sent again after any break: the name follows from the key, and a cluster takes a name once.

mod error;
mod pod_name;
mod sight;
mod whole;

use coracle_model::{RemoteSight, RunId};
use serde_json::{Value, json};

pub use error::ArgoError;
pub use whole::{BucketThere, NotOurs, StoreThere, WorkflowRun, of_record};

use crate::contexts::Connection;
use crate::key::ObjectKey;
use crate::objects::{Cluster, RequestError, Retries};

const API_VERSION: &str = "argoproj.io/v1alpha1";

/// The label that says which run an object was made for.
const KEY: &str = "coracle.dev/run";

/// How long the beginning of a name may be: Argo takes 52 letters for a `CronWorkflow`, and names pods after both.
const LONGEST_BEGINNING: usize = 40;

/// How many letters of a key are in a name: the last ones, which are random.
const KEY_LETTERS: usize = 10;

/// One try: what failed is asked again by whoever knows how often.
const ONCE: Retries = Retries {
    tries: 1,
    ..Retries::USUAL
};

/// A cluster that has Argo Workflows.
pub struct ArgoCluster {
    cluster: Cluster,
    namespace: String,
    /// Where it is, for messages.
    server: String,
}

impl ArgoCluster {
    /// The cluster of a connection.
    ///
    /// # Errors
    /// No answer, credentials that are not accepted, and a cluster without Argo Workflows.
    pub async fn through(
        connection: Connection,
        namespace: Option<String>,
    ) -> Result<Self, ArgoError> {
        let argo = Self {
            cluster: Cluster::new(connection.client, ONCE),
            namespace: namespace.unwrap_or(connection.namespace),
            server: connection.server,
        };
        let any = argo.key("Workflow", "any");
        match argo.cluster.is_namespaced(&any).await {
            Ok(_) => Ok(argo),
            Err(error) => Err(argo.failed(error)),
        }
    }

    /// Has a `Workflow` or `CronWorkflow` be there for a key. The name that the cluster knows it by, and whether it was there already.
    ///
    /// # Errors
    /// What the cluster said.
    pub async fn make(&self, key: RunId, workflow: &Value) -> Result<(String, bool), ArgoError> {
        let mut object = workflow.clone();
        let wished = object["metadata"]["generateName"]
            .as_str()
            .unwrap_or_default();
        let name = name(wished, key);
        let kind = workflow["kind"].as_str().unwrap_or_default().to_owned();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("generateName");
        }
        object["metadata"]["name"] = name.as_str().into();
        object["metadata"]["namespace"] = self.namespace.as_str().into();
        object["metadata"]["labels"][KEY] = key.to_string().into();
        let there = self.key(&kind, &name);
        if self.find(&there, key).await?.is_some() {
            return Ok((name, true));
        }
        match self.cluster.write(&there, &object).await {
            Ok(_) => Ok((name, false)),
            // An answer may have been lost.
            Err(error) => match self.find(&there, key).await {
                Ok(Some(_)) => Ok((name, true)),
                Ok(None) | Err(_) => Err(self.failed(error)),
            },
        }
    }

    /// A run as it is now.
    ///
    /// # Errors
    /// What the cluster said, and a workflow that it no longer has.
    pub async fn look(&self, key: RunId, name: &str) -> Result<RemoteSight, ArgoError> {
        let found = self.find(&self.key("Workflow", name), key).await?;
        let workflow = found.ok_or_else(|| ArgoError::Gone {
            server: self.server.clone(),
            name: name.to_owned(),
        })?;
        Ok(sight::of(&workflow))
    }

    /// Stops a run: what runs is ended, and nothing new begins but what tells how it ended.
    ///
    /// # Errors
    /// As [`ArgoCluster::look`].
    pub async fn stop(&self, key: RunId, name: &str) -> Result<(), ArgoError> {
        let there = self.key("Workflow", name);
        if self.find(&there, key).await?.is_none() {
            return Err(ArgoError::Gone {
                server: self.server.clone(),
                name: name.to_owned(),
            });
        }
        let stopped = json!({"spec": {"shutdown": "Stop"}});
        let done = self.cluster.merge(&there, &stopped).await;
        done.map(drop).map_err(|error| self.failed(error))
    }

    /// A run with all that its workflow tells of it, by the workflow's name, its uid, or the id of the run that it was made for.
    ///
    /// # Errors
    /// What the cluster said; a workflow that is not there, and one that was not made of a pipeline here.
    pub async fn whole_run(&self, name: &str) -> Result<WorkflowRun, ArgoError> {
        let there = self.key("Workflow", name);
        let named = self.cluster.get(&there).await;
        let workflow = match named.map_err(|error| self.failed(error))? {
            Some(workflow) => Some(workflow),
            None => self.find_meant(name).await?,
        };
        let workflow = workflow.ok_or_else(|| ArgoError::Gone {
            server: self.server.clone(),
            name: name.to_owned(),
        })?;
        whole::of(&workflow).map_err(|source| ArgoError::NotOurs {
            name: name.to_owned(),
            source,
        })
    }

    /// The workflow that an id stands for.
    async fn find_meant(&self, name: &str) -> Result<Option<Value>, ArgoError> {
        if name.parse::<RunId>().is_err() {
            return Ok(None);
        }
        let path = format!(
            "/apis/{API_VERSION}/namespaces/{}/workflows",
            self.namespace
        );
        let all = self.cluster.list(&path).await;
        let all = all.map_err(|error| self.failed(error))?;
        Ok(all
            .into_iter()
            .find(|workflow| whole::is_meant(workflow, name)))
    }

    /// The object of a name, where it was made for the key.
    async fn find(&self, there: &ObjectKey, key: RunId) -> Result<Option<Value>, ArgoError> {
        let found = self.cluster.get(there).await;
        let found = found.map_err(|error| self.failed(error))?;
        let is_it = |object: &Value| object["metadata"]["labels"][KEY] == json!(key.to_string());
        Ok(found.filter(is_it))
    }

    fn key(&self, kind: &str, name: &str) -> ObjectKey {
        ObjectKey {
            api_version: API_VERSION.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(self.namespace.clone()),
            name: name.to_owned(),
        }
    }

    fn failed(&self, source: RequestError) -> ArgoError {
        ArgoError::Request {
            server: self.server.clone(),
            source,
        }
    }
}

/// The name of what is made for a key: that of the pipeline, with the end of the key.
fn name(wished: &str, key: RunId) -> String {
    let beginning: String = wished.chars().take(LONGEST_BEGINNING).collect();
    let key = key.to_string();
    let (_, end) = key.split_at(key.len() - KEY_LETTERS);
    format!("{}-{end}", beginning.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_key_and_are_short_enough() {
        let key = RunId::random();
        let long = format!("{}-", "train".repeat(20));
        let name = name(&long, key);
        assert!(name.len() <= 52, "{name}");
        assert_eq!(name, super::name(&long, key));
        assert_ne!(name, super::name(&long, RunId::random()));
        assert!(super::name("hello-", key).starts_with("hello-"));
    }
}
