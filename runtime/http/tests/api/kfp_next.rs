//! Artifacts and tasks in the form that KFP proposes.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::place::{Place, bare};
use crate::shelf;

const V2: &str = "/apis/v2beta1";

/// All items of a list, two a page.
async fn all(place: &Place, path: &str, items: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let page: Value = place
            .get(&format!("{V2}{path}page_size=2&page_token={token}"))
            .await;
        let page_items = page[items].as_array().cloned().unwrap_or_default();
        assert!(page_items.len() <= 2, "{page}");
        found.extend(page_items);
        match page["next_page_token"].as_str() {
            Some(next) => token = next.to_owned(),
            None => return found,
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_have_the_proposed_form() {
    let (place, run) = shelf::place().await;
    let named = shelf::named(&place, run).await;
    let listed = all(&place, "/artifacts?", "artifacts").await;
    let types: BTreeMap<_, _> = listed
        .iter()
        .map(|artifact| (text(artifact, "name"), text(artifact, "type")))
        .collect();
    let expected = [
        ("data", "Dataset"),
        ("folder", "Artifact"),
        ("model", "Model"),
        ("notes", "Markdown"),
        ("page", "HTML"),
        ("scores", "Metric"),
    ];
    assert_eq!(types, expected.into());
    let scores: Value = place
        .get(&format!("{V2}/artifacts/{}", named["scores"]))
        .await;
    let expected = json!({
        "artifact_id": named["scores"].to_string(), "name": "scores", "type": "Metric",
        "uri": scores["uri"], "metadata": {"accuracy": 0.5}, "number_value": 0.5,
        "created_at": scores["created_at"],
    });
    assert_eq!(scores, expected);
    assert!(text(&scores, "created_at").ends_with('Z'), "{scores}");
    let (status, _) = place
        .refused(bare(Method::GET, &format!("{V2}/artifacts/999")))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = place
        .refused(bare(Method::GET, &format!("{V2}/artifacts?sort_by=name")))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_tell_which_task_reads_and_makes_what() {
    let (place, run) = shelf::place().await;
    let data = shelf::named(&place, run).await["data"];
    let links = all(
        &place,
        &format!("/artifact_tasks?artifact_ids={data}&run_ids={run}&"),
        "artifact_tasks",
    )
    .await;
    assert_eq!(links.len(), 2, "{links:?}");
    let of = |kind: &str| {
        let found = links.iter().find(|link| text(link, "type") == kind);
        found.unwrap().clone()
    };
    let (output, input) = (of("OUTPUT"), of(""));
    for link in [&output, &input] {
        assert_eq!(text(link, "producer_task_name"), "make");
        assert_eq!(text(link, "producer_key"), "data");
        assert_eq!(text(link, "artifact_id"), data.to_string());
        assert_eq!(text(link, "run_id"), run.to_string());
    }
    assert_ne!(output["id"], input["id"]);
    let second = place.run(&shelf::request()).await.run_id;
    let everything = all(&place, "/artifact_tasks?", "artifact_tasks").await;
    let ids: BTreeMap<_, _> = everything
        .iter()
        .map(|link| (text(link, "id"), text(link, "run_id")))
        .collect();
    assert_eq!((everything.len(), ids.len()), (14, 14));
    assert_eq!(
        ids.values().filter(|id| **id == second.to_string()).count(),
        7
    );
    let task = text(&input, "task_id");
    let of_task = all(
        &place,
        &format!("/artifact_tasks?task_ids={task}&type=OUTPUT&"),
        "artifact_tasks",
    )
    .await;
    assert_eq!(of_task.len(), 1);
    assert_eq!(text(&of_task[0], "artifact_key"), "model");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_have_the_proposed_form() {
    let (place, run) = shelf::place().await;
    let tasks = all(&place, &format!("/tasks?run_id={run}&"), "tasks").await;
    let names: Vec<_> = tasks.iter().map(|task| text(task, "name")).collect();
    assert_eq!(names, ["root", "make", "train"]);
    let (root, train) = (&tasks[0], &tasks[2]);
    assert_eq!(root["type"], Value::Null, "a zero is left out");
    assert_eq!(root["child_tasks"].as_array().unwrap().len(), 2);
    assert_eq!(
        (text(train, "type"), text(train, "status")),
        ("RUNTIME", "SUCCEEDED")
    );
    assert_eq!(train["parent_task_id"], root["task_id"]);
    let input = &train["inputs"]["artifacts"][0];
    assert_eq!(text(input, "parameter_name"), "data");
    assert_eq!(
        input["producer"],
        json!({"task_name": "make", "key": "data"})
    );
    let id = text(train, "task_id");
    let one: Value = place.get(&format!("{V2}/tasks/{id}")).await;
    assert_eq!(one, *train);
    let parent = text(root, "task_id");
    let children = all(&place, &format!("/tasks?parent_id={parent}&"), "tasks").await;
    assert_eq!(children, tasks[1..]);
    for path in ["/tasks", "/tasks/abc", "/tasks?run_id=x&parent_id=y"] {
        let (status, body) = place
            .refused(bare(Method::GET, &format!("{V2}{path}")))
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {}", body.message);
    }
}
