//! What is there, and what the server would make of what is sent.

use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::diff::{Difference, without_noise};
use super::refusal::{Refusal, RefusalKind};
use super::requests::{Answer, Cluster, Conflicts, RequestError, Write};
use crate::key::{NotAnObject, ObjectKey};
use crate::secret::encode_texts;

/// How many objects are looked at at once.
const AT_ONCE: usize = 8;

/// What would become of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = WouldBecome))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Would {
    /// It would be created.
    Create,
    /// It would be changed.
    Change,
    /// It is so already.
    Nothing,
    /// It would be removed: an earlier deployment sent it, and this one does not.
    Prune,
    /// The server would refuse it.
    Refused {
        /// Why.
        refusal: Refusal,
        /// What to do about it.
        hint: String,
    },
    /// The server cannot say before something else was sent.
    Unknown {
        /// What it waits for.
        reason: String,
    },
}

/// One object as it would become.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = PreviewedObject))]
pub struct Looked {
    /// Which object.
    pub object: ObjectKey,
    /// What would become of it.
    pub would: Would,
    /// What would change; values of Secrets are hidden.
    pub difference: Difference,
    /// What the server warned of.
    pub warnings: Vec<String>,
}

/// What a deployment would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = DeploymentPreview))]
pub struct Preview {
    /// Each object in the order in which it would be sent.
    pub objects: Vec<Looked>,
}

impl Preview {
    /// Whether nothing would be refused.
    pub fn is_fine(&self) -> bool {
        !self
            .objects
            .iter()
            .any(|looked| matches!(looked.would, Would::Refused { .. }))
    }
}

/// What was seen of one object.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) key: ObjectKey,
    /// As it is sent.
    pub(super) object: Value,
    pub(super) live: Option<Value>,
    /// What the server would make of it.
    pub(super) dry: Result<Answer, Refusal>,
    /// What has to be sent before the server can say anything of this one.
    pub(super) waits_for: Option<String>,
}

impl Seen {
    pub(super) fn looked(&self) -> Looked {
        let after = match &self.dry {
            Ok(answer) => &answer.value,
            Err(_) => &self.object,
        };
        let difference = Difference::between(&self.key, self.live.as_ref(), Some(after));
        let would = match (&self.dry, &self.waits_for, &self.live) {
            (Err(_), Some(reason), _) => Would::Unknown {
                reason: reason.clone(),
            },
            (Err(refusal), None, _) => Would::Refused {
                refusal: refusal.clone(),
                hint: refusal.hint().to_owned(),
            },
            (Ok(_), _, None) => Would::Create,
            (Ok(_), _, Some(_)) if difference.changes.is_empty() => Would::Nothing,
            (Ok(_), _, Some(_)) => Would::Change,
        };
        Looked {
            object: self.key.clone(),
            would,
            difference,
            warnings: self
                .dry
                .as_ref()
                .map(|answer| answer.warnings.clone())
                .unwrap_or_default(),
        }
    }

    /// As it would be if nothing else stood in its way than a refusal of our own.
    pub(super) fn refused(&self, refusal: Refusal) -> Looked {
        let looked = self.looked();
        match looked.would {
            // What the server says against it comes first.
            Would::Refused { .. } => looked,
            _ => Looked {
                would: Would::Refused {
                    hint: refusal.hint().to_owned(),
                    refusal,
                },
                ..looked
            },
        }
    }

    /// Whether the server would leave it as it is.
    pub(super) fn is_unchanged(&self) -> bool {
        match (&self.live, &self.dry) {
            (Some(live), Ok(dry)) => without_noise(live) == without_noise(&dry.value),
            _ => false,
        }
    }
}

/// Looks at all objects. An error where the cluster was lost: then nothing is known.
pub(super) async fn look(
    cluster: &Cluster,
    namespace: &str,
    objects: &[Value],
    conflicts: Conflicts,
) -> Result<Vec<Seen>, LookError> {
    let looks = objects
        .iter()
        .map(|object| look_at(cluster, namespace, objects, object, conflicts).boxed())
        .collect::<Vec<_>>();
    let seen: Vec<_> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    seen.into_iter().collect()
}

/// Why objects could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LookError {
    #[error(transparent)]
    Object(#[from] NotAnObject),
    #[error(transparent)]
    Request(RequestError),
}

async fn look_at(
    cluster: &Cluster,
    namespace: &str,
    objects: &[Value],
    object: &Value,
    conflicts: Conflicts,
) -> Result<Seen, LookError> {
    let mut key = ObjectKey::of(object)?;
    let defined = definition_of(objects, &key);
    let namespaced = match (cluster.is_namespaced(&key).await, defined) {
        (Ok(namespaced), _) => Ok(namespaced),
        (Err(RequestError::Refused(refusal)), Some(definition))
            if refusal.kind == RefusalKind::KindMissing =>
        {
            Ok(definition["spec"]["scope"] != "Cluster")
        }
        (Err(RequestError::Refused(refusal)), _) if !refusal.ends_all() => Err(refusal),
        (Err(error), _) => return Err(LookError::Request(error)),
    };
    let mut object = object.clone();
    if key.is_secret() {
        encode_texts(&mut object);
    }
    settle(
        &mut key,
        &mut object,
        namespace,
        !matches!(namespaced, Ok(false)),
    );
    let waits_for = waits_for(objects, &key, defined);
    let (live, dry) = match namespaced {
        Err(refusal) => (None, Err(refusal)),
        Ok(_) => live_and_dry(cluster, &key, &object, conflicts).await?,
    };
    Ok(Seen {
        key,
        object,
        live,
        dry,
        waits_for,
    })
}

async fn live_and_dry(
    cluster: &Cluster,
    key: &ObjectKey,
    object: &Value,
    conflicts: Conflicts,
) -> Result<(Option<Value>, Result<Answer, Refusal>), LookError> {
    let live = match cluster.get(key).await {
        Ok(live) => live,
        Err(RequestError::Refused(refusal)) if !refusal.ends_all() => {
            return Ok((None, Err(refusal)));
        }
        Err(error) => return Err(LookError::Request(error)),
    };
    if live.as_ref().is_some_and(is_being_deleted) {
        let refusal = Refusal::own(RefusalKind::BeingDeleted, format!("{key} is being deleted"));
        return Ok((live, Err(refusal)));
    }
    match cluster.apply(key, object, conflicts, Write::DryRun).await {
        Ok(answer) => Ok((live, Ok(answer))),
        Err(RequestError::Refused(refusal)) if !refusal.ends_all() => Ok((live, Err(refusal))),
        Err(error) => Err(LookError::Request(error)),
    }
}

fn is_being_deleted(live: &Value) -> bool {
    live["metadata"].get("deletionTimestamp").is_some() && live["kind"] != "Namespace"
}

/// Gives an object the deployment's namespace where it has none and needs one, and takes it where it can have none.
fn settle(key: &mut ObjectKey, object: &mut Value, namespace: &str, namespaced: bool) {
    if !namespaced {
        key.namespace = None;
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
    } else if key.namespace.is_none() {
        key.namespace = Some(namespace.to_owned());
        object["metadata"]["namespace"] = namespace.into();
    }
}

/// The definition of an object's kind among what is sent.
fn definition_of<'a>(objects: &'a [Value], key: &ObjectKey) -> Option<&'a Value> {
    objects.iter().find(|object| {
        object["kind"] == "CustomResourceDefinition"
            && object["spec"]["group"] == key.group()
            && object["spec"]["names"]["kind"] == key.kind.as_str()
    })
}

/// What of the same deployment has to be there first.
fn waits_for(objects: &[Value], key: &ObjectKey, definition: Option<&Value>) -> Option<String> {
    if let Some(definition) = definition {
        return Some(format!(
            "CustomResourceDefinition/{}",
            definition["metadata"]["name"].as_str().unwrap_or_default()
        ));
    }
    let namespace = key.namespace.as_deref()?;
    let is_sent = objects
        .iter()
        .any(|object| object["kind"] == "Namespace" && object["metadata"]["name"] == namespace);
    is_sent.then(|| format!("Namespace/{namespace}"))
}
