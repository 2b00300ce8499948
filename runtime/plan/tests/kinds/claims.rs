//! A claim is bound at once, and stays as long as a pod uses it.

use coracle_objects::{Object, kind};
use coracle_plan::kind::claim;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Order, template};

fn new_claim() -> Value {
    json!({
        "metadata": { "name": "data", "finalizers": ["kubernetes.io/pvc-protection"] },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    })
}

/// A claim, and a pod that uses it.
fn used(cluster: &mut Cluster) {
    cluster.make(kind::persistent_volume_claims(), new_claim());
    let mut spec = template()["spec"].clone();
    spec["volumes"] = json!([{ "name": "v", "persistentVolumeClaim": { "claimName": "data" } }]);
    cluster.make(
        kind::pods(),
        json!({ "metadata": { "name": "user" }, "spec": spec }),
    );
    cluster.settle();
}

#[test]
fn a_claim_is_bound_with_what_it_asked_for() {
    Cluster::tell(|cluster| {
        used(cluster);
        let claim = cluster.object(kind::persistent_volume_claims(), "data");
        assert_eq!(claim["status"]["phase"], "Bound");
        assert_eq!(claim["status"]["capacity"]["storage"], "1Gi");
        let volume = format!("pvc-{}", claim["metadata"]["uid"].as_str().unwrap());
        assert_eq!(claim["spec"]["volumeName"], volume);
    });
}

#[test]
fn a_claim_without_a_directory_waits() {
    let cluster = Cluster::new(Order::Forwards);
    let object: Object = new_claim().as_object().unwrap().clone();
    assert!(claim::reconcile(&object, false, &cluster).is_empty());
}

#[test]
fn a_claim_in_use_goes_when_its_last_pod_has_ended() {
    Cluster::tell(|cluster| {
        used(cluster);
        cluster.delete(kind::persistent_volume_claims(), "data", None);
        cluster.settle();
        assert_eq!(cluster.names(kind::persistent_volume_claims()), ["data"]);
        cluster.pod_ends("user", 0);
        cluster.settle();
        assert_eq!(cluster.names(kind::persistent_volume_claims()), [""; 0]);
    });
}
