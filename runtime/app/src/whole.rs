//! What tasks of a run wrote, as a whole: their logs and artifacts.

use std::io::Read;

use coracle_model::{RunId, TaskPath};
use futures_util::TryStreamExt;

use crate::artifacts::{Below, Opened, Place};
use crate::error::AppError;
use crate::exact::exact;
use crate::view::LogQuery;
use crate::workbench::{Workbench, off_runtime};

/// Bytes of the largest artifact or log that is given as a whole.
const LARGEST: u64 = 64 << 20;

impl Workbench {
    /// All that a step has written so far.
    ///
    /// # Errors
    /// When there is no such run or task, and when there is too much to be given as a whole.
    pub async fn whole_log(&self, run: String, task: TaskPath) -> Result<Vec<u8>, AppError> {
        let query = LogQuery {
            step: Some(task.to_string()),
            ..LogQuery::default()
        };
        let mut pieces = std::pin::pin!(self.log(run, query).await?);
        let mut log = Vec::new();
        while let Some(piece) = pieces.try_next().await? {
            check_size(log.len() as u64 + piece.len() as u64)?;
            log.extend_from_slice(&piece);
        }
        Ok(log)
    }

    /// The bytes of an artifact that a task made, by the name of the output.
    ///
    /// # Errors
    /// When there is no such run, task or artifact, and when it is a folder or too large to be given as a whole.
    pub async fn whole_artifact(
        &self,
        run: String,
        task: TaskPath,
        name: String,
    ) -> Result<Vec<u8>, AppError> {
        let home = self.home().clone();
        let store = self.store();
        off_runtime(move || {
            let run: RunId = exact("run", &run)?;
            let missing = || AppError::not_found("artifact", &name);
            let task = store.task(run, &task)?.ok_or_else(missing)?;
            let made = task
                .outputs
                .artifacts
                .get(&name)
                .and_then(|list| list.first());
            let place = Place::of(&home, made.ok_or_else(missing)?)?;
            match place.open(&Below::default())? {
                Opened::File(file) => {
                    check_size(file.size)?;
                    let mut bytes = Vec::new();
                    let mut start = file.file.take(LARGEST);
                    start.read_to_end(&mut bytes).map_err(|_| missing())?;
                    Ok(bytes)
                }
                Opened::Folder(_) => {
                    let hint = "read the files in it one by one";
                    Err(AppError::request(format!("`{name}` is a folder"), hint))
                }
            }
        })
        .await
    }
}

fn check_size(bytes: u64) -> Result<(), AppError> {
    if bytes <= LARGEST {
        return Ok(());
    }
    Err(AppError::request(
        format!("it is larger than {} MiB", LARGEST >> 20),
        "read it by the workbench's own API, which sends it piece by piece",
    ))
}
