//! What a workflow says, and what is refused.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use coracle_model::{Recurrence, Schedule, WorkflowSettings, WorkflowStore};
use coracle_spec::pipeline::{Definition, read};
use coracle_workflow::{Lowering, Parity, Settings, lower};
use serde_json::{Map, Value, json};

fn settings() -> Settings {
    Settings {
        display_name: "a run".to_owned(),
        parameters: BTreeMap::new(),
        pipeline_root: None,
        on: WorkflowSettings {
            step_image: "registry.example/coracle-step:1".to_owned(),
            image_pull_policy: None,
            service_account: Some("runner".to_owned()),
            image_pull_secrets: vec!["pull".to_owned()],
            store: WorkflowStore::Claim("runs".to_owned()),
        },
        file_system_group: None,
        recurrence: None,
    }
}

fn definition(text: &str) -> Definition {
    let reading = read(text.as_bytes(), "pipeline.yaml");
    reading
        .definition
        .unwrap_or_else(|| panic!("{:#?}", reading.diagnostics))
}

/// A pipeline of one step, with settings of its container, of its task and of the platform.
fn one_step(container: Value, task: &Value, platform: Option<Value>) -> Definition {
    let mut executor = json!({"image": "python:3.11", "command": ["run"]});
    merge(&mut executor, container);
    let mut inner = json!({"taskInfo": {"name": "a"}, "componentRef": {"name": "comp-a"}});
    merge(&mut inner, task.clone());
    let pipeline = json!({
        "pipelineInfo": {"name": "one"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "deploymentSpec": {"executors": {"exec-a": {"container": executor}}},
        "components": {"comp-a": {"executorLabel": "exec-a", "inputDefinitions": {"parameters": {"x": {"parameterType": "STRING", "isOptional": true}}}}},
        "root": {"dag": {"tasks": {"a": inner}}},
    });
    let mut text = pipeline.to_string();
    if let Some(platform) = platform {
        let executors = json!({"exec-a": platform});
        let document =
            json!({"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}});
        text = format!("{text}\n---\n{document}");
    }
    definition(&text)
}

fn merge(value: &mut Value, more: Value) {
    let (Value::Object(value), Value::Object(more)) = (value, more) else {
        return;
    };
    value.extend(more);
}

fn template<'a>(lowering: &'a Lowering, name: &str) -> &'a Value {
    let workflow = lowering
        .workflow
        .as_ref()
        .unwrap_or_else(|| panic!("{:?}", lowering.findings));
    let templates = workflow["spec"]["templates"].as_array().unwrap();
    templates
        .iter()
        .find(|template| template["name"] == name)
        .unwrap_or_else(|| panic!("{workflow:#}"))
}

fn refusals(lowering: &Lowering) -> Vec<&str> {
    assert!(lowering.workflow.is_none());
    let refused = lowering
        .findings
        .iter()
        .filter(|finding| finding.parity == Parity::NotPortable);
    refused.map(|finding| finding.place.as_str()).collect()
}

#[test]
fn what_the_pod_has_is_what_the_definition_says() {
    let platform = json!({
        "secretAsEnv": [{"secretName": "s", "secretNameParameter": {"runtimeValue": {"constant": "s"}}, "keyToEnv": [{"secretKey": "k", "envVar": "TOKEN"}]}],
        "configMapAsVolume": [{"configMapName": "c", "configMapNameParameter": {"runtimeValue": {"constant": "c"}}, "mountPath": "/c", "optional": true}],
        "pvcMount": [{"constant": "data", "pvcNameParameter": {"runtimeValue": {"constant": "data"}}, "mountPath": "/data", "subPath": "in"}],
        "nodeSelector": {"labels": {"disk": "fast"}},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "nodeAffinity": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}],
        "imagePullSecret": [{"secretName": "mine"}],
        "imagePullPolicy": "Always",
        "podMetadata": {"labels": {"team": "x"}},
        "fieldPathAsEnv": [{"name": "NODE", "fieldPath": "spec.nodeName"}],
        "activeDeadlineSeconds": "60",
        "emptyDirMounts": [{"volumeName": "scratch", "mountPath": "/scratch", "medium": "Memory", "sizeLimit": "1Gi"}],
        "enabledSharedMemory": {"size": "2Gi"},
        "securityContext": {"runAsUser": "1000"},
    });
    let container = json!({
        "env": [{"name": "A", "value": "b"}],
        "resources": {"resourceCpuRequest": "500m", "resourceMemoryLimit": "1Gi", "accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "2"}},
    });
    let task = json!({"retryPolicy": {"maxRetryCount": 2, "backoffDuration": "5s", "backoffFactor": 2.0, "backoffMaxDuration": "3600s"}});
    let lowering = lower(&one_step(container, &task, Some(platform)), &settings());
    let step = template(&lowering, "comp-a");
    let main = &step["container"];
    let env = |name: &str| {
        let all = main["env"].as_array().unwrap();
        all.iter()
            .find(|variable| variable["name"] == name)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(main["image"], "python:3.11");
    assert_eq!(main["imagePullPolicy"], "Always");
    assert_eq!(
        main["resources"],
        json!({"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi", "nvidia.com/gpu": "2"}})
    );
    assert_eq!(main["securityContext"], json!({"runAsUser": 1000}));
    assert_eq!(env("A")["value"], "b");
    assert_eq!(env("TOKEN")["valueFrom"]["secretKeyRef"]["name"], "s");
    assert_eq!(
        env("NODE")["valueFrom"]["fieldRef"]["fieldPath"],
        "spec.nodeName"
    );
    assert_eq!(env("KFP_RETRY_INDEX")["value"], "{{retries}}");
    let mounted: BTreeMap<&str, &Value> = main["volumeMounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| (mount["mountPath"].as_str().unwrap(), mount))
        .collect();
    assert_eq!(mounted["/data"]["subPath"], "in");
    for path in [
        "/c",
        "/scratch",
        "/dev/shm",
        "/minio",
        "/s3",
        "/gcs",
        "/tmp/kfp/outputs",
        "/coracle/store",
    ] {
        assert!(mounted.contains_key(path), "{path}");
    }
    let volumes = step["volumes"].as_array().unwrap();
    let has = |volume: Value| assert!(volumes.contains(&volume), "{volume} {volumes:#?}");
    has(json!({"name": "claim-0", "persistentVolumeClaim": {"claimName": "data"}}));
    has(json!({"name": "config-map-0", "configMap": {"name": "c", "optional": true}}));
    has(json!({"name": "scratch", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}));
    assert_eq!(step["nodeSelector"], json!({"disk": "fast"}));
    assert_eq!(
        step["tolerations"],
        json!([{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}])
    );
    assert_eq!(
        step["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
            [0]["matchExpressions"][0]["key"],
        "zone"
    );
    assert_eq!(step["metadata"], json!({"labels": {"team": "x"}}));
    assert_eq!(step["activeDeadlineSeconds"], 60);
    assert_eq!(step["retryStrategy"]["limit"], "2");
    assert_eq!(
        step["retryStrategy"]["backoff"],
        json!({"duration": "5000ms", "factor": "2", "maxDuration": "3600s"})
    );
    let spec = &lowering.workflow.as_ref().unwrap()["spec"];
    assert_eq!(
        spec["imagePullSecrets"],
        json!([{"name": "pull"}, {"name": "mine"}])
    );
    assert_eq!(spec["serviceAccountName"], "runner");
}

#[test]
fn a_pod_that_follows_from_inputs_is_decided_on() {
    let container = json!({"image": "{{$.inputs.parameters['x']}}"});
    let task = json!({"inputs": {"parameters": {"x": {"runtimeValue": {"constant": "alpine"}}}}});
    let lowering = lower(&one_step(container, &task, None), &settings());
    let step = template(&lowering, "comp-a");
    assert_eq!(step["podSpecPatch"], "{{inputs.parameters.patch}}");
    let around = template(&lowering, "comp-a-decided");
    assert_eq!(
        around["dag"]["tasks"][1]["when"],
        "{{tasks.decide.outputs.parameters.go}} == true"
    );
}

#[test]
fn what_would_mean_something_else_is_refused() {
    let plain = json!({});
    let refused = |container: Value, task: &Value| {
        let lowering = lower(&one_step(container, task, None), &settings());
        refusals(&lowering).join(", ")
    };
    assert_eq!(refused(json!({"command": []}), &plain), "exec-a: command");
    let env = json!({"env": [{"name": "A", "value": "{{x}}"}]});
    assert_eq!(refused(env, &plain), "exec-a: env A");
    let task = json!({"retryPolicy": {"maxRetryCount": 2, "backoffFactor": 1.5}});
    assert_eq!(refused(plain.clone(), &task), "exec-a: retryPolicy");
    let accelerator = json!({"resources": {"accelerator": {"resourceType": "amd.com/gpu", "resourceCount": "{{$.inputs.parameters['x']}}"}}});
    assert_eq!(refused(accelerator, &plain), "exec-a");
    let platform = json!({"nodeSelector": {"nodeSelectorJson": {"componentInputParameter": "x"}}});
    let mut definition = one_step(plain.clone(), &plain, None);
    let document = json!({"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-a": platform}}}}});
    definition.text = format!("{}\n---\n{document}", definition.text);
    assert_eq!(
        refusals(&lower(&definition, &settings())),
        ["exec-a: nodeSelector"]
    );
}

/// A thousand tasks in a row, each with a program of its own.
fn thousand() -> String {
    let mut components = Map::new();
    let mut executors = Map::new();
    let mut tasks = Map::new();
    for index in 0..1000 {
        let program = format!("import kfp\nfrom kfp import dsl\n\ndef step_{index}(x: str) -> str:\n    return x + '{index}'\n").repeat(8);
        executors.insert(format!("exec-{index}"), json!({"container": {"image": "python:3.11", "command": ["sh", "-c", program], "args": ["--executor_input", "{{$}}"]}}));
        components.insert(
            format!("comp-{index}"),
            json!({"executorLabel": format!("exec-{index}"), "inputDefinitions": {"parameters": {"x": {"parameterType": "STRING"}}}, "outputDefinitions": {"parameters": {"Output": {"parameterType": "STRING"}}}}),
        );
        let x = if index == 0 {
            json!({"runtimeValue": {"constant": ""}})
        } else {
            json!({"taskOutputParameter": {"producerTask": format!("t-{}", index - 1), "outputParameterKey": "Output"}})
        };
        tasks.insert(format!("t-{index}"), json!({"taskInfo": {"name": "t"}, "componentRef": {"name": format!("comp-{index}")}, "inputs": {"parameters": {"x": x}}}));
    }
    json!({
        "pipelineInfo": {"name": "thousand"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "deploymentSpec": {"executors": executors},
        "components": components,
        "root": {"dag": {"tasks": tasks}},
    })
    .to_string()
}

#[test]
fn a_thousand_tasks_fit_and_take_no_time() {
    let definition = definition(&thousand());
    let begun = Instant::now();
    let lowering = lower(&definition, &settings());
    let took = begun.elapsed();
    let workflow = lowering
        .workflow
        .unwrap_or_else(|| panic!("{:?}", lowering.findings));
    let size = workflow.to_string().len();
    assert!(size < 600_000, "{size} bytes");
    // Unoptimised, on a machine that does other things too; it takes a tenth of this.
    assert!(took < Duration::from_secs(5), "{took:?}");
    // Steps that differ in their program alone share a template.
    assert_eq!(workflow["spec"]["templates"].as_array().unwrap().len(), 7);
}

#[test]
fn one_that_runs_again_and_again_is_the_same_workflow_in_a_schedule() {
    let definition = one_step(json!({}), &json!({}), None);
    let once = lower(&definition, &settings()).workflow.unwrap();
    let recurring = |catch_up| Settings {
        recurrence: Some(Recurrence {
            schedule: Schedule::Cron("0 30 6 * * *".to_owned()),
            catch_up,
            max_concurrency: 1,
        }),
        ..settings()
    };
    let cron = lower(&definition, &recurring(false)).workflow.unwrap();
    assert_eq!(cron["kind"], "CronWorkflow");
    assert_eq!(cron["spec"]["schedules"], json!(["30 6 * * *"]));
    assert_eq!(cron["spec"]["timezone"], "UTC");
    let begin = |spec: &Value| {
        let templates = spec["templates"].as_array().unwrap();
        let mut found = templates.iter().filter(|one| one["name"] == "begin");
        found.next().unwrap()["container"]["args"].clone()
    };
    let in_schedule = &cron["spec"]["workflowSpec"];
    // It is told when it was to start, and is the same but for that.
    assert!(
        begin(in_schedule)
            .to_string()
            .contains("workflow.scheduledTime")
    );
    assert!(!begin(&once["spec"]).to_string().contains("scheduled"));
    for field in ["entrypoint", "arguments", "volumes", "serviceAccountName"] {
        assert_eq!(in_schedule[field], once["spec"][field], "{field}");
    }
    assert_eq!(lower(&definition, &recurring(true)).workflow, None);
}
