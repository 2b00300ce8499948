//! Objects as files, read back here and by kubectl.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use coracle_cluster::files::{Secrets, lay_out, read, write};
use coracle_cluster::manifests;
use coracle_cluster::report::{Facts, translate};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::objects;

/// How many sets of ten objects kubectl is given.
const KUBECTL_SETS: usize = 30;

/// Sets of objects of all kinds, in any order, some of them in namespaces.
fn sets() -> impl Strategy<Value = Vec<Value>> {
    let order = objects::objects().prop_flat_map(|objects| {
        (
            Just(objects.clone()).prop_shuffle(),
            0..=objects.len(),
            any::<bool>(),
        )
    });
    order.prop_map(|(mut objects, many, has_namespace)| {
        objects.truncate(many);
        if has_namespace {
            for object in &mut objects {
                object["metadata"]["namespace"] = "team".into();
            }
        }
        objects
    })
}

fn export(directory: &Path, objects: &[Value]) {
    let layout = lay_out(objects, &BTreeSet::new(), Secrets::Written).unwrap();
    write(directory, &layout).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]
    #[test]
    fn objects_of_every_kind_are_imported_as_they_were_exported(objects in sets()) {
        let directory = tempfile::tempdir().unwrap();
        export(directory.path(), &objects);
        prop_assert_eq!(&read(directory.path()).unwrap(), &objects);
        let exported = lay_out(&objects, &BTreeSet::new(), Secrets::Written).unwrap();
        // Also by those who read files of objects without their folder.
        let resources = exported.files.iter().filter(|(name, _)| name.ends_with(".yaml") && *name != "kustomization.yaml");
        let mut one_by_one = Vec::new();
        for (_, file) in resources {
            one_by_one.extend(manifests::read(std::str::from_utf8(file).unwrap()).unwrap());
        }
        let sorted = |objects: &[Value]| objects.iter().map(Value::to_string).collect::<BTreeSet<_>>();
        prop_assert_eq!(sorted(&one_by_one), sorted(&objects));
        // What is imported is sent as what was exported would be.
        let sent = translate(&objects, &Facts::default()).unwrap();
        prop_assert_eq!(translate(&read(directory.path()).unwrap(), &Facts::default()).unwrap(), sent);
    }
}

/// kubectl's own reader of YAML, and its kustomize, find the same objects.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "kubectl is waited for, and ends by itself"
)]
fn kubectl_renders_the_objects_that_were_exported() {
    let mut runner = TestRunner::default();
    let mut rendered_sets = 0;
    while rendered_sets < KUBECTL_SETS {
        let objects = objects::objects().new_tree(&mut runner).unwrap().current();
        if has_control_characters(&objects) {
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        export(directory.path(), &objects);
        let rendered = match Command::new("kubectl")
            .arg("kustomize")
            .arg(directory.path())
            .output()
        {
            Ok(rendered) => rendered,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!("skipped: there is no kubectl here");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        let complaint = String::from_utf8_lossy(&rendered.stderr);
        assert!(rendered.status.success(), "{complaint}");
        let found = manifests::read(std::str::from_utf8(&rendered.stdout).unwrap()).unwrap();
        let by_name = |objects: &[Value]| {
            let mut objects = objects.to_vec();
            objects
                .sort_by_key(|object| format!("{} {}", object["kind"], object["metadata"]["name"]));
            objects
        };
        assert_eq!(by_name(&found), by_name(&objects));
        rendered_sets += 1;
    }
}

/// Whether a text has control characters that are no ASCII. kustomize reads them as they are written, and then cannot write them.
fn has_control_characters(objects: &[Value]) -> bool {
    let is_one = |character: char| ('\u{7f}'..='\u{9f}').contains(&character);
    objects
        .iter()
        .any(|object| object.to_string().contains(is_one))
}
