//! Services and pods as JSON, and what comes of them.

use std::sync::Arc;

use coracle_model::Timestamp;
use coracle_objects::{Object, Resource, kind};
use serde_json::{Value, json};

use super::*;
use crate::kind::{ObjectStep, World};

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

fn service(spec: Value) -> Object {
    let mut service = object(json!({
        "metadata": { "name": "web", "namespace": "team", "uid": "s-1" },
        "spec": {
            "clusterIP": "10.96.0.7",
            "selector": { "app": "web" },
            "ports": [{ "port": 80, "targetPort": 8080, "protocol": "TCP" }],
        },
    }));
    let own = service["spec"].as_object_mut().expect("a spec");
    own.extend(object(spec));
    service
}

/// A pod of the service at an address.
fn pod(ip: &str, is_ready: bool) -> Object {
    let ready = if is_ready { "True" } else { "False" };
    object(json!({
        "metadata": { "name": format!("pod-{ip}"), "namespace": "team", "uid": ip, "labels": { "app": "web" } },
        "spec": { "containers": [{ "name": "main", "ports": [{ "name": "http", "containerPort": 9000 }] }] },
        "status": {
            "phase": "Running",
            "podIP": ip,
            "conditions": [{ "type": "Ready", "status": ready }],
        },
    }))
}

fn routes(service: &Object, pods: &[Object]) -> String {
    let forwarder = forwarder(service, pods, None).expect("it is forwarded");
    forwarder.routes.to_string()
}

#[test]
fn a_service_leads_to_its_ready_pods_at_their_own_port() {
    let mut other = pod("10.0.0.9", true);
    other["metadata"]["labels"]["app"] = "other".into();
    let pods = [
        pod("10.0.0.2", true),
        pod("10.0.0.3", false),
        pod("10.0.0.4", true),
        other,
    ];
    let service = service(json!({}));
    assert_eq!(routes(&service, &pods), "80 10.0.0.2:8080 10.0.0.4:8080\n");
    assert_eq!(routes(&service, &pods[1..2]), "");
    let forwarder = forwarder(&service, &pods, None).unwrap();
    assert_eq!(forwarder.address, "10.96.0.7".parse().ok());
    assert_eq!(
        forwarder.names,
        [
            "web",
            "web.team",
            "web.team.svc",
            "web.team.svc.cluster.local"
        ]
    );
}

#[test]
fn pods_that_go_or_have_no_address_are_left_out() {
    let service = service(json!({}));
    let mut going = pod("10.0.0.2", true);
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    let mut ended = pod("10.0.0.3", true);
    ended["status"]["phase"] = "Succeeded".into();
    let nowhere = pod("", true);
    assert_eq!(routes(&service, &[going, ended, nowhere]), "");
}

#[test]
fn a_forwarder_is_of_use_from_the_first_pod_that_has_begun_where_there_are_others() {
    let service = service(json!({}));
    let is_of_use = |pods: &[&Object]| {
        let pods = pods.iter().copied();
        forwarder(&service, pods, None).unwrap().is_of_use
    };
    let begun = pod("10.0.0.3", false);
    let (mut pending, mut other, mut ended) = (begun.clone(), begun.clone(), begun.clone());
    pending["status"]["phase"] = "Pending".into();
    other["metadata"]["labels"] = json!({});
    ended["status"]["phase"] = "Succeeded".into();
    assert!(!is_of_use(&[]));
    assert!(!is_of_use(&[&pending]));
    assert!(!is_of_use(&[&pending, &pending]));
    assert!(is_of_use(&[&pending, &other]));
    assert!(!is_of_use(&[&begun]));
    assert!(!is_of_use(&[&begun, &ended]));
    assert!(is_of_use(&[&begun, &other]));
    assert!(is_of_use(&[&begun, &pending]));
}

#[test]
fn not_ready_addresses_are_led_to_where_the_service_says_so() {
    let service = service(json!({ "publishNotReadyAddresses": true }));
    let mut going = pod("10.0.0.3", false);
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    let pods = [pod("10.0.0.2", false), going];
    assert_eq!(routes(&service, &pods), "80 10.0.0.2:8080 10.0.0.3:8080\n");
}

#[test]
fn ports_are_found_by_name_in_each_pod() {
    let service = service(json!({ "ports": [
        { "name": "web", "port": 80, "targetPort": "http" },
        { "name": "same", "port": 81 },
        { "name": "dns", "port": 53, "targetPort": 53, "protocol": "UDP" },
    ] }));
    let mut elsewhere = pod("10.0.0.3", true);
    elsewhere["spec"] = json!({
        "initContainers": [
            { "name": "once", "ports": [{ "name": "http", "containerPort": 1 }] },
            { "name": "beside", "restartPolicy": "Always", "ports": [{ "name": "http", "containerPort": 9001 }] },
        ],
        "containers": [{ "name": "main", "ports": [{ "name": "http", "containerPort": 2, "protocol": "UDP" }] }],
    });
    let mut nameless = pod("10.0.0.4", true);
    nameless["spec"] = json!({ "containers": [{ "name": "main" }] });
    assert_eq!(
        routes(&service, &[pod("10.0.0.2", true), elsewhere, nameless]),
        "80 10.0.0.2:9000 10.0.0.3:9001\n81 10.0.0.2:81 10.0.0.3:81 10.0.0.4:81\n"
    );
}

#[test]
fn only_services_with_an_address_and_pods_of_their_own_have_a_forwarder() {
    let stands = |spec: Value| is_forwarded(&service(spec));
    assert!(stands(json!({})));
    assert!(stands(json!({ "type": "NodePort" })));
    for spec in [
        json!({ "clusterIP": "None" }),
        json!({ "clusterIP": "" }),
        json!({ "selector": {} }),
        json!({ "selector": null }),
        json!({ "type": "ExternalName" }),
        json!({ "ports": [{ "port": 53, "protocol": "UDP" }] }),
    ] {
        assert!(!stands(spec.clone()), "{spec}");
    }
    let mut going = service(json!({}));
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    assert!(!is_forwarded(&going));
}

/// A namespace with these services, pods and endpoints.
struct Namespace(Vec<Object>, Vec<Object>, Vec<Object>);

impl Namespace {
    fn of(&self, resource: &'static Resource) -> &[Object] {
        let lists = [
            (kind::services(), &self.0),
            (kind::pods(), &self.1),
            (kind::endpoints(), &self.2),
        ];
        let found = lists
            .into_iter()
            .find(|(kind, _)| std::ptr::eq(*kind, resource));
        found.expect("nothing else is looked at").1
    }
}

impl World for Namespace {
    fn get(&self, resource: &'static Resource, _: &str, name: &str) -> Option<Arc<Object>> {
        let found = self.of(resource).iter().find(|found| found.name() == name);
        found.cloned().map(Arc::new)
    }

    fn list(&self, resource: &'static Resource, _: Option<&str>) -> Vec<Arc<Object>> {
        self.of(resource).iter().cloned().map(Arc::new).collect()
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[test]
fn endpoints_say_what_the_routes_say() {
    let pods = vec![pod("10.0.0.2", true), pod("10.0.0.3", false)];
    let team = object(json!({ "metadata": { "name": "team" } }));
    let mut namespace = Namespace(vec![service(json!({}))], pods, Vec::new());
    let steps = reconcile_endpoints(&team, &namespace);
    let [ObjectStep::Create { object, .. }] = &steps[..] else {
        panic!("{steps:?}")
    };
    let subset = &object["subsets"][0];
    assert_eq!(subset["addresses"][0]["ip"], "10.0.0.2");
    assert_eq!(subset["addresses"][0]["targetRef"]["name"], "pod-10.0.0.2");
    assert_eq!(subset["notReadyAddresses"][0]["ip"], "10.0.0.3");
    assert_eq!(
        subset["ports"],
        json!([{ "port": 8080, "protocol": "TCP" }])
    );

    namespace.2 = vec![object.clone()];
    assert!(reconcile_endpoints(&team, &namespace).is_empty());
    namespace.1[1] = pod("10.0.0.3", true);
    let steps = reconcile_endpoints(&team, &namespace);
    let [ObjectStep::Update { object, .. }] = &steps[..] else {
        panic!("{steps:?}")
    };
    assert_eq!(
        object["subsets"][0]["addresses"].as_array().unwrap().len(),
        2
    );
    namespace.0.clear();
    let steps = reconcile_endpoints(&team, &namespace);
    assert!(
        matches!(&steps[..], [ObjectStep::Delete { name, .. }] if name == "web"),
        "{steps:?}"
    );
}

#[test]
fn a_model_without_pods_is_answered_for_by_the_workbench_while_somebody_may_ask() {
    let workbench = "172.17.0.1:8888".parse().ok();
    let owned = |kind: &str, selector: Value| {
        let mut service = service(json!({ "selector": selector }));
        service["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "serving.kserve.io/v1beta1", "kind": kind, "name": "iris", "uid": "i-1", "controller": true,
        }]);
        service
    };
    let led = |service: &Object, pods: &[Object]| {
        forwarder(service, pods, workbench).map(|forwarder| forwarder.routes.to_string())
    };
    let model = owned("InferenceService", json!({}));
    let asks = [pod("10.0.0.2", false)];
    assert_eq!(led(&model, &asks).as_deref(), Some("80 172.17.0.1:8888\n"));
    assert!(forwarder(&model, &asks, workbench).unwrap().is_of_use);
    assert_eq!(led(&model, &[]), None);
    assert_eq!(answered_for(&model).as_deref(), Some("iris"));
    // What selects pods leads to them, and what another kind owns leads nowhere.
    let with_pods = owned("InferenceService", json!({ "app": "web" }));
    assert_eq!(led(&with_pods, &asks).as_deref(), Some(""));
    assert_eq!(led(&owned("Notebook", json!({})), &asks), None);
}
