//! What a run left on the volume or in the bucket that its pods saw: the records of its tasks, and artifacts.
//!
//! ```text
//!   runs/<run>/tasks/                   records, also those that are too long for the workflow's status
//!   artifacts/minio/…/<run>/…           what its steps made, by URI
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use coracle_cluster::argo::{BucketThere, StoreThere, WorkflowRun, of_record};
use coracle_cluster::carrier::{Access, Carrier, CarrierError, Existing, Filling, Opening};
use coracle_cluster::contexts::Connection;
use coracle_cluster::there::{RunThere, StepPlace, StepThere};
use coracle_model::{ArtifactUri, RunId, TaskRecord};
use coracle_store::{Home, StoreError};
use fs_err as fs;

use super::fetch::Fetched;
use crate::error::AppError;
use crate::workbench::off_runtime;

/// How long the pod that reads a volume lives at most: whoever asked for it may be gone.
const DEADLINE: Duration = Duration::from_secs(4 * 60 * 60);

/// How long that pod may take to run, its image's pull included.
const WITHIN: Duration = Duration::from_secs(180);

/// How long it may take where it first reads a bucket.
const GATHERED_WITHIN: Duration = Duration::from_secs(60 * 60);

/// The volume of a run.
pub(super) enum Volume {
    /// It is open.
    Open(Box<Carrier>),
    /// It cannot be read, and will not be, and why.
    Gone(String),
}

impl Volume {
    /// Opens the volume of a run with a pod there.
    ///
    /// # Errors
    /// A pod that is refused, or does not run, each with what the cluster said.
    pub(super) async fn open(
        workflow: &WorkflowRun,
        connection: Connection,
        step_image: Option<&str>,
    ) -> Result<Self, AppError> {
        let (claim, filling) = match &workflow.store {
            StoreThere::Claim(claim) => (claim.clone(), None),
            StoreThere::Bucket(bucket) => (bucket.name.clone(), Some(gathers(bucket, workflow))),
            StoreThere::Removed => {
                let why = "the run had a volume of its own, which was removed at its end; `--claim` keeps one";
                return Ok(Self::Gone(why.to_owned()));
            }
            StoreThere::Elsewhere => {
                let why = "the run's files are neither on a claim of the cluster nor in a bucket";
                return Ok(Self::Gone(why.to_owned()));
            }
        };
        let opening = Opening {
            namespace: workflow.namespace.clone(),
            claim,
            within: match filling {
                Some(_) => GATHERED_WITHIN,
                None => WITHIN,
            },
            filling,
            image: step_image.unwrap_or(&workflow.step_image).to_owned(),
            access: Access::Read,
            deadline: DEADLINE,
        };
        match Carrier::open(connection, &opening).await {
            Ok(carrier) => Ok(Self::Open(Box::new(carrier))),
            Err(error @ CarrierError::NoClaim { .. }) => Ok(Self::Gone(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Has steps be as the records there say: the workflow's status leaves out what is long.
    ///
    /// # Errors
    /// What the cluster said, and a disk that is full.
    pub(super) async fn complete(&self, run: &mut RunThere, folder: &Path) -> Result<(), AppError> {
        let Self::Open(carrier) = self else {
            return Ok(());
        };
        let there = format!("runs/{}/tasks", run.id);
        let here = folder.join("records");
        if !get(carrier, &there, &here).await? {
            return Ok(());
        }
        let records = off_runtime(move || read_records(&here)).await?;
        // One of an attempt after which there was to be another says less than the workflow, which knows of that one's pod.
        let tells = |record: &TaskRecord| record.kind.is_step() && record.state.is_final();
        for record in records.into_iter().filter(tells) {
            let place = StepPlace::Path(record.path.clone(), None);
            run.steps.retain(|step| step.place != place);
            run.steps.push(StepThere {
                place,
                state: record.state.into(),
                failure: record.reason.clone(),
                started_at: record.started_at,
                finished_at: record.finished_at,
                outputs: Some(of_record(record)),
            });
        }
        Ok(())
    }

    /// Fetches all that lies in the run's own folders; those that are not there.
    ///
    /// # Errors
    /// What the cluster said, checksums that differ, and a disk that is full.
    pub(super) async fn fetch(
        &self,
        home: &Home,
        run: RunId,
        uris: impl Iterator<Item = &ArtifactUri>,
        folder: &Path,
    ) -> Result<BTreeSet<PathBuf>, AppError> {
        let mut gone = BTreeSet::new();
        let Self::Open(carrier) = self else {
            return Ok(gone);
        };
        let own: BTreeSet<PathBuf> = uris.filter_map(|uri| own_folder(home, run, uri)).collect();
        for own in own {
            let there = format!("artifacts/{}", own.display());
            if !get(carrier, &there, &folder.join(&own)).await? {
                gone.insert(own);
            }
        }
        Ok(gone)
    }

    /// What came of an artifact.
    pub(super) fn fetched(
        &self,
        home: &Home,
        run: RunId,
        uri: &ArtifactUri,
        (folder, gone): (&Path, &BTreeSet<PathBuf>),
    ) -> Fetched {
        if let Self::Gone(why) = self {
            return Fetched::Missing(why.clone());
        }
        let Some((below, own)) = below(home, uri).zip(own_folder(home, run, uri)) else {
            let why = "it is not among what this run wrote to its volume";
            return Fetched::Missing(why.to_owned());
        };
        if gone.contains(&own) {
            let why = "nothing of what this run wrote is there any more";
            return Fetched::Missing(why.to_owned());
        }
        let came = folder.join(below);
        match fs::symlink_metadata(&came) {
            Ok(_) => Fetched::Here(came),
            // A step need not write all that it declares.
            Err(_) => Fetched::Empty,
        }
    }

    /// Removes the pod.
    pub(super) async fn close(self) {
        if let Self::Open(carrier) = self {
            carrier.close().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the pod that read a run's volume is left to its deadline");
            });
        }
    }
}

/// What has the files of a run in a bucket lie as on a volume.
fn gathers(bucket: &BucketThere, workflow: &WorkflowRun) -> Filling {
    let run = workflow.run.id.to_string();
    let words = ["gather", "--run", run.as_str(), "--to", Filling::FOLDER];
    let words = words.into_iter().map(str::to_owned);
    Filling {
        words: words.chain(bucket.words.iter().cloned()).collect(),
        env: bucket.env.clone(),
    }
}

/// Whether a folder is there, which is then here, too.
async fn get(carrier: &Carrier, there: &str, here: &Path) -> Result<bool, AppError> {
    let made = fs::create_dir_all(here);
    made.map_err(|error| StoreError::disk("make", here, error))?;
    match carrier.get(there, here, Existing::Replace).await {
        Ok(account) => match account.left_out.first() {
            None => Ok(true),
            Some(left) => Err(AppError::request(
                format!(
                    "`{}` on the run's volume cannot be brought: {}",
                    left.path, left.why
                ),
                "make it a file there, or remove it",
            )),
        },
        Err(stopped) if stopped.why.is_missing() => Ok(false),
        Err(stopped) => Err(stopped.why.into()),
    }
}

fn read_records(folder: &Path) -> Result<Vec<TaskRecord>, AppError> {
    let failed = |error| StoreError::disk("read", folder, error);
    let mut records = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let bytes = fs::read(&path).map_err(failed)?;
            let record = serde_json::from_slice(&bytes).map_err(|error| {
                AppError::request(
                    format!("a record on the run's volume is damaged: {error}"),
                    "remove it there; its step is then run again here",
                )
            })?;
            records.push(record);
        }
    }
    Ok(records)
}

/// Where an artifact lies below the tree of all, here and there.
fn below(home: &Home, uri: &ArtifactUri) -> Option<PathBuf> {
    let place = home.artifact_path(uri)?;
    let below = place.strip_prefix(home.artifacts()).ok()?;
    Some(below.to_owned())
}

/// The folder that bears the run's id and has the artifact in it.
fn own_folder(home: &Home, run: RunId, uri: &ArtifactUri) -> Option<PathBuf> {
    let below = below(home, uri)?;
    let id = run.to_string();
    let mut around = below.ancestors().skip(1);
    let own = around.find(|folder| folder.file_name().is_some_and(|name| name == id.as_str()));
    own.map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_bears_the_runs_id_is_fetched() {
        let home = Home::at(Path::new("/h"));
        let run = RunId::random();
        let own = |uri: String| own_folder(&home, run, &uri.into());
        let expected = format!("minio/b/p/{run}");
        assert_eq!(
            own(format!("minio://b/p/{run}/task/1/data")),
            Some(expected.into())
        );
        for other in [
            format!("minio://b/p/{}/task/data", RunId::random()),
            format!("https://b/{run}/data"),
            format!("minio://b/{run}"),
            "s3://shared/data".to_owned(),
        ] {
            assert_eq!(own(other.clone()), None, "{other}");
        }
    }
}
