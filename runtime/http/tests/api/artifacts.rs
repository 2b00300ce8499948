//! What steps left behind: in lists, as bytes, and to look at.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use coracle_app::view::{
    ArtifactDetail, ArtifactFiles, ArtifactList, ArtifactPreview, ArtifactRemoval, ErrorBody,
    ErrorCode, LineageEdge, LineageEdgeKind, LineageGraph, RemovedRun, Rerun,
};
use coracle_model::{ArtifactId, RunState, Value};
use serde_json::json;

use crate::place::{API, Place, bare, json as sent, whole};
use crate::shelf::{self, DATA, MODEL};

/// An answer with its headers, as text.
async fn fetch(
    place: &Place,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = headers.iter().fold(
        Request::builder().uri(format!("{API}{path}")),
        |request, (name, value)| request.header(*name, *value),
    );
    let answer = place.send(request.body(Body::empty()).unwrap()).await;
    let headers = answer.headers().clone();
    let (status, body) = whole(answer).await;
    (status, headers, body.to_vec())
}

async fn preview(place: &Place, id: ArtifactId, query: &str) -> ArtifactPreview {
    place
        .get(&format!("{API}/artifacts/{id}/preview{query}"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_artifacts_are_listed_in_pages_newest_first() {
    let (place, run) = shelf::place().await;
    let all: ArtifactList = place.get(&format!("{API}/artifacts")).await;
    assert_eq!((all.artifacts.len(), all.next), (6, None));
    let ids = |list: &ArtifactList| {
        let ids = list.artifacts.iter().map(|detail| detail.artifact.id);
        ids.collect::<Vec<_>>()
    };
    assert!(ids(&all).is_sorted_by(|one, other| one > other));
    let mut paged = Vec::new();
    let mut after = String::new();
    loop {
        let page: ArtifactList = place
            .get(&format!("{API}/artifacts?limit=4&run={run}{after}"))
            .await;
        paged.extend(ids(&page));
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, ids(&all));
    let models: ArtifactList = place
        .get(&format!("{API}/artifacts?type=system.Model"))
        .await;
    assert_eq!(models.artifacts.len(), 1);
    let notes: ArtifactList = place.get(&format!("{API}/artifacts?name=notes")).await;
    assert_eq!(notes.artifacts[0].artifact.schema_title, "system.Markdown");
    let (status, _) = place
        .refused(bare(Method::GET, &format!("{API}/artifacts?run=nosuch")))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_whole_and_in_parts() {
    let (place, run) = shelf::place().await;
    let data = shelf::named(&place, run).await["data"];
    let path = format!("/artifacts/{data}/content");
    let (status, headers, body) = fetch(&place, &path, &[]).await;
    assert_eq!((status, body), (StatusCode::OK, DATA.as_bytes().to_vec()));
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(headers["content-length"], DATA.len().to_string());
    assert_eq!(headers["content-disposition"], "inline; filename=\"data\"");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let (status, headers, body) = fetch(&place, &path, &[("range", "bytes=5-8")]).await;
    assert_eq!(
        (status, body.as_slice()),
        (StatusCode::PARTIAL_CONTENT, b"size".as_slice())
    );
    assert_eq!(
        headers["content-range"],
        format!("bytes 5-8/{}", DATA.len())
    );
    let (status, headers, body) = fetch(&place, &path, &[("range", "bytes=999-")]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(headers["content-range"], format!("bytes */{}", DATA.len()));
    let refusal: ErrorBody = serde_json::from_slice(&body).unwrap();
    assert_eq!(refusal.code, ErrorCode::InvalidRequest);
    let (_, headers, _) = fetch(&place, &format!("{path}?download=true"), &[]).await;
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"data\""
    );
    let head = place
        .send(bare(Method::HEAD, &format!("{API}{path}")))
        .await;
    assert_eq!(head.headers()["content-length"], DATA.len().to_string());
    let model = shelf::named(&place, run).await["model"];
    let (_, headers, body) = fetch(&place, &format!("/artifacts/{model}/content"), &[]).await;
    assert_eq!(headers["content-type"], "application/octet-stream");
    assert_eq!(body, MODEL);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_run_in_a_browser_is_sent_into_a_sandbox() {
    let (place, run) = shelf::place().await;
    let named = shelf::named(&place, run).await;
    for path in [
        format!("/artifacts/{}/content", named["page"]),
        format!("/artifacts/{}/content?path=a/plot.svg", named["folder"]),
    ] {
        let (status, headers, _) = fetch(&place, &path, &[]).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("sandbox allow-scripts; default-src 'none'"),
            "{policy}"
        );
        assert!(
            !policy.contains("allow-same-origin") && !policy.contains("http"),
            "{policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
    let (_, headers, _) = fetch(
        &place,
        &format!("/artifacts/{}/content", named["notes"]),
        &[],
    )
    .await;
    assert!(!headers.contains_key("content-security-policy"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_listed_read_file_by_file_and_sent_as_a_tar() {
    let (place, run) = shelf::place().await;
    let folder = shelf::named(&place, run).await["folder"];
    let listed: ArtifactFiles = place.get(&format!("{API}/artifacts/{folder}/files")).await;
    let files: Vec<_> = listed
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.size_bytes))
        .collect();
    assert_eq!(
        (files, listed.truncated),
        (vec![("a/plot.svg", 6), ("b.txt", 6)], false)
    );
    let content = format!("/artifacts/{folder}/content");
    let (_, _, body) = fetch(&place, &format!("{content}?path=b.txt"), &[]).await;
    assert_eq!(body, b"second");
    let (status, _) = place
        .refused(bare(Method::GET, &format!("{API}{content}")))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, headers, body) = fetch(&place, &format!("{content}?download=true"), &[]).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"application/x-tar".parse().unwrap())
    );
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"folder.tar\""
    );
    let mut archive = tar::Archive::new(body.as_slice());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        (path, std::io::read_to_string(&mut entry).unwrap())
    });
    let expected = [("folder/a/plot.svg", "<svg/>"), ("folder/b.txt", "second")];
    assert_eq!(
        entries.collect::<Vec<_>>(),
        expected.map(|(path, text)| (path.to_owned(), text.to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outside_of_an_artifact_is_sent() {
    let (place, run) = shelf::place().await;
    let named = shelf::named(&place, run).await;
    let folder = place.root.path().join(format!(
        "data/artifacts/minio/mlpipeline/v2/artifacts/shelf/{run}/make"
    ));
    let folder = walk(&folder, "folder").expect("the folder is there");
    fs_err::os::unix::fs::symlink("/etc", folder.join("etc")).unwrap();
    fs_err::os::unix::fs::symlink("../data", folder.join("beside")).unwrap();
    fs_err::os::unix::fs::symlink("b.txt", folder.join("inside")).unwrap();
    let path = format!("{API}/artifacts/{}", named["folder"]);
    for inside in [
        "../data",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "a/../../data",
        "etc/passwd",
        "beside",
    ] {
        for route in ["content", "preview"] {
            let asked = format!("{path}/{route}?path={inside}");
            let (status, body) = place.refused(bare(Method::GET, &asked)).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{asked}: {}", body.message);
        }
    }
    let (status, _) = place
        .refused(bare(Method::GET, &format!("{path}/content?path=none")))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let listed: ArtifactFiles = place.get(&format!("{path}/files")).await;
    let paths: Vec<_> = listed.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a/plot.svg", "b.txt", "inside"]);
}

/// The place of a name somewhere below a directory.
fn walk(directory: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    fs_err::read_dir(directory).ok()?.find_map(|entry| {
        let path = entry.unwrap().path();
        if path.file_name()? == name {
            return Some(path);
        }
        walk(&path, name)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_artifact_has_its_preview() {
    let (place, run) = shelf::place().await;
    let named = shelf::named(&place, run).await;
    let table = ArtifactPreview::Table {
        columns: vec!["name".to_owned(), "size".to_owned()],
        rows: vec![
            vec!["sun".into(), "3".into()],
            vec!["moon".into(), "1".into()],
        ],
        truncated: false,
    };
    assert_eq!(preview(&place, named["data"], "").await, table);
    let folder = named["folder"];
    let picture = json!({
        "type": "image", "media_type": "image/svg+xml", "width": null, "height": null,
        "url": format!("{API}/artifacts/{folder}/content?path=a/plot.svg"),
    });
    let shown = preview(&place, folder, "?path=a/plot.svg").await;
    assert_eq!(serde_json::to_value(shown).unwrap(), picture);
    assert!(matches!(
        preview(&place, folder, "").await,
        ArtifactPreview::Folder { listing } if listing.files.len() == 2
    ));
    assert!(matches!(
        preview(&place, folder, "?path=a").await,
        ArtifactPreview::Folder { listing } if listing.files[0].path == "a/plot.svg"
    ));
    assert!(matches!(
        preview(&place, folder, "?path=b.txt").await,
        ArtifactPreview::Text { text, truncated: false, .. } if text == "second"
    ));
    assert!(matches!(
        preview(&place, named["notes"], "").await,
        ArtifactPreview::Markdown { text, .. } if text == "# Notes"
    ));
    let page = named["page"];
    assert!(matches!(
        preview(&place, page, "").await,
        ArtifactPreview::Html { url } if url == format!("{API}/artifacts/{page}/content")
    ));
    assert!(matches!(
        preview(&place, named["scores"], "").await,
        ArtifactPreview::Metrics { metadata, .. } if metadata["accuracy"] == Value::Number(0.5)
    ));
    assert!(matches!(
        preview(&place, named["model"], "").await,
        ArtifactPreview::Binary { size_bytes, .. } if size_bytes == MODEL.len() as u64
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_run_leaves_what_other_runs_took_from_the_cache() {
    let (place, first) = shelf::place().await;
    let named = shelf::named(&place, first).await;
    let second = place.run(&shelf::request()).await;
    assert_eq!(second.state, RunState::Succeeded);
    assert!(second.tasks.iter().all(|task| task.cached));
    let removed: RemovedRun = place.removed(&format!("{API}/runs/{first}")).await;
    assert_eq!(removed.kept.len(), named.len());
    let model = removed
        .kept
        .iter()
        .find(|kept| kept.name == "model")
        .unwrap();
    assert_eq!(model.size_bytes, Some(MODEL.len() as u64));
    assert_eq!(model.used_by, [second.run_id]);
    let model = named["model"];
    let (status, _, body) = fetch(&place, &format!("/artifacts/{model}/content"), &[]).await;
    assert_eq!((status, body.as_slice()), (StatusCode::OK, MODEL));
    let removed: RemovedRun = place
        .removed(&format!("{API}/runs/{}", second.run_id))
        .await;
    assert_eq!(removed.kept, []);
    assert!(removed.freed_bytes >= (DATA.len() + MODEL.len()) as u64);
    let all: ArtifactList = place.get(&format!("{API}/artifacts")).await;
    assert_eq!(all.artifacts, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn lineage_is_followed_both_ways_and_across_runs() {
    let (place, first) = shelf::place().await;
    let named = shelf::named(&place, first).await;
    let second = place.run(&shelf::request()).await.run_id;
    let path = format!("{API}/artifacts/{}/lineage", named["data"]);
    let graph: LineageGraph = place.get(&path).await;
    assert_eq!((graph.artifact_id, graph.truncated), (named["data"], false));
    let tasks: BTreeSet<_> = graph
        .tasks
        .iter()
        .map(|task| (task.run_id, task.task.as_str(), task.cached))
        .collect();
    let expected = [
        (first, "make", false),
        (first, "train", false),
        (second, "train", true),
    ];
    assert_eq!(tasks, expected.into());
    let names: Vec<_> = graph.artifacts.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["data", "model"]);
    let output = LineageEdge {
        artifact_id: named["data"],
        run_id: first,
        task: "make".into(),
        kind: LineageEdgeKind::Output,
        key: "data".to_owned(),
    };
    assert!(graph.edges.contains(&output), "{:?}", graph.edges);
    let up: LineageGraph = place
        .get(&format!("{path}?direction=upstream&depth=1"))
        .await;
    assert_eq!((up.tasks.len(), up.artifacts.len()), (1, 1));
    let model = named["model"];
    let down: LineageGraph = place
        .get(&format!(
            "{API}/artifacts/{model}/lineage?direction=downstream"
        ))
        .await;
    assert_eq!(down.tasks, []);
    let (status, _) = place
        .refused(bare(Method::GET, &format!("{path}?direction=sideways")))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_an_artifact_are_deleted_and_it_is_known_that_they_were() {
    let (place, run) = shelf::place().await;
    let data = shelf::named(&place, run).await["data"];
    let path = format!("{API}/artifacts/{data}");
    let planned: ArtifactRemoval = place.get(&format!("{path}/removal")).await;
    assert_eq!(planned.bytes, DATA.len() as u64);
    assert_eq!((planned.user_count, planned.used_by[0].run_id), (1, run));
    let before: ArtifactDetail = place.get(&path).await;
    assert!(before.path.clone().unwrap().exists());

    let removed: ArtifactRemoval = place.removed(&path).await;
    assert_eq!(removed, planned);
    assert!(!before.path.unwrap().exists());
    let after: ArtifactDetail = place.get(&path).await;
    assert_eq!(after.size_bytes, None);
    assert!(after.discarded_at.is_some());
    assert_eq!(after.producers, before.producers, "its lineage stays");
    let (status, _, _) = fetch(&place, &format!("/artifacts/{data}/content"), &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, body) = place.refused(bare(Method::DELETE, &path)).await;
    assert_eq!(
        (status, body.code),
        (StatusCode::NOT_FOUND, ErrorCode::NotFound)
    );

    // Who would need them makes them anew, or is told who does.
    let from = |step: &str| Rerun {
        from: step.to_owned(),
    };
    let again = sent(Method::POST, &format!("/runs/{run}:rerun"), &from("train"));
    let (status, body) = place.refused(again).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.message.contains("`data`"), "{}", body.message);
    assert!(body.hint.unwrap().contains("`make`"));
    let next = place.run(&shelf::request()).await;
    let cached: Vec<bool> = next.tasks.iter().map(|task| task.cached).collect();
    assert!(!cached[0], "{next:?}");
    assert_eq!(next.state, RunState::Succeeded);
}
