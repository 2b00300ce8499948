//! What is refused in the middle, and what breaks off.

use coracle_cluster::objects::{
    DeployError, DeployOptions, RecordError, RefusalKind, RequestError,
};
use serde_json::{Value, json};

use crate::bench::{Bench, bench, told};

const FORCE: DeployOptions = DeployOptions {
    force_conflicts: true,
    with_secrets: false,
    prune: false,
};

fn claim(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    })
}

fn maps(bench: &Bench, value: &str) -> Vec<Value> {
    ["a", "b", "c", "d", "e"]
        .map(|name| bench.config_map(name, &json!({"k": value})))
        .to_vec()
}

#[tokio::test]
async fn the_others_are_sent_when_one_is_forbidden_and_the_same_call_finishes_the_work() {
    let bench = bench!("forbidden");
    let user = format!("user-of-{}", bench.namespace);
    bench
        .allow("maps", &user, &["configmaps", "services"])
        .await;
    let service = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"ports": [{"port": 80}]}})
    };
    let objects = [
        bench.config_map("a", &json!({})),
        bench.config_map("b", &json!({})),
        claim("c"),
        service("d"),
        service("e"),
    ];
    let cluster = bench.as_user(&user);
    let deployment = bench.deployment(&cluster);
    let deployed = deployment.apply(&objects, FORCE).await.unwrap();
    assert_eq!(
        told(&deployed),
        [
            "ConfigMap/a created",
            "ConfigMap/b created",
            "PersistentVolumeClaim/c refused: Forbidden",
            "Service/d created",
            "Service/e created"
        ]
    );
    assert!(!deployed.is_finished());
    bench
        .allow("claims", &user, &["persistentvolumeclaims"])
        .await;
    // The server's authorizer hears of the new binding a moment later.
    let mut finished = deployment.apply(&objects, FORCE).await.unwrap();
    for _ in 0..100 {
        if finished.is_finished() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        finished = deployment.apply(&objects, FORCE).await.unwrap();
    }
    assert!(
        told(&finished).contains(&"PersistentVolumeClaim/c created".to_owned()),
        "{:?}",
        told(&finished)
    );
    assert!(finished.is_finished());
    bench.end().await;
}

#[tokio::test]
async fn a_quota_that_is_met_halfway_is_named() {
    let bench = bench!("quota");
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
        "spec": {"hard": {"persistentvolumeclaims": "1"}}});
    bench.create("resourcequotas", &quota).await;
    let path = format!("/api/v1/namespaces/{}/resourcequotas/q", bench.namespace);
    bench
        .until(&path, |quota| {
            quota
                .as_ref()
                .is_some_and(|quota| quota["status"]["used"].is_object())
        })
        .await;
    let cluster = bench.cluster();
    let deployed = bench
        .deployment(&cluster)
        .apply(&[claim("a"), claim("b")], FORCE)
        .await
        .unwrap();
    assert_eq!(
        told(&deployed),
        [
            "PersistentVolumeClaim/a created",
            "PersistentVolumeClaim/b refused: QuotaExceeded"
        ]
    );
    bench.end().await;
}

#[tokio::test]
async fn a_cluster_that_is_lost_in_the_middle_leaves_work_that_is_finished_and_gone_back_from_as_one()
 {
    let bench = bench!("lost");
    let whole = bench.cluster();
    let deployment = bench.deployment(&whole);
    deployment.apply(&maps(&bench, "1"), FORCE).await.unwrap();

    let lost = bench.lost_after(2);
    let broken = bench
        .deployment(&lost)
        .apply(&maps(&bench, "2"), FORCE)
        .await
        .unwrap();
    assert_eq!(
        told(&broken),
        [
            "ConfigMap/a changed",
            "ConfigMap/b changed",
            "ConfigMap/c not-reached",
            "ConfigMap/d not-reached",
            "ConfigMap/e not-reached"
        ]
    );
    assert!(broken.record_problem.is_some() && !broken.is_finished());
    let inventory = deployment.inventory().await.unwrap().unwrap();
    assert!(!inventory.finished);

    let finished = deployment.apply(&maps(&bench, "2"), FORCE).await.unwrap();
    assert_eq!(
        told(&finished),
        [
            "ConfigMap/a unchanged",
            "ConfigMap/b unchanged",
            "ConfigMap/c changed",
            "ConfigMap/d changed",
            "ConfigMap/e changed"
        ]
    );
    let back = deployment.rollback().await.unwrap();
    assert_eq!(back.outcomes.len(), 5);
    for name in ["a", "b", "c", "d", "e"] {
        let live = bench.get(&format!("configmaps/{name}")).await.unwrap();
        assert_eq!(live["data"], json!({"k": "1"}), "{name}");
    }
    bench.end().await;
}

#[tokio::test]
async fn a_first_deployment_that_broke_off_is_removed_whole() {
    let bench = bench!("half");
    let lost = bench.lost_after(3);
    let broken = bench
        .deployment(&lost)
        .apply(&maps(&bench, "1"), FORCE)
        .await
        .unwrap();
    assert!(!broken.is_finished());
    let whole = bench.cluster();
    let removed = told(&bench.deployment(&whole).remove().await.unwrap());
    assert_eq!(
        removed,
        [
            "ConfigMap/e gone",
            "ConfigMap/d gone",
            "ConfigMap/c deleted",
            "ConfigMap/b deleted",
            "ConfigMap/a deleted"
        ]
    );
    bench.end().await;
}

#[tokio::test]
async fn a_namespace_that_is_being_deleted_is_named_and_nothing_is_sent() {
    let bench = bench!("ending");
    let mut held = bench.config_map("held", &json!({}));
    held["metadata"]["finalizers"] = json!(["tests.coracle.dev/held"]);
    bench.create("configmaps", &held).await;
    let path = format!("/api/v1/namespaces/{}", bench.namespace);
    bench.delete_at(&path).await;
    let cluster = bench.cluster();
    let refused = bench
        .deployment(&cluster)
        .apply(&maps(&bench, "1"), FORCE)
        .await;
    let Err(DeployError::Record(RecordError::Request {
        source: RequestError::Refused(refusal),
        ..
    })) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(refusal.kind, RefusalKind::NamespaceTerminating);
    bench
        .edit(
            "configmaps/held",
            &json!({"metadata": {"finalizers": null}}),
        )
        .await;
}

#[tokio::test]
async fn a_rule_of_the_cluster_that_refuses_is_named_and_the_others_are_sent() {
    let bench = bench!("rule");
    let rules = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    let name = format!("{}.tests.coracle.dev", bench.namespace);
    // Nobody listens there, and who cannot be asked has not agreed.
    let webhook = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name}, "webhooks": [{
            "name": name, "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 2,
            "clientConfig": {"url": "https://127.0.0.1:9/"},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": bench.namespace}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["services"]}]}]});
    bench.post(rules, &webhook).await;
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}});
    let objects = [service, bench.config_map("a", &json!({}))];
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    // The server hears of the rule a moment later; until then the preview says that it would create both.
    for _ in 0..100 {
        if !deployment.preview(&objects, FORCE).await.unwrap().is_fine() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let deployed = deployment.apply(&objects, FORCE).await.unwrap();
    assert_eq!(
        told(&deployed),
        ["ConfigMap/a created", "Service/s refused: Admission"]
    );
    bench.delete_at(&format!("{rules}/{name}")).await;
    bench.end().await;
}

#[tokio::test]
async fn of_two_who_deploy_at_the_same_time_one_is_told() {
    let bench = bench!("busy");
    let cluster = bench.cluster();
    let (one, two) = (bench.deployment(&cluster), bench.deployment(&cluster));
    let objects = (maps(&bench, "1"), maps(&bench, "2"));
    let (first, second) = tokio::join!(one.apply(&objects.0, FORCE), two.apply(&objects.1, FORCE));
    let is_busy = |result: &Result<_, DeployError>| {
        matches!(result, Err(DeployError::Record(RecordError::Busy)))
    };
    assert!(
        is_busy(&first) != is_busy(&second) || (first.is_ok() && second.is_ok()),
        "{first:?} {second:?}"
    );
    let finished = one.apply(&objects.0, FORCE).await.unwrap();
    assert!(finished.is_finished(), "{finished:?}");
    bench.end().await;
}
