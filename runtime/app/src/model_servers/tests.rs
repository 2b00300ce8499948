//! Model servers as they are told, from objects as they stand.

use coracle_model::Timestamp;
use coracle_plan::kind::serving::EMBEDDED_RUNTIME;
use coracle_store::ObjectKey;
use serde_json::json;

use super::*;
use crate::view::ModelServerState;

fn object(value: &Value) -> Object {
    value.as_object().cloned().unwrap()
}

fn stored(value: &Value) -> Arc<StoredObject> {
    Arc::new(StoredObject {
        key: ObjectKey {
            resource: String::new(),
            namespace: "default".to_owned(),
            name: value["metadata"]["name"].as_str().unwrap().to_owned(),
        },
        version: 1,
        body: object(value),
    })
}

fn labelled(name: &str, rest: &Value) -> Arc<StoredObject> {
    let mut value = json!({ "metadata": {
        "name": name, "namespace": "default",
        "labels": { NAME_LABEL: "digits", PART_LABEL: "predictor" },
    }});
    for (field, more) in rest.as_object().unwrap() {
        match value.get_mut(field).and_then(Value::as_object_mut) {
            Some(there) => there.extend(more.as_object().unwrap().clone()),
            None => value[field] = more.clone(),
        }
    }
    stored(&value)
}

fn pod(status: &Value) -> Arc<StoredObject> {
    labelled(
        "digits-predictor-1-a",
        &json!({
            "spec": { "initContainers": [{ "name": "storage-initializer" }], "containers": [{ "name": SERVER }] },
            "status": status,
        }),
    )
}

fn made(ready: u64, pods: Vec<Arc<StoredObject>>) -> Made {
    Made {
        deployments: by_part(vec![labelled(
            "digits-predictor",
            &json!({ "spec": { "replicas": 1 }, "status": { "readyReplicas": ready } }),
        )]),
        replica_sets: ByPart::new(),
        pods: by_part(pods),
    }
}

fn service(metadata: &Value, status: &Value) -> Object {
    let mut service = object(&json!({
        "metadata": { "name": "digits", "namespace": "default" },
        "spec": { "predictor": { "model": { "modelFormat": { "name": "sklearn" }, "storageUri": "pvc://models/digits" } } },
        "status": status,
    }));
    service
        .metadata_mut()
        .extend(metadata.as_object().unwrap().clone());
    service
}

fn ready() -> Value {
    json!({ "conditions": [{ "type": "Ready", "status": "True" }] })
}

fn standing(
    metadata: &Value,
    status: &Value,
    pods: Vec<Arc<StoredObject>>,
) -> (ModelServerState, String, bool) {
    let found = server(&service(metadata, status), &made(0, pods));
    (
        found.state,
        found.reason.unwrap_or_default(),
        found.hint.is_some(),
    )
}

#[test]
fn a_model_that_needs_no_pods_never_sleeps() {
    let told = |ready: &str, active: &str, failure: Option<&str>| {
        let mut status = json!({
            "servingRuntimeName": EMBEDDED_RUNTIME,
            "conditions": [{ "type": "Ready", "status": ready }],
            "modelStatus": { "states": { "activeModelState": active } },
        });
        if let Some(failure) = failure {
            status["modelStatus"]["lastFailureInfo"] =
                json!({ "reason": "ModelLoadFailed", "message": failure });
        }
        let nothing = Made {
            deployments: ByPart::new(),
            replica_sets: ByPart::new(),
            pods: ByPart::new(),
        };
        let found = server(&service(&json!({}), &status), &nothing);
        (found.state, found.reason.unwrap_or_default())
    };
    use ModelServerState as S;
    let loading = "its model is being loaded".to_owned();
    assert_eq!(told("Unknown", "", None), (S::Starting, loading));
    assert_eq!(told("True", "Loaded", None), (S::Ready, String::new()));
    let why = || "no model".to_owned();
    assert_eq!(told("False", "", Some("no model")), (S::Failing, why()));
    assert_eq!(
        told("False", "Loaded", Some("no model")),
        (S::Degraded, why())
    );
}

#[test]
fn a_server_tells_whether_it_answers_and_why_not() {
    use ModelServerState as S;
    let running = json!({ "containerStatuses": [{ "name": SERVER, "state": { "running": {} } }] });
    let crashed = json!({ "containerStatuses": [{ "name": SERVER, "restartCount": 2,
        "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off" } },
        "lastState": { "terminated": { "exitCode": 3, "reason": "Error", "message": "looks for it\nno such model\n\n" } } }] });
    let killed = json!({ "containerStatuses": [{ "name": SERVER, "state": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } } }] });
    let unpulled = json!({ "containerStatuses": [{ "name": SERVER, "state": { "waiting": { "reason": "ImagePullBackOff", "message": "no such image" } } }] });
    let unplaced = json!({ "conditions": [{ "type": "PodScheduled", "status": "False", "message": "needs 2 GPUs" }] });
    let fetching = json!({ "initContainerStatuses": [{ "name": "storage-initializer", "state": { "running": {} } }],
        "containerStatuses": [{ "name": SERVER, "state": { "waiting": { "reason": "PodInitializing" } } }] });
    let stopped = json!({ "annotations": { "serving.kserve.io/stop": "true" } });
    let refused = json!({ "modelStatus": { "transitionStatus": "InvalidSpec",
        "lastFailureInfo": { "reason": "NoSupportingRuntime", "message": "No runtime found" } } });
    let none = json!({});
    let cases = [
        (&none, ready(), vec![pod(&running)], S::Ready, "", false),
        (
            &none,
            ready(),
            vec![pod(&crashed)],
            S::Degraded,
            "it ended with 3: no such model",
            true,
        ),
        (
            &none,
            json!({}),
            vec![pod(&crashed)],
            S::Failing,
            "it ended with 3: no such model",
            true,
        ),
        (
            &none,
            json!({}),
            vec![pod(&killed)],
            S::Failing,
            "OOMKilled",
            true,
        ),
        (
            &none,
            json!({}),
            vec![pod(&unpulled)],
            S::Failing,
            "ImagePullBackOff: no such image",
            true,
        ),
        (
            &none,
            json!({}),
            vec![pod(&unplaced)],
            S::Waiting,
            "needs 2 GPUs",
            false,
        ),
        (
            &none,
            json!({}),
            vec![pod(&fetching)],
            S::Loading,
            "its model is being fetched",
            false,
        ),
        (
            &none,
            json!({}),
            vec![pod(&json!({}))],
            S::Starting,
            "its containers are being made",
            false,
        ),
        (
            &none,
            json!({}),
            vec![],
            S::Starting,
            "its pods are being made",
            false,
        ),
        (&none, refused, vec![], S::Failing, "No runtime found", true),
        (
            &stopped,
            json!({}),
            vec![pod(&running)],
            S::Stopping,
            "its pods are ending",
            false,
        ),
        (&stopped, json!({}), vec![], S::Stopped, "", false),
        (
            &json!({ "deletionTimestamp": "2026-01-01T00:00:00Z" }),
            ready(),
            vec![],
            S::Deleting,
            "",
            false,
        ),
    ];
    for (metadata, status, pods, state, reason, has_hint) in cases {
        let found = standing(metadata, &status, pods);
        assert_eq!(found, (state, reason.to_owned(), has_hint));
    }
}

#[test]
fn what_was_there_before_answers_while_its_successor_starts_or_fails() {
    use ModelServerState as S;
    let starting = json!({ "containerStatuses": [{ "name": SERVER, "state": { "running": {} } }] });
    let crashed = json!({ "containerStatuses": [{ "name": SERVER, "state": { "terminated": { "exitCode": 1 } } }] });
    for (status, ready, state, reason) in [
        (&starting, 1, S::Ready, "its newest revision is starting"),
        (&crashed, 1, S::Degraded, "it ended with 1"),
        (&starting, 0, S::Starting, "its containers are being made"),
    ] {
        let found = server(
            &service(&json!({}), &json!({})),
            &made(ready, vec![pod(status)]),
        );
        assert_eq!(
            (found.state, found.reason.as_deref()),
            (state, Some(reason))
        );
    }
}

#[test]
fn a_server_without_pods_that_is_ready_is_asleep() {
    let mut made = made(0, Vec::new());
    made.deployments = by_part(vec![labelled(
        "digits-predictor",
        &json!({ "spec": { "replicas": 0 } }),
    )]);
    let found = server(&service(&json!({}), &ready()), &made);
    assert_eq!(found.state, ModelServerState::Asleep);
    assert_eq!(
        found.replicas,
        Replicas {
            ready: 0,
            wanted: 0
        }
    );
}

#[test]
fn revisions_are_newest_first_and_traffic_is_what_the_status_says() {
    let replica_set = |name: &str, number: &str, at: &str, replicas: u64| {
        labelled(
            name,
            &json!({
                "metadata": { "creationTimestamp": at, "annotations": { REVISION: number } },
                "spec": { "replicas": replicas, "template": { "spec": { "containers": [{ "name": SERVER, "image": "server:1" }] } } },
                "status": { "readyReplicas": replicas },
            }),
        )
    };
    let mut made = made(0, Vec::new());
    made.replica_sets = by_part(vec![
        replica_set("digits-predictor-a", "1", "2026-01-01T00:00:00Z", 0),
        replica_set("digits-predictor-b", "2", "2026-01-02T00:00:00Z", 1),
    ]);
    let traffic = json!([
        { "revisionName": "digits-predictor-b", "percent": 20, "latestRevision": true },
        { "revisionName": "digits-predictor-a", "percent": 80 },
    ]);
    let mut service = service(
        &json!({}),
        &json!({ "components": { "predictor": { "traffic": traffic } } }),
    );
    service["spec"]["predictor"]["canaryTrafficPercent"] = 20.into();
    let found = server(&service, &made);
    let part = &found.parts[0];
    let names: Vec<_> = part
        .revisions
        .iter()
        .map(|one| (one.name.as_str(), one.number, one.replicas.ready))
        .collect();
    assert_eq!(
        names,
        [("digits-predictor-b", 2, 1), ("digits-predictor-a", 1, 0)]
    );
    assert_eq!(
        part.revisions[0].created_at,
        "2026-01-02T00:00:00Z".parse::<Timestamp>().ok()
    );
    let shares: Vec<_> = part
        .traffic
        .iter()
        .map(|one| (one.percent, one.is_latest))
        .collect();
    assert_eq!(shares, [(20, true), (80, false)]);
    assert_eq!(found.canary_percent, Some(20));
    assert_eq!(
        (found.format.as_deref(), found.storage.as_deref()),
        (Some("sklearn"), Some("pvc://models/digits"))
    );
    assert_eq!(found.path, "/serving/default/digits");
}
