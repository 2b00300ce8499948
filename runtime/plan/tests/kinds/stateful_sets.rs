//! A stateful set has a pod for each number, whatever becomes of them.

use coracle_objects::kind;
use serde_json::json;

use crate::cluster::{Cluster, template};

fn set(cluster: &mut Cluster, replicas: u32) {
    let set = json!({
        "metadata": { "name": "web" },
        "spec": { "replicas": replicas, "serviceName": "names", "template": template() },
    });
    cluster.make(kind::stateful_sets(), set);
    cluster.settle();
}

fn scale(cluster: &mut Cluster, replicas: u32) {
    cluster.edit(kind::stateful_sets(), "web", |set| {
        set["spec"]["replicas"] = replicas.into();
    });
    cluster.settle();
}

#[test]
fn pods_have_numbers_and_names_of_their_own() {
    Cluster::tell(|cluster| {
        set(cluster, 3);
        assert_eq!(cluster.names(kind::pods()), ["web-0", "web-1", "web-2"]);
        let pod = cluster.object(kind::pods(), "web-1");
        assert_eq!(pod["spec"]["hostname"], "web-1");
        assert_eq!(pod["spec"]["subdomain"], "names");
        let told = cluster
            .events
            .iter()
            .filter(|told| told.contains("SuccessfulCreate"));
        assert_eq!(told.count(), 3);
    });
}

#[test]
fn the_highest_numbers_go_first() {
    Cluster::tell(|cluster| {
        set(cluster, 3);
        scale(cluster, 1);
        assert_eq!(cluster.names(kind::pods()), ["web-0"]);
        scale(cluster, 2);
        assert_eq!(cluster.names(kind::pods()), ["web-0", "web-1"]);
    });
}

#[test]
fn one_that_ended_or_went_is_made_again() {
    Cluster::tell(|cluster| {
        set(cluster, 2);
        cluster.pod_runs("web-0");
        cluster.pod_runs("web-1");
        cluster.settle();
        let ready = |cluster: &Cluster| {
            cluster.object(kind::stateful_sets(), "web")["status"]["readyReplicas"].clone()
        };
        assert_eq!(ready(cluster), 2);
        cluster.pod_ends("web-0", 1);
        cluster.delete(kind::pods(), "web-1", None);
        cluster.settle();
        assert_eq!(cluster.names(kind::pods()), ["web-0", "web-1"]);
        assert_eq!(ready(cluster), 0);
    });
}

#[test]
fn a_pod_of_its_name_that_is_not_its_own_is_waited_for() {
    Cluster::tell(|cluster| {
        cluster.make(
            kind::pods(),
            json!({ "metadata": { "name": "web-0" }, "spec": template()["spec"] }),
        );
        set(cluster, 1);
        assert_eq!(
            cluster.object(kind::stateful_sets(), "web")["status"]["replicas"],
            0
        );
        cluster.delete(kind::pods(), "web-0", None);
        cluster.settle();
        assert_eq!(
            cluster.object(kind::stateful_sets(), "web")["status"]["replicas"],
            1
        );
    });
}
