//! Objects that others have made or changed.

use coracle_cluster::objects::{Conflict, DeployOptions, Done};
use serde_json::{Value, json};

use crate::bench::{bench, told};

const FORCE: DeployOptions = DeployOptions {
    force_conflicts: true,
    with_secrets: false,
    prune: false,
};

const WITH_SECRETS: DeployOptions = DeployOptions {
    force_conflicts: false,
    with_secrets: true,
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
async fn what_was_refused_of_others_is_not_touched_by_going_back() {
    let bench = bench!("refused");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    let theirs = bench.config_map("a", &json!({"k": "theirs"}));
    bench.create("configmaps", &theirs).await;
    let ours = [
        bench.config_map("a", &json!({"k": "ours"})),
        bench.config_map("b", &json!({})),
    ];
    let refused = deployment.apply(&ours, DeployOptions::default()).await;
    assert!(!refused.unwrap().is_finished());
    let since = json!({"data": {"k": "changed since"}});
    bench.edit("configmaps/a", &since).await;
    let back = deployment.rollback().await.unwrap();
    assert_eq!(told(&back), ["ConfigMap/b deleted"]);
    let live = bench.get("configmaps/a").await.unwrap();
    assert_eq!(live["data"], json!({"k": "changed since"}));
    bench.end().await;
}

#[tokio::test]
async fn secrets_need_consent() {
    let bench = bench!("consent");
    let cluster = bench.cluster();
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": "x"}});
    let deployment = bench.deployment(&cluster);
    let secrets = [secret];
    let none = DeployOptions::default();
    let previewed = deployment.preview(&secrets, none).await.unwrap();
    assert!(!previewed.is_fine());
    let deployed = deployment.apply(&secrets, none).await.unwrap();
    assert_eq!(told(&deployed), ["Secret/s refused: NoConsent"]);
    assert!(bench.get("secrets/s").await.is_none());

    let deployed = deployment.apply(&secrets, WITH_SECRETS).await.unwrap();
    assert_eq!(told(&deployed), ["Secret/s created"]);
    // Beside something new, one that is as it should be stands in nobody's way.
    let [secret] = secrets;
    let more = [secret, bench.config_map("a", &json!({}))];
    assert!(deployment.preview(&more, none).await.unwrap().is_fine());
    let deployed = deployment.apply(&more, none).await.unwrap();
    assert_eq!(
        told(&deployed),
        ["Secret/s unchanged", "ConfigMap/a created"]
    );
    bench.end().await;
}

#[tokio::test]
async fn going_back_says_which_secrets_cannot_be_brought_back_by_who_may_not_read_them() {
    let bench = bench!("hidden");
    let cluster = bench.cluster();
    let secret = |value: &str| {
        [
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": value}}),
        ]
    };
    let deployment = bench.deployment(&cluster);
    for value in ["first", "second"] {
        let sent = deployment.apply(&secret(value), WITH_SECRETS).await;
        assert!(sent.unwrap().is_finished());
    }
    let user = format!("user-of-{}", bench.namespace);
    bench.allow("maps", &user, &["configmaps"]).await;
    let as_user = bench.as_user(&user);
    let mut back = bench.deployment(&as_user).rollback().await;
    for _ in 0..100 {
        if back.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        back = bench.deployment(&as_user).rollback().await;
    }
    let back = back.unwrap();
    assert_eq!(told(&back), ["Secret/s refused: Forbidden"]);
    assert!(!back.is_finished());
    // Who may, does.
    let back = deployment.rollback().await.unwrap();
    assert_eq!(told(&back), ["Secret/s restored"]);
    let live = bench.get("secrets/s").await.unwrap();
    assert_eq!(live["data"]["p"], "Zmlyc3Q=");
    bench.end().await;
}

#[tokio::test]
async fn a_record_whose_first_saving_broke_off_stands_in_nobodys_way() {
    let bench = bench!("broken-record");
    let cluster = bench.cluster();
    let deployment = bench.deployment(&cluster);
    let theirs = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"other": "theirs"}});
    bench.create("secrets", &theirs).await;
    // What is left when the Secret was written and the ConfigMap was not.
    let name = deployment.name.record();
    let left = json!({"apiVersion": "v1", "kind": "Secret", "type": "coracle.dev/deployment", "metadata": {"name": name},
        "stringData": {"before.json.gz": "x"}});
    bench.create("secrets", &left).await;
    let ours = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": "x"}});
    let sent = deployment.apply(&[ours], WITH_SECRETS).await.unwrap();
    assert_eq!(told(&sent), ["Secret/s changed"]);
    assert!(sent.is_finished(), "{:?}", sent.record_problem);
    bench.end().await;
}
