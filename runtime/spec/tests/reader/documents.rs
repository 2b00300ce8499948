//! YAML and JSON, and which documents of a file count.

use crate::{TWO_STEPS, read_text, sound, verdict, with};
use coracle_model::Value;
use coracle_spec::pipeline::read;

#[test]
fn a_second_pipeline_or_platform_is_one_too_many() {
    let twice = format!("{TWO_STEPS}---\npipelineInfo: {{name: again}}\nroot: {{}}\n");
    assert_eq!(
        verdict(&twice),
        ["several-documents 113:1 multiple pipeline specs provided"]
    );
    let platform = "---\nplatforms: {kubernetes: {}}\n";
    let both = format!("{TWO_STEPS}{platform}{platform}");
    assert_eq!(
        verdict(&both),
        ["several-documents 115:1 multiple platform specs provided"]
    );
}

#[test]
fn other_documents_are_passed_over() {
    let text = format!("---\n---\n{TWO_STEPS}---\nsomething: else\n");
    assert_eq!(
        verdict(&text),
        [
            "warning ignored-document 115:1 this document is neither a pipeline nor its platform settings and is ignored"
        ]
    );
    assert_eq!(
        verdict(&format!("{TWO_STEPS}---\nhello\n")),
        ["not-a-map 113:1 unable to decode yaml document: it must be a map, found text"]
    );
    for nothing in ["hello", "[1, 2]", "# only a comment", "a: 1", "---\n"] {
        let found = verdict(nothing);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("not-a-pipeline") && found[0].contains("unknown template format"),
            "{found:?}"
        );
    }
}

#[test]
fn formats_of_kfp_1_are_told_apart() {
    let argo =
        read_text("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {entrypoint: a}\n");
    assert_eq!(argo.diagnostics[0].code, "argo-workflow");
    assert!(argo.diagnostics[0].message.contains("Argo workflow"));
    assert!(
        argo.diagnostics[0]
            .help
            .as_ref()
            .unwrap()
            .contains("pip install 'kfp>=2'")
    );
    let component =
        read_text("name: Add\ninputs: []\nimplementation:\n  container: {image: alpine}\n");
    assert!(
        component.diagnostics[0]
            .message
            .contains("component definition")
    );
    let tekton = read_text("apiVersion: tekton.dev/v1\nkind: PipelineRun\n");
    assert!(tekton.diagnostics[0].message.contains("Tekton"));
}

#[test]
fn json_is_read_like_yaml() {
    let value = Value::from_json(
        r#"{
	"pipelineInfo": {"name": "j"}, "schemaVersion": "2.1.0",
	"components": {"c": {"executorLabel": "e"}},
	"deploymentSpec": {"executors": {"e": {"container": {"image": "a", "args": ["\u00e9\n", "x"]}}}},
	"root": {"dag": {"tasks": {"t": {"componentRef": {"name": "c"}}}}}
}"#,
    );
    let text = value.unwrap().to_json();
    let reading = read(text.as_bytes(), "pipeline.json");
    assert_eq!(reading.diagnostics, []);
    assert_eq!(reading.definition.unwrap().spec.name.as_str(), "j");
    let indented = text.replace(":{", ":\n\t{");
    assert_eq!(read(indented.as_bytes(), "pipeline.json").diagnostics, []);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let plain = sound(TWO_STEPS).spec;
    assert_eq!(sound(&format!("\u{feff}{TWO_STEPS}")).spec, plain);
    assert_eq!(sound(&TWO_STEPS.replace('\n', "\r\n")).spec, plain);
}

#[test]
fn anchors_and_merges_are_read() {
    let text = with("comp-label:\n    executorLabel: exec-label\n", "comp-label:\n    executorLabel: &label exec-label\n")
        .replace("        cachingOptions:\n          enableCache: true\n        componentRef:\n          name: comp-weigh", "        <<: *shared\n        componentRef:\n          name: comp-weigh")
        .replace("      label:\n        cachingOptions:\n          enableCache: true\n", "      label:\n        <<: &shared {cachingOptions: {enableCache: true}}\n");
    assert_eq!(sound(&text).spec, sound(TWO_STEPS).spec);
    assert!(verdict("a: &a [*a]\nroot: {}\n")[0].starts_with("alias-cycle 1:8"));
    assert!(verdict("root: *nowhere\n")[0].starts_with("yaml-syntax 1:7"));
}

#[test]
fn yaml_that_json_cannot_say_is_refused() {
    assert_eq!(
        verdict(&with(
            "schemaVersion: 2.1.0\n",
            "schemaVersion: 2.1.0\nschemaVersion: 2.1.0\n"
        )),
        [
            "duplicate-key 111:1 mapping key \"schemaVersion\" already defined at line 110",
            "duplicate-field 111:1 duplicate field `schemaVersion` in `PipelineSpec`",
        ]
    );
    assert_eq!(
        verdict(&with("defaultValue: 3.0", "defaultValue: .inf"))[0],
        "not-finite 103:23 `.inf` is no number that JSON can hold"
    );
    assert_eq!(
        verdict(&with(
            "defaultValue: pear",
            "defaultValue: !binary cGVhcg=="
        ))[0],
        "yaml-tag 107:31 the tag `!binary` means nothing in a pipeline"
    );
    assert_eq!(
        verdict(&with(
            "      fruit:\n        defaultValue: pear",
            "      1: {}\n      fruit:\n        defaultValue: pear"
        )),
        ["key-not-text 106:7 a key of a map must be text, found a number"]
    );
    assert_eq!(
        verdict(&with("defaultValue: pear", "defaultValue: 2024-01-31")),
        [
            "warning unquoted-date 107:23 `2024-01-31` is a date without quotes, which Kubeflow turns into other text"
        ]
    );
    assert_eq!(
        sound(&with("defaultValue: pear", "defaultValue: !!str 5"))
            .spec
            .root
            .input_parameters["fruit"]
            .default,
        Some("5".into())
    );
}

#[test]
fn a_slip_of_syntax_has_a_place() {
    let found = verdict(&with(
        "  dag:\n    tasks:",
        "  dag:\n   tasks: [\n    tasks:",
    ));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("yaml-syntax ")
            && found[0].contains("failed to parse pipeline spec YAML"),
        "{found:?}"
    );
    assert!(verdict("components: {a: 'x\n")[0].starts_with("yaml-syntax 1:17"));
}
