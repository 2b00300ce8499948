//! What is owned goes with its owners, unless it is to stay.

use coracle_objects::meta::PropagationPolicy;
use coracle_objects::{Resource, kind};
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// Makes a config map that is owned by others.
fn map(cluster: &mut Cluster, name: &str, owners: &[Value]) {
    let metadata = json!({ "name": name, "ownerReferences": owners });
    cluster.make(kind::config_maps(), json!({ "metadata": metadata }));
}

fn reference(cluster: &Cluster, resource: &'static Resource, name: &str, blocks: bool) -> Value {
    let owner = cluster.object(resource, name);
    json!({
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name,
        "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": blocks,
    })
}

fn of(cluster: &Cluster, name: &str) -> Value {
    reference(cluster, kind::config_maps(), name, true)
}

/// `top` owns `middle`, which owns `bottom`.
fn line(cluster: &mut Cluster) {
    map(cluster, "top", &[]);
    let top = of(cluster, "top");
    map(cluster, "middle", &[top]);
    let middle = of(cluster, "middle");
    map(cluster, "bottom", &[middle]);
    cluster.settle();
}

#[test]
fn what_is_owned_goes_after_its_owner() {
    Cluster::tell(|cluster| {
        line(cluster);
        cluster.delete(kind::config_maps(), "top", None);
        cluster.settle();
        assert_eq!(cluster.names(kind::config_maps()), [""; 0]);
    });
}

#[test]
fn in_the_foreground_each_owner_goes_after_what_it_owns() {
    Cluster::tell(|cluster| {
        line(cluster);
        cluster.edit(kind::config_maps(), "bottom", |map| {
            map["metadata"]["finalizers"] = json!(["example.com/hold"]);
        });
        let policy = Some(PropagationPolicy::Foreground);
        cluster.delete(kind::config_maps(), "top", policy);
        cluster.settle();
        // What holds the last holds them all.
        let all = ["bottom", "middle", "top"];
        assert_eq!(cluster.names(kind::config_maps()), all);
        cluster.edit(kind::config_maps(), "bottom", |map| {
            map["metadata"]["finalizers"] = json!([]);
        });
        cluster.settle();
        let gone = all.map(|name| format!("gone: ConfigMap {name}"));
        assert_eq!(cluster.events, gone);
    });
}

#[test]
fn orphans_stay_and_forget_their_owner() {
    Cluster::tell(|cluster| {
        line(cluster);
        cluster.delete(kind::config_maps(), "top", Some(PropagationPolicy::Orphan));
        cluster.settle();
        assert_eq!(cluster.names(kind::config_maps()), ["bottom", "middle"]);
        let middle = cluster.object(kind::config_maps(), "middle");
        assert_eq!(middle["metadata"]["ownerReferences"], Value::Null);
    });
}

#[test]
fn one_of_two_owners_is_enough() {
    Cluster::tell(|cluster| {
        map(cluster, "one", &[]);
        map(cluster, "other", &[]);
        let owners = [of(cluster, "one"), of(cluster, "other")];
        map(cluster, "theirs", &owners);
        cluster.delete(kind::config_maps(), "one", None);
        cluster.settle();
        assert_eq!(cluster.names(kind::config_maps()), ["other", "theirs"]);
        cluster.delete(kind::config_maps(), "other", None);
        cluster.settle();
        assert_eq!(cluster.names(kind::config_maps()), [""; 0]);
    });
}

#[test]
fn another_of_the_owners_name_is_no_owner() {
    Cluster::tell(|cluster| {
        map(cluster, "owner", &[]);
        let owner = of(cluster, "owner");
        map(cluster, "owned", &[owner]);
        cluster.delete(kind::config_maps(), "owner", None);
        map(cluster, "owner", &[]);
        cluster.settle();
        assert_eq!(cluster.names(kind::config_maps()), ["owner"]);
    });
}

#[test]
fn an_owner_of_a_kind_that_nobody_knows_may_well_be_there() {
    Cluster::tell(|cluster| {
        let owner =
            json!({ "apiVersion": "example.com/v1", "kind": "Widget", "name": "w", "uid": "1" });
        map(cluster, "owned", &[owner]);
        cluster.settle();
        assert_eq!(cluster.names(kind::config_maps()), ["owned"]);
    });
}
