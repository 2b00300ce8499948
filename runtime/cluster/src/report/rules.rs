//! What is known of fields: who writes them, who heeds them, which cannot leave this machine.

use serde_json::Value;

use super::pods::{within_pod, within_template_metadata};
use super::translate::Facts;

/// What a rule says of a field and of all below it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    /// It is not sent.
    Drop(&'static str),
    /// Something else is sent.
    Replace(Value, String),
    /// It is sent, and heeded only there.
    ClusterOnly(&'static str),
    /// It is sent as it is only if somebody insists.
    NotPortable(String),
    /// It is sent as it is, which is worth a word.
    Same(&'static str),
}

/// Kinds that are in no namespace.
const CLUSTER_SCOPED: [&str; 14] = [
    "Namespace",
    "Node",
    "PersistentVolume",
    "StorageClass",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "PriorityClass",
    "RuntimeClass",
    "ClusterServingRuntime",
    "ClusterTrainingRuntime",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ClusterStorageContainer",
];

/// Whether objects of a kind are in namespaces, as far as it is known without asking a cluster.
pub(super) fn is_namespaced(kind: &str) -> bool {
    !CLUSTER_SCOPED.contains(&kind)
}

/// The rule for a place, if there is one. Places have `*` for the items of lists.
pub(super) fn rule(object: &Value, pattern: &[&str], value: &Value, facts: &Facts) -> Option<Rule> {
    let kind = object["kind"].as_str().unwrap_or_default();
    of_metadata(kind, pattern, value)
        .or_else(|| {
            within_template_metadata(kind, pattern)
                .and_then(|rest| of_template_metadata(kind, rest))
        })
        .or_else(|| of_kind(kind, object, pattern, value))
        .or_else(|| of_namespace(object, pattern, value, facts))
        .or_else(|| within_pod(kind, pattern).and_then(|rest| of_pod(rest, value)))
        .or_else(|| of_image(kind, pattern, value, facts))
        .or_else(|| of_address(pattern, value))
}

const SERVERS: &str = "the server there writes its own";

fn of_metadata(kind: &str, pattern: &[&str], value: &Value) -> Option<Rule> {
    match pattern {
        ["status"] => Some(Rule::Drop(
            "what was observed here; the cluster observes its own",
        )),
        [
            "metadata",
            "uid"
            | "resourceVersion"
            | "generation"
            | "creationTimestamp"
            | "managedFields"
            | "selfLink"
            | "deletionTimestamp"
            | "deletionGracePeriodSeconds",
        ] => Some(Rule::Drop(SERVERS)),
        ["metadata", "generateName"] => Some(Rule::Drop(
            "the name that was made of it is sent, so that it can be found again",
        )),
        ["metadata", "ownerReferences"] => Some(Rule::Drop(
            "the owner is here; there it has another uid, or is none",
        )),
        ["metadata", "finalizers", "*"] => {
            let name = value.as_str().unwrap_or_default();
            let servers = name.starts_with("kubernetes.io/")
                || ["foregroundDeletion", "orphan"].contains(&name);
            servers.then_some(Rule::Drop(SERVERS))
        }
        ["spec", "finalizers"] if kind == "Namespace" => Some(Rule::Drop(SERVERS)),
        ["metadata", "labels" | "annotations", name] => of_mark(name),
        _ => None,
    }
}

/// Labels and annotations that whoever runs the object writes.
fn of_mark(name: &str) -> Option<Rule> {
    let servers = [
        "kubernetes.io/metadata.name",
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
        "batch.kubernetes.io/job-tracking",
    ];
    if name.starts_with("coracle.dev/") {
        return Some(Rule::Drop("only Coracle reads it"));
    }
    if name == "kubectl.kubernetes.io/last-applied-configuration" {
        return Some(Rule::Drop(
            "kubectl's copy of the object; the fields that are sent are owned by name",
        ));
    }
    let provisioners = [
        "pv.kubernetes.io/",
        "volume.kubernetes.io/",
        "volume.beta.kubernetes.io/",
    ];
    let written =
        servers.contains(&name) || provisioners.iter().any(|prefix| name.starts_with(prefix));
    written.then_some(Rule::Drop(SERVERS))
}

fn of_template_metadata(kind: &str, pattern: &[&str]) -> Option<Rule> {
    match pattern {
        ["creationTimestamp"] => Some(Rule::Drop(SERVERS)),
        [
            "labels",
            "controller-uid"
            | "batch.kubernetes.io/controller-uid"
            | "job-name"
            | "batch.kubernetes.io/job-name",
        ] if kind == "Job" => Some(Rule::Drop(
            "the server there labels the job's pods by the job's uid there",
        )),
        ["labels" | "annotations", name] if name.starts_with("coracle.dev/") => of_mark(name),
        _ => None,
    }
}

fn of_namespace(object: &Value, pattern: &[&str], value: &Value, facts: &Facts) -> Option<Rule> {
    let namespace = facts.namespace.as_deref()?;
    let from = object["metadata"]["namespace"].as_str();
    let replaced = |reason: &str| Some(Rule::Replace(namespace.into(), reason.to_owned()));
    match pattern {
        ["metadata", "namespace"] if from != Some(namespace) => {
            replaced("everything is sent to this namespace")
        }
        ["subjects", "*", "namespace"] if value.as_str() == from && from != Some(namespace) => {
            replaced("its account is sent to this namespace as well")
        }
        _ => {
            let (from, text) = (from.filter(|from| *from != namespace)?, value.as_str()?);
            text.contains(&format!(".{from}.svc")).then(|| {
                Rule::NotPortable(format!(
                    "names a Service in namespace `{from}`, and what is sent goes to `{namespace}`: write the Service's name alone"
                ))
            })
        }
    }
}

fn of_kind(kind: &str, object: &Value, pattern: &[&str], value: &Value) -> Option<Rule> {
    match (kind, pattern) {
        ("Job", ["spec", "selector"]) if object["spec"]["manualSelector"] != true => Some(
            Rule::Drop("the server there selects the job's pods by the job's uid there"),
        ),
        ("Pod", ["spec", "nodeName"]) => Some(Rule::Drop(
            "the node here; the cluster chooses one of its own",
        )),
        ("Pod", ["spec", "volumes" | "containers" | "initContainers", "*", ..]) => None,
        ("Service", ["spec", "clusterIP"]) if value != "None" => Some(Rule::Drop(
            "an address of this machine's networks; the cluster gives one of its own",
        )),
        ("Service", ["spec", "clusterIPs"]) if object["spec"]["clusterIP"] != "None" => Some(
            Rule::Drop("addresses of this machine's networks; the cluster gives its own"),
        ),
        ("Service", ["spec", "type"]) if value != "ClusterIP" => Some(Rule::ClusterOnly(SERVICES)),
        ("Service", ["spec", "ports", "*", "nodePort"])
        | (
            "Service",
            [
                "spec",
                "externalIPs"
                | "sessionAffinity"
                | "sessionAffinityConfig"
                | "externalTrafficPolicy"
                | "internalTrafficPolicy"
                | "loadBalancerIP"
                | "loadBalancerClass"
                | "loadBalancerSourceRanges"
                | "allocateLoadBalancerNodePorts"
                | "ipFamilies"
                | "ipFamilyPolicy"
                | "externalName"
                | "healthCheckNodePort"
                | "trafficDistribution",
                ..,
            ],
        ) => Some(Rule::ClusterOnly(SERVICES)),
        ("PersistentVolumeClaim", ["spec", "volumeName"]) => Some(Rule::Drop(
            "the volume here; the cluster provides one of its own, which is empty",
        )),
        (
            "PersistentVolumeClaim",
            [
                "spec",
                "storageClassName" | "volumeMode" | "accessModes" | "resources",
                ..,
            ],
        ) => Some(Rule::ClusterOnly(
            "a claim is a directory here; the cluster's provisioner holds to it",
        )),
        (
            "InferenceService",
            [
                "spec",
                _,
                "minReplicas" | "maxReplicas" | "scaleTarget" | "scaleMetric" | "autoScaling",
                ..,
            ],
        ) => Some(Rule::ClusterOnly(
            "replicas are counted on one machine here; the cluster scales them",
        )),
        (_, ["spec", "local" | "hostPath", ..]) if kind == "PersistentVolume" => {
            Some(Rule::NotPortable(
                "a folder of this machine; put its files into a claim or a bucket".to_owned(),
            ))
        }
        _ => None,
    }
}

const SERVICES: &str = "kept and not heeded here: a Service leads to its pods inside its namespace";

fn of_pod(pattern: &[&str], value: &Value) -> Option<Rule> {
    match pattern {
        ["nodeSelector" | "affinity" | "tolerations" | "priority" | "priorityClassName" | "preemptionPolicy"
            | "topologySpreadConstraints" | "schedulerName" | "schedulingGates" | "runtimeClassName" | "overhead", ..] => {
            Some(Rule::ClusterOnly("there is one node here; the cluster's scheduler heeds it"))
        }
        ["serviceAccountName" | "serviceAccount" | "automountServiceAccountToken"] => {
            Some(Rule::ClusterOnly("everything is allowed here; the cluster gives the pod this account's rights and token"))
        }
        ["shareProcessNamespace" | "hostPID" | "hostIPC" | "hostUsers" | "setHostnameAsFQDN" | "os" | "resourceClaims"
            | "dnsConfig", ..] => Some(Rule::ClusterOnly(NOT_HEEDED)),
        ["dnsPolicy"] if value != "ClusterFirst" => Some(Rule::ClusterOnly(NOT_HEEDED)),
        ["securityContext", "sysctls" | "fsGroupChangePolicy" | "supplementalGroupsPolicy" | "seLinuxChangePolicy", ..] => {
            Some(Rule::ClusterOnly(NOT_HEEDED))
        }
        ["securityContext", field, ..] if CONFINES.contains(field) => Some(Rule::ClusterOnly(CONFINEMENT)),
        ["volumes", "*", "emptyDir", "medium"] if value == "Memory" => {
            Some(Rule::Same("in memory; here on the disk where several containers mount it, or parts of it"))
        }
        ["containers" | "initContainers", "*", rest @ ..] => of_container(rest),
        ["hostNetwork"] if value == true => Some(Rule::ClusterOnly("the network of this machine here, the node's there")),
        ["volumes", "*", "hostPath", ..] => Some(Rule::NotPortable(
            "a folder of this machine, which nodes do not have; put its files into a claim or a bucket".to_owned(),
        )),
        _ => None,
    }
}

const NOT_HEEDED: &str = "kept and not heeded here";

/// What of a security context says how the node's kernel confines programs, beside users, rights and the root's files.
const CONFINES: [&str; 5] = [
    "seccompProfile",
    "seLinuxOptions",
    "appArmorProfile",
    "windowsOptions",
    "procMount",
];

const CONFINEMENT: &str =
    "containers are confined by the engine's own profiles here; the cluster's nodes heed it";

fn of_container(pattern: &[&str]) -> Option<Rule> {
    match pattern {
        ["securityContext", field, ..] if CONFINES.contains(field) => {
            Some(Rule::ClusterOnly(CONFINEMENT))
        }
        ["volumeDevices" | "resizePolicy" | "restartPolicyRules", ..]
        | ["lifecycle", "stopSignal"]
        | ["ports", "*", "hostIP"]
        | [
            "volumeMounts",
            "*",
            "mountPropagation" | "recursiveReadOnly",
        ]
        | ["resources", "claims", ..] => Some(Rule::ClusterOnly(NOT_HEEDED)),
        ["resources", "limits" | "requests", name] if name.contains('/') => Some(Rule::Same(
            "GPUs and other devices by their names on the node",
        )),
        ["resources", "limits" | "requests", name] if !["cpu", "memory"].contains(name) => {
            Some(Rule::ClusterOnly(NOT_HEEDED))
        }
        _ => None,
    }
}

/// Whether an object of a kind names an image at a place.
pub(super) fn names_image(kind: &str, pattern: &[&str]) -> bool {
    let is_image = pattern.last() == Some(&"image") && pattern.first() != Some(&"metadata");
    is_image && !["ConfigMap", "Secret"].contains(&kind)
}

/// Wherever an object names an image.
fn of_image(kind: &str, pattern: &[&str], value: &Value, facts: &Facts) -> Option<Rule> {
    if !names_image(kind, pattern) {
        return None;
    }
    let image = value.as_str()?;
    if let Some(moved) = facts.moved_images.get(image) {
        return Some(Rule::Replace(
            moved.as_str().into(),
            "the image is only on this machine, and is pushed there".to_owned(),
        ));
    }
    let local = ["localhost/", "localhost:", "127.0.0.1:", "coracle/"];
    let is_local =
        facts.local_images.contains(image) || local.iter().any(|prefix| image.starts_with(prefix));
    is_local.then(|| {
        Rule::NotPortable(
            "the image is only on this machine; push it to a registry that the nodes reach"
                .to_owned(),
        )
    })
}

/// Values that lead to this machine.
fn of_address(pattern: &[&str], value: &Value) -> Option<Rule> {
    let text = value.as_str()?;
    let in_spec = pattern.first() == Some(&"spec");
    if in_spec && text.starts_with("file://") {
        return Some(Rule::NotPortable(
            "a file of this machine; put it into a claim or a bucket, and name that".to_owned(),
        ));
    }
    let is_value = matches!(pattern, [.., "value" | "storageUri" | "uri" | "url"]);
    let here = ["://localhost", "://127.0.0.1", "://host.docker.internal"];
    (in_spec && is_value && here.iter().any(|host| text.contains(host))).then(|| {
        Rule::NotPortable(
            "an address of this machine; give one that the cluster's pods reach".to_owned(),
        )
    })
}
