//! A new run of the same definition with the same values, some of which may be other ones.

use coracle_model::{RunId, RunOrigin, RunRecord, RunRequest, StorageState};
use coracle_store::Store;

use super::create::{Accepted, created};
use super::find::read_run;
use super::parameters;
use crate::error::AppError;
use crate::pipelines::read_definition;
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
        Ok(created(record, Vec::new()))
    }
}

fn accept(store: &Store, name: &str, request: CloneRun) -> Result<Accepted, AppError> {
    let RunRecord {
        pipeline,
        request: old,
        ..
    } = read_run(store, name)?;
    let file_name = format!("{pipeline}.yaml");
    let (definition, _) = read_definition(old.definition.as_bytes(), &file_name)?;
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
                brought: None,
                ..old.origin
            },
        },
        warnings: Vec::new(),
    })
}
