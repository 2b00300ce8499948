//! Beginning the run of a slot.

use coracle_model::{
    EngineKind, Progress, RecurringRun, RunId, RunOrigin, RunRecord, RunRequest, RunSource,
    RunState, StorageState, Timestamp,
};
use coracle_store::{Change, Store};

use super::name::run_name;
use crate::error::AppError;
use crate::pipelines::{Resolved, Source, resolve};
use crate::runs::check_parameters;

/// How late a run may begin before it is worth a word: what the controller of a cluster takes at most.
const UNNOTICED_S: i64 = 60;

/// A slot that is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) at: Timestamp,
    pub(super) passed_over_from: Option<Timestamp>,
}

/// Remembers the run of a slot, and that its recurring run came so far.
pub(super) fn begin(
    store: &Store,
    recurring: &RecurringRun,
    slot: Slot,
    engine: EngineKind,
    now: Timestamp,
) -> Result<RunId, AppError> {
    let (definition, version) = match &recurring.source {
        RunSource::Pinned {
            version,
            definition,
        } => {
            let Resolved { definition, .. } = resolve(store, &Source::Inline(definition.clone()))?;
            (definition, *version)
        }
        RunSource::Latest(pipeline) => {
            let newest = Source::Uploaded {
                pipeline: Some(pipeline.to_string()),
                version: None,
            };
            let found = resolve(store, &newest)?;
            check_parameters(&found.definition.spec, &recurring.parameters)?;
            (found.definition, found.version)
        }
    };
    let index = recurring.progress.begun + 1;
    let record = RunRecord {
        id: RunId::random(),
        pipeline: definition.spec.name,
        request: RunRequest {
            definition: definition.text,
            display_name: run_name(recurring, index),
            parameters: recurring.parameters.clone(),
            pipeline_root: recurring.pipeline_root.clone(),
            cache: true,
            rerun: None,
            origin: RunOrigin {
                description: String::new(),
                experiment: Some(recurring.experiment),
                version,
                recurring: Some(recurring.id),
                scheduled_at: Some(slot.at),
                index: Some(index),
                service_account: recurring.service_account.clone(),
                brought: None,
            },
        },
        engine,
        state: RunState::Pending,
        failure: None,
        storage: StorageState::Available,
        created_at: now,
        finished_at: None,
    };
    let progress = Progress {
        last_slot: Some(slot.at),
        begun: index,
    };
    store.begin_recurring_run(recurring.id, &record, progress)?;
    if let Some(message) = remark(slot, now) {
        let notice = Change::Notice {
            run: record.id,
            path: None,
            message,
        };
        store.record(&[notice], now)?;
    }
    Ok(record.id)
}

/// What the user of a run that is not begun in its time should know.
fn remark(slot: Slot, now: Timestamp) -> Option<String> {
    if let Some(from) = slot.passed_over_from {
        return Some(format!(
            "this run is for the slot {}; those from {from} on were missed, since the workbench did not run, the \
             machine slept, or earlier runs took too long, and this recurring run does not catch up",
            slot.at
        ));
    }
    let late = now.as_second() - slot.at.as_second();
    (late > UNNOTICED_S).then(|| {
        format!(
            "this run is for the slot {} and begins {late} s late: the workbench did not run, the machine slept, or \
             earlier runs took too long",
            slot.at
        )
    })
}
