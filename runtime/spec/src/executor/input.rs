//! What a step is told: KFP's `ExecutorInput`.

use std::collections::BTreeMap;

use coracle_model::{Artifact, ArtifactType, ArtifactUri, Value};
use serde::Serialize;

use super::paths::LocalPaths;

/// Marks an artifact that lies in the run's workspace. KFP sets it for imported artifacts.
const WORKSPACE_FLAG: &str = "_kfp_workspace";

/// What a step is told of its inputs and of where its outputs go.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecutorInput {
    /// Parameters that the step was given.
    pub parameters: BTreeMap<String, Value>,
    /// Defaults of inputs that the step was not given. User code sees them, but they do not count as present.
    pub defaults: BTreeMap<String, Value>,
    /// Artifacts that the step was given; more than one where they were collected.
    pub artifacts: BTreeMap<String, Vec<Artifact>>,
    /// Where outputs go.
    pub outputs: ProvisionedOutputs,
    /// How URIs become paths inside the step.
    pub local_paths: LocalPaths,
}

/// Where a step's outputs go.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProvisionedOutputs {
    /// The file for each parameter, as a path inside the step.
    pub parameters: BTreeMap<String, String>,
    /// The artifact for each artifact output, as it is before the step adds to it.
    pub artifacts: BTreeMap<String, Artifact>,
    /// The file for the executor output, as a path inside the step. It stands in the folder of the artifacts.
    pub output_file: String,
}

impl ExecutorInput {
    /// The value of an input parameter: the given one, else the default.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters
            .get(name)
            .or_else(|| self.defaults.get(name))
    }

    /// Whether an input was given: a parameter that is not null, or artifacts. A default does not count.
    pub fn is_present(&self, name: &str) -> bool {
        self.parameters
            .get(name)
            .is_some_and(|value| !value.is_null())
            || self
                .artifacts
                .get(name)
                .is_some_and(|artifacts| !artifacts.is_empty())
    }

    /// The path of an artifact inside the step.
    pub fn path_of(&self, artifact: &Artifact) -> String {
        if let Some(path) = &artifact.custom_path {
            return self.local_paths.with_workspace(path);
        }
        let uri = artifact.uri.as_str();
        if in_workspace(artifact) {
            self.local_paths.workspace_path_of_uri(uri)
        } else {
            self.local_paths.path_of_uri(uri)
        }
    }

    /// The URI of an artifact inside the step: its own, or its path where that stands for the URI.
    pub fn uri_of(&self, artifact: &Artifact) -> String {
        match &self.local_paths {
            LocalPaths::Mounted => artifact.uri.as_str().to_owned(),
            LocalPaths::Under { .. } if in_workspace(artifact) => self
                .local_paths
                .workspace_path_of_uri(artifact.uri.as_str()),
            LocalPaths::Under { .. } => self.local_paths.path_of_uri(artifact.uri.as_str()),
        }
    }

    /// The URI to record for one that the step returned.
    pub fn to_recorded_uri(&self, returned: &str) -> ArtifactUri {
        let known = self
            .artifacts
            .values()
            .flatten()
            .chain(self.outputs.artifacts.values());
        known
            .filter(|artifact| self.uri_of(artifact) == returned)
            .map(|artifact| artifact.uri.clone())
            .next()
            .unwrap_or_else(|| self.local_paths.to_recorded_uri(returned))
    }

    /// The JSON that `{{$}}` stands for.
    pub fn to_json(&self) -> String {
        to_json(&self.wire())
    }

    /// The JSON of a list of artifacts, as it stands in [`Self::to_json`].
    pub(crate) fn artifacts_json(&self, artifacts: &[Artifact]) -> String {
        to_json(&self.wire_artifacts(artifacts))
    }

    fn wire(&self) -> WireInput<'_> {
        let outputs = &self.outputs;
        WireInput {
            inputs: WireInputs {
                parameter_values: self.parameter_values(),
                artifacts: self
                    .artifacts
                    .iter()
                    .map(|(name, list)| (name.as_str(), self.wire_list(list)))
                    .collect(),
            },
            outputs: WireOutputs {
                parameters: outputs
                    .parameters
                    .iter()
                    .map(|(name, output_file)| (name.as_str(), WireOutputFile { output_file }))
                    .collect(),
                artifacts: outputs
                    .artifacts
                    .iter()
                    .map(|(name, artifact)| {
                        (
                            name.as_str(),
                            self.wire_list(std::slice::from_ref(artifact)),
                        )
                    })
                    .collect(),
                output_file: &outputs.output_file,
            },
        }
    }

    fn parameter_values(&self) -> BTreeMap<&str, Value> {
        self.defaults
            .iter()
            .chain(&self.parameters)
            .map(|(name, value)| (name.as_str(), self.value_in_step(value)))
            .collect()
    }

    fn value_in_step(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.local_paths.with_workspace(text)),
            Value::List(items) => items.iter().map(|item| self.value_in_step(item)).collect(),
            Value::Struct(fields) => fields
                .iter()
                .map(|(key, field)| (key.clone(), self.value_in_step(field)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn wire_list<'a>(&self, artifacts: &'a [Artifact]) -> WireArtifactList<'a> {
        WireArtifactList {
            artifacts: self.wire_artifacts(artifacts),
        }
    }

    fn wire_artifacts<'a>(&self, artifacts: &'a [Artifact]) -> Vec<WireArtifact<'a>> {
        artifacts
            .iter()
            .map(|artifact| self.wire_artifact(artifact))
            .collect()
    }

    fn wire_artifact<'a>(&self, artifact: &'a Artifact) -> WireArtifact<'a> {
        // Where the path stands for the URI, the flag would make user code compute the path once more.
        let drop_flag = matches!(self.local_paths, LocalPaths::Under { .. });
        let metadata = artifact
            .metadata
            .iter()
            .filter(|(key, _)| !(drop_flag && *key == WORKSPACE_FLAG));
        WireArtifact {
            name: name_in_step(artifact),
            artifact_type: &artifact.artifact_type,
            uri: self.uri_of(artifact),
            metadata: metadata.map(|(key, value)| (key.as_str(), value)).collect(),
            custom_path: artifact
                .custom_path
                .as_deref()
                .map(|path| self.local_paths.with_workspace(path)),
        }
    }
}

/// The name that user code sees: the number of a recorded artifact, the output's name before that.
pub(crate) fn name_in_step(artifact: &Artifact) -> String {
    artifact
        .id
        .map_or_else(|| artifact.name.clone(), |id| id.to_string())
}

fn in_workspace(artifact: &Artifact) -> bool {
    artifact.metadata.get(WORKSPACE_FLAG) == Some(&Value::Bool(true))
}

fn to_json(wire: &impl Serialize) -> String {
    serde_json::to_string(wire)
        .expect("maps with text keys, texts and values are all that JSON needs")
}

#[derive(Serialize)]
struct WireInput<'a> {
    inputs: WireInputs<'a>,
    outputs: WireOutputs<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireInputs<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameter_values: BTreeMap<&'a str, Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    artifacts: BTreeMap<&'a str, WireArtifactList<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireOutputs<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<&'a str, WireOutputFile<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    artifacts: BTreeMap<&'a str, WireArtifactList<'a>>,
    output_file: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireOutputFile<'a> {
    output_file: &'a str,
}

#[derive(Serialize)]
struct WireArtifactList<'a> {
    artifacts: Vec<WireArtifact<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireArtifact<'a> {
    name: String,
    #[serde(rename = "type")]
    artifact_type: &'a ArtifactType,
    uri: String,
    metadata: BTreeMap<&'a str, &'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_path: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use coracle_model::ArtifactId;

    fn dataset(id: Option<i64>, name: &str, uri: &str) -> Artifact {
        Artifact {
            id: id.map(ArtifactId),
            name: name.into(),
            artifact_type: ArtifactType {
                schema_title: "system.Dataset".into(),
                schema_version: "0.0.1".into(),
                instance_schema: String::new(),
            },
            uri: uri.into(),
            metadata: BTreeMap::new(),
            custom_path: None,
            sha256: None,
        }
    }

    fn input(local_paths: LocalPaths) -> ExecutorInput {
        ExecutorInput {
            parameters: [
                ("a".into(), Value::Number(3.0)),
                ("l".into(), Value::from_json("[1, 2.5]").unwrap()),
            ]
            .into(),
            defaults: [("a".into(), Value::Number(9.0)), ("d".into(), "x<y".into())].into(),
            artifacts: [(
                "ds".into(),
                vec![dataset(Some(17), "out", "minio://mlpipeline/up/out")],
            )]
            .into(),
            outputs: ProvisionedOutputs {
                parameters: [("x".into(), "/tmp/kfp/outputs/x".into())].into(),
                artifacts: [(
                    "out".into(),
                    dataset(None, "out", "minio://mlpipeline/here/out"),
                )]
                .into(),
                output_file: "/minio/mlpipeline/here/output_metadata.json".into(),
            },
            local_paths,
        }
    }

    fn under() -> LocalPaths {
        LocalPaths::Under {
            root: "/store".into(),
            workspace: "/ws".into(),
        }
    }

    #[test]
    fn the_json_is_kfps() {
        let expected = concat!(
            r#"{"inputs":{"parameterValues":{"a":3,"d":"x<y","l":[1,2.5]},"#,
            r#""artifacts":{"ds":{"artifacts":[{"name":"17","type":{"schemaTitle":"system.Dataset","schemaVersion":"0.0.1"},"#,
            r#""uri":"minio://mlpipeline/up/out","metadata":{}}]}}},"#,
            r#""outputs":{"parameters":{"x":{"outputFile":"/tmp/kfp/outputs/x"}},"#,
            r#""artifacts":{"out":{"artifacts":[{"name":"out","type":{"schemaTitle":"system.Dataset","schemaVersion":"0.0.1"},"#,
            r#""uri":"minio://mlpipeline/here/out","metadata":{}}]}},"#,
            r#""outputFile":"/minio/mlpipeline/here/output_metadata.json"}}"#,
        );
        assert_eq!(input(LocalPaths::Mounted).to_json(), expected);
    }

    #[test]
    fn a_process_is_given_paths_for_uris() {
        let input = input(under());
        let json = input.to_json();
        assert!(
            json.contains(r#""uri":"/store/minio/mlpipeline/up/out""#),
            "{json}"
        );
        assert!(!json.contains("minio://"), "{json}");
        assert_eq!(
            input.path_of(&input.artifacts["ds"][0]),
            "/store/minio/mlpipeline/up/out"
        );
        assert_eq!(
            input
                .to_recorded_uri("/store/minio/mlpipeline/here/out")
                .as_str(),
            "minio://mlpipeline/here/out"
        );
        assert_eq!(
            input.to_recorded_uri("/store/s3/b/new").as_str(),
            "s3://b/new"
        );
    }

    #[test]
    fn an_artifact_in_the_workspace_keeps_its_flag_only_where_user_code_needs_it() {
        let mut artifact = dataset(Some(1), "a", "s3://b/k");
        artifact
            .metadata
            .insert("_kfp_workspace".into(), Value::Bool(true));
        let with = |paths| ExecutorInput {
            artifacts: [("a".into(), vec![artifact.clone()])].into(),
            ..input(paths)
        };

        let mounted = with(LocalPaths::Mounted);
        assert_eq!(
            mounted.path_of(&artifact),
            "/kfp-workspace/.artifacts/s3/b/k"
        );
        assert!(
            mounted
                .to_json()
                .contains(r#""uri":"s3://b/k","metadata":{"_kfp_workspace":true}"#)
        );

        let local = with(under());
        assert_eq!(local.path_of(&artifact), "/ws/.artifacts/s3/b/k");
        assert!(
            local
                .to_json()
                .contains(r#""uri":"/ws/.artifacts/s3/b/k","metadata":{}"#),
            "{}",
            local.to_json()
        );
        assert_eq!(
            local.to_recorded_uri("/ws/.artifacts/s3/b/k").as_str(),
            "s3://b/k"
        );
    }

    #[test]
    fn the_workspace_path_inside_parameters_is_the_real_one() {
        let parameters = [(
            "p".into(),
            Value::from_json(r#"{"k": ["/kfp-workspace/x"]}"#).unwrap(),
        )]
        .into();
        let json = ExecutorInput {
            parameters,
            ..input(under())
        }
        .to_json();
        assert!(json.contains(r#""p":{"k":["/ws/x"]}"#), "{json}");
    }

    #[test]
    fn a_custom_path_is_the_path() {
        let mut artifact = dataset(None, "a", "minio://b/k");
        artifact.custom_path = Some("/opt/model".into());
        assert_eq!(input(LocalPaths::Mounted).path_of(&artifact), "/opt/model");
    }

    #[test]
    fn a_default_or_a_null_is_not_present() {
        let mut input = input(LocalPaths::Mounted);
        input.parameters.insert("n".into(), Value::Null);
        assert!(input.is_present("a") && input.is_present("ds"));
        assert!(!input.is_present("d") && !input.is_present("n") && !input.is_present("zz"));
    }
}
