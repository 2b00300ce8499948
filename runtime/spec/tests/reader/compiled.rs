//! What compiled pipelines mean once they are read.

use std::time::{Duration, Instant};

use coracle_model::Value;
use coracle_spec::pipeline::{
    ArtifactParameter, Component, Dag, Executor, IteratorItems, ParameterSource, ParameterType,
    PipelineSpec, Task, TriggerStrategy, Work,
};

use crate::{ORCHARD, TWO_STEPS, sound, with};

fn dag(component: &Component) -> &Dag {
    match &component.work {
        Work::Dag(dag) => dag,
        Work::Executor(label) => panic!("{label} is no DAG"),
    }
}

fn task<'a>(spec: &'a PipelineSpec, component: &str, task: &str) -> &'a Task {
    let component = if component == "root" {
        &spec.root
    } else {
        &spec.components[component]
    };
    &dag(component).tasks[task]
}

#[test]
fn two_steps_are_read_whole() {
    let definition = sound(TWO_STEPS);
    assert_eq!(definition.text, TWO_STEPS);
    let spec = definition.spec;
    assert_eq!(spec.name.as_str(), "two-steps");
    assert_eq!(spec.display_name.as_deref(), Some("Two steps"));
    assert_eq!(spec.description, "Weighs fruit and labels the basket.");
    assert_eq!(spec.sdk_version, "kfp-2.17.0");
    let count = &spec.root.input_parameters["count"];
    assert_eq!(count.parameter_type, ParameterType::Integer);
    assert_eq!(count.default, Some(Value::Number(3.0)));
    assert!(count.optional);
    let basket = &spec.components["comp-weigh"].output_artifacts["basket"];
    assert_eq!(basket.artifact_type.schema_title, "system.Dataset");
    assert_eq!(basket.artifact_type.schema_version, "0.0.1");
    let label = task(&spec, "root", "label");
    assert_eq!(
        label.artifacts["basket"],
        ArtifactParameter::TaskOutput {
            producer: "weigh".into(),
            output: "basket".to_owned()
        }
    );
    assert_eq!(
        label.parameters["grams"].source,
        ParameterSource::TaskOutput {
            producer: "weigh".into(),
            output: "grams".to_owned()
        }
    );
    assert!(label.after.contains("weigh"));
    assert!(label.caching.enabled);
    let Executor::Container(container) = &spec.executors["exec-weigh"] else {
        panic!("weigh is a container")
    };
    assert_eq!(container.command, ["sh", "-c"]);
    assert_eq!(container.args[1], "{{$.inputs.parameters['fruit']}}");
}

#[test]
fn loops_branches_and_exit_tasks_are_read() {
    let spec = read_orchard();
    let looped = task(&spec, "comp-exit-handler-1", "for-loop-2");
    let iterator = looped.iterator.as_ref().unwrap();
    assert_eq!(
        iterator.items,
        IteratorItems::Parameter("pipelinechannel--trees".to_owned())
    );
    assert_eq!(iterator.item_input, "pipelinechannel--trees-loop-item");
    assert_eq!(iterator.parallelism, Some(2));
    let branch = task(&spec, "comp-condition-branches-3", "condition-4");
    assert_eq!(
        branch.condition.as_deref(),
        Some("inputs.parameter_values['pipelinechannel--trees-loop-item'] == 'apple'")
    );
    let chosen = &dag(&spec.components["comp-condition-branches-3"])
        .outputs
        .parameters;
    assert_eq!(
        chosen["pipelinechannel--condition-branches-3-oneof-1"].selectors,
        [
            (
                "condition-4".into(),
                "pipelinechannel--press-juice".to_owned()
            ),
            (
                "condition-5".into(),
                "pipelinechannel--cellar-Output".to_owned()
            ),
        ]
    );
    let sweep = task(&spec, "root", "sweep");
    assert_eq!(sweep.display_name, "sweep up");
    assert_eq!(sweep.trigger, TriggerStrategy::AllUpstreamTasksCompleted);
    assert_eq!(
        sweep.parameters["status"].source,
        ParameterSource::FinalStatus {
            producer: "exit-handler-1".into()
        }
    );
    assert_eq!(
        spec.components["comp-sweep"].input_parameters["status"].parameter_type,
        ParameterType::TaskFinalStatus
    );
}

#[test]
fn an_input_that_the_component_does_not_declare_is_kept() {
    let spec = read_orchard();
    let cellar = task(&spec, "comp-condition-5", "cellar");
    assert!(
        !spec.components["comp-cellar"]
            .input_parameters
            .contains_key("pipelinechannel--season")
    );
    assert_eq!(
        cellar.parameters["pipelinechannel--season"].source,
        ParameterSource::ComponentInput("pipelinechannel--season".to_owned())
    );
}

#[test]
fn retries_resources_and_importers_are_read() {
    let spec = read_orchard();
    let pick = task(&spec, "comp-for-loop-2", "pick");
    let retry = pick.retry.unwrap();
    assert_eq!(
        (retry.max_retries, retry.backoff),
        (2, Duration::from_secs(30))
    );
    assert_eq!(
        (retry.factor, retry.max_backoff),
        (1.5, Duration::from_secs(600))
    );
    assert!(!pick.caching.enabled);
    let Executor::Container(container) = &spec.executors["exec-pick"] else {
        panic!("pick is a container")
    };
    let resources = &container.resources;
    assert_eq!(resources.cpu_request.as_deref(), Some("500m"));
    assert_eq!(
        resources.memory_limit.as_deref(),
        Some("1Gi"),
        "the text wins over the number beside it"
    );
    assert_eq!(
        resources.accelerator_type.as_deref(),
        Some("nvidia.com/gpu")
    );
    assert_eq!(resources.accelerator_count.as_deref(), Some("1"));
    assert_eq!(
        (
            container.env[0].name.as_str(),
            container.env[0].value.as_str()
        ),
        ("ROWS", "4")
    );
    let Executor::Importer(importer) = &spec.executors["exec-importer"] else {
        panic!("it is an importer")
    };
    assert_eq!(
        importer.uri,
        ParameterSource::Constant("gs://orchard/map".into())
    );
    assert_eq!(
        importer.metadata["season"],
        "{{$.inputs.parameters['metadata']}}".into()
    );
    assert!(!importer.reimport);
}

#[test]
fn old_spellings_mean_the_same() {
    let old = with("count:\n              componentInputParameter: count", "count:\n              runtimeValue: {constantValue: {intValue: '7'}}")
        .replace("fruit:\n              componentInputParameter: fruit", "fruit:\n              runtime_value: {runtime_parameter: fruit}")
        .replace("        image: alpine\n    exec-weigh", "        image: alpine\n        resources: {cpuLimit: 0.5, memoryLimit: 2.0, cpuRequest: 0, accelerator: {type: nvidia.com/gpu, count: 2}}\n    exec-weigh")
        .replace("parameterType: NUMBER_DOUBLE", "type: DOUBLE")
        .replace("dependentTasks", "dependent_tasks");
    let spec = sound(&old).spec;
    let weigh = task(&spec, "root", "weigh");
    assert_eq!(
        weigh.parameters["count"].source,
        ParameterSource::Constant(Value::Number(7.0))
    );
    assert_eq!(
        weigh.parameters["fruit"].source,
        ParameterSource::ComponentInput("fruit".to_owned())
    );
    assert!(task(&spec, "root", "label").after.contains("weigh"));
    assert_eq!(
        spec.components["comp-label"].input_parameters["grams"].parameter_type,
        ParameterType::Double
    );
    let Executor::Container(container) = &spec.executors["exec-label"] else {
        panic!("label is a container")
    };
    assert_eq!(container.resources.cpu_limit.as_deref(), Some("0.5"));
    assert_eq!(container.resources.memory_limit.as_deref(), Some("2G"));
    assert_eq!(container.resources.cpu_request, None);
    assert_eq!(
        container.resources.accelerator_type.as_deref(),
        Some("nvidia.com/gpu")
    );
    assert_eq!(container.resources.accelerator_count.as_deref(), Some("2"));
}

#[test]
fn a_loop_over_artifacts_or_over_written_items_is_read() {
    let looping = |iterator: &str| {
        let text = with(
            "        taskInfo:\n          name: weigh",
            &format!("        {iterator}\n        taskInfo:\n          name: weigh"),
        );
        sound(&text).spec.clone()
    };
    let spec = looping("artifactIterator: {items: {inputArtifact: baskets}, itemInput: basket}");
    let artifacts = task(&spec, "root", "weigh").iterator.clone().unwrap();
    assert_eq!(
        artifacts.items,
        IteratorItems::Artifact("baskets".to_owned())
    );
    assert_eq!(artifacts.parallelism, None);
    let spec =
        looping(r#"parameterIterator: {items: {raw: '[1, {"a": null}]'}, itemInput: fruit}"#);
    let items = task(&spec, "root", "weigh").iterator.clone().unwrap().items;
    assert_eq!(
        items,
        IteratorItems::Raw(vec![
            Value::Number(1.0),
            Value::from_json(r#"{"a": null}"#).unwrap()
        ])
    );
}

#[test]
fn a_null_default_is_a_default_and_a_missing_one_is_none() {
    let null = sound(&with("defaultValue: pear", "defaultValue: null")).spec;
    assert_eq!(
        null.root.input_parameters["fruit"].default,
        Some(Value::Null)
    );
    let missing = sound(&with("        defaultValue: pear\n", "")).spec;
    assert_eq!(missing.root.input_parameters["fruit"].default, None);
}

#[test]
fn what_the_pipeline_does_not_reach_is_left_out() {
    let text = with(
        "components:\n",
        "components:\n  comp-unused: {executorLabel: exec-unused}\n",
    )
    .replace(
        "executors:\n",
        "executors:\n    exec-unused: {customJob: {}}\n",
    );
    let spec = sound(&text).spec;
    assert!(!spec.components.contains_key("comp-unused"));
    assert_eq!(spec.executors.len(), 2);
}

#[test]
fn three_hundred_tasks_are_read_at_once() {
    let mut tasks = String::new();
    for index in 1..300 {
        let before = index - 1;
        tasks += &format!(
            "      weigh-{index}:\n        cachingOptions: {{enableCache: true}}\n        componentRef:\n          \
             name: comp-weigh\n        dependentTasks: [weigh-{before}]\n        inputs:\n          parameters:\n            \
             count:\n              componentInputParameter: count\n            fruit:\n              \
             componentInputParameter: fruit\n        taskInfo:\n          name: weigh-{index}\n"
        );
    }
    let text =
        with("      weigh:\n", &format!("{tasks}      weigh:\n")).replace("[weigh-0]", "[weigh]");
    let start = Instant::now();
    let spec = sound(&text).spec;
    // A few milliseconds in a release build; the bound leaves room for a debug build on a busy machine.
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(dag(&spec.root).tasks.len(), 301);
}

fn read_orchard() -> PipelineSpec {
    let reading = crate::read_text(ORCHARD);
    reading.definition.unwrap().spec
}
