//! The program's verbs, one after another, with folders in the place of a volume and of pods.

use std::io;
use std::path::Path;

use coracle_model::{TaskPath, TaskState, Timestamp};
use coracle_plan::Launch;
use coracle_step::arguments::exit;
use coracle_step::{Conduct, Ending, Exit, Facts, Place, Programs, Store, encode_definition};
use serde_json::{Value, json};

const RUN: &str = "8f4c0dbe-2a55-4c2c-9a0e-1f3f8a8f0001";

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// `a`, then `b` with what `a` returns: its image, a secret, a claim and memory follow from that.
fn definition() -> String {
    let pipeline = json!({
        "pipelineInfo": {"name": "two"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "deploymentSpec": {"executors": {
            "exec-a": {"container": {"image": "alpine", "command": ["a"]}},
            "exec-b": {"container": {
                "image": "{{$.inputs.parameters['x']}}",
                "command": ["b", "{{$.inputs.parameters['x']}}"],
                "resources": {"resourceMemoryLimit": "{{$.inputs.parameters['memory']}}", "resourceCpuRequest": "500m"},
            }},
        }},
        "components": {
            "comp-a": {"executorLabel": "exec-a", "outputDefinitions": {"parameters": {"out": {"parameterType": "STRING"}}}},
            "comp-b": {"executorLabel": "exec-b", "inputDefinitions": {"parameters": {
                "x": {"parameterType": "STRING"},
                "memory": {"parameterType": "STRING", "defaultValue": "1Gi"},
            }}},
        },
        "root": {"dag": {"tasks": {
            "a": {"taskInfo": {"name": "a"}, "componentRef": {"name": "comp-a"}, "retryPolicy": {"maxRetryCount": 1}},
            "b": {
                "taskInfo": {"name": "b"},
                "componentRef": {"name": "comp-b"},
                "dependentTasks": ["a"],
                "inputs": {"parameters": {"x": {"taskOutputParameter": {"producerTask": "a", "outputParameterKey": "out"}}}},
            },
        }}},
    });
    let from_a = json!({"taskOutputParameter": {"producerTask": "a", "outputParameterKey": "out"}});
    let platform = json!({"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-b": {
        "secretAsEnv": [{"secretNameParameter": from_a, "keyToEnv": [{"secretKey": "k", "envVar": "TOKEN"}]}],
        "pvcMount": [{"pvcNameParameter": from_a, "mountPath": "/data", "subPath": "in"}],
    }}}}}});
    format!("{pipeline}\n---\n{platform}")
}

/// What steps of this test do: write their output, or end with a code.
struct Writes(Result<&'static str, i32>);

impl Programs for Writes {
    fn run(&self, command: &[String], launch: &Launch, root: &Path) -> io::Result<Exit> {
        assert!(!command.is_empty());
        let text = match self.0 {
            Ok(text) => text,
            Err(code) => return Ok(Exit::Code(code)),
        };
        for file in launch.executor_input.outputs.parameters.values() {
            fs_err::write(root.join(file.trim_start_matches('/')), text)?;
        }
        Ok(Exit::Code(0))
    }
}

struct Pods {
    folder: tempfile::TempDir,
}

impl Pods {
    fn begun() -> Self {
        let pods = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let facts = Facts {
            id: RUN.parse().unwrap(),
            resource_name: "two-abcde".to_owned(),
            display_name: "two".to_owned(),
            created_at: now(),
            scheduled_at: None,
            pipeline_root: None,
        };
        let packed = encode_definition(&definition());
        coracle_step::begin(&pods.conduct(), &packed, "{}", facts).unwrap();
        pods
    }

    fn conduct(&self) -> Conduct {
        Conduct {
            store: Place::Folder(self.folder.path().join("volume")),
            root: self.folder.path().join("root"),
            told: self.folder.path().join("told"),
            run: RUN.parse().unwrap(),
        }
    }

    fn run(&self, task: &str, failed: u32, does: Result<&'static str, i32>) -> Ending {
        let task = TaskPath::from(task);
        coracle_step::run(&self.conduct(), &Writes(does), (&task, failed), &now).unwrap()
    }

    fn told(&self, name: &str) -> String {
        fs_err::read_to_string(self.folder.path().join("told").join(name)).unwrap()
    }

    fn state(&self, task: &str) -> Option<TaskState> {
        let records = Store::open(&self.conduct().store, self.conduct().run)
            .unwrap()
            .records()
            .unwrap();
        let record = records
            .into_iter()
            .find(|record| record.path.as_str() == task);
        record.map(|record| record.state)
    }
}

#[test]
fn a_pod_follows_from_what_an_earlier_step_returned() {
    let pods = Pods::begun();
    assert_eq!(pods.run("a", 0, Ok("python")).code, exit::DONE);
    let ending = coracle_step::decide(&pods.conduct(), &"b".into(), now()).unwrap();
    assert_eq!(
        (ending.code, pods.told("go").as_str()),
        (exit::DONE, "true")
    );
    let patch: Value = serde_json::from_str(&pods.told("patch")).unwrap();
    let main = &patch["containers"][0];
    assert_eq!(main["image"], "python");
    assert_eq!(
        main["resources"],
        json!({"requests": {"cpu": "500m"}, "limits": {"memory": "1073741824"}})
    );
    let key = json!({"secretKeyRef": {"name": "python", "key": "k", "optional": false}});
    assert_eq!(main["env"], json!([{"name": "TOKEN", "valueFrom": key}]));
    let mount = &main["volumeMounts"][0];
    assert_eq!(
        (mount["mountPath"].as_str(), mount["subPath"].as_str()),
        (Some("/data"), Some("in"))
    );
    let volume = json!({"name": mount["name"], "persistentVolumeClaim": {"claimName": "python"}});
    assert_eq!(patch["volumes"], json!([volume]));
}

#[test]
fn an_attempt_that_failed_is_followed_by_another_until_the_last() {
    let pods = Pods::begun();
    assert_eq!(pods.run("a", 0, Err(3)).code, exit::FAILED);
    assert_eq!(pods.state("a"), Some(TaskState::Pending));
    assert!(pods.told("record").contains("exited with code 3"));
    assert_eq!(pods.run("a", 1, Err(3)).code, exit::DECIDED);
    assert_eq!(pods.state("a"), Some(TaskState::Failed));
    // A pod that is started once more, by hand, does its step again.
    assert_eq!(pods.run("a", 0, Ok("x")).code, exit::DONE);
    assert_eq!(pods.state("a"), Some(TaskState::Succeeded));
}

#[test]
fn where_no_other_attempt_is_begun_the_step_has_failed_for_the_reason_of_its_last() {
    let pods = Pods::begun();
    pods.run("a", 0, Err(3));
    assert_eq!(pods.run("b", 0, Ok("never")).code, exit::DONE);
    assert_eq!(pods.state("b"), Some(TaskState::Skipped));
    let ending = coracle_step::end(&pods.conduct(), now()).unwrap();
    assert_eq!(ending.code, exit::DECIDED);
    let records = Store::new(&pods.conduct().store, pods.conduct().run)
        .records()
        .unwrap();
    let record = records.iter().find(|record| record.path.as_str() == "a");
    let record = record.unwrap();
    assert_eq!(record.state, TaskState::Failed);
    let reason = record.reason.as_ref().unwrap();
    assert_eq!(
        reason.message,
        "exited with code 3; the pod's log says more; the cluster began no other attempt"
    );
}

#[test]
fn what_needs_a_failed_step_is_not_run() {
    let pods = Pods::begun();
    pods.run("a", 1, Err(1));
    let ending = pods.run("b", 0, Ok("never"));
    assert_eq!(ending.code, exit::DONE);
    assert_eq!(pods.state("b"), Some(TaskState::Skipped));
    let ending = coracle_step::end(&pods.conduct(), now()).unwrap();
    assert_eq!(ending.code, exit::DECIDED);
    assert!(ending.said.contains("`a` failed"), "{}", ending.said);
}

#[test]
fn an_output_that_is_missing_fails_the_step() {
    let pods = Pods::begun();
    struct Nothing;
    impl Programs for Nothing {
        fn run(&self, _: &[String], _: &Launch, _: &Path) -> io::Result<Exit> {
            Ok(Exit::Code(0))
        }
    }
    let ending = coracle_step::run(&pods.conduct(), &Nothing, (&"a".into(), 1), &now).unwrap();
    assert_eq!(ending.code, exit::DECIDED);
    assert!(
        ending
            .said
            .contains("did not write its output parameter `out`"),
        "{}",
        ending.said
    );
}

#[test]
fn parameters_that_do_not_fit_are_refused_before_anything_runs() {
    let pods = Pods::begun();
    let facts = Facts {
        id: RUN.parse().unwrap(),
        resource_name: "two-abcde".to_owned(),
        display_name: "two".to_owned(),
        created_at: now(),
        scheduled_at: None,
        pipeline_root: None,
    };
    let packed = encode_definition(&definition());
    let error = coracle_step::begin(&pods.conduct(), &packed, r#"{"y": 1}"#, facts).unwrap_err();
    assert!(
        error.to_string().contains("do not fit the pipeline"),
        "{error}"
    );
}

#[test]
fn a_store_without_the_run_is_a_fault() {
    let pods = Pods {
        folder: tempfile::tempdir().unwrap(),
    };
    let error = coracle_step::end(&pods.conduct(), now()).unwrap_err();
    assert_eq!(error.to_string(), "the run's volume cannot be used");
}
