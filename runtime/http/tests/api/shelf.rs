//! A pipeline whose first step makes an artifact of each kind, and whose second reads one and makes a model.

use std::collections::BTreeMap;

use coracle_app::view::{ArtifactList, Bytes, CreateRun};
use coracle_host::Workload;
use coracle_host::fake::Act;
use coracle_model::{ArtifactId, RunId};

use crate::place::{API, Place, greet};

const PIPELINE: &str = "\
pipelineInfo: {name: shelf}
schemaVersion: 2.1.0
sdkVersion: kfp-2.13.0
root:
  dag:
    tasks:
      make:
        taskInfo: {name: make}
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-make}
      train:
        taskInfo: {name: train}
        cachingOptions: {enableCache: true}
        componentRef: {name: comp-train}
        dependentTasks: [make]
        inputs:
          artifacts:
            data: {taskOutputArtifact: {producerTask: make, outputArtifactKey: data}}
components:
  comp-make:
    executorLabel: exec-make
    outputDefinitions:
      artifacts:
        data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}
        folder: {artifactType: {schemaTitle: system.Artifact, schemaVersion: 0.0.1}}
        notes: {artifactType: {schemaTitle: system.Markdown, schemaVersion: 0.0.1}}
        page: {artifactType: {schemaTitle: system.HTML, schemaVersion: 0.0.1}}
        scores: {artifactType: {schemaTitle: system.Metrics, schemaVersion: 0.0.1}}
  comp-train:
    executorLabel: exec-train
    inputDefinitions:
      artifacts:
        data: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}
    outputDefinitions:
      artifacts:
        model: {artifactType: {schemaTitle: system.Model, schemaVersion: 0.0.1}}
deploymentSpec:
  executors:
    exec-make:
      container:
        image: alpine
        command:
          - make
          - \"{{$.outputs.artifacts['data'].path}}\"
          - \"{{$.outputs.artifacts['folder'].path}}\"
          - \"{{$.outputs.artifacts['notes'].path}}\"
          - \"{{$.outputs.artifacts['page'].path}}\"
          - \"{{$.outputs.output_file}}\"
    exec-train:
      container:
        image: alpine
        command:
          - train
          - \"{{$.inputs.artifacts['data'].path}}\"
          - \"{{$.outputs.artifacts['model'].path}}\"
";

pub(crate) const DATA: &str = "name,size\nsun,3\nmoon,1\n";

pub(crate) const MODEL: &[u8] = b"\x80\x04\x95\0\0weights";

const SCORES: &str =
    r#"{"artifacts":{"scores":{"artifacts":[{"name":"scores","metadata":{"accuracy":0.5}}]}}}"#;

pub(crate) fn request() -> CreateRun {
    CreateRun {
        definition: Bytes(PIPELINE.as_bytes().to_vec()),
        file_name: "shelf.yaml".to_owned(),
        ..greet()
    }
}

/// Makes what the steps of the pipeline make.
pub(crate) fn making(workload: &Workload) -> Act {
    let words: Vec<&str> = workload.command.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", data, folder, notes, page, output] => Act::succeed()
            .writing(*data, DATA)
            .writing(format!("{folder}/b.txt"), "second")
            .writing(format!("{folder}/a/plot.svg"), "<svg/>")
            .writing(*notes, "# Notes")
            .writing(*page, "<script>alert(1)</script>")
            .writing(*output, SCORES),
        ["train", _, model] => Act::succeed().writing(*model, MODEL),
        other => panic!("{other:?}"),
    }
}

/// A place in which the pipeline has run, and the run.
pub(crate) async fn place() -> (Place, RunId) {
    let place = Place::new(making).await;
    let run = place.run(&request()).await.run_id;
    (place, run)
}

/// The artifacts of a run by name.
pub(crate) async fn named(place: &Place, run: RunId) -> BTreeMap<String, ArtifactId> {
    let list: ArtifactList = place.get(&format!("{API}/runs/{run}/artifacts")).await;
    list.artifacts
        .into_iter()
        .map(|detail| (detail.artifact.name, detail.artifact.id.unwrap()))
        .collect()
}
