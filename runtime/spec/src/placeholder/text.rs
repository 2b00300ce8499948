//! Puts in place of placeholders what they stand for.

use std::collections::BTreeMap;

use coracle_model::{Artifact, Timestamp, Value};

use super::reference::{ArtifactField, Part, Reference, RunField, parts};
use super::{Parameters, PlaceholderError, RunFacts, TaskFacts};
use crate::executor::{ExecutorInput, WORKSPACE_MOUNT, name_in_step};

/// Resolves a `runtimeValue.constant`.
///
/// As in KFP, what a run or task is called is put in only where it is the whole text. Other inputs of the
/// same task and the workspace's path are put in wherever they stand, lists and structs included.
///
/// # Errors
/// When a text uses an input that `inputs` does not have.
pub fn resolve_constant(
    value: &Value,
    run: &RunFacts,
    task: &TaskFacts,
    inputs: &Parameters,
) -> Result<Value, PlaceholderError> {
    map_texts(value, &|text| {
        if let [Part::Placeholder(_, Reference::Run(field))] = parts(text).as_slice() {
            return Ok(run_text(*field, run, task));
        }
        substitute(
            text,
            str::to_owned,
            |placeholder, reference| match reference {
                Reference::InputParameter(name) => match inputs.get(name) {
                    Some(value) => Ok(value.to_text()),
                    None => Err(missing_parameter(placeholder, name)),
                },
                Reference::WorkspacePath => Ok(WORKSPACE_MOUNT.to_owned()),
                Reference::ExecutorInput
                | Reference::InputArtifact(..)
                | Reference::OutputParameterFile(_)
                | Reference::OutputArtifact(..)
                | Reference::OutputFile
                | Reference::Run(_) => Ok(placeholder.to_owned()),
            },
        )
    })
}

/// Resolves one text against what a step is told.
///
/// # Errors
/// When it uses an input, output or metadata entry that is not there.
pub fn resolve_text(
    text: &str,
    input: &ExecutorInput,
    run: &RunFacts,
    task: &TaskFacts,
) -> Result<String, PlaceholderError> {
    let paths = &input.local_paths;
    substitute(
        text,
        |literal| paths.with_workspace(literal),
        |placeholder, reference| match reference {
            Reference::ExecutorInput => Ok(input.to_json()),
            Reference::InputParameter(name) => match input.parameter(name) {
                Some(value) => Ok(paths.with_workspace(&value.to_text())),
                None => Err(missing_parameter(placeholder, name)),
            },
            Reference::InputArtifact(name, field) => {
                let artifacts = input.artifacts.get(name).map_or(&[][..], Vec::as_slice);
                artifact_text(placeholder, name, artifacts, field, input)
            }
            Reference::OutputArtifact(name, field) => {
                let artifacts = input
                    .outputs
                    .artifacts
                    .get(name)
                    .map_or(&[][..], std::slice::from_ref);
                artifact_text(placeholder, name, artifacts, field, input)
            }
            Reference::OutputParameterFile(name) => {
                input.outputs.parameters.get(name).cloned().ok_or_else(|| {
                    PlaceholderError::MissingOutput {
                        placeholder: placeholder.to_owned(),
                        name: name.to_owned(),
                    }
                })
            }
            Reference::OutputFile => Ok(input.outputs.output_file.clone()),
            Reference::Run(field) => Ok(run_text(field, run, task)),
            Reference::WorkspacePath => Ok(paths.workspace()),
        },
    )
}

/// Resolves an importer's metadata: its keys and every text in its values.
///
/// # Errors
/// When a text uses an input that is not there.
pub fn resolve_metadata(
    metadata: &BTreeMap<String, Value>,
    input: &ExecutorInput,
    run: &RunFacts,
    task: &TaskFacts,
) -> Result<BTreeMap<String, Value>, PlaceholderError> {
    map_fields(metadata, &|text| resolve_text(text, input, run, task))
}

fn map_texts(
    value: &Value,
    resolve: &impl Fn(&str) -> Result<String, PlaceholderError>,
) -> Result<Value, PlaceholderError> {
    match value {
        Value::String(text) => resolve(text).map(Value::String),
        Value::List(items) => items
            .iter()
            .map(|item| map_texts(item, resolve))
            .collect::<Result<_, _>>()
            .map(Value::List),
        Value::Struct(fields) => map_fields(fields, resolve).map(Value::Struct),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
    }
}

fn map_fields(
    fields: &BTreeMap<String, Value>,
    resolve: &impl Fn(&str) -> Result<String, PlaceholderError>,
) -> Result<BTreeMap<String, Value>, PlaceholderError> {
    fields
        .iter()
        .map(|(key, value)| Ok((resolve(key)?, map_texts(value, resolve)?)))
        .collect()
}

fn substitute(
    text: &str,
    literal: impl Fn(&str) -> String,
    resolve: impl Fn(&str, Reference<'_>) -> Result<String, PlaceholderError>,
) -> Result<String, PlaceholderError> {
    parts(text)
        .into_iter()
        .map(|part| match part {
            Part::Literal(text) => Ok(literal(text)),
            Part::Placeholder(placeholder, reference) => resolve(placeholder, reference),
        })
        .collect()
}

fn artifact_text(
    placeholder: &str,
    name: &str,
    artifacts: &[Artifact],
    field: ArtifactField<'_>,
    input: &ExecutorInput,
) -> Result<String, PlaceholderError> {
    let Some(first) = artifacts.first() else {
        return Err(PlaceholderError::MissingArtifact {
            placeholder: placeholder.to_owned(),
            name: name.to_owned(),
        });
    };
    match field {
        ArtifactField::All => Ok(input.artifacts_json(artifacts)),
        ArtifactField::Uri => Ok(input.uri_of(first)),
        ArtifactField::Path => Ok(input.path_of(first)),
        ArtifactField::Name => Ok(name_in_step(first)),
        ArtifactField::Metadata => Ok(Value::Struct(first.metadata.clone()).to_json()),
        ArtifactField::MetadataEntry(key) => {
            first.metadata.get(key).map(Value::to_text).ok_or_else(|| {
                PlaceholderError::MissingMetadata {
                    placeholder: placeholder.to_owned(),
                    name: name.to_owned(),
                    key: key.to_owned(),
                }
            })
        }
    }
}

fn run_text(field: RunField, run: &RunFacts, task: &TaskFacts) -> String {
    match field {
        RunField::JobName => run.job_name.clone(),
        RunField::JobResourceName => run.job_resource_name.clone(),
        RunField::JobId => run.run_id.to_string(),
        RunField::CreatedAt => in_whole_seconds(run.created_at),
        RunField::ScheduledAt => in_whole_seconds(run.scheduled_at),
        RunField::TaskName => task.task_name.to_string(),
        RunField::TaskId => task.task_id.clone(),
        RunField::PipelineRoot => run.pipeline_root.clone(),
    }
}

/// RFC 3339 in UTC without a fraction, as Kubernetes writes times.
fn in_whole_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn missing_parameter(placeholder: &str, name: &str) -> PlaceholderError {
    PlaceholderError::MissingParameter {
        placeholder: placeholder.to_owned(),
        name: name.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::executor::{LocalPaths, ProvisionedOutputs};
    use coracle_model::{ArtifactId, ArtifactType};

    pub(in crate::placeholder) fn run_facts() -> RunFacts {
        RunFacts {
            run_id: "0d9c6f5e-6b0c-4f7e-9a51-0f5b7c1c2d3e".parse().unwrap(),
            job_name: "my run".into(),
            job_resource_name: "digits-x7k2p".into(),
            created_at: "2026-05-06T07:08:09.123456Z".parse().unwrap(),
            scheduled_at: "2026-05-06T07:00:00Z".parse().unwrap(),
            pipeline_root: "minio://mlpipeline/v2/artifacts".into(),
        }
    }

    pub(in crate::placeholder) fn task_facts() -> TaskFacts {
        TaskFacts {
            task_name: "train".into(),
            task_id: "42".into(),
        }
    }

    pub(in crate::placeholder) fn executor_input() -> ExecutorInput {
        let artifact = |id, uri: &str, metadata: &str| Artifact {
            id,
            name: "model".into(),
            artifact_type: ArtifactType::default(),
            uri: uri.into(),
            metadata: serde_json::from_str(metadata).unwrap(),
            custom_path: None,
            sha256: None,
        };
        let first = artifact(
            Some(ArtifactId(7)),
            "minio://b/first",
            r#"{"acc": 0.5, "tags": ["<a>"]}"#,
        );
        let second = artifact(Some(ArtifactId(8)), "minio://b/second", "{}");
        ExecutorInput {
            parameters: [
                ("text".into(), "a b".into()),
                ("number".into(), 3.0.into()),
                ("list".into(), Value::List(vec![1.0.into(), "<".into()])),
                ("nothing".into(), Value::Null),
                (
                    "nasty".into(),
                    "{{$}} {{$.inputs.parameters['text']}}".into(),
                ),
            ]
            .into(),
            defaults: [("optional".into(), "by default".into())].into(),
            artifacts: [("models".into(), vec![first, second])].into(),
            outputs: ProvisionedOutputs {
                parameters: [("out".into(), "/tmp/kfp/outputs/out".into())].into(),
                artifacts: [("model".into(), artifact(None, "minio://b/here", "{}"))].into(),
                output_file: "/minio/b/output_metadata.json".into(),
            },
            local_paths: LocalPaths::Mounted,
        }
    }

    fn resolved(text: &str) -> Result<String, PlaceholderError> {
        resolve_text(text, &executor_input(), &run_facts(), &task_facts())
    }

    #[test]
    fn parameters_stand_in_their_text_form() {
        let check = |text: &str, expected: &str| {
            assert_eq!(resolved(text).as_deref(), Ok(expected), "{text}");
        };
        check("--x={{$.inputs.parameters['text']}}!", "--x=a b!");
        check("{{$.inputs.parameters['number']}}", "3");
        check("{{$.inputs.parameters['list']}}", r#"[1,"\u003c"]"#);
        check("[{{$.inputs.parameters['nothing']}}]", "[]");
        check("{{$.inputs.parameters['optional']}}", "by default");
        check(
            "{{$.outputs.parameters['out'].output_file}}",
            "/tmp/kfp/outputs/out",
        );
    }

    #[test]
    fn artifacts_stand_for_their_first() {
        let check = |text: &str, expected: &str| {
            assert_eq!(resolved(text).as_deref(), Ok(expected), "{text}");
        };
        check("{{$.inputs.artifacts['models'].uri}}", "minio://b/first");
        check("{{$.inputs.artifacts['models'].path}}", "/minio/b/first");
        check("{{$.inputs.artifacts['models'].name}}", "7");
        check("{{$.inputs.artifacts['models'].metadata['acc']}}", "0.5");
        check(
            "{{$.inputs.artifacts['models'].metadata}}",
            r#"{"acc":0.5,"tags":["<a>"]}"#,
        );
        check("{{$.outputs.artifacts['model'].path}}", "/minio/b/here");
        check("{{$.outputs.artifacts['model'].name}}", "model");
        let list = resolved("{{$.inputs.artifacts['models']}}").unwrap();
        assert!(
            list.starts_with(r#"[{"name":"7""#) && list.contains(r#"{"name":"8""#),
            "{list}"
        );
    }

    #[test]
    fn the_run_and_the_task_have_names() {
        let check = |text: &str, expected: &str| {
            assert_eq!(resolved(text).as_deref(), Ok(expected), "{text}");
        };
        check(
            "{{$.pipeline_job_name}}/{{$.pipeline_job_resource_name}}",
            "my run/digits-x7k2p",
        );
        check(
            "{{$.pipeline_job_uuid}}",
            "0d9c6f5e-6b0c-4f7e-9a51-0f5b7c1c2d3e",
        );
        check("{{$.pipeline_job_create_time_utc}}", "2026-05-06T07:08:09Z");
        check(
            "{{$.pipeline_job_schedule_time_utc}}",
            "2026-05-06T07:00:00Z",
        );
        check(
            "{{$.pipeline_task_name}} {{$.pipeline_task_uuid}}",
            "train 42",
        );
        check("{{$.pipeline_root}}", "minio://mlpipeline/v2/artifacts");
        check("{{$.workspace_path}}/x", "/kfp-workspace/x");
        check("{{$.outputs.output_file}}", "/minio/b/output_metadata.json");
    }

    #[test]
    fn a_value_is_not_searched_for_placeholders() {
        let nasty = "{{$}} {{$.inputs.parameters['text']}}";
        assert_eq!(
            resolved("{{$.inputs.parameters['nasty']}}").as_deref(),
            Ok(nasty)
        );
        let json = resolved("{{$}}").unwrap();
        assert!(json.contains(&format!(r#""nasty":"{nasty}""#)), "{json}");
    }

    #[test]
    fn unknown_placeholders_stay() {
        let text = "{{$.pipeline_google_cloud_location}} {{ jinja }} {{$.inputs.parameters['text'].json_escape[0]}}";
        assert_eq!(resolved(text).as_deref(), Ok(text));
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |text: &str, part: &str| {
            let message = resolved(text).unwrap_err().to_string();
            assert!(
                message.contains(part) && message.contains(text),
                "{message}"
            );
        };
        check(
            "{{$.inputs.parameters['zz']}}",
            "the input `zz`, which has no value",
        );
        check(
            "{{$.inputs.artifacts['zz'].path}}",
            "the artifact `zz`, which is not there",
        );
        check(
            "{{$.outputs.artifacts['zz'].uri}}",
            "the artifact `zz`, which is not there",
        );
        check(
            "{{$.outputs.parameters['zz'].output_file}}",
            "the output parameter `zz`",
        );
        check(
            "{{$.inputs.artifacts['models'].metadata['zz']}}",
            "`zz` of the metadata of the artifact `models`",
        );
    }

    #[test]
    fn a_process_sees_its_own_paths() {
        let paths = LocalPaths::Under {
            root: "/store".into(),
            workspace: "/ws".into(),
        };
        let input = ExecutorInput {
            local_paths: paths,
            ..executor_input()
        };
        let check = |text: &str, expected: &str| {
            assert_eq!(
                resolve_text(text, &input, &run_facts(), &task_facts()).as_deref(),
                Ok(expected),
                "{text}"
            );
        };
        check(
            "{{$.inputs.artifacts['models'].uri}}",
            "/store/minio/b/first",
        );
        check("{{$.workspace_path}}/x /kfp-workspace/y", "/ws/x /ws/y");
    }

    fn constant(json: &str) -> Result<Value, PlaceholderError> {
        let value = Value::from_json(json).unwrap();
        let inputs = executor_input().parameters;
        resolve_constant(&value, &run_facts(), &task_facts(), &inputs)
    }

    #[test]
    fn constants_take_names_of_the_run_only_as_a_whole() {
        assert_eq!(
            constant(r#""{{$.pipeline_job_name}}""#),
            Ok("my run".into())
        );
        assert_eq!(
            constant(r#""{{$.pipeline_job_name}}-x""#),
            Ok("{{$.pipeline_job_name}}-x".into())
        );
        assert_eq!(constant(r#""{{$}}""#), Ok("{{$}}".into()));
        assert_eq!(constant("3"), Ok(3.0.into()));
    }

    #[test]
    fn constants_take_other_inputs_anywhere() {
        assert_eq!(
            constant(r#""{{$.inputs.parameters['text']}}-{{$.inputs.parameters['number']}}""#),
            Ok("a b-3".into())
        );
        assert_eq!(
            constant(r#""{{$.workspace_path}}/data""#),
            Ok("/kfp-workspace/data".into())
        );
        let nested =
            r#"{"k": ["{{$.inputs.parameters['number']}}", "{{$.pipeline_task_name}}", true]}"#;
        assert_eq!(
            constant(nested),
            Ok(Value::from_json(r#"{"k": ["3", "train", true]}"#).unwrap())
        );
        let nasty = r#""{{$.inputs.parameters['nasty']}}""#;
        assert_eq!(
            constant(nasty),
            Ok("{{$}} {{$.inputs.parameters['text']}}".into())
        );
        assert!(matches!(
            constant(r#""{{$.inputs.parameters['zz']}}""#),
            Err(PlaceholderError::MissingParameter { name, .. }) if name == "zz"
        ));
    }

    #[test]
    fn metadata_takes_placeholders_in_keys_and_values() {
        let metadata = [(
            "{{$.inputs.parameters['text']}}".to_owned(),
            Value::from_json(
                r#"["{{$.inputs.parameters['number']}}", {"x{{$.pipeline_task_name}}": 1}]"#,
            )
            .unwrap(),
        )];
        let resolved = resolve_metadata(
            &metadata.into(),
            &executor_input(),
            &run_facts(),
            &task_facts(),
        )
        .unwrap();
        assert_eq!(
            resolved,
            [(
                "a b".to_owned(),
                Value::from_json(r#"["3", {"xtrain": 1}]"#).unwrap()
            )]
            .into()
        );
    }
}
