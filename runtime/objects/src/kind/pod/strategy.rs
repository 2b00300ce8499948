//! What a pod is to the API.

use coracle_model::Timestamp;
use serde_json::{Value, json};

use super::super::place::Place;
use super::super::{column, fill, verbs, words};
use super::{admission, change, check, defaults, print, qos, warn};
use crate::field::FieldError;
use crate::object::{Object, ObjectExt};
use crate::resource::{Resource, Scope, Subresource, Verb};
use crate::status::Status;
use crate::strategy::{Cell, Column, Strategy};

pub(in super::super) static PODS: Resource = Resource {
    group: "",
    versions: &["v1"],
    kind: "Pod",
    plural: "pods",
    singular: "pod",
    short_names: &["po"],
    categories: &["all"],
    scope: Scope::Namespaced,
    verbs: verbs::ALL,
    subresources: &[
        connection("attach", "PodAttachOptions"),
        connection("exec", "PodExecOptions"),
        Subresource {
            name: "log",
            kind: "Pod",
            group_version: None,
            verbs: &[Verb::Get],
        },
        connection("portforward", "PodPortForwardOptions"),
        verbs::status("Pod"),
    ],
    built_in: true,
    strategy: &Pod,
};

const COLUMNS: &[Column] = &[
    column::NAME,
    column::text(
        "Ready",
        "How many of its containers are ready, of how many.",
    ),
    column::text("Status", "How far it is."),
    column::text("Restarts", "How often its containers were started again."),
    column::AGE,
    column::wide("IP", "Its address."),
    column::wide("Node", "Where it runs."),
    column::wide("Nominated Node", "Where it will run when room is made."),
    column::wide("Readiness Gates", "Which of the conditions asked for hold."),
];

const SELECTABLE: &[&str] = &[
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
];

const fn connection(name: &'static str, kind: &'static str) -> Subresource {
    Subresource {
        name,
        kind,
        group_version: None,
        verbs: &[Verb::Create, Verb::Get],
    }
}

struct Pod;

impl Strategy for Pod {
    fn prepare_for_status_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "spec");
        let owners = old.at(&["metadata", "ownerReferences"]).cloned();
        let metadata = new.metadata_mut();
        metadata.remove("ownerReferences");
        metadata.extend(owners.map(|owners| ("ownerReferences".to_owned(), owners)));
        let class = old.text_at(&["status", "qosClass"]);
        if let Some(status) = fill::map_in(new, "status").filter(|_| !class.is_empty()) {
            fill::text(status, "qosClass", class);
        }
    }

    fn validate_status_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let (status, before) = (Place::of(new, "status"), Place::of(old, "status"));
        let class = status.field("qosClass");
        if class.text() != before.field("qosClass").text() {
            faults.push(class.invalid("field is immutable"));
        }
        let nominated = status.field("nominatedNodeName");
        if !nominated.is_empty() {
            nominated.check(words::check_subdomain, &mut faults);
        }
        faults
    }

    fn grace_period(&self, object: &Object, asked: Option<i64>) -> i64 {
        let unplaced = object.text_at(&["spec", "nodeName"]).is_empty();
        let ended = matches!(object.text_at(&["status", "phase"]), "Succeeded" | "Failed");
        if unplaced || ended {
            return 0;
        }
        let own = object.at(&["spec", "terminationGracePeriodSeconds"]);
        asked.or(own.and_then(Value::as_i64)).unwrap_or(30).max(0)
    }

    fn deletes_gracefully(&self) -> bool {
        true
    }

    fn answers_deleted(&self) -> bool {
        true
    }

    fn set_defaults(&self, object: &mut Object) {
        defaults::set_pod_defaults(object);
    }

    fn admit(&self, object: &mut Object) -> Result<(), Status> {
        admission::admit(object)
    }

    fn prepare_for_create(&self, object: &mut Object) {
        let mut status = json!({"phase": "Pending", "qosClass": qos::class(object)});
        if !object.list_at(&["spec", "schedulingGates"]).is_empty() {
            let made = object.meta("creationTimestamp");
            status["conditions"] = json!([{
                "type": "PodScheduled",
                "status": "False",
                "reason": "SchedulingGated",
                "message": "Scheduling is blocked due to non-empty scheduling gates",
                "lastProbeTime": null,
                "lastTransitionTime": made,
            }]);
        }
        object.insert("status".to_owned(), status);
    }

    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let mut faults = Vec::new();
        check::check_spec(&Place::of(object, "spec"), &mut faults);
        faults
    }

    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        fill::keep(new, old, "status");
        admission::admit_change(new, old);
    }

    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let mut faults = self.validate(new);
        change::check_change(new, old, &mut faults);
        faults
    }

    fn selectable_fields(&self, object: &Object) -> Vec<(&'static str, String)> {
        let value = |name: &str| match name {
            "spec.hostNetwork" => {
                let shared = object.at(&["spec", "hostNetwork"]).and_then(Value::as_bool);
                shared.unwrap_or(false).to_string()
            }
            "status.podIP" | "status.podIPs" => {
                let addresses = object.list_at(&["status", "podIPs"]);
                let first = addresses
                    .first()
                    .and_then(|first| first.get("ip")?.as_str());
                first
                    .unwrap_or_else(|| object.text_at(&["status", "podIP"]))
                    .to_owned()
            }
            name => {
                let path: Vec<_> = name.split('.').collect();
                object.text_at(&path).to_owned()
            }
        };
        SELECTABLE.iter().map(|name| (*name, value(name))).collect()
    }

    fn selectable_field_names(&self) -> &'static [&'static str] {
        SELECTABLE
    }

    fn warnings(&self, object: &Object) -> Vec<String> {
        let name = warn::name_warning(object, "the Pod's hostname");
        let about_spec = warn::warnings(&Place::of(object, "spec"));
        name.into_iter().chain(about_spec).collect()
    }

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell> {
        print::cells(object, now)
    }
}
