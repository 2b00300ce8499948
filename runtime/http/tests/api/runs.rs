//! From asking for a run to its end, and what can be done with it.

use axum::http::{Method, StatusCode};
use coracle_app::view::{
    CreatedRun, ErrorCode, GcFreed, GcPlan, GcRequest, RemovedRun, Rerun, Run, RunFields, RunList,
    RunResult, TaskList,
};
use coracle_host::fake::Act;
use coracle_model::{EventCursor, EventKind, RunState, TaskState, Value};

use crate::place::{API, Place, bare, greet, greet_with, json, talking, whole};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_made_and_ends() {
    let place = Place::new(talking).await;
    let result = place.run(&greet_with("3")).await;
    assert_eq!(result.state, RunState::Succeeded);
    let tasks: Vec<_> = result
        .tasks
        .iter()
        .map(|task| (task.name.as_str(), task.state, task.cached, task.attempts))
        .collect();
    assert_eq!(
        tasks,
        [
            ("load", TaskState::Succeeded, false, 1),
            ("train", TaskState::Succeeded, false, 1)
        ]
    );
    let run: Run = place.get(&format!("{API}/runs/{}", result.run_id)).await;
    assert_eq!(
        run.parameters["n"],
        Value::Number(3.0),
        "text is read as the declared type"
    );
    assert!(
        run.display_name.starts_with("greet 2"),
        "{}",
        run.display_name
    );
    assert!(run.finished_at >= run.started_at && run.started_at.is_some());
    let tasks: TaskList = place
        .get(&format!("{API}/runs/{}/tasks", result.run_id))
        .await;
    let load = tasks
        .tasks
        .iter()
        .find(|task| task.path.as_str() == "load")
        .unwrap();
    assert_eq!(load.attempts[0].command, ["load", "3"]);
    assert_eq!(load.attempts[0].exit_code, Some(0));
    let definition = place
        .text(&format!("{API}/runs/{}/definition", result.run_id))
        .await;
    assert_eq!(definition, crate::place::PIPELINE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_has_the_form_that_scripts_rely_on() {
    let place = Place::new(|workload| match workload.command[0].as_str() {
        "train" => Act::fail(3),
        _ => Act::succeed(),
    })
    .await;
    let run = place.create(&greet()).await.run_id;
    place.finished(run).await;
    let result: serde_json::Value = place.get(&format!("{API}/runs/{run}/result")).await;
    let keys = |value: &serde_json::Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&result), ["outputs", "run_id", "state", "tasks"]);
    let task = &result["tasks"][1];
    let names = [
        "attempts",
        "cached",
        "finished_at",
        "name",
        "outputs",
        "reason",
        "started_at",
        "state",
    ];
    assert_eq!(keys(task), names);
    assert_eq!(
        (task["name"].as_str(), task["state"].as_str()),
        (Some("train"), Some("FAILED"))
    );
    assert!(
        task["reason"].as_str().unwrap().starts_with("exit_code: "),
        "{task}"
    );
    assert_eq!(result["tasks"][0]["reason"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_beginning_of_an_id_is_enough_when_it_is_unique() {
    let place = Place::new(|_| Act::succeed()).await;
    // Ids are hexadecimal: of 17, two begin with the same digit.
    let mut ids = Vec::new();
    for _ in 0..17 {
        ids.push(place.create(&greet()).await.run_id.to_string());
    }
    let run: Run = place.get(&format!("{API}/runs/{}", &ids[0][..18])).await;
    assert_eq!(run.run_id.to_string(), ids[0]);
    let twice = ids
        .iter()
        .find(|id| ids.iter().filter(|other| other[..1] == id[..1]).count() > 1)
        .unwrap();
    let (status, body) = place
        .refused(bare(Method::GET, &format!("{API}/runs/{}", &twice[..1])))
        .await;
    assert_eq!(
        (status, body.code),
        (StatusCode::BAD_REQUEST, ErrorCode::Ambiguous)
    );
    assert!(body.message.contains(twice.as_str()), "{}", body.message);
    let (status, body) = place
        .refused(bare(Method::GET, &format!("{API}/runs/xyz")))
        .await;
    assert_eq!(
        (status, body.code),
        (StatusCode::NOT_FOUND, ErrorCode::NotFound)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages() {
    let place = Place::new(|_| Act::succeed()).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.insert(0, place.run(&greet()).await.run_id);
    }
    let first: RunList = place.get(&format!("{API}/runs?limit=2")).await;
    let rest: RunList = place
        .get(&format!(
            "{API}/runs?limit=2&before={}",
            first.next.unwrap()
        ))
        .await;
    let listed: Vec<_> = first
        .runs
        .iter()
        .chain(&rest.runs)
        .map(|run| run.run_id)
        .collect();
    assert_eq!(listed, made, "newest first, none twice");
    assert_eq!(rest.next, None);
    let failed: RunList = place.get(&format!("{API}/runs?state=failed")).await;
    assert_eq!(failed.runs, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_sorted_and_filtered_by_what_runs_were_given() {
    let place = Place::new(|_| Act::succeed()).await;
    for n in ["2", "10", "1"] {
        place.run(&greet_with(n)).await;
    }
    let given = |list: &RunList| -> Vec<Value> {
        let values = list.runs.iter().map(|run| run.values.as_ref().unwrap());
        values
            .map(|values| values.parameters["n"].clone())
            .collect()
    };
    let sorted: RunList = place
        .get(&format!(
            "{API}/runs?sort=-parameters.n&values=true&limit=2&offset=1"
        ))
        .await;
    assert_eq!(given(&sorted), [Value::Number(2.0), Value::Number(1.0)]);
    assert_eq!((sorted.total, sorted.next), (3, None));
    let values = sorted.runs[0].values.as_ref().unwrap();
    assert_eq!((values.steps, values.steps_over), (2, 2));
    assert!(sorted.runs[0].experiment.is_some());

    let archive = format!("/apis/v2beta1/runs/{}:archive", sorted.runs[0].run_id);
    let (status, _) = whole(place.send(bare(Method::POST, &archive)).await).await;
    assert_eq!(status, StatusCode::OK);
    let kept: RunList = place
        .get(&format!(
            "{API}/runs?archived=false&text=GREET&sort=created&values=true"
        ))
        .await;
    assert_eq!(given(&kept), [Value::Number(10.0), Value::Number(1.0)]);
    let aside: RunList = place.get(&format!("{API}/runs?archived=true")).await;
    assert_eq!(aside.total, 1);
    assert!(aside.runs[0].archived && aside.runs[0].values.is_none());

    let fields: RunFields = place.get(&format!("{API}/run-fields")).await;
    assert_eq!(fields.pipelines, ["greet"]);
    assert_eq!(
        (fields.parameters, fields.metrics),
        (vec!["n".to_owned()], vec![])
    );
    let (status, body) = place
        .refused(bare(Method::GET, &format!("{API}/runs?sort=size")))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.hint.unwrap().contains("metrics.NAME"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cancelled_and_ends_failed() {
    let place = Place::new(|_| Act::succeed().until_released()).await;
    let run = place.create(&greet()).await.run_id;
    let begun = |what: &EventKind| {
        matches!(
            what,
            EventKind::Attempt {
                state: TaskState::Running,
                ..
            }
        )
    };
    place.until(run, EventCursor::default(), begun).await;
    place
        .done(bare(Method::POST, &format!("{API}/runs/{run}:cancel")))
        .await;
    place.finished(run).await;
    let result: RunResult = place.get(&format!("{API}/runs/{run}/result")).await;
    assert_eq!(result.state, RunState::Failed);
    let (status, body) = place
        .refused(bare(Method::POST, &format!("{API}/runs/{run}:cancel")))
        .await;
    assert_eq!(
        (status, body.code),
        (StatusCode::CONFLICT, ErrorCode::WrongState)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_goes_on_where_it_failed() {
    let fails = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let script = fails.clone();
    let place = Place::new(move |workload| {
        let failing =
            workload.command[0] == "train" && script.load(std::sync::atomic::Ordering::SeqCst);
        if failing {
            Act::fail(1)
        } else {
            Act::succeed()
        }
    })
    .await;
    let failed = place.run(&greet()).await;
    assert_eq!(failed.state, RunState::Failed);
    fails.store(false, std::sync::atomic::Ordering::SeqCst);
    let run = failed.run_id;
    let cursor = place.workbench().last_cursor().await.unwrap();
    place
        .done(bare(Method::POST, &format!("{API}/runs/{run}:retry")))
        .await;
    place
        .until(
            run,
            cursor,
            |what| matches!(what, EventKind::Run { state, .. } if state.is_final()),
        )
        .await;
    let result: RunResult = place.get(&format!("{API}/runs/{run}/result")).await;
    let attempts: Vec<_> = result
        .tasks
        .iter()
        .map(|task| (task.name.as_str(), task.attempts))
        .collect();
    assert_eq!(
        (result.state, attempts),
        (RunState::Succeeded, vec![("load", 1), ("train", 2)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rerun_takes_over_what_came_before() {
    let place = Place::new(|_| Act::succeed()).await;
    let old = place.run(&greet()).await.run_id;
    let request = json(
        Method::POST,
        &format!("/runs/{}:rerun", &old.to_string()[..13]),
        &Rerun {
            from: "train".to_owned(),
        },
    );
    let (status, body) = whole(place.send(request).await).await;
    assert_eq!(status, StatusCode::CREATED, "{body:?}");
    let created: CreatedRun = serde_json::from_slice(&body).unwrap();
    assert_eq!(created.rerun_of, Some((old, "train".into())));
    place.finished(created.run_id).await;
    let result: RunResult = place
        .get(&format!("{API}/runs/{}/result", created.run_id))
        .await;
    let load = result
        .tasks
        .iter()
        .find(|task| task.name.as_str() == "load")
        .unwrap();
    assert_eq!(
        (load.state, load.cached, load.attempts),
        (TaskState::Succeeded, true, 0)
    );
    let unknown = json(
        Method::POST,
        &format!("/runs/{old}:rerun"),
        &Rerun {
            from: "paint".to_owned(),
        },
    );
    let (status, body) = place.refused(unknown).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.hint.unwrap().contains("load, train"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_over_can_be_forgotten_and_says_what_it_freed() {
    let place = Place::new(talking).await;
    let run = place.run(&greet()).await.run_id;
    let late = format!("{API}/gc?runs_before=2100-01-01T00:00:00Z");
    let plan: GcPlan = place.get(&late).await;
    let removed: RemovedRun = place.removed(&format!("{API}/runs/{run}")).await;
    assert_eq!((removed.run_id, removed.failures.len()), (run, 0));
    assert!(removed.freed_bytes > 0 && removed.freed_bytes == plan.bytes);
    let (status, _) = place
        .refused(bare(Method::GET, &format!("{API}/runs/{run}")))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!place.run_directory(run).exists());
    let left: GcPlan = place.get(&format!("{API}/gc")).await;
    assert_eq!(left.items, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_deleted_at_any_moment() {
    let place = Place::new(|_| Act::succeed().until_released()).await;
    for pause in 0..30 {
        let run = place.create(&greet()).await.run_id;
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        let delete = bare(Method::DELETE, &format!("/apis/v2beta1/runs/{run}"));
        let (status, body) = whole(place.send(delete).await).await;
        assert_eq!(status, StatusCode::OK, "{body:?}");
    }
    let runs: RunList = place.get(&format!("{API}/runs")).await;
    assert_eq!(runs.runs, []);
    let run = place.create(&greet()).await.run_id;
    place
        .done(bare(Method::POST, &format!("{API}/runs/{run}:cancel")))
        .await;
    place.finished(run).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runs_are_collected_with_their_files() {
    let place = Place::new(talking).await;
    let run = place.run(&greet()).await.run_id;
    let request = GcRequest {
        runs_before: "2100-01-01T00:00:00Z".parse().ok(),
        ..GcRequest::default()
    };
    let (_, body) = whole(place.send(json(Method::POST, "/gc", &request)).await).await;
    let freed: GcFreed = serde_json::from_slice(&body).unwrap();
    assert!(freed.bytes > 0 && freed.failures.is_empty(), "{freed:?}");
    assert!(!place.run_directory(run).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runs_go_when_they_are_asked_to() {
    let place = Place::new(talking).await;
    let run = place.run(&greet()).await.run_id;
    let early = "/apis/coracle/v1/gc?runs_before=2020-01-01T00:00:00Z";
    let late = "/apis/coracle/v1/gc?runs_before=2100-01-01T00:00:00Z";
    let plan: GcPlan = place.get(early).await;
    assert_eq!(plan.items, []);
    let plan: GcPlan = place.get(late).await;
    assert_eq!(
        plan.items
            .iter()
            .map(|item| item.run_id)
            .collect::<Vec<_>>(),
        [Some(run)]
    );
}
