//! Preflight: whether a cluster can take what is to be sent, found out before anything is.
//!
//! ```text
//!   objects ─sent─► pods, references          what is asked for
//!   cluster ─ask──► Facts                     all questions at once; what is not told is kept as not known
//!   both    ─judge─► Report: findings with a severity, a fix and a command
//! ```
//!
//! Nothing is written to the cluster: reviews of permissions are answered and forgotten.

mod amount;
mod ask;
mod facts;
mod judge;
mod references;
mod sent;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

pub use sent::{NotAnObject, SentObject};

use crate::contexts::{Connection, Patience, Target};
use crate::error::ClusterError;
use crate::finding::{Finding, Severity};

/// How long a cluster may take for one answer: a person waits for all of them.
const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(10),
    silence: Some(Duration::from_secs(10)),
    ..Patience::REQUESTS
};

/// What is to be sent.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The objects; none to ask only what is there.
    pub objects: Vec<Value>,
    /// Where those go that name no namespace; that of the context where it is none.
    pub namespace: Option<String>,
    /// Images that are on this machine only.
    pub local_images: BTreeSet<String>,
}

/// A part of Kubeflow, or what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Whether it is there; none where that is not known.
    pub is_there: Option<bool>,
    /// The versions of its API: `serving.kserve.io/v1beta1`.
    pub versions: Vec<String>,
    /// By which service it was found, where that tells it.
    pub service: Option<String>,
}

/// A kind of device that nodes have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The name by which pods ask for it: `nvidia.com/gpu`.
    pub resource: String,
    /// How many all nodes have.
    pub total: String,
    /// How many one node has at most.
    pub most_of_a_node: String,
    /// How many nodes have some.
    pub nodes: u64,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The context.
    pub context: String,
    /// The address of the API server.
    pub server: String,
    /// Where objects go that name no namespace.
    pub namespace: String,
    /// The version of the API server; none where it was not reached.
    pub version: Option<String>,
    /// Whom the cluster takes the user for.
    pub user: Option<String>,
    /// What of Kubeflow is there, by name.
    pub parts: Vec<Part>,
    /// The devices of its nodes; none where nodes may not be listed.
    pub devices: Option<Vec<Device>>,
    /// The names of the devices that are asked for.
    pub asked_devices: BTreeSet<String>,
    /// All findings: errors first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing was found that keeps the objects from being sent or from working.
    pub fn is_fine(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity != Severity::Error)
    }
}

/// Looks at everything. A cluster that cannot be reached is a finding, not an error.
pub async fn run(target: &Target, subject: &Subject) -> Report {
    let namespace = subject
        .namespace
        .clone()
        .unwrap_or_else(|| target.namespace.clone());
    let mut report = Report {
        context: target.context.clone(),
        server: target.server().to_owned(),
        namespace: namespace.clone(),
        findings: target.notes.clone(),
        ..Report::default()
    };
    let reached = match target.connect(PATIENCE).await {
        Ok(connection) => look(&connection, subject, &namespace, &mut report).await,
        Err(error) => Err(error),
    };
    if let Err(error) = reached {
        let subject = format!("context {}", target.context);
        report.findings.push(error.finding(subject));
    }
    report.findings.sort();
    report
}

async fn look(
    connection: &Connection,
    subject: &Subject,
    namespace: &str,
    report: &mut Report,
) -> Result<(), ClusterError> {
    report.version = Some(ask::version(connection).await?);
    let mut objects = Vec::new();
    for (number, body) in subject.objects.iter().enumerate() {
        match SentObject::of(body.clone(), namespace) {
            Ok(object) => objects.push(object),
            Err(error) => {
                let named = format!("object {}", number + 1);
                report
                    .findings
                    .push(Finding::error("not-an-object", named, error.to_string()));
            }
        }
    }
    let pods = sent::pods(&objects);
    let mut namespaces: BTreeSet<String> = objects
        .iter()
        .map(|object| object.namespace.clone())
        .collect();
    namespaces.insert(namespace.to_owned());
    let (user, facts) = futures_util::join!(
        ask::user(connection),
        ask::facts(connection, &objects, &pods, &namespaces)
    );
    // Servers before 1.28 do not tell.
    report.user = user.ok().filter(|user| !user.is_empty());
    report.parts = judge::parts(&facts);
    report.devices = judge::devices(&facts);
    report.asked_devices = judge::extended_resources(&pods);
    let case = judge::Case {
        context: &report.context,
        objects: &objects,
        pods: &pods,
        local_images: &subject.local_images,
        facts: &facts,
    };
    let found = judge::findings(&case);
    report.findings.extend(found);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever serves it has it go between threads: what keeps it from that is found here, when this is compiled.
    #[test]
    fn it_may_go_between_threads() {
        fn is_send<T: Send>(_: impl Fn(&'static Target, &'static Subject) -> T) {}
        is_send(run);
    }
}
