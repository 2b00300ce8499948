//! The run as its pods know it: one file, written by the first of them.

use std::io::{Read, Write};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coracle_model::{
    EngineKind, RunId, RunOrigin, RunRecord, RunRequest, RunState, StorageState, Timestamp, Value,
};
use coracle_spec::pipeline::{
    Executor, PipelineSpec, PlatformSpec, ResourceRequest, Work, check_parameters, read,
};
use serde::{Deserialize, Serialize};

/// The version of the file's form.
const VERSION: u32 = 1;

/// The largest definition that is unpacked, in bytes.
const LARGEST_DEFINITION: u64 = 64 << 20;

/// A run, with what it has where it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// The version of the form.
    pub version: u32,
    /// The name of the object that stands for the run.
    pub resource_name: String,
    /// The run.
    pub record: RunRecord,
}

/// Why a run's file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    /// It was not made for this version.
    #[error(
        "the run's file has the form {found}, and this program knows {VERSION}; use the program that the run was sent with"
    )]
    Version {
        /// The form it has.
        found: u32,
    },
    /// The definition cannot be unpacked.
    #[error("the definition cannot be unpacked")]
    Packed(#[source] std::io::Error),
    /// The definition is not one.
    #[error("the definition cannot be run: {0}")]
    Definition(String),
    /// The parameters are not a JSON map.
    #[error("the parameters are not a JSON map")]
    Parameters,
    /// The parameters are not those of the pipeline.
    #[error("the parameters do not fit the pipeline: {0}")]
    Unfit(String),
}

/// What is known of a run when it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its id.
    pub id: RunId,
    /// The name of the object that stands for it.
    pub resource_name: String,
    /// The name people see.
    pub display_name: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// The time that it was made for, when that is another.
    pub scheduled_at: Option<Timestamp>,
    /// Where artifacts go instead of the default root.
    pub pipeline_root: Option<String>,
}

impl RunFile {
    /// A run's file.
    ///
    /// # Errors
    /// When the definition or the parameters are none.
    pub fn new(definition: String, parameters: &str, facts: Facts) -> Result<Self, RunFileError> {
        let Ok(Value::Struct(parameters)) = Value::from_json(parameters) else {
            return Err(RunFileError::Parameters);
        };
        let parameters = parameters.into_iter().collect();
        let spec = read_definition(&definition)?.0;
        let problems = check_parameters(&spec, &parameters);
        if !problems.is_empty() {
            let said: Vec<_> = problems
                .into_iter()
                .map(|problem| problem.message)
                .collect();
            return Err(RunFileError::Unfit(said.join("; ")));
        }
        let origin = RunOrigin {
            scheduled_at: facts.scheduled_at,
            ..RunOrigin::default()
        };
        Ok(Self {
            version: VERSION,
            resource_name: facts.resource_name,
            record: RunRecord {
                id: facts.id,
                pipeline: spec.name,
                request: RunRequest {
                    definition,
                    display_name: facts.display_name,
                    parameters,
                    pipeline_root: facts.pipeline_root,
                    cache: false,
                    rerun: None,
                    origin,
                },
                engine: EngineKind::Docker,
                state: RunState::Running,
                failure: None,
                storage: StorageState::Available,
                created_at: facts.created_at,
                finished_at: None,
            },
        })
    }

    /// The pipeline and its platform settings, ready to be replayed.
    ///
    /// How many iterations of a loop are at work at once is the engine's business here: what has begun has been let in. So are
    /// fields of the pod, and whatever else the pod has once a step's program is at work in it.
    ///
    /// # Errors
    /// When the file is of another version, or the definition is none.
    pub fn open(&self, view: View) -> Result<(Arc<PipelineSpec>, Arc<PlatformSpec>), RunFileError> {
        if self.version != VERSION {
            return Err(RunFileError::Version {
                found: self.version,
            });
        }
        let (mut spec, mut platform) = read_definition(&self.record.request.definition)?;
        let components = spec.components.values_mut().chain([&mut spec.root]);
        for component in components {
            if let Work::Dag(dag) = &mut component.work {
                let iterators = dag
                    .tasks
                    .values_mut()
                    .filter_map(|task| task.iterator.as_mut());
                iterators.for_each(|iterator| iterator.parallelism = None);
            }
        }
        match view {
            View::Pod => {
                let steps = platform.steps.values_mut();
                steps.for_each(|step| step.field_paths.clear());
            }
            View::Program => {
                platform.steps.clear();
                for executor in spec.executors.values_mut() {
                    if let Executor::Container(container) = executor {
                        container.resources = ResourceRequest::default();
                    }
                }
            }
        }
        Ok((Arc::new(spec), Arc::new(platform)))
    }
}

/// What of a run is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The pods of its steps, which are to be made.
    Pod,
    /// The programs in them.
    Program,
}

fn read_definition(text: &str) -> Result<(PipelineSpec, PlatformSpec), RunFileError> {
    let reading = read(text.as_bytes(), "pipeline.yaml");
    match reading.definition {
        Some(definition) => Ok((definition.spec, definition.platform)),
        None => {
            let first = reading.diagnostics.first();
            let said = first.map_or_else(String::new, |diagnostic| diagnostic.message.clone());
            Err(RunFileError::Definition(said))
        }
    }
}

/// A definition's text as it travels: compressed, and without a character that means anything to Kubernetes or Argo.
pub fn encode_definition(text: &str) -> String {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed
        .write_all(text.as_bytes())
        .expect("memory can be written to");
    STANDARD.encode(packed.finish().expect("memory can be written to"))
}

/// The text that travelled.
///
/// # Errors
/// When it is none.
pub fn decode_definition(packed: &str) -> Result<String, RunFileError> {
    let bad = |message: String| {
        RunFileError::Packed(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            message,
        ))
    };
    let bytes = STANDARD
        .decode(packed)
        .map_err(|error| bad(error.to_string()))?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice())
        .take(LARGEST_DEFINITION)
        .read_to_string(&mut text)
        .map_err(RunFileError::Packed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_travel() {
        let text = "{{$}} äöü ".repeat(1000);
        let packed = encode_definition(&text);
        assert!(packed.len() < text.len() / 10);
        assert_eq!(decode_definition(&packed).unwrap(), text);
        assert!(decode_definition("%").is_err());
        assert!(decode_definition("aGVsbG8=").is_err());
    }
}
