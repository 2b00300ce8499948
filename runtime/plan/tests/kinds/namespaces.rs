//! What a namespace has from its beginning, and how it goes.

use coracle_objects::kind;
use serde_json::json;

use crate::cluster::Cluster;

fn namespace(cluster: &mut Cluster) {
    cluster.make(
        kind::namespaces(),
        json!({ "metadata": { "name": "team" } }),
    );
    cluster.settle();
}

#[test]
fn a_namespace_has_its_accounts_and_they_are_made_again() {
    Cluster::tell(|cluster| {
        namespace(cluster);
        let accounts = ["default", "default-editor", "default-viewer"];
        assert_eq!(cluster.names(kind::service_accounts()), accounts);
        assert_eq!(cluster.names(kind::config_maps()), ["kube-root-ca.crt"]);
        cluster.delete(kind::service_accounts(), "default", None);
        cluster.settle();
        assert_eq!(cluster.names(kind::service_accounts()), accounts);
    });
}

#[test]
fn a_namespace_goes_when_nothing_is_in_it() {
    Cluster::tell(|cluster| {
        namespace(cluster);
        let held = json!({ "metadata": { "name": "held", "finalizers": ["example.com/hold"] } });
        cluster.make(kind::secrets(), held);
        cluster.delete(kind::namespaces(), "team", None);
        cluster.settle();
        assert_eq!(
            cluster.object(kind::namespaces(), "team")["status"]["phase"],
            "Terminating"
        );
        assert_eq!(cluster.names(kind::service_accounts()), [""; 0]);
        cluster.edit(kind::secrets(), "held", |secret| {
            secret["metadata"]["finalizers"] = json!([]);
        });
        cluster.settle();
        assert_eq!(cluster.names(kind::namespaces()), [""; 0]);
    });
}
