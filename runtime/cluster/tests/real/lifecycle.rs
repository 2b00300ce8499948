//! From nothing to nothing again.

use coracle_cluster::objects::{DeployError, DeployOptions, Would};
use serde_json::{Value, json};

use crate::bench::{Bench, bench, told};

const WITH_SECRETS: DeployOptions = DeployOptions {
    force_conflicts: false,
    with_secrets: true,
    prune: false,
};

const PRUNE: DeployOptions = DeployOptions {
    prune: true,
    ..WITH_SECRETS
};

fn objects(bench: &Bench, value: &str) -> Vec<Value> {
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},
        "spec": {"suspend": true, "template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "c", "image": "example.invalid/c:1"}]}}},
    });
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "p"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": value},
    });
    vec![
        job,
        claim,
        secret,
        bench.config_map("a", &json!({"k": value})),
    ]
}

#[tokio::test]
async fn objects_are_created_changed_gone_back_with_and_removed() {
    let bench = bench!("life");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    let record = "configmaps/coracle-deployment-iris";

    let preview = deployment
        .preview(&objects(&bench, "one"), WITH_SECRETS)
        .await
        .unwrap();
    assert!(
        preview
            .objects
            .iter()
            .all(|looked| looked.would == Would::Create),
        "{preview:?}"
    );
    assert!(bench.get("configmaps/a").await.is_none() && bench.get(record).await.is_none());

    let first = deployment
        .apply(&objects(&bench, "one"), WITH_SECRETS)
        .await
        .unwrap();
    assert_eq!(
        told(&first),
        [
            "Secret/s created",
            "ConfigMap/a created",
            "PersistentVolumeClaim/p created",
            "Job/j created"
        ]
    );
    assert!(first.is_finished());
    let before = bench.get("configmaps/a").await.unwrap();
    let written = bench.get(record).await.unwrap();

    let again = deployment
        .apply(&objects(&bench, "one"), WITH_SECRETS)
        .await
        .unwrap();
    assert!(
        told(&again).iter().all(|line| line.ends_with(" unchanged")),
        "{:?}",
        told(&again)
    );
    assert_eq!(bench.get(record).await.unwrap(), written);

    let preview = deployment
        .preview(&objects(&bench, "two"), WITH_SECRETS)
        .await
        .unwrap();
    let shown = serde_json::to_string(&preview).unwrap();
    assert!(
        !shown.contains("b25l") && !shown.contains("dHdv"),
        "{shown}"
    );
    let fields: Vec<_> = preview
        .objects
        .iter()
        .flat_map(|looked| &looked.difference.changes)
        .map(|change| &change.field)
        .collect();
    assert_eq!(fields, ["data.password", "data.k"]);

    let second = deployment
        .apply(&objects(&bench, "two"), WITH_SECRETS)
        .await
        .unwrap();
    assert_eq!(
        told(&second),
        [
            "Secret/s changed",
            "ConfigMap/a changed",
            "PersistentVolumeClaim/p unchanged",
            "Job/j unchanged"
        ]
    );
    let written = bench.get(record).await.unwrap().to_string();
    assert!(
        !written.contains("b25l") && !written.contains("dHdv"),
        "{written}"
    );

    let back = deployment.rollback().await.unwrap();
    assert_eq!(told(&back), ["Secret/s restored", "ConfigMap/a restored"]);
    assert_eq!(
        bench.get("configmaps/a").await.unwrap()["data"],
        before["data"]
    );
    assert_eq!(
        bench.get("secrets/s").await.unwrap()["data"]["password"],
        "b25l"
    );
    assert!(matches!(
        deployment.rollback().await,
        Err(DeployError::NothingBefore(_))
    ));

    let removed = deployment.remove().await.unwrap();
    assert!(
        told(&removed).iter().all(|line| line.ends_with(" deleted")),
        "{:?}",
        told(&removed)
    );
    for path in [
        "configmaps/a",
        "secrets/s",
        record,
        "secrets/coracle-deployment-iris",
    ] {
        assert!(bench.get(path).await.is_none(), "{path}");
    }
    assert!(matches!(
        deployment.remove().await,
        Err(DeployError::NotDeployed { .. })
    ));
    bench.end().await;
}

#[tokio::test]
async fn the_first_deployment_can_be_gone_back_from_to_nothing() {
    let bench = bench!("first");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    let objects = [
        bench.config_map("a", &json!({})),
        bench.config_map("b", &json!({})),
    ];
    deployment.apply(&objects, WITH_SECRETS).await.unwrap();
    let back = deployment.rollback().await.unwrap();
    assert_eq!(told(&back), ["ConfigMap/b deleted", "ConfigMap/a deleted"]);
    assert!(
        bench
            .get("configmaps/coracle-deployment-iris")
            .await
            .is_none()
    );
    assert!(matches!(
        deployment.rollback().await,
        Err(DeployError::NothingBefore(_))
    ));
    bench.end().await;
}

#[tokio::test]
async fn what_is_no_longer_sent_is_removed_if_asked_and_comes_back_with_a_rollback() {
    let bench = bench!("prune");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    let (a, b) = (
        bench.config_map("a", &json!({"k": "1"})),
        bench.config_map("b", &json!({"k": "1"})),
    );
    deployment.apply(&[a.clone(), b], PRUNE).await.unwrap();

    let kept = deployment
        .apply(std::slice::from_ref(&a), WITH_SECRETS)
        .await
        .unwrap();
    assert_eq!(told(&kept), ["ConfigMap/a unchanged"]);
    assert!(bench.get("configmaps/b").await.is_some());

    let preview = deployment
        .preview(std::slice::from_ref(&a), PRUNE)
        .await
        .unwrap();
    assert_eq!(preview.objects[1].would, Would::Prune);
    let pruned = deployment
        .apply(std::slice::from_ref(&a), PRUNE)
        .await
        .unwrap();
    assert_eq!(
        told(&pruned),
        ["ConfigMap/a unchanged", "ConfigMap/b deleted"]
    );
    assert!(bench.get("configmaps/b").await.is_none());

    let back = deployment.rollback().await.unwrap();
    assert_eq!(told(&back), ["ConfigMap/b restored"]);
    assert_eq!(
        bench.get("configmaps/b").await.unwrap()["data"],
        json!({"k": "1"})
    );
    assert_eq!(
        told(&deployment.remove().await.unwrap()),
        ["ConfigMap/b deleted", "ConfigMap/a deleted"]
    );
    bench.end().await;
}

#[tokio::test]
async fn a_namespace_and_a_kind_are_sent_with_what_needs_them() {
    let bench = bench!("kind");
    let cluster = bench.cluster();
    let group = format!("g{}.tests.coracle.dev", std::process::id());
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("models.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "models", "kind": "Model"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]},
    });
    let namespace = format!("{}-inner", bench.namespace);
    let objects = [
        json!({"apiVersion": format!("{group}/v1"), "kind": "Model", "metadata": {"name": "m"}, "spec": {"x": 1}}),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        definition,
    ];
    let mut deployment = bench.deployment(&cluster);
    deployment.namespace = namespace.clone();
    let deployed = deployment.apply(&objects, WITH_SECRETS).await.unwrap();
    assert_eq!(deployed.outcomes.len(), 3);
    assert!(deployed.is_finished(), "{deployed:?}");
    let path = format!("/apis/{group}/v1/namespaces/{namespace}/models/m");
    assert_eq!(bench.get_at(&path).await.unwrap()["spec"], json!({"x": 1}));

    let removed = told(&deployment.remove().await.unwrap());
    assert!(
        removed[0].ends_with("m deleted")
            && removed[1..].iter().all(|line| line.ends_with(" kept")),
        "{removed:?}"
    );
    assert!(bench.get_at(&path).await.is_none());
    bench
        .delete_at(&format!(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/models.{group}"
        ))
        .await;
    bench
        .delete_at(&format!("/api/v1/namespaces/{namespace}"))
        .await;
    bench.end().await;
}

#[tokio::test]
async fn another_version_of_a_kind_is_named() {
    let bench = bench!("version");
    let cluster = bench.cluster();
    let object = json!({"apiVersion": "batch/v7", "kind": "Job", "metadata": {"name": "m"}});
    let deployed = bench
        .deployment(&cluster)
        .apply(&[object], WITH_SECRETS)
        .await
        .unwrap();
    assert_eq!(told(&deployed), ["Job/m refused: KindMissing"]);
    let said = format!("{:?}", deployed.outcomes[0].done);
    assert!(said.contains("of this group it has batch/v1"), "{said}");
    bench.end().await;
}
