//! A deployment's record in the cluster itself: a ConfigMap, and a Secret for what Secrets were before.
//!
//! Both are in the deployment's namespace and have one name. The ConfigMap is written last and with the
//! `resourceVersion` that it was read with, so that of two who deploy at the same time one is told. Where there is a Secret to
//! write, the ConfigMap is claimed before: it is written as it was, with a word of the claim's own. Whoever claimed last has the
//! record; what others who claimed before write into the Secret is written over, and their ConfigMap is refused.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use uuid::Uuid;

use super::inventory::{Body, Inventory, VERSION};
use super::name::DeploymentName;
use super::requests::{Cluster, RequestError};
use crate::key::ObjectKey;

/// The label by which records are found.
pub(super) const LABEL: &str = "coracle.dev/deployment";

const INVENTORY: &str = "inventory.json";
const BODIES: &str = "before.json.gz";
const CLAIM: &str = "claim";

/// How often the Secret is written by who holds the claim: each of those who claimed before can come between once.
const TRIES: u32 = 8;

/// API servers take objects of 1 MiB in these two kinds; some of it is for the object around the data.
const LARGEST: usize = 1024 * 1024 - 16 * 1024;

/// Unpacked values above this are no record of ours: a deployment's are packed to less than 1 MiB.
const LARGEST_UNPACKED: u64 = 256 * 1024 * 1024;

/// Why the record could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The cluster said no, or was lost.
    #[error("the deployment's record `{record}` in namespace `{namespace}`: {source}")]
    Request {
        /// The record's name.
        record: String,
        /// Its namespace.
        namespace: String,
        /// What happened.
        source: RequestError,
    },
    /// Somebody else wrote it in between.
    #[error(
        "somebody else deploys under the same name at the same time; look at what they did, then run the command again"
    )]
    Busy,
    /// What is in it cannot be understood.
    #[error(
        "the deployment's record `{record}` cannot be read: {reason}; a newer version may have written it"
    )]
    Unreadable {
        /// The record's name.
        record: String,
        /// Why not.
        reason: String,
    },
    /// What was there before is too much to be kept.
    #[error(
        "what these objects were before is too large to be kept in the cluster ({size} bytes packed, {LARGEST} at most); deploy them in parts, under several names"
    )]
    TooLarge {
        /// Bytes, packed.
        size: usize,
    },
}

/// A record as it was read or is to be written.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) inventory: Inventory,
    pub(super) bodies: Vec<Body>,
    /// The ConfigMap's data as they are there. None where there is none.
    there: Option<Value>,
    version: Option<String>,
    secret_version: Option<String>,
}

impl Record {
    pub(super) fn new(name: DeploymentName) -> Self {
        Self {
            inventory: Inventory::new(name),
            bodies: Vec::new(),
            there: None,
            version: None,
            secret_version: None,
        }
    }
}

/// Where a deployment's record is.
pub(super) struct Place<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) name: &'a DeploymentName,
    pub(super) namespace: &'a str,
}

impl Place<'_> {
    /// The record. None where nothing was sent under this name.
    pub(super) async fn load(&self) -> Result<Option<Record>, RecordError> {
        let Some(map) = self.get("ConfigMap").await? else {
            return Ok(None);
        };
        let secret = self.get("Secret").await.or_else(|error| match error {
            // Who may not read Secrets has sent none.
            RecordError::Request { source, .. } if source.has_code(403) => Ok(None),
            other => Err(other),
        })?;
        let inventory = inventory(&map).map_err(|reason| self.unreadable(&reason))?;
        let mut bodies = self.unpack(&map["binaryData"][BODIES])?;
        if let Some(secret) = &secret {
            bodies.extend(self.unpack(&secret["data"][BODIES])?);
        }
        Ok(Some(Record {
            inventory,
            bodies,
            there: Some(json!({"data": map["data"], "binaryData": map["binaryData"]})),
            version: version(&map),
            secret_version: secret.as_ref().and_then(version),
        }))
    }

    /// Writes the record, and has it know which version it is of now.
    pub(super) async fn save(&self, record: &mut Record) -> Result<(), RecordError> {
        let (secret, plain): (Vec<_>, Vec<_>) = record
            .bodies
            .iter()
            .partition(|body| body.object.is_secret());
        let inventory =
            serde_json::to_string(&record.inventory).map_err(|error| self.unreadable(&error))?;
        let (plain, secret) = (
            self.pack(&plain)?,
            if secret.is_empty() {
                None
            } else {
                Some(self.pack(&secret)?)
            },
        );
        let size = inventory.len() + plain.len();
        let largest = size.max(secret.as_ref().map_or(0, String::len));
        if largest > LARGEST {
            return Err(RecordError::TooLarge { size: largest });
        }
        if let Some(secret) = secret {
            self.claim(record).await?;
            let data = json!({"type": "coracle.dev/deployment", "data": {BODIES: secret}});
            record.secret_version = self.write_claimed(&data, record).await?;
        }
        let data = json!({"data": {INVENTORY: inventory}, "binaryData": {BODIES: plain}});
        record.version = self
            .write("ConfigMap", &data, record.version.as_deref())
            .await?;
        record.there = Some(data);
        Ok(())
    }

    /// Writes the ConfigMap as it is there, with a word that no other claim has. From then on it can be written by no one who read it
    /// before.
    async fn claim(&self, record: &mut Record) -> Result<(), RecordError> {
        let mut data = match &record.there {
            Some(there) => there.clone(),
            None => {
                let nothing = serde_json::to_string(&Inventory::new(self.name.clone()))
                    .map_err(|error| self.unreadable(&error))?;
                json!({"data": {INVENTORY: nothing}})
            }
        };
        data["data"][CLAIM] = Uuid::new_v4().to_string().into();
        record.version = self
            .write("ConfigMap", &data, record.version.as_deref())
            .await?;
        record.there = Some(data);
        Ok(())
    }

    /// Writes the Secret, whoever wrote it meanwhile, for as long as nobody else has claimed the record.
    async fn write_claimed(
        &self,
        data: &Value,
        record: &Record,
    ) -> Result<Option<String>, RecordError> {
        for _ in 0..TRIES {
            // In this order: who claims after this look writes another version of the Secret.
            let secret = self.get("Secret").await?;
            let map = self.get("ConfigMap").await?;
            if map.as_ref().and_then(version) != record.version {
                return Err(RecordError::Busy);
            }
            let there = secret.as_ref().and_then(version);
            match self.write("Secret", data, there.as_deref()).await {
                Err(RecordError::Busy) => {}
                written => return written,
            }
        }
        Err(RecordError::Busy)
    }

    /// Removes the record.
    pub(super) async fn remove(&self, record: &Record) -> Result<(), RecordError> {
        for kind in ["Secret", "ConfigMap"] {
            if kind == "Secret" && record.secret_version.is_none() {
                continue;
            }
            let Some(object) = self.get(kind).await? else {
                continue;
            };
            let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
            match self.cluster.delete(&self.key(kind), uid).await {
                Ok(()) => {}
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    async fn get(&self, kind: &str) -> Result<Option<Value>, RecordError> {
        let got = self.cluster.get(&self.key(kind)).await;
        got.map_err(|error| self.failed(error))
    }

    /// Creates or replaces one of the two, and says its version. Who was not told that it was written looks whether it was.
    async fn write(
        &self,
        kind: &str,
        data: &Value,
        version: Option<&str>,
    ) -> Result<Option<String>, RecordError> {
        let key = self.key(kind);
        let mut object = data.clone();
        object["apiVersion"] = "v1".into();
        object["kind"] = kind.into();
        object["metadata"] = json!({
            "name": key.name,
            "namespace": self.namespace,
            "labels": {LABEL: self.name.as_str()},
        });
        if let Some(version) = version {
            object["metadata"]["resourceVersion"] = version.into();
        }
        match self.cluster.write(&key, &object).await {
            Ok(answer) => Ok(self::version(&answer.value)),
            Err(error) if error.has_code(409) => {
                let there = self.get(kind).await?.unwrap_or_default();
                let fields = ["data", "binaryData"];
                if fields.iter().all(|field| there[*field] == object[*field]) {
                    Ok(self::version(&there))
                } else {
                    Err(RecordError::Busy)
                }
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn key(&self, kind: &str) -> ObjectKey {
        ObjectKey {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: Some(self.namespace.to_owned()),
            name: self.name.record(),
        }
    }

    fn pack(&self, bodies: &[&Body]) -> Result<String, RecordError> {
        let packed = serde_json::to_vec(bodies)
            .map_err(std::io::Error::from)
            .and_then(|bytes| {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
                encoder.write_all(&bytes)?;
                encoder.finish()
            });
        let packed = packed.map_err(|error| self.unreadable(&error))?;
        Ok(BASE64_STANDARD.encode(packed))
    }

    fn unpack(&self, packed: &Value) -> Result<Vec<Body>, RecordError> {
        let Some(packed) = packed.as_str() else {
            return Ok(Vec::new());
        };
        let packed = BASE64_STANDARD
            .decode(packed)
            .map_err(|error| self.unreadable(&error))?;
        let reader = GzDecoder::new(packed.as_slice()).take(LARGEST_UNPACKED);
        serde_json::from_reader(reader).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, reason: &dyn std::fmt::Display) -> RecordError {
        RecordError::Unreadable {
            record: self.name.record(),
            reason: reason.to_string(),
        }
    }

    fn failed(&self, source: RequestError) -> RecordError {
        RecordError::Request {
            record: self.name.record(),
            namespace: self.namespace.to_owned(),
            source,
        }
    }
}

/// The inventory in a record's ConfigMap, or why it cannot be read.
pub(super) fn inventory(map: &Value) -> Result<Inventory, String> {
    let text = map["data"][INVENTORY].as_str().unwrap_or_default();
    let stored: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if stored["version"] != VERSION {
        return Err(format!("its version is {}", stored["version"]));
    }
    serde_json::from_value(stored).map_err(|error| error.to_string())
}

fn version(object: &Value) -> Option<String> {
    object["metadata"]["resourceVersion"]
        .as_str()
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use http::{Method, Request, Response, StatusCode};
    use http_body_util::BodyExt as _;
    use kube::Client;
    use kube::client::Body as HttpBody;
    use tower::{BoxError, service_fn};

    use super::*;
    use crate::objects::requests::Retries;

    /// An API server's objects by their paths, and a clock for their versions.
    #[derive(Default)]
    struct Objects {
        clock: u64,
        there: HashMap<String, Value>,
    }

    impl Objects {
        fn answer(&mut self, method: &Method, path: &str, object: Option<Value>) -> (u16, Value) {
            if path == "/api/v1" {
                let kind = |plural, kind| json!({"name": plural, "kind": kind, "namespaced": true});
                let kinds = [kind("configmaps", "ConfigMap"), kind("secrets", "Secret")];
                return (200, json!({"resources": kinds}));
            }
            let Some(mut object) = object else {
                return match self.there.get(path) {
                    Some(object) => (200, object.clone()),
                    None => (404, json!({})),
                };
            };
            let name = object["metadata"]["name"].as_str().unwrap();
            let path = match *method == Method::POST {
                true => format!("{path}/{name}"),
                false => path.to_owned(),
            };
            let expected = object["metadata"]["resourceVersion"].clone();
            let there = self.there.get(&path);
            let found = there.map_or(Value::Null, |there| {
                there["metadata"]["resourceVersion"].clone()
            });
            if found != expected {
                return (409, json!({"message": "it was changed"}));
            }
            self.clock += 1;
            object["metadata"]["resourceVersion"] = self.clock.to_string().into();
            self.there.insert(path, object.clone());
            (200, object)
        }
    }

    /// A server that is slow in an order which follows from a number.
    fn server(order: u64) -> Cluster {
        let objects = Arc::new(Mutex::new((0_u64, Objects::default())));
        let service = service_fn(move |request: Request<HttpBody>| {
            let objects = objects.clone();
            async move {
                let (head, body) = request.into_parts();
                let bytes = body.collect().await?.to_bytes();
                let path = head.uri.path().to_owned();
                let count = {
                    let mut objects = objects.lock().unwrap();
                    objects.0 += 1;
                    objects.0
                };
                let mut hasher = DefaultHasher::new();
                (order, count).hash(&mut hasher);
                tokio::time::sleep(Duration::from_millis(hasher.finish() % 8)).await;
                let object = serde_json::from_slice(&bytes).ok();
                let (code, answer) = objects
                    .lock()
                    .unwrap()
                    .1
                    .answer(&head.method, &path, object);
                let response = Response::builder().status(StatusCode::from_u16(code)?);
                Ok::<_, BoxError>(response.body(HttpBody::from(answer.to_string().into_bytes()))?)
            }
        });
        Cluster::new(Client::new(service, "default"), Retries::USUAL)
    }

    fn secret(name: &str) -> ObjectKey {
        ObjectKey {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            namespace: Some("n".to_owned()),
            name: name.to_owned(),
        }
    }

    /// Reads the record, and writes one of a Secret of this name.
    async fn deploy(place: &Place<'_>, name: &str) -> Result<(), RecordError> {
        let loaded = place.load().await?;
        let mut record = loaded.unwrap_or_else(|| Record::new(place.name.clone()));
        record.inventory.revision += 1;
        record.inventory.entries = vec![crate::objects::inventory::Entry {
            object: secret(name),
            uid: None,
            created: false,
            before: crate::objects::inventory::Before::Others,
        }];
        record.bodies = vec![Body {
            object: secret(name),
            config: json!({"of": name}),
        }];
        place.save(&mut record).await
    }

    #[tokio::test(start_paused = true)]
    async fn of_those_who_deploy_secrets_in_the_same_moment_one_is_told_and_the_record_is_the_others()
     {
        let name = DeploymentName::try_from("x".to_owned()).unwrap();
        let mut losers = 0;
        for order in 0..300 {
            let cluster = server(order);
            let place = Place {
                cluster: &cluster,
                name: &name,
                namespace: "n",
            };
            // The first time, and once there is a record.
            for _ in 0..2 {
                let (one, two) = tokio::join!(deploy(&place, "one"), deploy(&place, "two"));
                for failed in [&one, &two]
                    .into_iter()
                    .filter_map(|done| done.as_ref().err())
                {
                    assert_eq!(*failed, RecordError::Busy);
                    losers += 1;
                }
                assert!(one.is_ok() || two.is_ok(), "{order}");
                let record = place.load().await.unwrap().unwrap();
                let [entry] = &record.inventory.entries[..] else {
                    panic!("one entry");
                };
                let bodies: Vec<_> = record.bodies.iter().map(|body| &body.object).collect();
                assert_eq!(bodies, [&entry.object], "{order}");
                let winner = if entry.object.name == "one" {
                    &one
                } else {
                    &two
                };
                assert!(winner.is_ok(), "{order}: {one:?} {two:?}");
            }
        }
        assert!(losers > 100, "{losers}");
    }
}
