//! A job runs pods until enough of them have succeeded, and counts each end once.

use coracle_objects::kind;
use serde_json::{Value, json};

use crate::cluster::{Cluster, template};

fn job(cluster: &mut Cluster, mut spec: Value) {
    spec["template"] = template();
    spec["template"]["spec"]["restartPolicy"] = "Never".into();
    cluster.make(
        kind::jobs(),
        json!({ "metadata": { "name": "sum" }, "spec": spec }),
    );
    cluster.settle();
}

/// The pods that have not ended and are not told to.
fn active(cluster: &Cluster) -> Vec<String> {
    let mut names = cluster.names(kind::pods());
    names.retain(|name| {
        let pod = cluster.object(kind::pods(), name);
        let has_ended = ["Succeeded", "Failed"].contains(&pod["status"]["phase"].as_str().unwrap());
        !has_ended && pod["metadata"]["deletionTimestamp"].is_null()
    });
    names
}

fn status(cluster: &Cluster) -> Value {
    cluster.object(kind::jobs(), "sum")["status"].clone()
}

fn conditions(cluster: &Cluster) -> Vec<String> {
    let status = status(cluster);
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let holding = conditions.filter(|one| one["status"] == "True");
    holding
        .map(|one| one["type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn pods_follow_one_another_until_enough_have_succeeded() {
    Cluster::tell(|cluster| {
        job(cluster, json!({ "completions": 3, "parallelism": 2 }));
        assert_eq!(active(cluster).len(), 2);
        for left in [2, 1, 0] {
            let first = active(cluster).remove(0);
            cluster.pod_ends(&first, 0);
            cluster.settle();
            assert_eq!(active(cluster).len(), left);
        }
        assert_eq!(status(cluster)["succeeded"], 3);
        assert!(conditions(cluster).contains(&"Complete".to_owned()));
        assert_eq!(cluster.names(kind::pods()).len(), 3);
    });
}

#[test]
fn an_ended_pod_is_held_until_it_is_counted_and_counted_once() {
    Cluster::tell(|cluster| {
        job(cluster, json!({ "completions": 2, "parallelism": 1 }));
        let first = active(cluster).remove(0);
        let tracked = &cluster.object(kind::pods(), &first)["metadata"]["finalizers"];
        assert_eq!(tracked, &json!(["batch.kubernetes.io/job-tracking"]));
        cluster.pod_ends(&first, 0);
        // Somebody removes it before anybody has counted.
        cluster.delete(kind::pods(), &first, None);
        assert!(cluster.names(kind::pods()).contains(&first));
        cluster.settle();
        assert!(!cluster.names(kind::pods()).contains(&first));
        assert_eq!(status(cluster)["succeeded"], 1);
    });
}

#[test]
fn a_failed_pod_is_followed_by_another_after_a_while() {
    Cluster::tell(|cluster| {
        job(cluster, json!({ "backoffLimit": 1 }));
        let first = active(cluster).remove(0);
        cluster.pod_ends(&first, 1);
        cluster.settle();
        assert_eq!(active(cluster), [""; 0]);
        assert_eq!(cluster.wake, Some("2026-01-01T00:00:10Z".parse().unwrap()));
        cluster.pass(10);
        cluster.settle();
        let second = active(cluster).remove(0);
        cluster.pod_ends(&second, 1);
        cluster.settle();
        assert!(conditions(cluster).contains(&"Failed".to_owned()));
        assert_eq!(status(cluster)["failed"], 2);
        assert_eq!(active(cluster), [""; 0]);
    });
}

#[test]
fn a_suspended_job_has_no_pods_and_begins_its_time_anew() {
    Cluster::tell(|cluster| {
        job(cluster, json!({}));
        cluster.edit(kind::jobs(), "sum", |job| {
            job["spec"]["suspend"] = true.into();
        });
        cluster.settle();
        assert_eq!(active(cluster), [""; 0]);
        assert_eq!(conditions(cluster), ["Suspended"]);
        cluster.pass(60);
        cluster.edit(kind::jobs(), "sum", |job| {
            job["spec"]["suspend"] = false.into();
        });
        cluster.settle();
        assert_eq!(active(cluster).len(), 1);
        assert_eq!(status(cluster)["startTime"], "2026-01-01T00:01:00Z");
    });
}

#[test]
fn a_job_goes_when_its_time_is_over_and_its_pods_with_it() {
    Cluster::tell(|cluster| {
        job(cluster, json!({ "ttlSecondsAfterFinished": 30 }));
        let only = active(cluster).remove(0);
        cluster.pod_ends(&only, 0);
        cluster.settle();
        assert_eq!(cluster.wake, Some("2026-01-01T00:00:30Z".parse().unwrap()));
        cluster.pass(30);
        cluster.settle();
        assert_eq!(cluster.names(kind::jobs()), [""; 0]);
        assert_eq!(cluster.names(kind::pods()), [""; 0]);
    });
}

#[test]
fn pods_of_a_job_that_is_not_there_any_more_are_let_go() {
    Cluster::tell(|cluster| {
        job(cluster, json!({ "parallelism": 2 }));
        cluster.delete(kind::jobs(), "sum", None);
        cluster.settle();
        assert_eq!(cluster.names(kind::pods()), [""; 0]);
    });
}
