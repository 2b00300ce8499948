//! What is kept beside runs, what can be read without a workbench, and what a second one is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use coracle_app::view::{
    Bytes, CheckStatus, ConfigList, DoctorReport, EnvironmentList, ErrorCode, FileKind, Health,
    PutConfig, PutVolume, RunList, VolumeFiles, VolumeList,
};
use coracle_app::{App, AppError, EngineSource, Workbench};
use coracle_host::clock::{Clock, ManualClock};
use coracle_host::fake::{Act, FakeEngine};
use coracle_model::Timestamp;
use coracle_objects::kind;
use tower::ServiceExt;

use crate::place::{API, LIMIT, Place, bare, config, greet, json, whole};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_go_in_and_never_come_out() {
    let place = Place::new(|_| Act::succeed()).await;
    let data = BTreeMap::from([("token".to_owned(), Bytes(b"hunter2".to_vec()))]);
    place
        .done(json(Method::PUT, "/secrets/mine", &PutConfig { data }))
        .await;
    let listed = place.text(&format!("{API}/secrets")).await;
    assert_eq!(listed, r#"{"items":[{"name":"mine","keys":["token"]}]}"#);
    let maps: ConfigList = place.get(&format!("{API}/config-maps")).await;
    assert!(maps.items.iter().all(|map| map.name != "mine"));
    let (status, _) = place
        .refused(json(
            Method::PUT,
            "/secrets/Not_a_name",
            &PutConfig::default(),
        ))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let broken = json(
        Method::PUT,
        "/secrets/mine",
        &serde_json::json!({"data": {"token": "hunter2!"}}),
    );
    let (status, body) = place.refused(broken).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(!body.message.contains("hunter2"), "{}", body.message);
    place
        .done(bare(Method::DELETE, &format!("{API}/secrets/mine")))
        .await;
    let (status, body) = place
        .refused(bare(Method::DELETE, &format!("{API}/secrets/mine")))
        .await;
    assert_eq!(
        (status, body.code),
        (StatusCode::NOT_FOUND, ErrorCode::NotFound)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn config_maps_are_objects_with_all_that_others_have_said_of_them() {
    let place = Place::new(|_| Act::succeed()).await;
    let api = place.workbench().kubernetes();
    let make = |body: serde_json::Value| {
        let place = coracle_apiserver::Place::of(kind::config_maps(), "default", "");
        api.create_object(&place, body.as_object().unwrap(), "test")
            .unwrap();
    };
    make(serde_json::json!({
        "metadata": { "name": "shared", "labels": { "team": "blue" } },
        "data": { "old": "1", "kept": "1" },
    }));
    let data = BTreeMap::from([
        ("kept".to_owned(), Bytes(b"2".to_vec())),
        ("raw".to_owned(), Bytes(vec![0, 255])),
    ]);
    let put = |data| json(Method::PUT, "/config-maps/shared", &PutConfig { data });
    place.done(put(data)).await;
    let object: serde_json::Value = place
        .get("/api/v1/namespaces/default/configmaps/shared")
        .await;
    assert_eq!(object["data"], serde_json::json!({ "kept": "2" }));
    assert_eq!(object["binaryData"], serde_json::json!({ "raw": "AP8=" }));
    assert_eq!(object["metadata"]["labels"]["team"], "blue");
    let listed: ConfigList = place.get(&format!("{API}/config-maps")).await;
    let shared = listed.items.iter().find(|map| map.name == "shared");
    assert_eq!(shared.unwrap().keys, ["kept", "raw"]);
    make(serde_json::json!({
        "immutable": true,
        "metadata": { "name": "still" },
        "data": { "a": "1" },
    }));
    let data = BTreeMap::from([("a".to_owned(), Bytes(b"2".to_vec()))]);
    let change = json(Method::PUT, "/config-maps/still", &PutConfig { data });
    let (status, body) = place.refused(change).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.message.contains("immutable"), "{}", body.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_are_made_listed_and_removed() {
    let place = Place::new(|_| Act::succeed()).await;
    place
        .done(json(Method::PUT, "/volumes/data", &PutVolume::default()))
        .await;
    let listed: VolumeList = place.get(&format!("{API}/volumes")).await;
    assert_eq!(listed.volumes[0].name, "data");
    assert!(listed.volumes[0].path.is_dir());
    place
        .done(bare(Method::DELETE, &format!("{API}/volumes/data")))
        .await;
    let (status, _) = place
        .refused(bare(Method::DELETE, &format!("{API}/volumes/data")))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_a_volume_can_be_looked_at_and_nothing_around_it() {
    let place = Place::new(|_| Act::succeed()).await;
    place
        .done(json(Method::PUT, "/volumes/data", &PutVolume::default()))
        .await;
    let listed: VolumeList = place.get(&format!("{API}/volumes")).await;
    let volume = &listed.volumes[0].path;
    fs_err::create_dir_all(volume.join("b/c")).unwrap();
    fs_err::write(volume.join("a.txt"), "words").unwrap();
    fs_err::os::unix::fs::symlink("/etc", volume.join("out")).unwrap();

    let root: VolumeFiles = place.get(&format!("{API}/volumes/data/files")).await;
    let found: Vec<(&str, FileKind)> = root
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.kind))
        .collect();
    assert_eq!(
        found,
        [
            ("b", FileKind::Folder),
            ("a.txt", FileKind::File),
            ("out", FileKind::Other)
        ]
    );
    assert_eq!(root.files[1].size_bytes, 5);
    let below: VolumeFiles = place.get(&format!("{API}/volumes/data/files?path=b")).await;
    assert_eq!(below.files[0].name, "c");
    assert_eq!(
        place
            .text(&format!("{API}/volumes/data/content?path=a.txt"))
            .await,
        "words"
    );
    for (path, expected) in [
        ("data/files?path=../data", StatusCode::BAD_REQUEST),
        ("data/files?path=/etc", StatusCode::BAD_REQUEST),
        ("data/files?path=out", StatusCode::BAD_REQUEST),
        ("data/files?path=a.txt", StatusCode::BAD_REQUEST),
        ("data/content?path=b", StatusCode::BAD_REQUEST),
        ("data/content?path=out/passwd", StatusCode::BAD_REQUEST),
        ("other/files", StatusCode::NOT_FOUND),
    ] {
        let (status, body) = place
            .refused(bare(Method::GET, &format!("{API}/volumes/{path}")))
            .await;
        assert_eq!(status, expected, "{path}: {}", body.message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_are_asked_of_the_engine() {
    let place = Place::new(|_| Act::succeed()).await;
    let listed: EnvironmentList = place.get(&format!("{API}/environments")).await;
    assert_eq!(listed.environments, []);
    let (status, _) = place
        .refused(bare(Method::DELETE, &format!("{API}/environments/abc")))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_looks_at_everything() {
    let place = Place::new(|_| Act::succeed()).await;
    place.run(&greet()).await;
    let report: DoctorReport = place.get(&format!("{API}/doctor")).await;
    assert_eq!(report.engine.chosen, Some(coracle_model::EngineKind::Fake));
    for name in [
        "engine",
        "directories",
        "disk",
        "database",
        "machine",
        "gpu",
        "python",
    ] {
        assert!(
            report.checks.iter().any(|check| check.name == name),
            "{name}: {:?}",
            report.checks
        );
    }
    let without_fix =
        |check: &&coracle_app::view::Check| check.status != CheckStatus::Ok && check.fix.is_none();
    assert_eq!(report.checks.iter().find(without_fix), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_workbench_on_a_home_is_told_of_the_first() {
    let place = Place::new(|_| Act::succeed()).await;
    place.running.announce().unwrap();
    let error = App::build(config(place.root.path()))
        .await
        .err()
        .expect("the home is taken");
    assert_eq!(error.code(), ErrorCode::HomeLocked);
    let message = error.to_string();
    assert!(
        message.contains(&std::process::id().to_string()) && message.contains(&place.running.url()),
        "{message}"
    );
    let Place { running, root, .. } = place;
    running.shutdown(LIMIT).await;
    App::build(config(root.path()))
        .await
        .expect("the first has given it back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_can_be_read_beside_a_workbench_and_without_one() {
    let place = Place::new(|_| Act::succeed()).await;
    let run = place.run(&greet()).await.run_id;
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let reader = Workbench::read_only(config(place.root.path()), clock)
        .await
        .unwrap();
    let router = coracle_http::router(reader);
    let answer = router
        .clone()
        .oneshot(bare(Method::GET, &format!("{API}/runs")))
        .await
        .unwrap();
    let runs: RunList = serde_json::from_slice(&whole(answer).await.1).unwrap();
    assert_eq!(runs.runs[0].run_id, run);
    // The events that are stored, and then the end: nobody will add any here.
    let answer = router
        .clone()
        .oneshot(bare(Method::GET, &format!("{API}/events?run={run}")))
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&whole(answer).await.1).contains("SUCCEEDED"));
    let answer = router
        .oneshot(json(Method::POST, "/runs", &greet()))
        .await
        .unwrap();
    let (status, body) = whole(answer).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(String::from_utf8_lossy(&body).contains("no_workbench"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbench_answers_before_it_has_an_engine_and_works_once_it_has() {
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let engine = Arc::new(FakeEngine::new(clock.clone(), |_| Act::succeed()));
    engine.go_away("still starting");
    let root = tempfile::tempdir().unwrap();
    let app = App::build_with(
        config(root.path()),
        clock.clone(),
        EngineSource::Given(engine.clone()),
    )
    .await
    .unwrap();
    let running = app.spawn();
    let workbench = running.workbench();
    let error = workbench.create_run(greet()).await.unwrap_err();
    assert!(
        matches!(error, AppError::NoEngine(_)) && error.to_string().contains("still starting"),
        "{error}"
    );
    assert_eq!(workbench.health().await.unwrap().engine, None);
    engine.come_back();
    let found = async {
        while workbench.health().await.unwrap()
            == (Health {
                engine: None,
                ..workbench.health().await.unwrap()
            })
        {
            clock.advance(std::time::Duration::from_secs(1));
        }
    };
    tokio::time::timeout(LIMIT, found)
        .await
        .expect("the engine is found");
    workbench.create_run(greet()).await.unwrap();
}
