//! Asks a cluster everything at once; what it does not tell is kept as not known.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::{Request, header};
use kube::Discovery;
use kube::discovery::Scope;
use serde_json::{Value, json};

use super::facts::{Access, Facts, Known, NamespaceFacts, Reference, Served};
use super::references;
use super::sent::{Pods, SentObject, text};
use crate::contexts::Connection;
use crate::error::ClusterError;

/// How many questions are open at once: each takes a connection of its own.
const AT_ONCE: usize = 16;

/// What sending needs for each kind.
const VERBS: [&str; 4] = ["get", "create", "patch", "delete"];

/// The kinds that pods refer to, in the core group.
const REFERRED: [(&str, &str); 4] = [
    ("ConfigMap", "configmaps"),
    ("PersistentVolumeClaim", "persistentvolumeclaims"),
    ("Secret", "secrets"),
    ("ServiceAccount", "serviceaccounts"),
];

/// The kinds that remember what was sent, beside it.
const INVENTORY: [&str; 2] = ["configmaps", "secrets"];

/// The version of the server, `v1.34.4`. It is asked first, since it tells whether anything can be asked.
pub(super) async fn version(connection: &Connection) -> Known<String> {
    let version = get(connection, "/version").await?;
    match text(&version, "/gitVersion") {
        "" => Err(ClusterError::NotKubernetes {
            server: connection.server.clone(),
            reason: "it tells no version".to_owned(),
        }),
        version => Ok(version.to_owned()),
    }
}

/// Whom the cluster takes the user for.
pub(super) async fn user(connection: &Connection) -> Known<String> {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = post(connection, path, &body).await?;
    Ok(text(&review, "/status/userInfo/username").to_owned())
}

/// Everything that findings are made of.
pub(super) async fn facts(
    connection: &Connection,
    objects: &[SentObject],
    pods: &[Pods],
    namespaces: &BTreeSet<String>,
) -> Facts {
    let wanted: BTreeSet<Reference> = references::of_pods(objects, pods);
    let (served, pipelines_service, nodes, storage_classes, spaces, found) = futures_util::join!(
        served(connection),
        pipelines_service(connection),
        list(connection, "/api/v1/nodes"),
        list(connection, "/apis/storage.k8s.io/v1/storageclasses"),
        each(namespaces.iter().cloned(), |name| {
            async move {
                let facts = namespace(connection, &name).await;
                (name, facts)
            }
            .boxed()
        }),
        each(wanted, |reference| {
            async move {
                let is_there = is_there(connection, &reference_path(&reference)).await;
                (reference, is_there)
            }
            .boxed()
        }),
    );
    let kind_of = |object: &SentObject| -> Option<Served> {
        let all = served.as_ref().ok()?;
        let same = |served: &&Served| {
            served.group == object.group()
                && served.version == object.version()
                && served.kind == object.kind
        };
        all.iter().find(same).cloned()
    };
    let kinds: Vec<Option<Served>> = objects.iter().map(kind_of).collect();
    let paths = kinds.iter().zip(objects).map(|(served, object)| {
        let path = |served: &Served| served.path(&object.namespace, Some(&object.name));
        served.as_ref().map(path)
    });
    let paths: Vec<Option<String>> = paths.collect();
    let (there, access) = futures_util::join!(
        each(paths, |path| {
            async move {
                match path {
                    Some(path) => Some(is_there(connection, &path).await),
                    None => None,
                }
            }
            .boxed()
        }),
        each(needed(objects, &kinds, namespaces), |access| {
            async move {
                let may = may(connection, &access).await;
                (access, may)
            }
            .boxed()
        }),
    );
    Facts {
        served,
        pipelines_service,
        namespaces: spaces.into_iter().collect(),
        access,
        nodes,
        storage_classes,
        there,
        references: found.into_iter().collect::<BTreeMap<_, _>>(),
    }
}

/// Asks each, some at once, and answers in their order.
async fn each<'a, T, A: 'a>(
    asked: impl IntoIterator<Item = T>,
    ask: impl Fn(T) -> BoxFuture<'a, A>,
) -> Vec<A> {
    let answers: Vec<BoxFuture<'a, A>> = asked.into_iter().map(ask).collect();
    stream::iter(answers).buffered(AT_ONCE).collect().await
}

/// What sending the objects and remembering them needs.
fn needed(
    objects: &[SentObject],
    kinds: &[Option<Served>],
    namespaces: &BTreeSet<String>,
) -> BTreeSet<Access> {
    let of_objects = objects.iter().zip(kinds).filter_map(|(object, served)| {
        let served = served.as_ref()?;
        let namespace = if served.is_namespaced {
            object.namespace.clone()
        } else {
            String::new()
        };
        Some((served.group.clone(), served.plural.clone(), namespace))
    });
    let of_inventory = namespaces
        .iter()
        .filter(|_| !objects.is_empty())
        .flat_map(|namespace| {
            INVENTORY.map(|plural| (String::new(), plural.to_owned(), namespace.clone()))
        });
    let resources: BTreeSet<_> = of_objects.chain(of_inventory).collect();
    let each = resources
        .into_iter()
        .flat_map(|(group, plural, namespace)| {
            VERBS.map(|verb| Access {
                verb,
                group: group.clone(),
                plural: plural.clone(),
                namespace: namespace.clone(),
            })
        });
    each.collect()
}

async fn served(connection: &Connection) -> Known<Vec<Served>> {
    let asked = Discovery::new(connection.client.clone());
    // A server before 1.26 does not tell all at once.
    let discovery = match asked.run_aggregated().await {
        Ok(discovery) => discovery,
        Err(kube::Error::Api(status)) if [401, 403].contains(&status.code) => {
            return Err(connection.explain(&kube::Error::Api(status)));
        }
        Err(_) => Discovery::new(connection.client.clone())
            .run()
            .await
            .map_err(|error| connection.explain(&error))?,
    };
    let mut served: Vec<Served> = Vec::new();
    for group in discovery.groups() {
        for version in group.versions() {
            for (resource, capabilities) in group.versioned_resources(version) {
                served.push(Served {
                    group: resource.group,
                    version: resource.version,
                    kind: resource.kind,
                    plural: resource.plural,
                    is_namespaced: capabilities.scope == Scope::Namespaced,
                });
            }
        }
    }
    served.sort();
    Ok(served)
}

/// Where the service of Kubeflow Pipelines is: in any namespace if those may be listed, else in its usual one.
async fn pipelines_service(connection: &Connection) -> Known<Option<String>> {
    let everywhere = "/api/v1/services?fieldSelector=metadata.name%3Dml-pipeline";
    match list(connection, everywhere).await {
        Ok(services) => Ok(services
            .first()
            .map(|service| text(service, "/metadata/namespace").to_owned())),
        Err(ClusterError::Forbidden { .. }) => {
            let usual = "/api/v1/namespaces/kubeflow/services/ml-pipeline";
            let there = is_there(connection, usual).await?;
            Ok(there.then(|| "kubeflow".to_owned()))
        }
        Err(error) => Err(error),
    }
}

async fn namespace(connection: &Connection, name: &str) -> NamespaceFacts {
    let root = format!("/api/v1/namespaces/{name}");
    let (quotas_at, limits_at) = (
        format!("{root}/resourcequotas"),
        format!("{root}/limitranges"),
    );
    let (object, quotas, limit_ranges) = futures_util::join!(
        get(connection, &root),
        list(connection, &quotas_at),
        list(connection, &limits_at),
    );
    NamespaceFacts {
        object: none_if_missing(object),
        quotas,
        limit_ranges,
    }
}

fn reference_path(reference: &Reference) -> String {
    let plural = REFERRED
        .iter()
        .find(|(kind, _)| *kind == reference.kind)
        .map_or("", |(_, plural)| *plural);
    format!(
        "/api/v1/namespaces/{}/{plural}/{}",
        reference.namespace, reference.name
    )
}

/// Whether something is there, without its content: of a secret the values do not come.
async fn is_there(connection: &Connection, path: &str) -> Known<bool> {
    let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    let request = Request::get(path).header(header::ACCEPT, accept);
    let answer = ask(connection, request.body(Vec::new())).await;
    none_if_missing(answer).map(|found| found.is_some())
}

async fn may(connection: &Connection, access: &Access) -> Known<bool> {
    let mut attributes = json!({
        "verb": access.verb, "group": access.group, "resource": access.plural,
    });
    if !access.namespace.is_empty() {
        attributes["namespace"] = json!(access.namespace);
    }
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let review = post(connection, path, &body).await?;
    Ok(review.pointer("/status/allowed") == Some(&Value::Bool(true)))
}

fn none_if_missing(answer: Known<Value>) -> Known<Option<Value>> {
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(ClusterError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn list(connection: &Connection, path: &str) -> Known<Vec<Value>> {
    let answer = get(connection, path).await?;
    match answer.get("items") {
        Some(Value::Array(items)) => Ok(items.clone()),
        _ => Ok(Vec::new()),
    }
}

async fn get(connection: &Connection, path: &str) -> Known<Value> {
    ask(connection, Request::get(path).body(Vec::new())).await
}

async fn post(connection: &Connection, path: &str, body: &Value) -> Known<Value> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    ask(connection, request.body(body.to_string().into_bytes())).await
}

async fn ask(connection: &Connection, request: http::Result<Request<Vec<u8>>>) -> Known<Value> {
    let request = request.map_err(kube::Error::HttpError);
    let answered = match request {
        Ok(request) => connection.client.request(request).await,
        Err(error) => Err(error),
    };
    answered.map_err(|error| connection.explain(&error))
}
