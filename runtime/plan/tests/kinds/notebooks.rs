//! A notebook is made, runs, is stopped, goes on and goes.

use coracle_objects::kind;
use serde_json::json;

use crate::cluster::{Cluster, template};

fn notebook(cluster: &mut Cluster) {
    let notebook = json!({ "metadata": { "name": "nb" }, "spec": { "template": template() } });
    cluster.make(kind::notebooks(), notebook);
    cluster.settle();
}

#[test]
fn a_notebook_has_a_set_of_one_pod_and_a_service() {
    Cluster::tell(|cluster| {
        notebook(cluster);
        assert_eq!(cluster.names(kind::stateful_sets()), ["nb"]);
        assert_eq!(cluster.names(kind::pods()), ["nb-0"]);
        let port = &cluster.object(kind::services(), "nb")["spec"]["ports"][0];
        assert_eq!(
            (&port["port"], &port["targetPort"]),
            (&json!(80), &json!(8888))
        );
        let server = &cluster.object(kind::pods(), "nb-0")["spec"]["containers"][0];
        let prefix = json!({ "name": "NB_PREFIX", "value": "/notebook/team/nb" });
        assert_eq!(server["env"], json!([prefix]));
    });
}

#[test]
fn its_status_is_its_pods() {
    Cluster::tell(|cluster| {
        notebook(cluster);
        cluster.pod_is("nb-0", &json!({
            "phase": "Pending",
            "containerStatuses": [{ "name": "main", "state": { "waiting": { "reason": "ErrImagePull" } } }],
        }));
        cluster.settle();
        let status = &cluster.object(kind::notebooks(), "nb")["status"];
        assert_eq!(
            status["containerState"]["waiting"]["reason"],
            "ErrImagePull"
        );
        assert_eq!(status["readyReplicas"], 0);
        cluster.pod_runs("nb-0");
        cluster.settle();
        let status = &cluster.object(kind::notebooks(), "nb")["status"];
        assert_eq!(status["readyReplicas"], 1);
        let kinds: Vec<_> = status["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["type"])
            .collect();
        assert_eq!(kinds, ["Ready", "Running"]);
    });
}

#[test]
fn a_stopped_notebook_has_no_pod_until_it_goes_on() {
    Cluster::tell(|cluster| {
        notebook(cluster);
        cluster.pod_runs("nb-0");
        cluster.settle();
        let stopped = "kubeflow-resource-stopped";
        cluster.edit(kind::notebooks(), "nb", |notebook| {
            notebook["metadata"]["annotations"][stopped] = "2026-01-01T00:00:00Z".into();
        });
        cluster.settle();
        assert_eq!(
            cluster.object(kind::stateful_sets(), "nb")["spec"]["replicas"],
            0
        );
        assert_eq!(cluster.names(kind::pods()), [""; 0]);
        assert_eq!(
            cluster.object(kind::notebooks(), "nb")["status"]["readyReplicas"],
            0
        );
        cluster.edit(kind::notebooks(), "nb", |notebook| {
            notebook["metadata"]["annotations"] = json!({});
        });
        cluster.settle();
        assert_eq!(cluster.names(kind::pods()), ["nb-0"]);
    });
}

#[test]
fn another_image_is_another_pod() {
    Cluster::tell(|cluster| {
        notebook(cluster);
        cluster.pod_runs("nb-0");
        cluster.edit(kind::notebooks(), "nb", |notebook| {
            notebook["spec"]["template"]["spec"]["containers"][0]["image"] = "busybox:2".into();
        });
        cluster.settle();
        let pod = cluster.object(kind::pods(), "nb-0");
        assert_eq!(pod["spec"]["containers"][0]["image"], "busybox:2");
        assert_eq!(pod["status"]["phase"], "Pending");
    });
}

#[test]
fn a_set_of_its_name_that_is_not_its_own_is_left_alone() {
    Cluster::tell(|cluster| {
        let set = json!({ "metadata": { "name": "nb" }, "spec": { "replicas": 0, "template": template() } });
        cluster.make(kind::stateful_sets(), set);
        notebook(cluster);
        assert_eq!(
            cluster.object(kind::stateful_sets(), "nb")["spec"]["replicas"],
            0
        );
        assert_eq!(cluster.names(kind::pods()), [""; 0]);
    });
}

#[test]
fn everything_of_a_notebook_goes_with_it() {
    Cluster::tell(|cluster| {
        notebook(cluster);
        cluster.delete(kind::notebooks(), "nb", None);
        cluster.settle();
        for resource in [kind::stateful_sets(), kind::pods(), kind::services()] {
            assert_eq!(cluster.names(resource), [""; 0]);
        }
    });
}
