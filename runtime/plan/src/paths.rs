//! Where things of a run are: URIs, paths inside a step, and directories on the machine, all derived from names
//! so that a restart derives the same ones.

use std::path::{Path, PathBuf};

use coracle_model::{ArtifactUri, AttemptNumber, EngineKind, PipelineName, RunId, TaskPath};
use coracle_spec::executor::LocalPaths;
use sha2::{Digest, Sha256};

/// KFP's default pipeline root.
const DEFAULT_ROOT: &str = "minio://mlpipeline/v2/artifacts";

/// The directories of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPaths {
    /// The tree that URIs map onto, one directory a scheme: `minio/`, `s3/`, `gcs/`.
    pub artifacts: PathBuf,
    /// The run's own directory.
    pub run: PathBuf,
    /// Where persistent volume claims are.
    pub volumes: PathBuf,
}

impl RunPaths {
    /// The directory that an attempt's output parameter files are read from; each attempt has its own.
    pub fn step_outputs(&self, task: &TaskPath, attempt: AttemptNumber) -> PathBuf {
        self.run
            .join("outputs")
            .join(format!("{}-{attempt}", short_hash(task.as_str())))
    }

    /// The directory for a step's own scratch volumes.
    pub fn step_scratch(&self, task: &TaskPath) -> PathBuf {
        self.run.join("scratch").join(short_hash(task.as_str()))
    }

    /// The run's workspace volume.
    pub fn workspace(&self) -> PathBuf {
        self.run.join("workspace")
    }

    /// How a step sees URIs as paths.
    pub(crate) fn local_paths(&self, engine: EngineKind) -> LocalPaths {
        match engine {
            EngineKind::Docker | EngineKind::Fake => LocalPaths::Mounted,
            EngineKind::Process => LocalPaths::Under {
                root: self.artifacts.clone(),
                workspace: self.workspace(),
            },
        }
    }

    /// The file a step writes an output parameter to, as the step sees it.
    pub(crate) fn output_file(
        &self,
        engine: EngineKind,
        task: &TaskPath,
        attempt: AttemptNumber,
        name: &str,
    ) -> String {
        match engine {
            EngineKind::Docker | EngineKind::Fake => format!("{OUTPUTS_INSIDE}/{name}"),
            EngineKind::Process => display(&self.step_outputs(task, attempt).join(name)),
        }
    }
}

/// Where output parameter files are inside a container.
pub(crate) const OUTPUTS_INSIDE: &str = "/tmp/kfp/outputs";

/// Where the workspace volume is inside a step.
pub(crate) const WORKSPACE_INSIDE: &str = "/kfp-workspace";

/// A path as text; ours are made of UTF-8.
pub(crate) fn display(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The directory of a task's artifacts: `<root>/<pipeline>/<run>/<task>/<unique>`.
///
/// User code relies on the task's name being in it. The unique part is derived from the task's path, so that a
/// retry, an adoption and a restart find the same place.
pub fn artifact_uri(
    root: Option<&str>,
    pipeline: &PipelineName,
    run: RunId,
    task: &TaskPath,
) -> ArtifactUri {
    let root = root.unwrap_or(DEFAULT_ROOT);
    let root = root
        .split('?')
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    ArtifactUri::from(format!(
        "{root}/{pipeline}/{run}/{}/{}",
        task.name(),
        task_uuid(run, task)
    ))
}

/// A UUID-shaped name of a task instance, the same at every derivation.
pub(crate) fn task_uuid(run: RunId, task: &TaskPath) -> String {
    let digest = hex::encode(Sha256::digest(format!("{run}\0{task}")));
    format!(
        "{}-{}-{}-{}-{}",
        &digest[..8],
        &digest[8..12],
        &digest[12..16],
        &digest[16..20],
        &digest[20..32]
    )
}

/// A short name that is safe as a file name and as part of a container's name.
fn short_hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..10])
}

/// What KFP calls the workflow's name: the pipeline's name and five letters of the run's id.
pub fn job_resource_name(pipeline: &PipelineName, run: RunId) -> String {
    let name: String = pipeline
        .as_str()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let suffix: String = run
        .to_string()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(5)
        .collect();
    format!("{}-{suffix}", name.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_hold_pipeline_run_and_task() {
        let run: RunId = "8f4c0dbe-2a55-4c2c-9a0e-1f3f8a8f0001".parse().unwrap();
        let task = TaskPath::root()
            .child(&"for-loop-1".into())
            .iteration(2)
            .child(&"train".into());
        let uri = artifact_uri(None, &"digits".into(), run, &task);
        assert!(uri.as_str().starts_with(
            "minio://mlpipeline/v2/artifacts/digits/8f4c0dbe-2a55-4c2c-9a0e-1f3f8a8f0001/train/"
        ));
        assert_eq!(uri, artifact_uri(None, &"digits".into(), run, &task));
        let other = TaskPath::root()
            .child(&"for-loop-1".into())
            .iteration(3)
            .child(&"train".into());
        assert_ne!(uri, artifact_uri(None, &"digits".into(), run, &other));
        let rooted = artifact_uri(
            Some("s3://bucket/dir/?region=x"),
            &"digits".into(),
            run,
            &task,
        );
        assert!(rooted.as_str().starts_with("s3://bucket/dir/digits/"));
    }

    #[test]
    fn job_names_hold_the_pipeline_name() {
        let run: RunId = "8f4c0dbe-2a55-4c2c-9a0e-1f3f8a8f0001".parse().unwrap();
        assert_eq!(
            job_resource_name(&"My Pipeline".into(), run),
            "my-pipeline-8f4c0"
        );
    }
}
