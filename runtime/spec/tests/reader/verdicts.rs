//! What is refused, in KFP's words where it has some, and where the problem is said to be.

use crate::{ORCHARD, read_text, shown, verdict, with};

#[test]
fn only_schema_version_2_1_0_is_read() {
    assert_eq!(
        verdict(&with("schemaVersion: 2.1.0", "schemaVersion: 2.0.0")),
        [
            "schema-version 110:16 KFP only supports schema version 2.1.0, but the pipeline spec has version 2.0.0"
        ]
    );
    assert_eq!(
        verdict(&with("schemaVersion: 2.1.0\n", "")),
        [
            "schema-version 7:1 KFP only supports schema version 2.1.0, but the pipeline spec has version "
        ]
    );
}

#[test]
fn a_pipeline_needs_a_name_and_a_root() {
    assert_eq!(
        verdict(&with("  name: two-steps", "  name: ''")),
        ["pipeline-name 63:9 invalid v2 pipeline spec: name is empty"]
    );
    assert_eq!(
        verdict(&with("  name: two-steps", "  name: 'My Pipeline'")),
        [""; 0],
        "KFP's rule is lax"
    );
    assert_eq!(
        verdict(&with("  name: two-steps", "  name: 'ÄÖ_!'")),
        [
            "pipeline-name 63:9 invalid v2 pipeline spec: name should consist of lower case alphanumeric characters, \
          '-' or '.', and must start and end with an alphanumeric character"
        ]
    );
    assert_eq!(
        verdict("pipelineInfo: {name: x}\nschemaVersion: 2.1.0\n"),
        ["missing-root 1:1 invalid v2 pipeline spec: root component is empty"]
    );
    assert_eq!(
        verdict("pipelineInfo: {name: x}\nschemaVersion: 2.1.0\nroot: {executorLabel: a}\n"),
        ["root-not-dag 3:23 the root of a pipeline must be a `dag`, not an executor"]
    );
}

#[test]
fn unknown_fields_are_refused_but_not_inside_executors() {
    let reading = read_text(&with(
        "        componentRef:\n          name: comp-label",
        "        componentReff:\n          name: comp-label",
    ));
    assert_eq!(
        shown(&reading),
        [
            "missing-component 67:7 component ref name is empty for task name=\"label\"",
            "unknown-field 70:9 unknown field `componentReff` in `PipelineTaskSpec`",
        ]
    );
    assert_eq!(
        reading.diagnostics[1].help.as_deref(),
        Some("remove it; of fields, did you mean `componentRef`?")
    );
    assert_eq!(
        verdict(&with(
            "        image: alpine",
            "        image: alpine\n        '@type': some\n        colour: red"
        )),
        [""; 0]
    );
    assert_eq!(
        verdict(&with("root:\n", "root:\n  dag_: 1\n")),
        ["unknown-field 65:3 unknown field `dag_` in `ComponentSpec`"]
    );
}

#[test]
fn both_spellings_of_one_field_are_one_too_many() {
    assert_eq!(
        verdict(&with(
            "schemaVersion: 2.1.0\n",
            "schemaVersion: 2.1.0\nschema_version: 2.1.0\n"
        )),
        ["duplicate-field 111:1 duplicate field `schemaVersion` in `PipelineSpec`"]
    );
}

#[test]
fn values_must_be_of_the_declared_type() {
    assert_eq!(
        verdict(&with("        image: alpine", "        image: 3.11")),
        ["wrong-type 47:16 `image` must be text, found a number"]
    );
    assert_eq!(
        verdict(&with("enableCache: true", "enableCache: yes")),
        ["wrong-type 69:24 `enableCache` must be `true` or `false`, found text"],
        "`yes` is text, as in Go"
    );
    assert_eq!(
        verdict(&with(
            "dependentTasks:\n        - weigh",
            "dependentTasks: weigh"
        )),
        ["wrong-type 72:25 `dependentTasks` must be a list, found text"]
    );
    assert_eq!(
        verdict(&with(
            "parameterType: NUMBER_DOUBLE",
            "parameterType: NUMBER"
        )),
        ["unknown-value 20:26 invalid value for enum field `parameterType`: `NUMBER`"]
    );
    assert_eq!(
        verdict(&with(
            "        image: alpine",
            "        image: alpine\n        resources: {cpuLimit: many, resourceCpuLimit: '2'}"
        )),
        ["wrong-type 48:31 `cpuLimit` must be a number, found text"]
    );
    assert_eq!(
        verdict(&with("          parameterType: NUMBER_DOUBLE\n", "")),
        ["unspecified-type 17:9 parameter grams has unspecified type"]
    );
}

#[test]
fn a_default_must_be_of_its_type() {
    assert_eq!(
        verdict(&with("defaultValue: 3.0", "defaultValue: three")),
        [
            "default-type 103:23 input parameter \"count\" type mismatch: expect NUMBER_INTEGER, got string"
        ]
    );
    assert_eq!(
        verdict(&with("defaultValue: pear", "defaultValue: 5")),
        [
            "warning default-type 107:23 input parameter \"fruit\" type mismatch: expect STRING, got number"
        ],
        "a cluster makes text of it"
    );
}

#[test]
fn names_that_lead_nowhere_are_refused_with_a_suggestion() {
    let check = |text: &str, expected: &str, help: &str| {
        let reading = read_text(text);
        assert_eq!(shown(&reading), [expected]);
        assert_eq!(reading.diagnostics[0].help.as_deref(), Some(help));
    };
    check(
        &with("name: comp-label", "name: comp-labels"),
        "unknown-component 71:17 cannot find component ref name=\"comp-labels\"",
        "did you mean `comp-label`?",
    );
    check(
        &with("executorLabel: exec-label", "executorLabel: nothing"),
        "missing-executor 9:20 error processing component name=\"comp-label\": executor(label=\"nothing\"): not found in deployment config",
        "there are `exec-label`, `exec-weigh`",
    );
    check(
        &with(
            "                producerTask: weigh",
            "                producerTask: wiegh",
        ),
        "unknown-task 78:17 unknown producer task \"wiegh\" in DAG",
        "did you mean `weigh`?",
    );
    check(
        &with("        - weigh", "        - cut"),
        "unknown-task 73:11 unknown producer task \"cut\" in DAG",
        "there are `label`, `weigh`",
    );
    check(
        &with("outputParameterKey: grams", "outputParameterKey: gram"),
        "unknown-output 83:17 the task `weigh` has no output parameter `gram`",
        "of its outputs, did you mean `grams`?",
    );
    check(
        &with(
            "componentInputParameter: fruit",
            "componentInputParameter: fruits",
        ),
        "unknown-input 97:40 parent DAG does not have input parameter fruits",
        "did you mean `fruit`?",
    );
}

#[test]
fn executors_of_other_kinds_are_named() {
    let check = |kind: &str, found: &str| {
        let text = with(
            "exec-label:\n      container:\n",
            &format!("exec-label:\n      {kind}:\n"),
        );
        let expected = format!(
            "unknown-executor 40:5 error processing component name=\"comp-label\": executor(label=\"exec-label\"): \
             non-container and non-importer executor not implemented, found `{found}`"
        );
        assert_eq!(verdict(&text), [expected]);
    };
    check("resolver", "resolver");
    check("customJob", "customJob");
    check("wasm", "wasm");
}

#[test]
fn a_component_must_do_something_and_only_one_thing() {
    assert_eq!(
        verdict(&with("    executorLabel: exec-label\n", "")),
        [
            "missing-work 8:3 error processing component name=\"comp-label\": unknown component implementation"
        ]
    );
    assert_eq!(
        verdict(&with(
            "    executorLabel: exec-label\n",
            "    executorLabel: exec-label\n    dag: {tasks: {}}\n"
        )),
        ["several-of-one 9:5 `dag` and `executorLabel` cannot be specified at the same time"]
    );
}

#[test]
fn a_loop_goes_over_one_kind_of_items() {
    let looping = |iterators: &str| {
        verdict(&with(
            "        taskInfo:\n          name: weigh",
            &format!("        {iterators}\n        taskInfo:\n          name: weigh"),
        ))
    };
    assert_eq!(
        looping(
            "parameterIterator: {items: {raw: '[]'}, itemInput: fruit}\n        artifactIterator: {items: {inputArtifact: a}, itemInput: b}"
        ),
        [
            "several-of-one 99:9 `parameterIterator` and `artifactIterator` cannot be specified at the same time"
        ]
    );
    assert_eq!(
        looping("parameterIterator: {items: {raw: '{}'}, itemInput: fruit}"),
        ["loop-items 98:42 the items of a loop must be a JSON array: it is a struct"]
    );
    assert_eq!(
        looping("parameterIterator: {itemInput: fruit}"),
        ["loop-items 98:28 `parameterIterator` has no items"]
    );
}

#[test]
fn a_dag_needs_a_task_that_is_no_exit_task() {
    let exit =
        "        triggerPolicy: {strategy: ALL_UPSTREAM_TASKS_COMPLETED}\n        taskInfo:\n";
    let text = crate::TWO_STEPS.replace("        taskInfo:\n", exit);
    assert_eq!(
        verdict(&text),
        ["only-exit-tasks 65:3 DAG root must contain one or more non-exit tasks"]
    );
}

#[test]
fn an_importer_takes_no_condition() {
    let text = with(
        "exec-label:\n      container:\n",
        "exec-label:\n      importer:\n        artifactUri: {constant: gs://x}\n",
    )
    .replace(
        "        taskInfo:\n          name: label",
        "        triggerPolicy: {condition: 'true'}\n        taskInfo:\n          name: label",
    );
    assert_eq!(
        verdict(&text),
        [
            "importer-condition 68:7 compiling task \"label\": triggerPolicy.condition on importer task is not supported"
        ]
    );
}

#[test]
fn cycles_are_named() {
    let text = with(
        "        componentRef:\n          name: comp-weigh\n",
        "        componentRef:\n          name: comp-weigh\n        dependentTasks: [label]\n",
    );
    assert_eq!(
        verdict(&text),
        ["task-cycle 67:7 the tasks of `root` wait for each other: `label` -> `weigh` -> `label`"]
    );
    let nested = with(
        "    executorLabel: exec-label\n",
        "    dag: {tasks: {again: {componentRef: {name: comp-label}}}}\n",
    );
    assert_eq!(
        verdict(&nested),
        ["component-cycle 8:3 a component runs itself: `comp-label` -> `comp-label`"]
    );
}

#[test]
fn a_thousand_pipelines_inside_each_other_are_too_many() {
    let mut components = String::new();
    for level in 0..1000 {
        let inner = if level == 999 {
            "comp-weigh".to_owned()
        } else {
            format!("c{}", level + 1)
        };
        components += &format!(
            "  c{level}: {{dag: {{tasks: {{t: {{componentRef: {{name: {inner}}}}}}}}}}}\n"
        );
    }
    let text = with("components:\n", &format!("components:\n{components}")).replace(
        "      weigh:\n",
        "      deep: {componentRef: {name: c0}}\n      weigh:\n",
    );
    assert_eq!(
        verdict(&text),
        ["too-deep 1064:1 pipelines are nested 1002 levels deep"]
    );
}

#[test]
fn all_problems_are_found_at_once() {
    let text = with("schemaVersion: 2.1.0", "schemaVersion: 3")
        .replace(
            "componentInputParameter: fruit",
            "componentInputParameter: fruits",
        )
        .replace("  name: two-steps", "  name: ''")
        .replace("image: alpine\n    exec-weigh", "image: ''\n    exec-weigh");
    assert_eq!(
        verdict(&text),
        [
            "missing-image 42:9 the container has no `image`",
            "pipeline-name 63:9 invalid v2 pipeline spec: name is empty",
            "unknown-input 97:40 parent DAG does not have input parameter fruits",
            "wrong-type 110:16 `schemaVersion` must be text, found a number",
            "schema-version 110:16 KFP only supports schema version 2.1.0, but the pipeline spec has version ",
        ]
    );
}

#[test]
fn the_platform_document_may_only_use_names_that_the_task_has() {
    let text = ORCHARD.replace(
        "              componentInputParameter: pipelinechannel--secret\n          tolerations",
        "              taskOutputParameter: {producerTask: nobody, outputParameterKey: x}\n          tolerations",
    );
    let errors: Vec<String> = verdict(&text)
        .into_iter()
        .filter(|line| !line.starts_with("warning"))
        .collect();
    assert_eq!(
        errors,
        ["unknown-task 553:36 unknown producer task \"nobody\" in DAG"]
    );
}
