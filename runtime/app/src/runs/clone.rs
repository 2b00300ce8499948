//! A new run of the same definition with the same values, some of which may be other ones.

use coracle_model::{RunId, RunOrigin, RunRecord, RunRequest, StorageState};
use coracle_spec::pipeline::{self, Reading};
use coracle_store::Store;

use super::create::Accepted;
use super::find::read_run;
use super::parameters;
use crate::error::AppError;
use crate::view::{CloneRun, CreatedRun};
use crate::workbench::Workbench;

impl Workbench {
    /// Makes a run of the same definition as another. The other may be in any state, and results that are kept for
    /// reuse are used as for any run.
    ///
    /// # Errors
    /// When there is no such run, a value does not fit, or nobody works on runs here.
    pub async fn clone_run(&self, name: String, request: CloneRun) -> Result<CreatedRun, AppError> {
        let now = self.inner.clock.now();
        let accepted = self
            .ask_store(move |store| accept(store, &name, request))
            .await?;
        let record = self
            .enqueue(RunId::random(), StorageState::Available, accepted, now)
            .await?;
        Ok(CreatedRun {
            run_id: record.id,
            display_name: record.request.display_name,
            rerun_of: None,
            diagnostics: Vec::new(),
        })
    }
}

fn accept(store: &Store, name: &str, request: CloneRun) -> Result<Accepted, AppError> {
    let RunRecord {
        pipeline,
        request: old,
        ..
    } = read_run(store, name)?;
    let file_name = format!("{pipeline}.yaml");
    let Reading {
        definition,
        diagnostics,
        ..
    } = pipeline::read(old.definition.as_bytes(), &file_name);
    let definition = definition.ok_or(AppError::Definition {
        file_name,
        diagnostics,
    })?;
    let mut values = old.parameters;
    values.extend(parameters::read(&definition.spec, request.parameters)?);
    parameters::check(&definition.spec, &values)?;
    let usual_name = || format!("Clone of {}", old.display_name);
    Ok(Accepted {
        pipeline,
        request: RunRequest {
            definition: old.definition,
            display_name: request.display_name.unwrap_or_else(usual_name),
            parameters: values,
            pipeline_root: old.pipeline_root,
            cache: old.cache,
            rerun: None,
            origin: RunOrigin {
                recurring: None,
                scheduled_at: None,
                index: None,
                ..old.origin
            },
        },
        warnings: Vec::new(),
    })
}
