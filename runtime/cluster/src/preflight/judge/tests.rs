#![expect(
    clippy::needless_pass_by_value,
    reason = "objects are written where they are used"
)]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::facts::{Access, NamespaceFacts, Served};
use super::super::sent::{self, tests::object};
use super::*;

/// A cluster with a namespace `team`, the core kinds and whatever a test adds.
fn facts() -> Facts {
    let served = |group: &str, version: &str, kind: &str, plural: &str| Served {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        is_namespaced: true,
    };
    let node = json!({"metadata": {"name": "n", "labels": {"zone": "a"}}, "status": {"allocatable": {
        "cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}}});
    let class = json!({"metadata": {"name": "standard", "annotations": {
        "storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "rancher.io/local-path"});
    Facts {
        served: Ok(vec![
            served("", "v1", "ConfigMap", "configmaps"),
            served("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
            served("", "v1", "Pod", "pods"),
            served("batch", "v1", "Job", "jobs"),
            served("kubeflow.org", "v1beta1", "Notebook", "notebooks"),
        ]),
        pipelines_service: Ok(None),
        namespaces: BTreeMap::from([(
            "team".to_owned(),
            namespace(json!({"metadata": {"name": "team"}})),
        )]),
        access: Vec::new(),
        nodes: Ok(vec![node]),
        storage_classes: Ok(vec![class]),
        there: Vec::new(),
        references: BTreeMap::new(),
    }
}

fn namespace(object: Value) -> NamespaceFacts {
    NamespaceFacts {
        object: Ok(Some(object)),
        quotas: Ok(Vec::new()),
        limit_ranges: Ok(Vec::new()),
    }
}

fn team(facts: &mut Facts) -> &mut NamespaceFacts {
    facts.namespaces.get_mut("team").unwrap()
}

/// What is found of these objects, without notes: `severity code subject`.
fn judged(facts: &Facts, objects: Vec<Value>) -> Vec<String> {
    let found = all(facts, objects).into_iter();
    let found = found.filter(|finding| finding.severity != crate::finding::Severity::Note);
    found
        .map(|finding| {
            format!(
                "{:?} {} {}",
                finding.severity, finding.code, finding.subject
            )
        })
        .collect()
}

fn all(facts: &Facts, objects: Vec<Value>) -> Vec<Finding> {
    let objects: Vec<SentObject> = objects.into_iter().map(object).collect();
    let pods = sent::pods(&objects);
    let local_images = BTreeSet::from(["mine:1".to_owned()]);
    findings(&Case {
        context: "dev",
        objects: &objects,
        pods: &pods,
        local_images: &local_images,
        facts,
    })
}

fn pod(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
}

/// A pod of one container with these resources.
fn asking(resources: Value) -> Value {
    pod(json!({"containers": [{"name": "c", "image": "python:3.11", "resources": resources}]}))
}

fn claim(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "d"}, "spec": spec})
}

fn forbidden<T>() -> Known<T> {
    Err(ClusterError::Forbidden {
        message: "no".to_owned(),
    })
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_pod_that_fits_has_nothing_in_its_way() {
    assert_eq!(
        judged(
            &facts(),
            vec![asking(json!({"limits": {"cpu": "1", "nvidia.com/gpu": 1}}))]
        ),
        NOTHING
    );
}

#[test]
fn kinds_have_to_be_there_in_their_version() {
    let of = |api_version: &str, kind: &str| {
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}});
        all(&facts(), vec![object]).remove(0)
    };
    let missing = of("serving.kserve.io/v1beta1", "InferenceService");
    assert_eq!(missing.code, "kind-missing");
    assert!(missing.fix.unwrap().contains("KServe"));
    let other = of("kubeflow.org/v1", "Notebook");
    assert_eq!(other.code, "version-missing");
    assert!(
        other
            .message
            .ends_with("not as kubeflow.org/v1 but as kubeflow.org/v1beta1"),
        "{}",
        other.message
    );
    let mut silent = facts();
    silent.served = forbidden();
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
    assert_eq!(judged(&silent, vec![config]), ["Warning unknown "]);
}

#[test]
fn namespaces_have_to_be_there_and_stay() {
    let mut facts = facts();
    team(&mut facts).object = Ok(None);
    assert_eq!(
        judged(&facts, Vec::new()),
        ["Error namespace-missing Namespace/team"]
    );
    let sent = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}});
    let found = judged(&facts, vec![sent]);
    assert!(
        !found
            .iter()
            .any(|found| found.contains("namespace-missing")),
        "{found:?}"
    );
    team(&mut facts).object = Ok(Some(json!({"status": {"phase": "Terminating"}})));
    assert_eq!(
        judged(&facts, Vec::new()),
        ["Error namespace-terminating Namespace/team"]
    );
    team(&mut facts).object = forbidden();
    assert_eq!(
        judged(&facts, Vec::new()),
        ["Warning unknown Namespace/team"]
    );
}

#[test]
fn what_the_user_may_not_is_told_by_resource() {
    let mut facts = facts();
    let access = |verb, plural: &str| Access {
        verb,
        group: "batch".to_owned(),
        plural: plural.to_owned(),
        namespace: "team".to_owned(),
    };
    facts.access = vec![
        (access("create", "jobs"), Ok(false)),
        (access("patch", "jobs"), Ok(false)),
        (access("get", "jobs"), Ok(true)),
        (access("delete", "cronjobs"), Ok(false)),
    ];
    let found = all(&facts, Vec::new());
    assert_eq!(
        found[0].message,
        "the user may not create, patch jobs.batch in the namespace team"
    );
    let expected = [
        "Error not-allowed jobs.batch",
        "Warning not-allowed cronjobs.batch",
    ];
    assert_eq!(judged(&facts, Vec::new()), expected);
}

#[test]
fn quotas_count_pods_claims_and_objects() {
    let quota = |hard: Value, used: Value| json!({"metadata": {"name": "q"}, "spec": {"hard": hard}, "status": {"used": used}});
    let with = |hard: Value, used: Value, objects: Vec<Value>| {
        let mut facts = facts();
        team(&mut facts).quotas = Ok(vec![quota(hard, used)]);
        judged(&facts, objects)
    };
    let exceeded = ["Error quota-exceeded ResourceQuota/q"];
    let memory = |amount: &str| vec![asking(json!({"requests": {"memory": amount}}))];
    let (hard, used) = (
        json!({"requests.memory": "4Gi"}),
        json!({"requests.memory": "3Gi"}),
    );
    assert_eq!(with(hard.clone(), used.clone(), memory("1Gi")), NOTHING);
    assert_eq!(with(hard.clone(), used.clone(), memory("1025Mi")), exceeded);
    // An init container that asks for more than all others counts, and not beside them.
    let initial = pod(json!({
        "initContainers": [{"name": "i", "image": "python:3.11", "resources": {"requests": {"memory": "2Gi"}}}],
        "containers": [{"name": "c", "image": "python:3.11", "resources": {"requests": {"memory": "1Gi"}}}],
    }));
    assert_eq!(with(hard, used, vec![initial]), exceeded);
    let gpu = vec![asking(json!({"limits": {"nvidia.com/gpu": 1}}))];
    assert_eq!(
        with(json!({"requests.nvidia.com/gpu": 0}), json!({}), gpu),
        exceeded
    );
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {
        "parallelism": 3, "template": {"spec": {"containers": [{"name": "c", "image": "python:3.11"}]}}}});
    assert_eq!(
        with(json!({"pods": 2}), json!({}), vec![job.clone()]),
        exceeded
    );
    assert_eq!(
        with(
            json!({"count/jobs.batch": 1}),
            json!({"count/jobs.batch": 1}),
            vec![job]
        ),
        exceeded
    );
    let storage = claim(json!({"resources": {"requests": {"storage": "2Gi"}}}));
    assert_eq!(
        with(
            json!({"requests.storage": "1Gi"}),
            json!({}),
            vec![storage.clone()]
        ),
        exceeded
    );
    assert_eq!(
        with(
            json!({"persistentvolumeclaims": 0}),
            json!({}),
            vec![storage]
        ),
        exceeded
    );
    let unsaid = with(
        json!({"limits.cpu": 9}),
        json!({}),
        vec![asking(json!({"requests": {"cpu": 1}}))],
    );
    assert_eq!(unsaid, ["Error quota-unsaid Pod/p"]);
}

#[test]
fn what_is_there_already_asks_for_nothing_more() {
    let mut facts = facts();
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {"persistentvolumeclaims": 1}},
        "status": {"used": {"persistentvolumeclaims": 1}}});
    team(&mut facts).quotas = Ok(vec![quota]);
    facts.there = vec![Some(Ok(true))];
    assert_eq!(judged(&facts, vec![claim(json!({}))]), NOTHING);
    facts.there = vec![Some(Ok(false))];
    assert_eq!(
        judged(&facts, vec![claim(json!({}))]),
        ["Error quota-exceeded ResourceQuota/q"]
    );
}

#[test]
fn limit_ranges_fill_in_and_bound() {
    let with = |limits: Value, objects: Vec<Value>| {
        let mut facts = facts();
        team(&mut facts).limit_ranges = Ok(vec![json!({"spec": {"limits": [limits]}})]);
        judged(&facts, objects)
    };
    let max = json!({"type": "Container", "max": {"cpu": "2"}});
    let wrong = ["Error limit-range Pod/p"];
    assert_eq!(
        with(max.clone(), vec![asking(json!({"limits": {"cpu": "2"}}))]),
        NOTHING
    );
    assert_eq!(
        with(
            max.clone(),
            vec![asking(json!({"limits": {"cpu": "2001m"}}))]
        ),
        wrong
    );
    assert_eq!(with(max, vec![asking(json!({}))]), wrong);
    let filled = json!({"type": "Container", "max": {"cpu": "2"}, "default": {"cpu": "1"}});
    assert_eq!(with(filled, vec![asking(json!({}))]), NOTHING);
    let least = json!({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}});
    let small = claim(json!({"resources": {"requests": {"storage": "1Mi"}}}));
    assert_eq!(
        with(least, vec![small]),
        ["Error limit-range PersistentVolumeClaim/d"]
    );
}

#[test]
fn claims_need_a_class_that_gives_their_modes() {
    let of = |spec: Value| judged(&facts(), vec![claim(spec)]);
    assert_eq!(of(json!({"accessModes": ["ReadWriteOnce"]})), NOTHING);
    let subject = "PersistentVolumeClaim/d";
    assert_eq!(
        of(json!({"accessModes": ["ReadWriteMany"]})),
        [format!("Error access-mode {subject}")]
    );
    assert_eq!(
        of(json!({"storageClassName": "fast"})),
        [format!("Error storage-class-missing {subject}")]
    );
    let mut none = facts();
    none.storage_classes = Ok(Vec::new());
    assert_eq!(
        judged(&none, vec![claim(json!({}))]),
        [format!("Error storage-class-missing {subject}")]
    );
    none.storage_classes = forbidden();
    assert_eq!(judged(&none, vec![claim(json!({}))]), ["Warning unknown "]);
}

#[test]
fn nodes_have_to_be_large_enough_and_to_have_the_devices() {
    let asks = |limits: Value| judged(&facts(), vec![asking(json!({"limits": limits}))]);
    assert_eq!(
        asks(json!({"nvidia.com/gpu": 2})),
        ["Error node-too-small Pod/p"]
    );
    assert_eq!(
        asks(json!({"amd.com/gpu": 1})),
        ["Error device-missing Pod/p"]
    );
    assert_eq!(
        asks(json!({"memory": "17Gi"})),
        ["Error node-too-small Pod/p"]
    );
    let selecting = pod(json!({"nodeSelector": {"zone": "b"}, "containers": []}));
    assert_eq!(
        judged(&facts(), vec![selecting]),
        ["Error node-not-selected Pod/p"]
    );
    let mut tainted = facts();
    let taint = json!([{"key": "gpu", "effect": "NoSchedule"}]);
    tainted.nodes.as_mut().unwrap()[0]["spec"] = json!({"taints": taint});
    assert_eq!(
        judged(&tainted, vec![asking(json!({}))]),
        ["Warning taint Pod/p"]
    );
    let borne =
        pod(json!({"tolerations": [{"key": "gpu", "operator": "Exists"}], "containers": []}));
    assert_eq!(judged(&tainted, vec![borne]), NOTHING);
    let mut silent = facts();
    silent.nodes = forbidden();
    assert_eq!(
        judged(&silent, vec![asking(json!({}))]),
        ["Warning unknown "]
    );
}

#[test]
fn images_are_judged_without_a_pull() {
    let of = |image: &str| {
        judged(
            &facts(),
            vec![pod(json!({"containers": [{"name": "c", "image": image}]}))],
        )
    };
    assert_eq!(of("python:3.11"), NOTHING);
    assert_eq!(of("python@sha256:00"), NOTHING);
    assert_eq!(of("python"), ["Warning image-not-pinned Pod/p"]);
    assert_eq!(of("mine:1"), ["Error image-local Pod/p"]);
    assert_eq!(of("localhost:5000/mine:2"), ["Error registry-local Pod/p"]);
    assert_eq!(
        of("registry.example.com/team/mine:2"),
        ["Warning image-credentials Pod/p"]
    );
}

#[test]
fn the_order_does_not_depend_on_that_of_the_answers() {
    let objects = vec![
        asking(json!({"limits": {"amd.com/gpu": 1}})),
        claim(json!({"storageClassName": "fast"})),
    ];
    let turned = objects.iter().rev().cloned().collect();
    assert_eq!(all(&facts(), objects), all(&facts(), turned));
}

#[test]
fn pods_are_judged_by_the_level_of_their_namespace() {
    let with = |mode: &str, level: &str| {
        let mut facts = facts();
        let label = format!("pod-security.kubernetes.io/{mode}");
        team(&mut facts).object = Ok(Some(json!({"metadata": {"labels": {label: level}}})));
        judged(&facts, vec![asking(json!({}))])
    };
    assert_eq!(with("enforce", "privileged"), NOTHING);
    assert_eq!(with("enforce", "baseline"), NOTHING);
    assert_eq!(with("enforce", "restricted"), ["Error pod-security Pod/p"]);
    assert_eq!(
        with("warn", "restricted"),
        ["Warning pod-security-warned Pod/p"]
    );
}
