//! What containers mount.

use std::path::Path;

use coracle_model::Memory;
use coracle_plan::pod::{
    ClaimState, Entries, PodMountSource, PodObservation, VolumeFile, VolumeKind,
};
use serde_json::{Value, json};

use crate::world::World;

fn with_volume(source: Value, mount: Value) -> World {
    let mut volume = source;
    volume["name"] = "v".into();
    let mut mount = mount;
    mount["name"] = "v".into();
    if mount.get("mountPath").is_none() {
        mount["mountPath"] = "/v".into();
    }
    let mut world = World::new(&json!({
        "containers": [{ "name": "main", "image": "a", "volumeMounts": [mount], "env": [{ "name": "WHO", "value": "me" }] }],
        "volumes": [volume],
        "serviceAccountName": "default",
    }));
    let data = [("one", "1"), ("two", "2")];
    let data = data.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()));
    let entries = Entries {
        data: data.into(),
        binary: [("raw".to_owned(), vec![0, 1])].into(),
    };
    world
        .objects
        .config_maps
        .insert("cm".to_owned(), entries.clone());
    world.objects.secrets.insert("key".to_owned(), entries);
    world
        .objects
        .claims
        .insert("data".to_owned(), ClaimState::Bound);
    world
        .objects
        .tokens
        .insert(String::new(), "ey.token".to_owned());
    world
}

fn files(source: Value) -> Vec<(String, String, u32)> {
    let mut world = with_volume(source, json!({}));
    world.run();
    let Some(VolumeKind::Files { files, directory }) = world.volumes.first().map(|work| &work.what)
    else {
        panic!("{:?}; {:?}", world.volumes, world.told("FailedMount"))
    };
    assert_eq!(directory, Path::new("/home/pods/uid-1/volumes/v"));
    let shown = |file: &VolumeFile| {
        let content = String::from_utf8_lossy(&file.content).into_owned();
        (file.path.clone(), content, file.mode)
    };
    files.iter().map(shown).collect()
}

fn refused(source: Value, mount: Value) -> String {
    let mut world = with_volume(source, mount);
    world.run();
    let reason = world.container("main")["state"]["waiting"]["reason"].clone();
    assert_eq!(reason, "ContainerCreating");
    world.told("FailedMount").join("; ")
}

#[test]
fn a_config_map_is_its_keys_or_those_that_are_named() {
    let all = files(json!({ "configMap": { "name": "cm" } }));
    let paths: Vec<_> = all.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["one", "two", "raw"]);
    assert_eq!(all[0].2, 0o644);
    let items = json!([{ "key": "one", "path": "deep/first", "mode": 0o400 }]);
    let named =
        files(json!({ "configMap": { "name": "cm", "items": items, "defaultMode": 0o440 } }));
    assert_eq!(named, [("deep/first".to_owned(), "1".to_owned(), 0o400)]);
    assert!(files(json!({ "configMap": { "name": "none", "optional": true } })).is_empty());
}

#[test]
fn several_sources_are_one_directory() {
    let sources = json!([
        { "secret": { "name": "key", "items": [{ "key": "one", "path": "s" }] } },
        { "serviceAccountToken": { "path": "token", "expirationSeconds": 3607 } },
        { "downwardAPI": { "items": [
            { "path": "labels", "fieldRef": { "fieldPath": "metadata.labels" } },
            { "path": "notes", "fieldRef": { "fieldPath": "metadata.annotations" } },
            { "path": "cpu", "resourceFieldRef": { "containerName": "main", "resource": "limits.cpu", "divisor": "1m" } },
        ] } },
    ]);
    let made = files(json!({ "projected": { "sources": sources, "defaultMode": 420 } }));
    let made: Vec<_> = made
        .iter()
        .map(|(path, content, _)| (path.as_str(), content.as_str()))
        .collect();
    let expected = [
        ("s", "1"),
        ("token", "ey.token"),
        ("labels", "app=\"web\""),
        ("notes", "note=\"say \\\"hi\\\"\""),
        ("cpu", "4000"),
    ];
    assert_eq!(made, expected);
}

#[test]
fn what_cannot_be_mounted_is_told_in_a_kubelets_words() {
    let none = json!({});
    for (source, words) in [
        (
            json!({ "configMap": { "name": "none" } }),
            "configmap \"none\" not found",
        ),
        (
            json!({ "configMap": { "name": "cm", "items": [{ "key": "x", "path": "x" }] } }),
            "configmap references non-existent config key: x",
        ),
        (
            json!({ "secret": { "secretName": "key", "items": [{ "key": "x", "path": "x" }] } }),
            "secret references non-existent secret key: x",
        ),
        (
            json!({ "nfs": { "server": "s", "path": "/" } }),
            "no volume plugin on this machine offers volumes of the kind nfs",
        ),
        (
            json!({ "configMap": { "name": "cm", "items": [{ "key": "one", "path": "../etc/x" }] } }),
            "invalid path: must not contain '..': ../etc/x",
        ),
        (
            json!({ "configMap": { "name": "cm", "items": [{ "key": "one", "path": "/etc/x" }] } }),
            "invalid path: must be relative path: /etc/x",
        ),
    ] {
        let told = refused(source, none.clone());
        assert_eq!(
            told,
            format!("MountVolume.SetUp failed for volume \"v\" : {words}")
        );
    }
}

#[test]
fn what_was_missing_is_mounted_when_it_comes() {
    let mut world = with_volume(json!({ "secret": { "secretName": "late" } }), json!({}));
    world.run().run();
    assert_eq!(world.told("FailedMount").len(), 1);
    world
        .objects
        .secrets
        .insert("late".to_owned(), Entries::default());
    world.run();
    assert_eq!(world.phase(), "Running");
}

#[test]
fn a_changed_config_map_changes_the_files_of_a_running_pod() {
    let mut world = with_volume(json!({ "configMap": { "name": "cm" } }), json!({}));
    world.run();
    world
        .objects
        .config_maps
        .get_mut("cm")
        .unwrap()
        .data
        .remove("two");
    world.run();
    let VolumeKind::Files { files, .. } = &world.volumes[1].what else {
        panic!("{:?}", world.volumes)
    };
    assert_eq!(files.len(), 2);
    world.objects.config_maps.clear();
    world.run();
    assert_eq!(world.phase(), "Running", "what it has it keeps");
}

#[test]
fn a_failure_of_the_disk_is_told_and_tried_again() {
    let mut world = with_volume(
        json!({ "hostPath": { "path": "/x", "type": "Directory" } }),
        json!({}),
    );
    world.plan.observe(
        PodObservation::Objects(Box::new(world.objects.clone())),
        world.now,
    );
    world.plan.advance(world.now);
    world
        .plan
        .observe(PodObservation::Admitted { gpus: Vec::new() }, world.now);
    assert_eq!(world.plan.advance(world.now).len(), 1);
    let result = Err("hostPath type check failed: /x is not a directory".to_owned());
    world.see(PodObservation::VolumePrepared {
        volume: "v".into(),
        result,
    });
    let told = "MountVolume.SetUp failed for volume \"v\" : hostPath type check failed: /x is not a directory";
    assert_eq!(world.told("FailedMount"), [told]);
    world.pass(9);
    assert!(world.volumes.is_empty());
    world.pass(2);
    assert_eq!(world.phase(), "Running");
}

#[test]
fn mounts_are_as_the_volume_is() {
    let mount = |source: Value, mount: Value| {
        let mut world = with_volume(source, mount);
        world.run();
        let start = world.start("main");
        let mut mounts = start.mounts.iter();
        let found = mounts
            .find(|mount| mount.target != "/dev/termination-log")
            .cloned();
        (found, start.shared_memory)
    };
    let (config, _) = mount(
        json!({ "configMap": { "name": "cm" } }),
        json!({ "subPath": "one" }),
    );
    let config = config.unwrap();
    assert!(config.read_only);
    assert_eq!(config.sub_path.as_deref(), Some("one"));
    let (claim, _) = mount(
        json!({ "persistentVolumeClaim": { "claimName": "data" } }),
        json!({ "subPathExpr": "logs/$(WHO)", "readOnly": true }),
    );
    let claim = claim.unwrap();
    assert_eq!(claim.source, PodMountSource::Claim("data".to_owned()));
    assert_eq!(claim.sub_path.as_deref(), Some("logs/me"));
    assert!(claim.read_only);
    let memory = json!({ "emptyDir": { "medium": "Memory", "sizeLimit": "1Gi" } });
    let limit = Some(Memory(1 << 30));
    let (tmpfs, _) = mount(memory.clone(), json!({}));
    assert_eq!(tmpfs.unwrap().source, PodMountSource::Memory { limit });
    let (none, shared) = mount(memory, json!({ "mountPath": "/dev/shm" }));
    assert_eq!((none, shared), (None, limit));
}

#[test]
fn a_part_of_a_volume_does_not_lead_out_of_it() {
    let mut world = with_volume(json!({ "emptyDir": {} }), json!({ "subPath": "a/../../b" }));
    world.run();
    let waiting = world.container("main")["state"]["waiting"].clone();
    assert_eq!(waiting["reason"], "CreateContainerConfigError");
    assert_eq!(
        waiting["message"],
        "failed to prepare subPath for volumeMount \"v\" of container \"main\""
    );
}

#[test]
fn an_empty_directory_that_is_shared_is_one_directory() {
    let mount = json!([{ "name": "v", "mountPath": "/v" }]);
    let mut world = World::new(&json!({
        "initContainers": [{ "name": "first", "image": "a", "volumeMounts": mount }],
        "containers": [{ "name": "main", "image": "a", "volumeMounts": mount }],
        "volumes": [{ "name": "v", "emptyDir": { "medium": "Memory" } }],
        "securityContext": { "fsGroup": 100 },
    }));
    world.run();
    assert_eq!(world.volumes[0].fs_group, Some(100));
    let path = PodMountSource::Path("/home/pods/uid-1/volumes/v".into());
    assert_eq!(world.start("first").mounts[0].source, path);
    world.exit("first", 0);
    assert_eq!(world.start("main").mounts[0].source, path);
}
