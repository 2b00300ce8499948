//! Asking for a recurring run: everything that could keep a run of it from beginning is refused at once.

use std::collections::BTreeMap;

use coracle_model::{
    PipelineId, Progress, RecurringRun, RecurringRunId, RunSource, Schedule, Timestamp, Trigger,
    Value,
};
use coracle_spec::cron::Cron;
use coracle_store::Store;

use super::RecurringDetail;
use crate::error::AppError;
use crate::exact::exact;
use crate::pipelines::{Source, resolve};
use crate::runs::{check_parameters, known_experiment};
use crate::workbench::Workbench;

/// A recurring run to be made. Ids are texts, as they were given.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecurringRun {
    /// The name people see.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// The experiment that its runs are in; the default one when it is left out.
    pub experiment: Option<String>,
    /// What is to be run: a version stays that one, a pipeline means its newest version each time.
    pub source: Source,
    /// Values for the pipeline's parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Where artifacts go instead of the default root, as a URI.
    pub pipeline_root: Option<String>,
    /// The account that runs would have on a cluster.
    pub service_account: Option<String>,
    /// When.
    pub trigger: NewTrigger,
    /// How many of its runs may be open at once, from 1 to 10.
    pub max_concurrency: i64,
    /// Whether slots that were missed are made up for, one by one.
    pub catch_up: bool,
    /// Whether it is switched on.
    pub enabled: bool,
}

/// When, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewTrigger {
    /// The rhythm; once, when it is left out.
    pub rhythm: Option<Rhythm>,
    /// The first moment at which it may be due.
    pub start: Option<Timestamp>,
    /// The last moment at which it may be due.
    pub end: Option<Timestamp>,
}

/// A rhythm, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rhythm {
    /// A cron expression that begins with seconds, in UTC, or a word such as `@daily`.
    Cron(String),
    /// Every so many seconds.
    Every(i64),
}

impl Workbench {
    /// Makes a recurring run.
    ///
    /// # Errors
    /// A rhythm that cannot be read; an experiment, pipeline or version that is not there; a definition or parameters
    /// that KFP would refuse.
    pub async fn create_recurring_run(
        &self,
        new: NewRecurringRun,
    ) -> Result<RecurringDetail, AppError> {
        let now = self.inner.clock.now();
        let run = self
            .ask_store(move |store| {
                let run = accept(store, new, now)?;
                store.create_recurring_run(&run)?;
                Ok(run)
            })
            .await?;
        self.inner.schedule.wake();
        Ok(run.into())
    }
}

fn accept(store: &Store, new: NewRecurringRun, now: Timestamp) -> Result<RecurringRun, AppError> {
    let Ok(max_concurrency @ 1..=10) = u32::try_from(new.max_concurrency) else {
        return Err(AppError::Concurrency(new.max_concurrency));
    };
    let trigger = accept_trigger(new.trigger)?;
    let experiment = match &new.experiment {
        Some(experiment) => known_experiment(store, experiment)?,
        None => store.default_experiment(now)?,
    };
    let source = accept_source(store, &new.source, &new.parameters)?;
    Ok(RecurringRun {
        id: RecurringRunId::random(),
        display_name: new.display_name,
        description: new.description,
        experiment,
        source,
        parameters: new.parameters,
        pipeline_root: new.pipeline_root,
        service_account: new.service_account,
        trigger,
        max_concurrency,
        catch_up: new.catch_up,
        enabled: new.enabled,
        created_at: now,
        updated_at: now,
        progress: Progress::default(),
    })
}

fn accept_trigger(new: NewTrigger) -> Result<Trigger, AppError> {
    let schedule = match new.rhythm {
        Some(Rhythm::Cron(text)) => {
            text.parse::<Cron>().map_err(AppError::Cron)?;
            Schedule::Cron(text)
        }
        Some(Rhythm::Every(seconds)) => match u64::try_from(seconds) {
            Ok(seconds @ 1..) => Schedule::Periodic(seconds),
            Ok(_) | Err(_) => return Err(AppError::Interval(seconds)),
        },
        None => Schedule::Once,
    };
    Ok(Trigger {
        schedule,
        start: new.start,
        end: new.end,
    })
}

fn accept_source(
    store: &Store,
    source: &Source,
    parameters: &BTreeMap<String, Value>,
) -> Result<RunSource, AppError> {
    let resolved = resolve(store, source)?;
    check_parameters(&resolved.definition.spec, parameters)?;
    match source {
        Source::Uploaded {
            pipeline: Some(pipeline),
            version: None,
        } => {
            let id: PipelineId = exact("pipeline", pipeline)?;
            Ok(RunSource::Latest(id))
        }
        Source::Uploaded { .. } | Source::Inline(_) => Ok(RunSource::Pinned {
            version: resolved.version,
            definition: resolved.definition.text,
        }),
    }
}
