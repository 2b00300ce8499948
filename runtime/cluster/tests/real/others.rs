//! Objects that others have made or changed.

use coracle_cluster::objects::{Conflict, DeployOptions, Done};
use serde_json::{Value, json};

use crate::bench::{bench, told};

const FORCE: DeployOptions = DeployOptions {
    force_conflicts: true,
    with_secrets: false,
    prune: false,
};

fn managers(object: &Value) -> Vec<&str> {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["manager"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn conflicts_name_the_manager_and_the_field_and_are_taken_over_only_if_asked() {
    let bench = bench!("conflict");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    let theirs = bench
        .create(
            "configmaps",
            &bench.config_map("a", &json!({"k": "theirs", "other": "1"})),
        )
        .await;
    let ours = [
        bench.config_map("a", &json!({"k": "ours", "new": "1"})),
        bench.config_map("b", &json!({})),
    ];

    let refused = deployment
        .apply(&ours, DeployOptions::default())
        .await
        .unwrap();
    assert_eq!(
        told(&refused),
        ["ConfigMap/a refused: Conflict", "ConfigMap/b created"]
    );
    let Done::Refused { refusal, .. } = &refused.outcomes[0].done else {
        panic!("it is refused")
    };
    assert_eq!(
        refusal.conflicts,
        [Conflict {
            manager: "kubectl-edit".to_owned(),
            field: ".data.k".to_owned()
        }]
    );

    let forced = deployment.apply(&ours, FORCE).await.unwrap();
    assert_eq!(
        told(&forced),
        ["ConfigMap/a changed", "ConfigMap/b unchanged"]
    );
    let live = bench.get("configmaps/a").await.unwrap();
    assert_eq!(live["data"], json!({"k": "ours", "new": "1", "other": "1"}));

    // Both tries were one deployment: it goes back to before the first of them.
    let back = deployment.rollback().await.unwrap();
    assert_eq!(told(&back), ["ConfigMap/a restored", "ConfigMap/b deleted"]);
    let live = bench.get("configmaps/a").await.unwrap();
    assert_eq!(live["data"], theirs["data"]);
    assert_eq!(managers(&live), ["kubectl-edit"]);
    bench.end().await;
}

#[tokio::test]
async fn what_was_there_before_is_not_removed() {
    let bench = bench!("kept");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    bench
        .create("configmaps", &bench.config_map("a", &json!({"k": "1"})))
        .await;
    deployment
        .apply(
            &[bench.config_map("a", &json!({"k": "1", "l": "2"}))],
            FORCE,
        )
        .await
        .unwrap();
    assert_eq!(
        told(&deployment.remove().await.unwrap()),
        ["ConfigMap/a kept"]
    );
    let live = bench.get("configmaps/a").await.unwrap();
    assert_eq!(live["data"], json!({"k": "1", "l": "2"}));
    assert_eq!(managers(&live), ["kubectl-edit"]);
    bench.end().await;
}

#[tokio::test]
async fn another_object_of_the_same_name_is_not_removed() {
    let bench = bench!("uid");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    let object = bench.config_map("a", &json!({"k": "1"}));
    deployment
        .apply(std::slice::from_ref(&object), FORCE)
        .await
        .unwrap();
    bench
        .delete_at(&format!(
            "/api/v1/namespaces/{}/configmaps/a",
            bench.namespace
        ))
        .await;
    bench.create("configmaps", &object).await;
    assert_eq!(
        told(&deployment.remove().await.unwrap()),
        ["ConfigMap/a kept"]
    );
    assert!(bench.get("configmaps/a").await.is_some());
    bench.end().await;
}

#[tokio::test]
async fn what_others_changed_of_ours_comes_back_as_they_left_it() {
    let bench = bench!("drift");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    let of = |value: &str| [bench.config_map("a", &json!({"k": value}))];
    deployment.apply(&of("1"), FORCE).await.unwrap();
    bench
        .edit(
            "configmaps/a",
            &json!({"data": {"k": "edited", "theirs": "1"}}),
        )
        .await;
    deployment.apply(&of("2"), FORCE).await.unwrap();
    deployment.rollback().await.unwrap();
    let live = bench.get("configmaps/a").await.unwrap();
    assert_eq!(live["data"], json!({"k": "edited", "theirs": "1"}));
    bench.end().await;
}

#[tokio::test]
async fn secrets_need_consent() {
    let bench = bench!("consent");
    let cluster = bench.cluster();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": "x"}});
    let deployed = bench
        .deployment(&cluster)
        .apply(&[secret], DeployOptions::default())
        .await
        .unwrap();
    assert_eq!(told(&deployed), ["Secret/s refused: NoConsent"]);
    assert!(bench.get("secrets/s").await.is_none());
    bench.end().await;
}
