//! What the steps of a pipeline were measured to use.

use std::collections::{BTreeMap, BTreeSet};

use coracle_model::{Resources, TaskPath};
use coracle_plan::{Measured, Measurement};
use coracle_store::MeasuredAttempt;

use crate::error::AppError;
use crate::view::{MeasuredResources, MeasuredResourcesQuery, MeasuredStep};
use crate::workbench::Workbench;

/// How many runs are looked at: in most of a pipeline's, most steps are taken from the cache.
const RUNS: usize = 100;

impl Workbench {
    /// What the steps of a pipeline used in its newest runs; no steps where none ever ran.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn measured_resources(
        &self,
        query: MeasuredResourcesQuery,
    ) -> Result<MeasuredResources, AppError> {
        let pipeline = query.pipeline.into();
        let attempts = self
            .ask_store(move |store| Ok(store.measured_attempts(&pipeline, RUNS)?))
            .await?;
        Ok(measured(attempts))
    }
}

/// By step; what was asked for is that of the newest attempt, which comes first.
fn measured(attempts: Vec<MeasuredAttempt>) -> MeasuredResources {
    let runs: BTreeSet<_> = attempts.iter().map(|attempt| attempt.run).collect();
    let mut steps: BTreeMap<TaskPath, (Resources, Measured)> = BTreeMap::new();
    for attempt in attempts {
        let took = attempt.finished_at.duration_since(attempt.started_at);
        let path = attempt.path.without_iterations();
        let (_, measured) = steps
            .entry(path)
            .or_insert_with(|| (attempt.resources, Measured::default()));
        measured.add(Measurement {
            peak_memory_bytes: attempt.usage.peak_memory_bytes,
            cpu_seconds: attempt.usage.cpu_seconds,
            seconds: took.as_secs_f64(),
        });
    }
    let step = |(task, (asked, measured)): (TaskPath, (Resources, Measured))| MeasuredStep {
        task,
        attempts: measured.attempts,
        peak_memory: measured.memory,
        mean_cpu: measured.cpu,
        suggested: measured.suggestion(&asked),
        asked,
    };
    MeasuredResources {
        runs: runs.len(),
        steps: steps.into_iter().map(step).collect(),
    }
}
