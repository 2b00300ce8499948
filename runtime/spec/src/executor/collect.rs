//! What a finished attempt produced: what it returned, laid over what was provisioned for it.

use std::collections::BTreeMap;

use coracle_model::{Artifact, Outputs, Value, ValueKind};

use super::input::ExecutorInput;
use super::output::{ExecutorOutput, ReturnedArtifact};
use super::parameter::{ParameterTextError, fits, parse_output_parameter};
use super::paths::leaves_its_store;
use crate::pipeline::{Component, ParameterType};

/// Why an attempt that ended well has no usable outputs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// A declared output parameter was neither returned nor written.
    #[error(
        "the step did not write its output parameter `{name}`; return it, or write it to `{path}`"
    )]
    Missing {
        /// The output.
        name: String,
        /// Its file inside the step.
        path: String,
    },
    /// An output parameter's file holds no value of its type.
    #[error("the step wrote its output parameter `{name}` in the wrong form")]
    Malformed {
        /// The output.
        name: String,
        /// What is wrong.
        #[source]
        source: ParameterTextError,
    },
    /// A value of another kind was returned.
    #[error("output parameter `{name}` is declared as {expected}, but the step returned a {found}")]
    WrongType {
        /// The output.
        name: String,
        /// The declared type.
        expected: ParameterType,
        /// The kind of the value.
        found: ValueKind,
    },
    /// A returned URI leads out of the store it names.
    #[error("the step put its output artifact `{name}` at `{uri}`, which leads out of that store")]
    OutsideStore {
        /// The output.
        name: String,
        /// The URI.
        uri: String,
    },
}

/// The outputs of an attempt that ended well.
///
/// `output_files` has the contents of parameters' files, `None` where there is no file. A value in the
/// executor output goes before a file. Artifacts that were not provisioned are left out.
///
/// A custom path stays on an artifact, so that its bytes can be fetched from there; it means nothing later.
///
/// # Errors
/// When a declared parameter is missing or of the wrong type, or a URI leads out of its store.
pub fn collect_outputs(
    component: &Component,
    input: &ExecutorInput,
    returned: Option<&ExecutorOutput>,
    output_files: &BTreeMap<String, Option<String>>,
) -> Result<Outputs, OutputError> {
    let mut outputs = Outputs::default();
    if let Some(returned) = returned {
        outputs.parameters.clone_from(&returned.parameters);
    }
    for (name, parameter_type) in &component.output_parameters {
        let value = match outputs.parameters.remove(name) {
            Some(value) => check_returned(name, value, *parameter_type)?,
            None => read_file(name, *parameter_type, input, output_files)?,
        };
        outputs.parameters.insert(name.clone(), value);
    }
    for (name, provisioned) in &input.outputs.artifacts {
        let said = returned.and_then(|returned| returned.artifacts.get(name));
        let is_list = component
            .output_artifacts
            .get(name)
            .is_some_and(|spec| spec.is_list);
        outputs.artifacts.insert(
            name.clone(),
            collect_artifacts(name, provisioned, said, is_list, input)?,
        );
    }
    Ok(outputs)
}

/// A `STRING` takes any value as text, since that is how its consumers would see it.
fn check_returned(
    name: &str,
    value: Value,
    parameter_type: ParameterType,
) -> Result<Value, OutputError> {
    if fits(&value, parameter_type) {
        return Ok(value);
    }
    if parameter_type == ParameterType::String {
        return Ok(value.to_text().into());
    }
    Err(OutputError::WrongType {
        name: name.to_owned(),
        expected: parameter_type,
        found: value.kind(),
    })
}

fn read_file(
    name: &str,
    parameter_type: ParameterType,
    input: &ExecutorInput,
    output_files: &BTreeMap<String, Option<String>>,
) -> Result<Value, OutputError> {
    let Some(Some(text)) = output_files.get(name) else {
        let path = input
            .outputs
            .parameters
            .get(name)
            .cloned()
            .unwrap_or_default();
        return Err(OutputError::Missing {
            name: name.to_owned(),
            path,
        });
    };
    parse_output_parameter(text, parameter_type).map_err(|source| OutputError::Malformed {
        name: name.to_owned(),
        source,
    })
}

fn collect_artifacts(
    name: &str,
    provisioned: &Artifact,
    said: Option<&Vec<ReturnedArtifact>>,
    is_list: bool,
    input: &ExecutorInput,
) -> Result<Vec<Artifact>, OutputError> {
    let said = said.map_or(&[][..], Vec::as_slice);
    match (said, is_list) {
        ([], _) => Ok(vec![provisioned.clone()]),
        ([first, ..], false) => Ok(vec![merge(name, provisioned, first, input)?]),
        (all, true) => all
            .iter()
            .map(|one| merge(name, provisioned, one, input))
            .collect(),
    }
}

fn merge(
    name: &str,
    provisioned: &Artifact,
    said: &ReturnedArtifact,
    input: &ExecutorInput,
) -> Result<Artifact, OutputError> {
    let mut artifact = provisioned.clone();
    if let Some(uri) = &said.uri {
        artifact.uri = input.to_recorded_uri(uri);
        if leaves_its_store(artifact.uri.as_str()) {
            return Err(OutputError::OutsideStore {
                name: name.to_owned(),
                uri: uri.clone(),
            });
        }
    }
    artifact.metadata.extend(said.metadata.clone());
    if said.custom_path.is_some() {
        artifact.custom_path.clone_from(&said.custom_path);
    }
    Ok(artifact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::{LocalPaths, ProvisionedOutputs, read_executor_output};
    use crate::pipeline::{OutputArtifactSpec, Work};
    use coracle_model::ArtifactType;

    fn component(parameters: &[(&str, ParameterType)], list: bool) -> Component {
        let artifact = OutputArtifactSpec {
            artifact_type: ArtifactType::default(),
            is_list: list,
            metadata: BTreeMap::new(),
        };
        Component {
            input_parameters: BTreeMap::new(),
            input_artifacts: BTreeMap::new(),
            output_parameters: parameters
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), *kind))
                .collect(),
            output_artifacts: [("model".to_owned(), artifact)].into(),
            work: Work::Executor("exec".into()),
            task_config_passthroughs: Vec::new(),
        }
    }

    fn input(local_paths: LocalPaths) -> ExecutorInput {
        let model = Artifact {
            id: None,
            name: "model".into(),
            artifact_type: ArtifactType::default(),
            uri: "minio://mlpipeline/here/model".into(),
            metadata: [("a".into(), 1.0.into()), ("b".into(), 1.0.into())].into(),
            custom_path: None,
            sha256: None,
        };
        ExecutorInput {
            parameters: BTreeMap::new(),
            defaults: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            outputs: ProvisionedOutputs {
                parameters: [("x".into(), "/tmp/kfp/outputs/x".into())].into(),
                artifacts: [("model".into(), model)].into(),
                output_file: "/minio/mlpipeline/here/output_metadata.json".into(),
            },
            local_paths,
        }
    }

    fn collect(
        parameters: &[(&str, ParameterType)],
        json: &str,
        file: Option<&str>,
    ) -> Result<Outputs, OutputError> {
        let files = [("x".to_owned(), file.map(str::to_owned))].into();
        let returned = read_executor_output(json).unwrap();
        collect_outputs(
            &component(parameters, false),
            &input(LocalPaths::Mounted),
            Some(&returned),
            &files,
        )
    }

    #[test]
    fn the_executor_output_goes_before_the_file() {
        let declared = [("x", ParameterType::Integer)];
        let outputs = collect(&declared, r#"{"parameterValues": {"x": 5}}"#, Some("6")).unwrap();
        assert_eq!(outputs.parameters, [("x".into(), 5.0.into())].into());
        let outputs = collect(&declared, "{}", Some("6\n")).unwrap();
        assert_eq!(outputs.parameters, [("x".into(), 6.0.into())].into());
    }

    #[test]
    fn a_declared_parameter_must_be_there() {
        let error = collect(&[("x", ParameterType::String)], "{}", None).unwrap_err();
        let expected = "the step did not write its output parameter `x`; return it, or write it to `/tmp/kfp/outputs/x`";
        assert_eq!(error.to_string(), expected);
        let error = collect_outputs(
            &component(&[("x", ParameterType::String)], false),
            &input(LocalPaths::Mounted),
            None,
            &BTreeMap::new(),
        );
        assert!(matches!(error, Err(OutputError::Missing { .. })));
    }

    #[test]
    fn types_are_checked() {
        let declared = [("x", ParameterType::Integer)];
        let wrong = collect(&declared, r#"{"parameterValues": {"x": "5"}}"#, None).unwrap_err();
        let expected =
            "output parameter `x` is declared as NUMBER_INTEGER, but the step returned a string";
        assert_eq!(wrong.to_string(), expected);
        assert!(matches!(
            collect(&declared, "{}", Some("five")),
            Err(OutputError::Malformed { .. })
        ));
        let text = collect(
            &[("x", ParameterType::String)],
            r#"{"parameterValues": {"x": 5}}"#,
            None,
        )
        .unwrap();
        assert_eq!(text.parameters["x"], "5".into());
    }

    #[test]
    fn what_is_not_declared_is_kept_as_a_parameter_and_dropped_as_an_artifact() {
        let json = r#"{"parameterValues": {"y": 1}, "artifacts": {"z": {"artifacts": [{"uri": "s3://b/k"}]}}}"#;
        let outputs = collect(&[], json, None).unwrap();
        assert_eq!(outputs.parameters, [("y".into(), 1.0.into())].into());
        assert_eq!(outputs.artifacts.keys().collect::<Vec<_>>(), ["model"]);
    }

    #[test]
    fn a_returned_artifact_is_laid_over_the_provisioned_one() {
        let json = r#"{"artifacts": {"model": {"artifacts": [
            {"name": "other", "uri": "gs://b/k", "metadata": {"b": 2, "c": 3}, "custom_path": "/opt/m"},
            {"uri": "gs://b/second"}]}}}"#;
        let outputs = collect(&[], json, None).unwrap();
        let [model] = outputs.artifacts["model"].as_slice() else {
            panic!("{outputs:?}")
        };
        assert_eq!(
            (model.name.as_str(), model.uri.as_str()),
            ("model", "gs://b/k")
        );
        let metadata = [
            ("a".into(), 1.0.into()),
            ("b".into(), 2.0.into()),
            ("c".into(), 3.0.into()),
        ];
        assert_eq!(model.metadata, metadata.into());
        assert_eq!(model.custom_path.as_deref(), Some("/opt/m"));
    }

    #[test]
    fn an_artifact_not_mentioned_stays_as_provisioned() {
        let provisioned = input(LocalPaths::Mounted).outputs.artifacts["model"].clone();
        for json in [
            "{}",
            r#"{"artifacts": {"model": {"artifacts": [{"uri": ""}]}}}"#,
        ] {
            assert_eq!(
                collect(&[], json, None).unwrap().artifacts["model"],
                std::slice::from_ref(&provisioned),
                "{json}"
            );
        }
    }

    #[test]
    fn a_list_keeps_all() {
        let json = r#"{"artifacts": {"model": {"artifacts": [{"uri": "s3://b/1"}, {"uri": "s3://b/2"}]}}}"#;
        let returned = read_executor_output(json).unwrap();
        let input = input(LocalPaths::Mounted);
        let outputs = collect_outputs(
            &component(&[], true),
            &input,
            Some(&returned),
            &BTreeMap::new(),
        )
        .unwrap();
        let uris: Vec<_> = outputs.artifacts["model"]
            .iter()
            .map(|artifact| artifact.uri.as_str())
            .collect();
        assert_eq!(uris, ["s3://b/1", "s3://b/2"]);
    }

    #[test]
    fn a_path_of_a_process_is_recorded_as_its_uri() {
        let json = r#"{"artifacts": {"model": {"artifacts": [{"uri": "/store/minio/mlpipeline/here/model"}]}}}"#;
        let returned = read_executor_output(json).unwrap();
        let input = input(LocalPaths::Under {
            root: "/store".into(),
            workspace: "/ws".into(),
        });
        let outputs = collect_outputs(
            &component(&[], false),
            &input,
            Some(&returned),
            &BTreeMap::new(),
        )
        .unwrap();
        assert_eq!(
            outputs.artifacts["model"][0].uri.as_str(),
            "minio://mlpipeline/here/model"
        );
    }

    #[test]
    fn a_uri_that_climbs_out_of_its_store_is_refused() {
        let json =
            r#"{"artifacts": {"model": {"artifacts": [{"uri": "minio://mlpipeline/../../etc"}]}}}"#;
        assert!(matches!(
            collect(&[], json, None),
            Err(OutputError::OutsideStore { .. })
        ));
    }
}
