//! Asking for a run: read the definition, check the parameters, remember it, wake the loop.

use coracle_model::{
    Diagnostic, EngineKind, PipelineName, RunId, RunOrigin, RunRecord, RunRequest, RunState,
    StorageState, Timestamp,
};
use coracle_spec::pipeline::PipelineSpec;
use coracle_store::{Change, Store};

use super::parameters;
use crate::engine::Chosen;
use crate::error::AppError;
use crate::pipelines::read_definition;
use crate::stage::Working;
use crate::view::{CreateRun, CreatedRun};
use crate::workbench::Workbench;

/// The schemes that are kept on this machine.
const ROOT_SCHEMES: [&str; 3] = ["minio://", "s3://", "gs://"];

/// A request that can be carried out.
pub(super) struct Accepted {
    pub(super) pipeline: PipelineName,
    pub(super) request: RunRequest,
    pub(super) warnings: Vec<Diagnostic>,
}

impl Workbench {
    /// Makes a run and returns at once; the loop works on it from then on.
    ///
    /// # Errors
    /// A definition or parameters that KFP would refuse, no engine, and nobody who works on runs here.
    pub async fn create_run(&self, request: CreateRun) -> Result<CreatedRun, AppError> {
        let now = self.inner.clock.now();
        // A file that cannot be run is refused also where there is no engine.
        let accepted = self
            .ask_store(move |store| accept(store, request, now))
            .await?;
        let diagnostics = accepted.warnings.clone();
        let record = self
            .enqueue(RunId::random(), StorageState::Available, accepted, now)
            .await?;
        Ok(created(record, diagnostics))
    }

    /// Remembers a run that was accepted and wakes the loop.
    pub(super) async fn enqueue(
        &self,
        id: RunId,
        storage: StorageState,
        accepted: Accepted,
        now: Timestamp,
    ) -> Result<RunRecord, AppError> {
        let working = self.working().await?;
        self.ask_store(move |store| begin(store, &working, id, storage, accepted, now))
            .await
    }
}

/// What whoever asked for a run is told.
pub(super) fn created(record: RunRecord, diagnostics: Vec<Diagnostic>) -> CreatedRun {
    CreatedRun {
        run_id: record.id,
        display_name: record.request.display_name,
        rerun_of: record.request.rerun,
        diagnostics,
    }
}

/// Remembers a run that was accepted and wakes the loop.
pub(super) fn begin(
    store: &Store,
    working: &Working,
    id: RunId,
    storage: StorageState,
    accepted: Accepted,
    now: Timestamp,
) -> Result<RunRecord, AppError> {
    let notices = notices(&accepted.warnings, &working.chosen);
    let record = RunRecord {
        id,
        pipeline: accepted.pipeline,
        request: accepted.request,
        engine: working.chosen.description.kind,
        state: RunState::Pending,
        failure: None,
        storage,
        created_at: now,
        finished_at: None,
    };
    remember(store, &record, &notices)?;
    working.control.wake(record.id);
    Ok(record)
}

/// Remembers a new run and what its user should know of it.
fn remember(store: &Store, record: &RunRecord, notices: &[String]) -> Result<(), AppError> {
    store.create_run(record)?;
    let notice = |message: &String| Change::Notice {
        run: record.id,
        path: None,
        message: message.clone(),
    };
    let changes: Vec<Change> = notices.iter().map(notice).collect();
    if !changes.is_empty() {
        store.record(&changes, record.created_at)?;
    }
    Ok(())
}

/// What the user of a new run should know: warnings about the file, and an engine that does not keep steps apart.
fn notices(warnings: &[Diagnostic], chosen: &Chosen) -> Vec<String> {
    let open = match chosen.description.kind {
        EngineKind::Process => Some(format!(
            "steps run as processes of this machine, which isolates nothing: {}",
            chosen.reason
        )),
        EngineKind::Docker | EngineKind::Fake => None,
    };
    warnings.iter().map(sentence).chain(open).collect()
}

fn sentence(diagnostic: &Diagnostic) -> String {
    let place = diagnostic
        .span
        .map(|span| format!("line {}: ", span.line))
        .unwrap_or_default();
    let help = diagnostic
        .help
        .as_ref()
        .map(|help| format!("; {help}"))
        .unwrap_or_default();
    format!("{place}{}{help}", diagnostic.message)
}

fn accept(store: &Store, request: CreateRun, now: Timestamp) -> Result<Accepted, AppError> {
    let (definition, warnings) = read_definition(&request.definition.0, &request.file_name)?;
    let root = request.pipeline_root.map(checked_root).transpose()?;
    let parameters = parameters::read(&definition.spec, request.parameters)?;
    parameters::check(&definition.spec, &parameters)?;
    let display_name = request
        .display_name
        .unwrap_or_else(|| usual_name(&definition.spec, now));
    let request = RunRequest {
        definition: definition.text,
        display_name,
        parameters,
        pipeline_root: root,
        cache: request.cache,
        rerun: None,
        origin: RunOrigin {
            experiment: Some(store.default_experiment(now)?),
            ..RunOrigin::default()
        },
    };
    Ok(Accepted {
        pipeline: definition.spec.name,
        request,
        warnings,
    })
}

pub(crate) fn checked_root(root: String) -> Result<String, AppError> {
    let known = ROOT_SCHEMES.iter().any(|scheme| {
        root.strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty())
    });
    let inside = root
        .split('/')
        .all(|segment| segment != ".." && segment != ".");
    if known && inside {
        return Ok(root);
    }
    let hint = "use `minio://BUCKET/PATH`, `s3://BUCKET/PATH` or `gs://BUCKET/PATH`; all are kept on this machine";
    Err(AppError::request(
        format!("`{root}` is no pipeline root"),
        hint,
    ))
}

/// As the `kfp` client names a run: the pipeline and the time.
pub(crate) fn usual_name(spec: &PipelineSpec, now: Timestamp) -> String {
    format!(
        "{} {}",
        spec.display_name.as_deref().unwrap_or(spec.name.as_str()),
        now.strftime("%Y-%m-%d %H-%M-%S")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roots_that_are_kept_here_are_taken() {
        for root in ["minio://b", "s3://b/k", "gs://b/a/b/"] {
            assert_eq!(checked_root(root.to_owned()).unwrap(), root);
        }
        for root in [
            "",
            "b/k",
            "minio://",
            "https://b/k",
            "file:///tmp",
            "minio://b/../../etc",
        ] {
            assert!(checked_root(root.to_owned()).is_err(), "{root}");
        }
    }
}
