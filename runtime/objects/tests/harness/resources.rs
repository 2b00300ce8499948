//! The kinds of the recording, with no rules of their own.

use std::sync::LazyLock;

use coracle_model::Timestamp;
use coracle_objects::schema::ObjectType;
use coracle_objects::{Cell, Column, Object, Resource, Scope, Strategy};
use serde_json::Value;

struct Plain;

impl Strategy for Plain {
    fn check_name(&self, name: &str) -> Result<(), String> {
        coracle_objects::meta::check_dns_subdomain(name)
    }

    fn columns(&self) -> &'static [Column] {
        &[]
    }

    fn cells(&self, _: &Object, _: Timestamp) -> Vec<Cell> {
        Vec::new()
    }
}

const fn resource(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    built_in: bool,
) -> Resource {
    Resource {
        group,
        versions: &["v1"],
        kind,
        plural,
        singular: "",
        short_names: &[],
        categories: &[],
        scope: Scope::Namespaced,
        verbs: &[],
        subresources: &[],
        built_in,
        strategy: &Plain,
    }
}

static RESOURCES: [Resource; 13] = [
    resource("", "ConfigMap", "configmaps", true),
    resource("", "Secret", "secrets", true),
    resource("", "Pod", "pods", true),
    resource("", "Event", "events", true),
    resource("", "Service", "services", true),
    resource("", "PodTemplate", "podtemplates", true),
    resource("", "ResourceQuota", "resourcequotas", true),
    resource("", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    resource("", "ServiceAccount", "serviceaccounts", true),
    resource("batch", "Job", "jobs", true),
    resource("apps", "Deployment", "deployments", true),
    resource("coordination.k8s.io", "Lease", "leases", true),
    resource("recorded.example.com", "Gadget", "gadgets", false),
];

static GADGET: LazyLock<ObjectType> = LazyLock::new(|| {
    let definition: Value =
        serde_json::from_str(include_str!("../data/gadgets.json")).expect("it is JSON");
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    ObjectType::custom("recorded.example.com", "v1", "Gadget", schema).expect("the server took it")
});

pub(super) fn of(kind: &str) -> &'static Resource {
    let found = RESOURCES.iter().find(|resource| resource.kind == kind);
    found.unwrap_or_else(|| panic!("{kind} is not among the kinds"))
}

pub(super) fn object_type(kind: &str) -> &'static ObjectType {
    let resource = of(kind);
    if resource.built_in {
        ObjectType::built_in(resource.group, "v1", kind).expect("it is embedded")
    } else {
        &GADGET
    }
}
