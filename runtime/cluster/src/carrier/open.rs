//! A carrier: its pod is made, waited for, and removed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::time::{self, Instant};

use super::error::CarrierError;
use super::pod::{self, Beside, User};
use super::standing::{Standing, is_elsewhere, standing, warning};
use crate::contexts::Connection;
use crate::key::ObjectKey;
use crate::objects::{Cluster, RefusalKind, RequestError, Retries};

/// How soon the pod is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// How long the carrier before this one may take to go.
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// What became of a pod whose name is another's.
const TAKEN: &str = "another transfer to or from the claim took its place";

/// What is done with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Files come from it; it cannot be written.
    Read,
    /// Files go there as well.
    Write,
}

/// Which claim is opened, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The claim's namespace.
    pub namespace: String,
    /// Its name; that of what fills the volume, where that is no claim.
    pub claim: String,
    /// What fills a volume of the pod's own, which is then opened in place of a claim.
    pub filling: Option<Filling>,
    /// The image of `coracle-step`, of this version.
    pub image: String,
    /// What is done with it.
    pub access: Access,
    /// How long the pod lives at most, in whole seconds: nobody may be left to remove it.
    pub deadline: Duration,
    /// How long it may take to run.
    pub within: Duration,
}

/// What fills a volume before it is opened: `coracle-step` in the same pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filling {
    /// The words after the program's name; it fills [`Filling::FOLDER`].
    pub words: Vec<String>,
    /// Its variables, as a pod has them.
    pub env: Value,
}

impl Filling {
    /// The folder that is to be filled.
    pub const FOLDER: &str = pod::DATA;
}

/// A pod that has a claim open. It is removed by [`Carrier::close`], and where that is not reached.
pub struct Carrier {
    pub(super) connection: Connection,
    cluster: Arc<Cluster>,
    /// None once it is removed.
    pod: Option<OwnPod>,
    claim: String,
}

#[derive(Debug, Clone)]
struct OwnPod {
    key: ObjectKey,
    uid: String,
}

impl Carrier {
    /// Makes the pod and waits until it runs. The connection has to be one for streams ([`Patience::STREAMS`]), since it is silent while
    /// files are hashed.
    ///
    /// # Errors
    /// A claim that is not there, a pod that is refused or does not run in time, each with what the cluster said. No pod is left then.
    ///
    /// [`Patience::STREAMS`]: crate::contexts::Patience::STREAMS
    pub async fn open(connection: Connection, opening: &Opening) -> Result<Self, CarrierError> {
        let cluster = Arc::new(Cluster::new(connection.client.clone(), Retries::USUAL));
        let mut carrier = Self {
            connection,
            cluster,
            pod: None,
            claim: opening.claim.clone(),
        };
        let beside = match opening.filling {
            Some(_) => None,
            None => {
                carrier.find_claim(opening).await?;
                carrier.beside(opening).await
            }
        };
        let pod = carrier.make(opening, beside.as_ref()).await?;
        carrier.pod = Some(pod.clone());
        match carrier.await_running(opening, &pod).await {
            Ok(()) => Ok(carrier),
            Err(error) => {
                carrier.close().await.unwrap_or_else(|left| {
                    tracing::warn!(%left, "the pod that opened a claim is left to its deadline");
                });
                Err(error)
            }
        }
    }

    /// Removes the pod.
    ///
    /// # Errors
    /// When the cluster cannot be asked; its deadline ends it then.
    pub async fn close(mut self) -> Result<(), CarrierError> {
        let Some(pod) = self.pod.take() else {
            return Ok(());
        };
        let removed = remove(&self.cluster, &pod).await;
        removed.map_err(|error| self.failed(error))
    }

    /// Where the pod's API is. The name may be that of another carrier's pod by now, which is not executed in.
    pub(super) async fn pod_path(&self) -> Result<String, CarrierError> {
        let Some(pod) = &self.pod else {
            return Err(ended("it was removed"));
        };
        let found = self.cluster.get(&pod.key).await;
        match found.map_err(|error| self.failed(error))? {
            Some(found) if found["metadata"]["uid"] != pod.uid.as_str() => {
                return Err(ended(TAKEN));
            }
            Some(_) => {}
            None => return Err(ended("it was deleted")),
        }
        let namespace = pod.key.namespace.as_deref().unwrap_or_default();
        Ok(format!(
            "/api/v1/namespaces/{namespace}/pods/{}",
            pod.key.name
        ))
    }

    /// An error, or that the pod has ended, where that is why.
    pub(super) async fn explain(&self, error: CarrierError) -> CarrierError {
        let may_be = match &error {
            CarrierError::Lost(_) => true,
            CarrierError::ExecRefused(refusal) => refusal.kind != RefusalKind::Forbidden,
            _ => false,
        };
        let Some(pod) = self.pod.as_ref().filter(|_| may_be) else {
            return error;
        };
        match self.cluster.get(&pod.key).await {
            Ok(Some(object)) if object["metadata"]["uid"] != pod.uid.as_str() => ended(TAKEN),
            Ok(Some(object)) => match standing(&object) {
                Standing::Ended(told) => ended(&told),
                Standing::Waits(_) | Standing::Runs | Standing::NoImage(_) => error,
            },
            Ok(None) => ended("it was deleted"),
            Err(_) => error,
        }
    }

    async fn find_claim(&self, opening: &Opening) -> Result<(), CarrierError> {
        let key = key(opening, "PersistentVolumeClaim", &opening.claim);
        match self.cluster.get(&key).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(CarrierError::NoClaim {
                claim: opening.claim.clone(),
                namespace: opening.namespace.clone(),
            }),
            // Who may make pods need not be one who may see claims.
            Err(error) if error.has_code(403) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Where the claim is in use. Who may not list pods is not told; the pod then starts anywhere.
    async fn beside(&self, opening: &Opening) -> Option<Beside> {
        let path = format!("/api/v1/namespaces/{}/pods", opening.namespace);
        let pods = self.cluster.list(&path).await.ok()?;
        let own = pod::name(&opening.claim);
        let others: Vec<_> = pods
            .into_iter()
            .filter(|pod| pod["metadata"]["name"] != own.as_str())
            .collect();
        pod::beside(&others, &opening.claim)
    }

    async fn make(
        &self,
        opening: &Opening,
        beside: Option<&Beside>,
    ) -> Result<OwnPod, CarrierError> {
        let key = key(opening, "Pod", &pod::name(&opening.claim));
        let until = Instant::now() + GONE_WITHIN;
        let mut user = User::Root;
        loop {
            let made = self
                .cluster
                .write(&key, &pod::pod(opening, user, beside))
                .await;
            let error = match made {
                Ok(answer) => {
                    let uid = answer.value["metadata"]["uid"].as_str();
                    let uid = uid.unwrap_or_default().to_owned();
                    return Ok(OwnPod { key, uid });
                }
                Err(error) => error,
            };
            if user == User::Root && is_too_much(&error) {
                user = User::Restricted;
            } else if error.has_code(409) && Instant::now() < until {
                // One that was cut off left it, or an answer was lost.
                self.remove_earlier(&key).await?;
            } else {
                return Err(self.failed(error));
            }
        }
    }

    /// Removes the pod of an earlier carrier of the claim, and waits until it has gone.
    async fn remove_earlier(&self, key: &ObjectKey) -> Result<(), CarrierError> {
        let failed = |error| self.failed(error);
        let Some(earlier) = self.cluster.get(key).await.map_err(failed)? else {
            return Ok(());
        };
        if earlier["metadata"]["annotations"]["coracle.dev/claim"] != self.claim.as_str() {
            return Err(CarrierError::NotStarted {
                claim: self.claim.clone(),
                told: format!("another pod has the name `{}`", key.name),
            });
        }
        let uid = earlier["metadata"]["uid"].as_str().unwrap_or_default();
        let pod = OwnPod {
            key: key.clone(),
            uid: uid.to_owned(),
        };
        remove(&self.cluster, &pod).await.map_err(failed)?;
        let until = Instant::now() + GONE_WITHIN;
        while Instant::now() < until {
            let there = self.cluster.get(key).await.map_err(failed)?;
            if there.is_none_or(|there| there["metadata"]["uid"] != uid) {
                return Ok(());
            }
            time::sleep(LOOK_AGAIN).await;
        }
        Err(CarrierError::NotStarted {
            claim: self.claim.clone(),
            told: "the pod of an earlier transfer does not go".to_owned(),
        })
    }

    async fn await_running(&self, opening: &Opening, pod: &OwnPod) -> Result<(), CarrierError> {
        let until = Instant::now() + opening.within;
        loop {
            let found = self.cluster.get(&pod.key).await;
            let found = found.map_err(|error| self.failed(error))?;
            let found = found.filter(|found| found["metadata"]["uid"] == pod.uid.as_str());
            let Some(found) = found else {
                return Err(ended("it was deleted"));
            };
            let not_started = |told: String| CarrierError::NotStarted {
                claim: opening.claim.clone(),
                told,
            };
            match standing(&found) {
                Standing::Runs => return Ok(()),
                Standing::Ended(told) => return Err(not_started(told)),
                Standing::NoImage(told) => {
                    return Err(CarrierError::NoImage {
                        image: opening.image.clone(),
                        told,
                    });
                }
                Standing::Waits(told) if Instant::now() >= until => {
                    let told = self.warned(opening, pod).await.unwrap_or(told);
                    if is_elsewhere(&told) {
                        let claim = opening.claim.clone();
                        return Err(CarrierError::InUse { claim, told });
                    }
                    let seconds = opening.within.as_secs();
                    return Err(not_started(format!("after {seconds} s: {told}")));
                }
                Standing::Waits(_) => time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// What the cluster warned of last.
    async fn warned(&self, opening: &Opening, pod: &OwnPod) -> Option<String> {
        let path = format!("/api/v1/namespaces/{}/events", opening.namespace);
        let selected = format!("{path}?fieldSelector=involvedObject.uid%3D{}", pod.uid);
        warning(&self.cluster.list(&selected).await.ok()?, &pod.uid)
    }

    fn failed(&self, error: RequestError) -> CarrierError {
        CarrierError::of_request(&self.connection.server, &self.claim, error)
    }
}

impl Drop for Carrier {
    /// Whoever was to close it was cut off.
    fn drop(&mut self) {
        let (Some(pod), Ok(handle)) = (self.pod.take(), Handle::try_current()) else {
            return;
        };
        let cluster = self.cluster.clone();
        handle.spawn(async move {
            if let Err(left) = remove(&cluster, &pod).await {
                tracing::warn!(%left, "the pod that opened a claim is left to its deadline");
            }
        });
    }
}

fn ended(told: &str) -> CarrierError {
    CarrierError::PodEnded {
        told: told.to_owned(),
    }
}

async fn remove(cluster: &Cluster, pod: &OwnPod) -> Result<(), RequestError> {
    match cluster.delete(&pod.key, &pod.uid).await {
        // It has gone, or another has its name.
        Err(error) if error.is_missing() || error.has_code(409) => Ok(()),
        other => other,
    }
}

/// Whether a namespace has only pods that are less than root.
fn is_too_much(error: &RequestError) -> bool {
    let RequestError::Refused(refusal) = error else {
        return false;
    };
    let says = |words: &str| refusal.message.contains(words);
    refusal.code == Some(403)
        && (says("violates PodSecurity") || says("security context constraint"))
        || refusal.kind == RefusalKind::Admission
}

fn key(opening: &Opening, kind: &str, name: &str) -> ObjectKey {
    ObjectKey {
        api_version: "v1".to_owned(),
        kind: kind.to_owned(),
        namespace: Some(opening.namespace.clone()),
        name: name.to_owned(),
    }
}
