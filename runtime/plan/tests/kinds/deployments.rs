//! A deployment replaces its pods as its strategy says, keeps what it can go back to, and says how it gets on.

use coracle_objects::kind;
use serde_json::{Value, json};

use crate::cluster::Cluster;

fn deployment(cluster: &mut Cluster, replicas: u32, more: &Value) {
    let mut spec = json!({
        "replicas": replicas,
        "selector": { "matchLabels": { "app": "web" } },
        "template": {
            "metadata": { "labels": { "app": "web" } },
            "spec": { "containers": [{ "name": "main", "image": "busybox:1" }] },
        },
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        spec[field] = value.clone();
    }
    cluster.make(
        kind::deployments(),
        json!({ "metadata": { "name": "web" }, "spec": spec }),
    );
    cluster.settle();
}

fn set_image(cluster: &mut Cluster, image: &str) {
    cluster.edit(kind::deployments(), "web", |deployment| {
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
    });
    cluster.settle();
}

fn set_replicas(cluster: &mut Cluster, replicas: u32) {
    cluster.edit(kind::deployments(), "web", |deployment| {
        deployment["spec"]["replicas"] = replicas.into();
    });
    cluster.settle();
}

/// The images of the pods there are, each with whether it is ready.
fn pods(cluster: &Cluster) -> Vec<(String, bool)> {
    let pods = cluster.names(kind::pods()).into_iter().map(|name| {
        let pod = cluster.object(kind::pods(), &name);
        let image = pod["spec"]["containers"][0]["image"]
            .as_str()
            .unwrap()
            .to_owned();
        (image, pod["status"]["phase"] == "Running")
    });
    let mut pods: Vec<_> = pods.collect();
    pods.sort();
    pods
}

fn counts(cluster: &Cluster, image: &str) -> (usize, usize) {
    let pods = pods(cluster);
    let of = |ready: bool| {
        pods.iter()
            .filter(|pod| **pod == (image.to_owned(), ready))
            .count()
    };
    (of(true), of(false))
}

/// All pods that do not run yet do.
fn pods_run(cluster: &mut Cluster) {
    for name in cluster.names(kind::pods()) {
        if cluster.object(kind::pods(), &name)["status"]["phase"] != "Running" {
            cluster.pod_runs(&name);
        }
    }
    cluster.settle();
}

fn condition(cluster: &Cluster, kind: &str) -> Value {
    let deployment = cluster.object(kind::deployments(), "web");
    let conditions = deployment["status"]["conditions"].as_array().unwrap();
    let found = conditions
        .iter()
        .find(|condition| condition["type"] == kind);
    found
        .unwrap_or_else(|| panic!("no condition {kind}"))
        .clone()
}

fn sets(cluster: &Cluster) -> Vec<(u64, String)> {
    let sets = cluster.names(kind::replica_sets()).into_iter().map(|name| {
        let set = cluster.object(kind::replica_sets(), &name);
        let revision = &set["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
        (
            set["spec"]["replicas"].as_u64().unwrap(),
            revision.as_str().unwrap().to_owned(),
        )
    });
    let mut sets: Vec<_> = sets.collect();
    sets.sort_by_key(|(_, revision)| revision.clone());
    sets
}

#[test]
fn it_comes_up_and_says_so() {
    Cluster::tell(|cluster| {
        deployment(cluster, 3, &json!({}));
        assert_eq!(counts(cluster, "busybox:1"), (0, 3));
        assert_eq!(
            condition(cluster, "Available")["reason"],
            "MinimumReplicasUnavailable"
        );
        assert_eq!(
            condition(cluster, "Progressing")["reason"],
            "ReplicaSetUpdated"
        );
        pods_run(cluster);
        let status = &cluster.object(kind::deployments(), "web")["status"];
        for field in [
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
        ] {
            assert_eq!(status[field], 3, "{field}");
        }
        assert_eq!(condition(cluster, "Available")["status"], "True");
        assert_eq!(
            condition(cluster, "Progressing")["reason"],
            "NewReplicaSetAvailable"
        );
        let set = cluster.names(kind::replica_sets()).remove(0);
        let told = format!("web: ScalingReplicaSet: Scaled up replica set {set} from 0 to 3");
        assert!(cluster.events.contains(&told), "{:?}", cluster.events);
    });
}

#[test]
fn a_pod_that_goes_is_replaced_by_another() {
    Cluster::tell(|cluster| {
        deployment(cluster, 2, &json!({}));
        pods_run(cluster);
        let gone = cluster.names(kind::pods()).remove(0);
        cluster.pass(1);
        cluster.delete(kind::pods(), &gone, None);
        cluster.settle();
        assert_eq!(counts(cluster, "busybox:1"), (1, 1));
        assert!(!cluster.names(kind::pods()).contains(&gone));
    });
}

#[test]
fn a_new_template_takes_over_bit_by_bit_and_enough_stay_available() {
    Cluster::tell(|cluster| {
        deployment(cluster, 4, &json!({}));
        pods_run(cluster);
        set_image(cluster, "busybox:2");
        // A quarter more, a quarter fewer.
        assert_eq!(
            (counts(cluster, "busybox:1"), counts(cluster, "busybox:2")),
            ((3, 0), (0, 2))
        );
        let mut rounds = 0;
        while counts(cluster, "busybox:2") != (4, 0) || counts(cluster, "busybox:1") != (0, 0) {
            let available = counts(cluster, "busybox:1").0 + counts(cluster, "busybox:2").0;
            assert!(available >= 3, "{:?}", pods(cluster));
            assert!(pods(cluster).len() <= 5, "{:?}", pods(cluster));
            pods_run(cluster);
            rounds += 1;
            assert!(rounds < 10, "{:?}", pods(cluster));
        }
        assert_eq!(sets(cluster), [(0, "1".to_owned()), (4, "2".to_owned())]);
        let told = cluster.object(kind::deployments(), "web");
        assert_eq!(
            told["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
            "2"
        );
    });
}

#[test]
fn one_that_never_becomes_ready_leaves_the_others_alone_and_is_late() {
    Cluster::tell(|cluster| {
        deployment(cluster, 4, &json!({ "progressDeadlineSeconds": 60 }));
        pods_run(cluster);
        cluster.pass(10);
        set_image(cluster, "nonsense:1");
        assert_eq!(counts(cluster, "busybox:1"), (3, 0));
        assert_eq!(condition(cluster, "Progressing")["status"], "True");
        let wake = cluster.wake.expect("it is looked at again");
        cluster.pass(60);
        assert_eq!(wake.to_string(), "2026-01-01T00:01:10Z");
        cluster.settle();
        assert_eq!(counts(cluster, "busybox:1"), (3, 0));
        assert_eq!(
            condition(cluster, "Progressing")["reason"],
            "ProgressDeadlineExceeded"
        );
        assert_eq!(condition(cluster, "Available")["status"], "True");
        // What is gone back to is the newest again.
        set_image(cluster, "busybox:1");
        pods_run(cluster);
        assert_eq!(counts(cluster, "busybox:1"), (4, 0));
        assert_eq!(counts(cluster, "nonsense:1"), (0, 0));
        assert_eq!(sets(cluster), [(0, "2".to_owned()), (4, "3".to_owned())]);
        assert_eq!(
            condition(cluster, "Progressing")["reason"],
            "NewReplicaSetAvailable"
        );
    });
}

#[test]
fn without_room_for_more_one_goes_first() {
    Cluster::tell(|cluster| {
        let strategy = json!({ "rollingUpdate": { "maxSurge": 0, "maxUnavailable": "10%" } });
        deployment(cluster, 2, &json!({ "strategy": strategy }));
        pods_run(cluster);
        set_image(cluster, "busybox:2");
        assert_eq!(
            (counts(cluster, "busybox:1"), counts(cluster, "busybox:2")),
            ((1, 0), (0, 1))
        );
    });
}

#[test]
fn all_go_first_where_it_says_so() {
    Cluster::tell(|cluster| {
        deployment(cluster, 2, &json!({ "strategy": { "type": "Recreate" } }));
        pods_run(cluster);
        for pod in cluster.names(kind::pods()) {
            cluster.edit(kind::pods(), &pod, |pod| {
                pod["metadata"]["finalizers"] = json!(["test/stays"]);
            });
        }
        set_image(cluster, "busybox:2");
        assert_eq!(counts(cluster, "busybox:2"), (0, 0));
        for pod in cluster.names(kind::pods()) {
            cluster.edit(kind::pods(), &pod, |pod| {
                pod["metadata"]["finalizers"] = json!([]);
            });
        }
        cluster.settle();
        assert_eq!(
            (counts(cluster, "busybox:1"), counts(cluster, "busybox:2")),
            ((0, 0), (0, 2))
        );
    });
}

#[test]
fn it_is_scaled_while_it_is_paused_and_nothing_else() {
    Cluster::tell(|cluster| {
        deployment(cluster, 1, &json!({}));
        pods_run(cluster);
        cluster.edit(kind::deployments(), "web", |deployment| {
            deployment["spec"]["paused"] = true.into();
        });
        set_image(cluster, "busybox:2");
        assert_eq!(counts(cluster, "busybox:2"), (0, 0));
        assert_eq!(condition(cluster, "Progressing")["status"], "Unknown");
        set_replicas(cluster, 3);
        assert_eq!(counts(cluster, "busybox:1"), (1, 2));
        cluster.edit(kind::deployments(), "web", |deployment| {
            deployment["spec"]["paused"] = false.into();
        });
        cluster.settle();
        assert_eq!(counts(cluster, "busybox:2"), (0, 1));
        set_replicas(cluster, 0);
        assert_eq!(pods(cluster), []);
    });
}

#[test]
fn ready_is_available_only_after_a_while() {
    Cluster::tell(|cluster| {
        deployment(cluster, 1, &json!({ "minReadySeconds": 30 }));
        pods_run(cluster);
        let status =
            |cluster: &Cluster| cluster.object(kind::deployments(), "web")["status"].clone();
        assert_eq!(status(cluster)["readyReplicas"], 1);
        assert_eq!(status(cluster)["unavailableReplicas"], 1);
        cluster.pass(30);
        cluster.settle();
        assert_eq!(status(cluster)["availableReplicas"], 1);
    });
}

#[test]
fn only_so_many_old_templates_are_kept() {
    Cluster::tell(|cluster| {
        deployment(cluster, 1, &json!({ "revisionHistoryLimit": 1 }));
        pods_run(cluster);
        for number in 2..5 {
            set_image(cluster, &format!("busybox:{number}"));
            pods_run(cluster);
        }
        assert_eq!(sets(cluster), [(0, "3".to_owned()), (1, "4".to_owned())]);
    });
}

#[test]
fn everything_of_it_goes_with_it() {
    Cluster::tell(|cluster| {
        deployment(cluster, 2, &json!({}));
        cluster.delete(kind::deployments(), "web", None);
        cluster.settle();
        assert_eq!(
            cluster.names(kind::replica_sets()).len() + cluster.names(kind::pods()).len(),
            0
        );
    });
}
