//! What Docker was told of a container and what a cluster is sent of it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use coracle_cluster::report::{Facts, translate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde_json::{Value, json};

use crate::kubelet::{Surroundings, by_docker, by_manifest, roots, text, texts};
use crate::objects::{self, CLAIM, CONFIG_MAP, SECRET};
use crate::workbench::Workbench;
use crate::{docker, heeded::pod_of};

/// How many sets are made up. Each has a workbench of its own.
const SETS: u32 = 12;

#[test]
fn docker_is_told_what_the_cluster_is_sent() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        max_shrink_iters: 12,
        failure_persistence: None,
        ..Config::with_cases(SETS)
    });
    let run = runner.run(&objects::objects(), |objects| {
        runtime
            .block_on(agree(&objects))
            .map_err(TestCaseError::fail)
    });
    match run {
        Ok(()) => {}
        Err(TestError::Fail(faults, _)) => panic!("{faults}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

async fn agree(objects: &[Value]) -> Result<(), String> {
    let mut workbench = Workbench::new().await;
    for object in objects {
        workbench.create(object);
    }
    let named = |kind: &str, name: &str| {
        let mut found = objects.iter();
        found
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == name)
            .unwrap()
    };
    let settings = texts(&named("ConfigMap", CONFIG_MAP)["data"]);
    let keys = texts(&named("Secret", SECRET)["data"])
        .into_iter()
        .map(|(name, value)| {
            let bytes = base64::prelude::BASE64_STANDARD.decode(value).unwrap();
            (name, String::from_utf8(bytes).unwrap())
        });
    let keys = keys.collect();
    assert!(
        objects
            .iter()
            .any(|object| object["kind"] == "PersistentVolumeClaim"
                && object["metadata"]["name"] == CLAIM)
    );
    let mut faults = Vec::new();
    for object in objects.iter().filter(|object| pod_of(object).is_some()) {
        let containers = names(pod_of(object).unwrap());
        let started = workbench.started(object, &containers).await;
        let folder = tempfile::tempdir().unwrap();
        let told = docker::told(
            folder.path(),
            &started.values().cloned().collect::<Vec<_>>(),
        )
        .await;
        // By its file, and by its name in the workbench.
        for source in [object.clone(), workbench.kept(object)] {
            let sent = translate(std::slice::from_ref(&source), &Facts::default())
                .unwrap()
                .objects
                .remove(0);
            let pod = with_what_controllers_add(&sent);
            let around = Surroundings {
                settings: &settings,
                keys: &keys,
                metadata: metadata_of(&sent),
            };
            assert_eq!(names(&pod), containers, "{sent:#}");
            let mut of_volumes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for container in all(&pod) {
                let workload = &started[text(&container["name"])];
                let is_written = |name: &str| {
                    let written = container["env"].as_array().into_iter().flatten();
                    written.into_iter().any(|variable| variable["name"] == name)
                };
                let body = &told[&workload.name.0];
                let said = by_docker(body, workload, |name| {
                    !is_written(name) && is_anybodys(name)
                });
                let wanted = by_manifest(&pod, container, &around);
                for (field, value) in wanted.as_object().unwrap() {
                    if &said[field] != value {
                        let kind = &sent["kind"];
                        let name = &container["name"];
                        faults.push(format!("{field} of {name} of {kind}: Docker is told {}, the manifest says {value}\n{container:#}", said[field]));
                    }
                }
                for (volume, root) in roots(container, workload) {
                    let volume = if volume == "fixed" {
                        "data".to_owned()
                    } else {
                        volume
                    };
                    of_volumes.entry(volume).or_default().insert(root);
                }
            }
            // All who mount a volume see the same files, and nobody those of another.
            let distinct: BTreeSet<_> = of_volumes.values().flatten().collect();
            if of_volumes.values().any(|roots| roots.len() != 1)
                || distinct.len() != of_volumes.len()
            {
                faults.push(format!("volumes are mixed up: {of_volumes:?}"));
            }
        }
    }
    workbench.end().await;
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

/// Variables by which every pod finds Services and the workbench.
fn is_anybodys(name: &str) -> bool {
    [
        "KUBERNETES_",
        "SERVICE_",
        "NOTEBOOK_",
        "KF_PIPELINES_",
        "CORACLE_API_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

fn names(pod: &Value) -> Vec<String> {
    all(pod)
        .map(|container| text(&container["name"]).to_owned())
        .collect()
}

fn all(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["initContainers", "containers"].into_iter();
    lists.filter_map(|list| pod[list].as_array()).flatten()
}

fn metadata_of(object: &Value) -> &Value {
    object
        .pointer("/spec/template/metadata")
        .unwrap_or(&object["metadata"])
}

/// The pod with what the controllers of Kubeflow add to it on any cluster.
fn with_what_controllers_add(object: &Value) -> Value {
    let mut pod = pod_of(object).unwrap().clone();
    if object["kind"] == "Notebook" {
        let name = text(&object["metadata"]["name"]);
        let server = &mut pod["containers"][0];
        if server.get("workingDir").is_none() {
            server["workingDir"] = "/home/jovyan".into();
        }
        if !server["env"].is_array() {
            server["env"] = json!([]);
        }
        let prefix = json!({"name": "NB_PREFIX", "value": format!("/notebook/{}/{name}", crate::workbench::NAMESPACE)});
        server["env"].as_array_mut().unwrap().push(prefix);
        if pod.get("securityContext").is_none() {
            pod["securityContext"] = json!({"fsGroup": 100});
        }
    }
    pod
}
