//! A run as a workflow's status shows it.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use coracle_model::{
    RemoteOutputs, RemoteProblem, RemoteSight, RemoteState, RemoteTask, TaskRecord, Timestamp,
};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::pod_name::pod_name;

/// More bytes than this are no nodes: packed, they have to fit into an object of 1.5 MB.
const LARGEST_UNPACKED: u64 = 256 << 20;

/// The word for a run whose tasks are not told.
const TASKS_NOT_TOLD: &str = "tasks_not_told";

/// The template of the first pod, which every task waits for.
pub(super) const BEGINS: &str = "begin";

/// The template whose pods decide on a task and are none themselves.
pub(super) const DECIDES: &str = "decide";

pub(super) fn of(workflow: &Value) -> RemoteSight {
    let status = &workflow["status"];
    let stopped = workflow["spec"]["shutdown"].is_string();
    let state = match phase(&status["phase"]) {
        RemoteState::Failed if stopped => RemoteState::Canceled,
        RemoteState::Running if stopped => RemoteState::Canceling,
        state => state,
    };
    let (nodes, untold) = match nodes(workflow) {
        Ok(nodes) => (nodes, None),
        Err(untold) => (Vec::new(), Some(untold)),
    };
    let said = text(&status["message"]).or_else(|| why_not_begun(&nodes));
    let is_over = state.is_final();
    let mut pods: Vec<Pod> = nodes
        .iter()
        .filter_map(|node| Pod::of(node, workflow, is_over))
        .collect();
    // Each attempt has a pod of its own; the last one says how the task is.
    pods.sort_by_key(|pod| pod.task.started_at);
    let mut tasks = BTreeMap::new();
    for pod in pods {
        tasks.insert(pod.path, pod.task);
    }
    RemoteSight {
        states: vec![state],
        error: said.filter(|_| state == RemoteState::Failed),
        finished_at: time(&status["finishedAt"]).filter(|_| state.is_final()),
        tasks,
        untold,
    }
}

/// Why the run did not begin, where its first pod says so: there is no task then that could.
fn why_not_begun(nodes: &[Value]) -> Option<String> {
    let mut begun = nodes
        .iter()
        .filter(|node| node["type"] == "Pod" && node["templateName"] == BEGINS);
    let begun = begun.find(|node| phase(&node["phase"]) == RemoteState::Failed)?;
    text(&begun["message"])
}

/// The nodes of a workflow, or why they are not told.
pub(super) fn nodes(workflow: &Value) -> Result<Vec<Value>, RemoteProblem> {
    let status = &workflow["status"];
    let untold = |message: String| RemoteProblem {
        code: TASKS_NOT_TOLD.to_owned(),
        message,
        hint: format!(
            "how the run ends is told all the same; its tasks are listed by `argo get {}`",
            workflow["metadata"]["name"].as_str().unwrap_or("NAME")
        ),
    };
    let of = |nodes: &Value| {
        let nodes = nodes.as_object().into_iter();
        nodes.flat_map(|nodes| nodes.values().cloned()).collect()
    };
    if let Some(packed) = text(&status["compressedNodes"]) {
        return unpacked(&packed).map(|nodes| of(&nodes)).ok_or_else(|| {
            untold("what became of the tasks is packed in a way that cannot be read".to_owned())
        });
    }
    let is_empty = status["nodes"]
        .as_object()
        .is_none_or(serde_json::Map::is_empty);
    if text(&status["offloadNodeStatusVersion"]).is_some() && is_empty {
        return Err(untold(
            "Argo keeps what became of the tasks in a database of its own (`nodeStatusOffLoad`), which the cluster's API does not show"
                .to_owned(),
        ));
    }
    Ok(of(&status["nodes"]))
}

/// The nodes of a status that has grown large, which Argo packs.
fn unpacked(text: &str) -> Option<Value> {
    let bytes = BASE64_STANDARD.decode(text).ok()?;
    let reader = GzDecoder::new(bytes.as_slice()).take(LARGEST_UNPACKED);
    serde_json::from_reader(reader).ok()
}

/// A pod of a task.
struct Pod {
    path: String,
    task: RemoteTask,
}

impl Pod {
    /// None where it is that of no task. Once the workflow is over, no other attempt follows one that was to be tried again.
    fn of(node: &Value, workflow: &Value, is_over: bool) -> Option<Self> {
        if node["type"] != "Pod" {
            return None;
        }
        let path = text(parameter(&node["inputs"], "path")?)?;
        let record = parameter(&node["outputs"], "record").and_then(Value::as_str);
        let record: Option<TaskRecord> = record.and_then(|text| serde_json::from_str(text).ok());
        let is_decision = node["templateName"] == DECIDES;
        // A decision leaves a record where nothing is to run.
        if is_decision && record.is_none() {
            return None;
        }
        let state = match &record {
            Some(record) if record.state.is_final() || !is_over => record.state.into(),
            Some(_) | None => phase(&node["phase"]),
        };
        let outputs = record
            .as_ref()
            .map(|record| RemoteOutputs::from(&record.outputs));
        let reason = record.and_then(|record| record.reason);
        let why = reason.map(|reason| reason.message);
        let why = why.or_else(|| text(&node["message"]));
        Some(Self {
            task: RemoteTask {
                name: path.clone(),
                states: vec![state],
                started_at: time(&node["startedAt"]),
                finished_at: time(&node["finishedAt"]),
                error: why.filter(|_| state == RemoteState::Failed),
                artifacts: BTreeMap::new(),
                outputs,
                pod: pod_name(&workflow["metadata"], node),
            },
            path,
        })
    }
}

pub(super) fn parameter<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    let parameters = of["parameters"].as_array()?;
    let mut named = parameters.iter().filter(|one| one["name"] == name);
    named.next().map(|one| &one["value"])
}

/// The phases of workflows and nodes.
pub(super) fn phase(phase: &Value) -> RemoteState {
    match phase.as_str().unwrap_or_default() {
        "Running" => RemoteState::Running,
        "Succeeded" => RemoteState::Succeeded,
        "Failed" | "Error" => RemoteState::Failed,
        "Skipped" | "Omitted" => RemoteState::Skipped,
        _ => RemoteState::Pending,
    }
}

pub(super) fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use coracle_model::{Failure, FailureCode, Outputs, RunId, TaskKind, TaskPath, TaskState};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;

    fn pod(path: &str, phase: &str, started: &str, record: Option<&str>) -> Value {
        json!({
            "type": "Pod", "phase": phase, "templateName": "comp-a", "startedAt": started, "message": "main: Error (exit code 3)",
            "inputs": {"parameters": [{"name": "path", "value": path}]},
            "outputs": {"parameters": [{"name": "record", "value": record.unwrap_or_default()}]},
        })
    }

    #[test]
    fn a_run_that_did_not_begin_says_why() {
        let node = |phase: &str| json!({"type": "Pod", "phase": phase, "templateName": "begin", "message": "main: Error (exit code 3): no room"});
        let sight = |phase: &str, begun: &str| {
            of(&json!({"status": {"phase": phase, "nodes": {"1": node(begun)}}}))
        };
        let said = sight("Failed", "Failed").error;
        assert_eq!(said.as_deref(), Some("main: Error (exit code 3): no room"));
        assert_eq!(sight("Failed", "Succeeded").error, None);
        assert_eq!(sight("Running", "Failed").error, None);
    }

    fn record(state: TaskState, reason: Option<Failure>) -> String {
        let record = TaskRecord {
            run: RunId::random(),
            path: TaskPath::root(),
            kind: TaskKind::Container,
            display_name: "a".to_owned(),
            state,
            cached: false,
            reason,
            inputs: Outputs::default(),
            outputs: Outputs::default(),
            fingerprint: None,
            started_at: None,
            finished_at: None,
        };
        serde_json::to_string(&record).unwrap()
    }

    #[test]
    fn tasks_are_what_their_last_pod_says() {
        let failure = Failure::new(FailureCode::ExitCode, "no room");
        let failed = record(TaskState::Failed, Some(failure));
        let succeeded = record(TaskState::Succeeded, None);
        let workflow = json!({"status": {"phase": "Running", "startedAt": "2026-01-01T00:00:00Z", "nodes": {
            "1": pod("train", "Failed", "2026-01-01T00:00:01Z", None),
            "2": pod("train", "Succeeded", "2026-01-01T00:00:02Z", Some(&succeeded)),
            "3": pod("load", "Failed", "2026-01-01T00:00:02Z", Some(&failed)),
            "4": {"type": "DAG", "phase": "Running"},
            "5": {"type": "Pod", "phase": "Succeeded", "templateName": "begin"},
            "6": {"type": "Pod", "phase": "Succeeded", "templateName": "decide", "inputs": {"parameters": [{"name": "path", "value": "loop"}]}},
        }}});
        let sight = of(&workflow);
        assert_eq!(sight.states, [RemoteState::Running]);
        let names: Vec<_> = sight.tasks.keys().collect();
        assert_eq!(names, ["load", "train"]);
        assert_eq!(sight.tasks["train"].states, [RemoteState::Succeeded]);
        assert_eq!(sight.tasks["load"].error.as_deref(), Some("no room"));
        assert_eq!(sight.finished_at, None);
    }

    #[test]
    fn a_task_that_was_to_be_tried_again_has_failed_once_the_workflow_is_over() {
        let failure = Failure::new(FailureCode::ExitCode, "no room");
        let last = record(TaskState::Pending, Some(failure));
        let of_phase = |phase: &str| {
            let nodes = json!({"1": pod("train", "Failed", "2026-01-01T00:00:01Z", Some(&last))});
            of(&json!({"status": {"phase": phase, "nodes": nodes}})).tasks["train"].clone()
        };
        let (before, after) = (of_phase("Running"), of_phase("Failed"));
        assert_eq!(
            (before.states, before.error),
            (vec![RemoteState::Pending], None)
        );
        assert_eq!(after.states, [RemoteState::Failed]);
        assert_eq!(after.error.as_deref(), Some("no room"));
    }

    #[test]
    fn tasks_that_are_kept_elsewhere_or_cannot_be_read_are_said_not_to_be_told() {
        let elsewhere = json!({"phase": "Succeeded", "offloadNodeStatusVersion": "fnv:1"});
        let damaged = json!({"phase": "Succeeded", "compressedNodes": "AAAA"});
        for status in [elsewhere, damaged] {
            let sight = of(&json!({"metadata": {"name": "train-1"}, "status": status}));
            let untold = sight.untold.unwrap();
            assert_eq!(
                (sight.states, untold.code.as_str()),
                (vec![RemoteState::Succeeded], TASKS_NOT_TOLD)
            );
            assert!(
                untold.hint.contains("`argo get train-1`"),
                "{}",
                untold.hint
            );
        }
        // Argo may say the version of what it shows nevertheless.
        let nodes = json!({"1": pod("train", "Succeeded", "2026-01-01T00:00:01Z", None)});
        let shown = of(
            &json!({"status": {"phase": "Succeeded", "offloadNodeStatusVersion": "fnv:1", "nodes": nodes}}),
        );
        assert_eq!((shown.untold, shown.tasks.len()), (None, 1));
        assert_eq!(of(&json!({"status": {"phase": "Pending"}})).untold, None);
    }

    #[test]
    fn nodes_that_were_packed_are_read() {
        let nodes = json!({"1": pod("train", "Succeeded", "2026-01-01T00:00:01Z", None)});
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(nodes.to_string().as_bytes()).unwrap();
        let packed = BASE64_STANDARD.encode(encoder.finish().unwrap());
        let sight = of(&json!({"status": {"phase": "Succeeded", "compressedNodes": packed}}));
        assert_eq!(sight.tasks["train"].states, [RemoteState::Succeeded]);
    }

    #[test]
    fn a_task_names_the_pod_of_its_last_attempt() {
        let node = |id: &str, name: &str, started: &str| {
            let mut node = pod("train", "Running", started, None);
            node["id"] = id.into();
            node["name"] = name.into();
            node
        };
        let workflow = json!({
            "metadata": {"name": "w"},
            "status": {"nodes": {
                "1": node("w-1", "hello", "2026-01-01T00:00:01Z"),
                "2": node("w-2", "world", "2026-01-01T00:00:02Z"),
            }},
        });
        assert_eq!(
            of(&workflow).tasks["train"].pod.as_deref(),
            Some("w-comp-a-933488787")
        );
    }

    #[test]
    fn one_that_was_stopped_is_canceled_and_one_without_a_status_waits() {
        let stopped = json!({"spec": {"shutdown": "Terminate"}, "status": {"phase": "Failed", "message": "Stopped with strategy 'Terminate'"}});
        assert_eq!(of(&stopped).states, [RemoteState::Canceled]);
        assert_eq!(of(&json!({})).states, [RemoteState::Pending]);
    }
}
