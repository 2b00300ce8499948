//! A run with all that its workflow tells of it: the definition that travelled in it, the values, what each step made, and where
//! the bytes of that are.

use coracle_model::{RemoteState, RunId, TaskRecord, Value as Given};
use serde_json::Value;

use super::sight::{BEGINS, DECIDES, nodes, parameter, phase, text, time};
use crate::there::{
    ArtifactThere, DefinitionThere, OutputsThere, ParameterThere, RunThere, StepPlace, StepThere,
    failure_of,
};

/// The volume that all pods of a run see.
const STORE: &str = "coracle-store";

/// A run of a workflow, with where its files are.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowRun {
    /// The run.
    pub run: RunThere,
    /// Its namespace.
    pub namespace: String,
    /// Where its files are.
    pub store: StoreThere,
    /// The image of the program that its pods ran, which can read them.
    pub step_image: String,
    /// When that image is pulled.
    pub image_pull_policy: Option<String>,
}

/// Where the files of a run are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreThere {
    /// On a claim.
    Claim(String),
    /// On a claim of the run's own, which was removed with its end.
    Removed,
    /// In a bucket, which the program in pods can read.
    Bucket(BucketThere),
    /// Somewhere else.
    Elsewhere,
}

/// A bucket, as pods are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketThere {
    /// The bucket with what its keys begin with, as `s3://BUCKET/PREFIX`.
    pub name: String,
    /// The words that tell `coracle-step` where it is.
    pub words: Vec<String>,
    /// The variables that tell it as whom it is asked, by reference to a secret.
    pub env: Value,
}

/// Why a workflow is no run that can be brought here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// Somebody else wrote it.
    #[error("no pipeline travels in it: it was not made by `coracle workflow` or `coracle deploy`")]
    NoDefinition,
    /// It was changed.
    #[error("its {0} cannot be read")]
    Damaged(&'static str),
    /// What became of its tasks is not told.
    #[error("{0}")]
    Untold(String),
}

pub(super) fn of(workflow: &Value) -> Result<WorkflowRun, NotOurs> {
    let (metadata, spec, status) = (
        &workflow["metadata"],
        &workflow["spec"],
        &workflow["status"],
    );
    let templates = spec["templates"].as_array().into_iter().flatten();
    let mut begin = templates.filter(|template| template["name"] == BEGINS);
    let begin = begin.next().ok_or(NotOurs::NoDefinition)?;
    let container = &begin["container"];
    let words = container["args"].as_array().into_iter().flatten();
    let words: Vec<&str> = words.filter_map(Value::as_str).collect();
    let values = |name: &str| {
        let pairs = words.windows(2).filter(|pair| pair[0] == name);
        pairs.map(|pair| pair[1]).collect::<Vec<_>>()
    };
    let packed = values("--definition").concat();
    if packed.is_empty() {
        return Err(NotOurs::NoDefinition);
    }
    let quoted = |name: &str, what| match values(name).last() {
        None => Ok(None),
        Some(text) => serde_json::from_str::<String>(text)
            .map(Some)
            .map_err(|_| NotOurs::Damaged(what)),
    };
    let name = text(&metadata["name"]).ok_or(NotOurs::Damaged("name"))?;
    let id = metadata["uid"].as_str().and_then(|uid| uid.parse().ok());
    let given = parameter(&spec["arguments"], "parameters").and_then(Value::as_str);
    let given = given.and_then(|text| Given::from_json(text).ok());
    let Some(Given::Struct(parameters)) = given else {
        return Err(NotOurs::Damaged("parameters"));
    };
    let sight = super::sight::of(workflow);
    let run = RunThere {
        id: id.ok_or(NotOurs::Damaged("uid"))?,
        display_name: quoted("--display-name", "display name")?.unwrap_or_else(|| name.clone()),
        definition: DefinitionThere::Packed(packed),
        parameters: parameters.into_iter().collect(),
        pipeline_root: quoted("--pipeline-root", "pipeline root")?,
        created_at: time(&metadata["creationTimestamp"])
            .ok_or(NotOurs::Damaged("time of creation"))?,
        finished_at: time(&status["finishedAt"]),
        state: sight.state(),
        error: sight.error,
        steps: steps(workflow)?,
        name,
    };
    let last = |word: &str| values(word).last().map(|value| (*value).to_owned());
    let bucket = last("--store").filter(|store| store.starts_with("s3://"));
    let bucket = bucket.map(|name| {
        let told = ["--store", "--endpoint", "--region"].into_iter();
        let told = told.filter_map(|word| Some([word.to_owned(), last(word)?]));
        StoreThere::Bucket(BucketThere {
            name,
            words: told.flatten().collect(),
            env: container["env"].clone(),
        })
    });
    Ok(WorkflowRun {
        store: bucket.unwrap_or_else(|| store(&run.name, spec, status)),
        namespace: text(&metadata["namespace"]).ok_or(NotOurs::Damaged("namespace"))?,
        step_image: text(&container["image"]).ok_or(NotOurs::Damaged("image"))?,
        image_pull_policy: text(&container["imagePullPolicy"]),
        run,
    })
}

/// Where the files are: on a claim that is named, or on one of the run's own for as long as that is.
fn store(name: &str, spec: &Value, status: &Value) -> StoreThere {
    let volumes = spec["volumes"].as_array().into_iter().flatten();
    let mut named = volumes.filter(|volume| volume["name"] == STORE);
    if let Some(volume) = named.next() {
        let claim = text(&volume["persistentVolumeClaim"]["claimName"]);
        return claim.map_or(StoreThere::Elsewhere, StoreThere::Claim);
    }
    let templates = spec["volumeClaimTemplates"]
        .as_array()
        .into_iter()
        .flatten();
    let mut own = templates.filter(|claim| claim["metadata"]["name"] == STORE);
    if own.next().is_none() {
        return StoreThere::Elsewhere;
    }
    // Argo takes a claim out of this list when it removes it.
    let there = status["persistentVolumeClaims"].as_array().into_iter();
    let mut there = there
        .flatten()
        .filter_map(|volume| text(&volume["persistentVolumeClaim"]["claimName"]));
    let own = format!("{name}-{STORE}");
    match there.any(|claim| claim == own) {
        true => StoreThere::Claim(own),
        false => StoreThere::Removed,
    }
}

/// The steps, as their last pods tell of them.
fn steps(workflow: &Value) -> Result<Vec<StepThere>, NotOurs> {
    let nodes = nodes(workflow).map_err(|untold| NotOurs::Untold(untold.message))?;
    let mut pods: Vec<_> = nodes.iter().filter_map(step).collect();
    pods.sort_by_key(|(began, _)| *began);
    let mut steps: Vec<StepThere> = Vec::new();
    for (_, step) in pods {
        steps.retain(|earlier| earlier.place != step.place);
        steps.push(step);
    }
    Ok(steps)
}

/// What a pod tells of its task, with when the pod began.
fn step(node: &Value) -> Option<(Option<coracle_model::Timestamp>, StepThere)> {
    if node["type"] != "Pod" {
        return None;
    }
    let path = text(parameter(&node["inputs"], "path")?)?;
    let record = parameter(&node["outputs"], "record").and_then(Value::as_str);
    let record: Option<TaskRecord> = record.and_then(|text| serde_json::from_str(text).ok());
    let began = time(&node["startedAt"]);
    let place = StepPlace::Path(path.into(), None);
    if let Some(record) = record {
        // DAGs and loops follow from their steps.
        return record.kind.is_step().then(|| {
            let step = StepThere {
                place,
                state: record.state.into(),
                failure: record.reason.clone(),
                started_at: record.started_at.or(began),
                finished_at: record.finished_at,
                outputs: Some(of_record(record)),
            };
            (began, step)
        });
    }
    // A decision is no step, and leaves a record where nothing is to run.
    if node["templateName"] == DECIDES {
        return None;
    }
    let state = phase(&node["phase"]);
    let failed = text(&node["message"]).filter(|_| state == RemoteState::Failed);
    let step = StepThere {
        place,
        state,
        failure: failed.map(|message| failure_of(&message)),
        outputs: None,
        started_at: began,
        finished_at: time(&node["finishedAt"]),
    };
    Some((began, step))
}

/// What a task made, from its record.
pub fn of_record(record: TaskRecord) -> OutputsThere {
    let parameters = record.outputs.parameters.into_iter();
    let artifacts = record.outputs.artifacts.into_iter();
    OutputsThere {
        parameters: parameters
            .map(|(name, value)| (name, ParameterThere::Value(value)))
            .collect(),
        artifacts: artifacts
            .map(|(name, several)| {
                let several = several.into_iter().map(|artifact| ArtifactThere {
                    id: None,
                    name: artifact.name,
                    artifact_type: Some(artifact.artifact_type),
                    uri: artifact.uri.to_string(),
                    metadata: artifact.metadata,
                });
                (name, several.collect())
            })
            .collect(),
    }
}

/// Whether an object is what a name stands for: its own, its uid, or the run that it was made for.
pub(super) fn is_meant(object: &Value, name: &str) -> bool {
    let metadata = &object["metadata"];
    let of_run = metadata["labels"][super::KEY].as_str();
    [
        metadata["name"].as_str(),
        metadata["uid"].as_str(),
        of_run.filter(|run| run.parse::<RunId>().is_ok()),
    ]
    .contains(&Some(name))
}

#[cfg(test)]
mod tests {
    use coracle_model::{Outputs, TaskKind, TaskState};
    use serde_json::json;

    use super::*;

    fn workflow() -> Value {
        json!({
            "metadata": {"name": "p-1", "namespace": "team", "uid": "6f1f4a3e-1c1d-4c9e-8b7a-0d8f0a3f7b11",
                         "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {
                "arguments": {"parameters": [{"name": "parameters", "value": "{\"n\":3}"}]},
                "volumes": [{"name": "coracle-store", "persistentVolumeClaim": {"claimName": "runs"}}],
                "templates": [{"name": "run"}, {"name": "begin", "container": {"image": "step:1", "imagePullPolicy": "Always", "args": [
                    "begin", "--display-name", "\"mine \\u0024\"", "--pipeline-root", "\"minio://b/r\"",
                    "--definition", "aaa", "--definition", "bb"]}}],
            },
            "status": {"phase": "Failed", "finishedAt": "2026-01-01T00:01:00Z", "nodes": {}},
        })
    }

    #[test]
    fn what_travelled_in_it_is_read_back() {
        let found = of(&workflow()).unwrap();
        let run = &found.run;
        assert_eq!(run.definition, DefinitionThere::Packed("aaabb".to_owned()));
        assert_eq!(run.display_name, "mine $");
        assert_eq!(run.pipeline_root.as_deref(), Some("minio://b/r"));
        assert_eq!(run.parameters["n"], Given::Number(3.0));
        assert_eq!(run.state, RemoteState::Failed);
        assert_eq!(found.store, StoreThere::Claim("runs".to_owned()));
        assert_eq!(found.step_image, "step:1");
    }

    #[test]
    fn a_workflow_of_somebody_else_is_none() {
        let mut other = workflow();
        other["spec"]["templates"] = json!([{"name": "main", "container": {"image": "busybox"}}]);
        assert_eq!(of(&other), Err(NotOurs::NoDefinition));
        other["spec"]["templates"] =
            json!([{"name": "begin", "container": {"image": "busybox", "args": ["begin"]}}]);
        assert_eq!(of(&other), Err(NotOurs::NoDefinition));
        let mut changed = workflow();
        changed["spec"]["arguments"]["parameters"][0]["value"] = json!("[1]");
        assert_eq!(of(&changed), Err(NotOurs::Damaged("parameters")));
    }

    #[test]
    fn a_bucket_is_what_its_pods_are_told_of_it() {
        let mut shared = workflow();
        let begin = &mut shared["spec"]["templates"][1]["container"];
        let words = begin["args"].as_array_mut().unwrap();
        let store = ["--store", "s3://b/p", "--endpoint", "http://s:9000"];
        words.extend(store.map(Value::from));
        begin["env"] = json!([{"name": "KEY"}]);
        let there = StoreThere::Bucket(BucketThere {
            name: "s3://b/p".to_owned(),
            words: store.map(str::to_owned).to_vec(),
            env: json!([{"name": "KEY"}]),
        });
        assert_eq!(of(&shared).unwrap().store, there);
    }

    #[test]
    fn a_claim_of_the_runs_own_is_gone_once_argo_says_so() {
        let mut own = workflow();
        own["spec"]["volumes"] = json!([]);
        assert_eq!(of(&own).unwrap().store, StoreThere::Elsewhere);
        own["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "coracle-store"}}]);
        assert_eq!(of(&own).unwrap().store, StoreThere::Removed);
        own["status"]["persistentVolumeClaims"] = json!([{"name": "coracle-store", "persistentVolumeClaim": {"claimName": "p-1-coracle-store"}}]);
        let there = StoreThere::Claim("p-1-coracle-store".to_owned());
        assert_eq!(of(&own).unwrap().store, there);
    }

    #[test]
    fn the_last_pod_of_a_step_tells_of_it_and_one_without_a_record_tells_no_outputs() {
        let record = |state, kind, path: &str| {
            let record = TaskRecord {
                run: RunId::random(),
                path: path.into(),
                kind,
                display_name: path.to_owned(),
                state,
                cached: false,
                reason: None,
                inputs: Outputs::default(),
                outputs: Outputs {
                    parameters: [("out".to_owned(), Given::from("x"))].into(),
                    ..Outputs::default()
                },
                fingerprint: None,
                started_at: None,
                finished_at: None,
            };
            serde_json::to_string(&record).unwrap()
        };
        let node = |path: &str, started: &str, record: &str| {
            json!({
                "type": "Pod", "phase": "Succeeded", "templateName": "s", "startedAt": started,
                "inputs": {"parameters": [{"name": "path", "value": path}]},
                "outputs": {"parameters": [{"name": "record", "value": record}]},
            })
        };
        let succeeded = record(TaskState::Succeeded, TaskKind::Container, "a");
        let skipped = record(TaskState::Skipped, TaskKind::Dag, "d");
        let status = json!({"nodes": {
            "2": node("a", "2026-01-01T00:00:02Z", &succeeded),
            "1": node("a", "2026-01-01T00:00:01Z", ""),
            "3": node("b", "2026-01-01T00:00:03Z", ""),
            "4": node("d", "2026-01-01T00:00:04Z", &skipped),
        }});
        let steps = steps(&serde_json::json!({"status": status})).unwrap();
        let told: Vec<_> = steps
            .iter()
            .map(|step| (&step.place, step.outputs.is_some()))
            .collect();
        let at = |path: &str| StepPlace::Path(path.into(), None);
        assert_eq!(told, [(&at("a"), true), (&at("b"), false)]);
        let made = steps[0].outputs.as_ref().unwrap();
        assert_eq!(made.parameters["out"], ParameterThere::Value("x".into()));
    }
}
