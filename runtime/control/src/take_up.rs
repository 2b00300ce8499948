//! How a run comes into the loop: new, open from an earlier life, retried, or begun in the middle of another.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use coracle_host::{ObservedWorkload, SandboxName};
use coracle_model::{
    Attempt, Failure, FailureCode, RunId, RunRecord, RunState, TaskPath, TaskState,
};
use coracle_plan::pod::POD_LABEL;
use coracle_plan::{History, RunPlan, is_redone};
use coracle_spec::pipeline::{self, Definition, PipelineSpec};
use coracle_store::{Change, StoreError};

use crate::attempt::{RUN_LABEL, attempt_of};
use crate::batch::{Batch, Message};
use crate::forwarders::SERVICE_LABEL;
use crate::handle::ControlError;
use crate::live::Live;
use crate::run_loop::RunLoop;
use crate::sandbox::SANDBOX_LABEL;
use crate::supervisor::TaskKind;

impl RunLoop {
    /// Makes the plan of a run and begins to look after it.
    pub(crate) fn take_up(
        &mut self,
        record: &RunRecord,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let run = record.id;
        let Some(definition) =
            pipeline::read(record.request.definition.as_bytes(), "pipeline.yaml").definition
        else {
            let failure = Failure::new(
                FailureCode::Internal,
                "the stored definition cannot be read any more",
            );
            let finished_at = Some(self.setting.clock.now());
            batch.changes.push(Change::Run {
                run,
                state: RunState::Failed,
                failure: Some(failure),
                finished_at,
            });
            return Ok(());
        };
        let tasks = self.setting.store.tasks(run)?;
        let attempts = self.setting.store.attempts(run)?;
        let history = match &record.request.rerun {
            Some((old, from)) if tasks.is_empty() => {
                self.taken_over(*old, from, &definition.spec)?
            }
            Some(_) | None => History::of_run(&tasks, &attempts),
        };
        let left = attempts
            .into_iter()
            .filter(|attempt| attempt.state == TaskState::Running);
        let left = left
            .map(|attempt| (attempt.path.clone(), attempt))
            .collect();
        self.begin(record, definition, history, left, batch);
        Ok(())
    }

    fn begin(
        &mut self,
        record: &RunRecord,
        definition: Definition,
        history: History,
        left: HashMap<TaskPath, Attempt>,
        batch: &mut Batch,
    ) {
        let run = record.id;
        let deadline = definition
            .platform
            .pipeline
            .active_deadline_seconds
            .map(Duration::from_secs);
        let policy = self.setting.policy(record);
        let plan = RunPlan::new(
            record,
            Arc::new(definition.spec),
            Arc::new(definition.platform),
            policy,
            history,
        );
        let state = if record.state == RunState::Pending {
            RunState::Running
        } else {
            record.state
        };
        if state != record.state {
            batch.changes.push(Change::Run {
                run,
                state,
                failure: None,
                finished_at: None,
            });
        }
        self.watch_deadline(run, deadline, record);
        let live = Live {
            plan,
            state,
            stops: HashMap::new(),
            left,
            images: HashMap::new(),
            deadline,
            overdue: false,
        };
        self.runs.insert(run, live);
    }

    fn watch_deadline(&self, run: RunId, deadline: Option<Duration>, record: &RunRecord) {
        let Some(deadline) = deadline else { return };
        let age = Duration::try_from(self.setting.clock.now().duration_since(record.created_at))
            .unwrap_or_default();
        let outbox = self.outbox.clone();
        self.supervisor.spawn(TaskKind::Timer, async move {
            tokio::time::sleep(deadline.saturating_sub(age)).await;
            let _ = outbox.send(Message::DeadlineOver(run));
        });
    }

    /// What a run that begins in the middle of another takes over from it.
    fn taken_over(
        &self,
        old: RunId,
        from: &TaskPath,
        spec: &PipelineSpec,
    ) -> Result<History, StoreError> {
        let tasks = self.setting.store.tasks(old)?;
        Ok(History::taken_over(&tasks, |path| {
            is_redone(spec, from, path)
        }))
    }

    /// Begins a failed run anew: what succeeded stands, everything else is forgotten but for its attempts.
    pub(crate) fn retry(&mut self, run: RunId, batch: &mut Batch) -> Result<(), ControlError> {
        let record = self
            .setting
            .store
            .run(run)?
            .ok_or(ControlError::NoSuchRun(run))?;
        if record.state != RunState::Failed || self.runs.contains_key(&run) {
            return Err(ControlError::WrongState {
                run,
                state: record.state,
                action: "retried",
            });
        }
        let tasks = self.setting.store.tasks(run)?;
        let attempts = self.setting.store.attempts(run)?;
        let history = History::of_run(&tasks, &attempts).for_retry();
        let redone = tasks
            .iter()
            .filter(|task| task.state != TaskState::Succeeded)
            .map(|task| task.path.clone());
        batch.changes.push(Change::RemoveTasks {
            run,
            paths: redone.collect(),
        });
        batch.changes.extend(
            attempts
                .into_iter()
                .filter(|attempt| attempt.state == TaskState::Failed)
                .map(|attempt| {
                    Change::Attempt(Box::new(Attempt {
                        before_retry: true,
                        ..attempt
                    }))
                }),
        );
        let Some(definition) =
            pipeline::read(record.request.definition.as_bytes(), "pipeline.yaml").definition
        else {
            return Err(ControlError::WrongState {
                run,
                state: record.state,
                action: "read any more",
            });
        };
        batch.changes.push(Change::Run {
            run,
            state: RunState::Running,
            failure: None,
            finished_at: None,
        });
        let record = RunRecord {
            state: RunState::Running,
            ..record
        };
        self.begin(&record, definition, history, HashMap::new(), batch);
        Ok(())
    }

    /// Removes what the engine holds of runs that are over: the workbench ended between their end and the tidying.
    /// The places of those that are not stay with what is in them.
    pub(crate) fn discard_leftovers(&self, held: &[ObservedWorkload], open: &HashSet<RunId>) {
        // What pods and services left is for whoever looks after those.
        let of_runs = held.iter().filter(|workload| {
            let labels = [POD_LABEL, SERVICE_LABEL];
            !labels
                .iter()
                .any(|label| workload.labels.contains_key(*label))
        });
        let (left, stay): (Vec<_>, Vec<_>) = of_runs.partition(|workload| {
            let run = workload.labels.get(RUN_LABEL);
            run.and_then(|run| run.parse().ok())
                .is_none_or(|run| !open.contains(&run))
        });
        let mut entered = HashSet::new();
        for workload in stay {
            let place = workload.labels.get(SANDBOX_LABEL);
            if let Some((place, attempt)) = place.zip(attempt_of(&workload.labels)) {
                self.sandboxes.keep(attempt, SandboxName(place.clone()));
                entered.insert(place);
            }
        }
        for workload in left
            .into_iter()
            .filter(|workload| !entered.contains(&workload.name.0))
        {
            self.discard(workload);
        }
    }

    fn discard(&self, workload: &ObservedWorkload) {
        let (engine, name) = (self.shared_engine(), workload.name.clone());
        let kind = workload.labels.get("coracle.kind");
        let is_sandbox = kind.is_some_and(|kind| kind == "sandbox");
        self.supervisor.spawn(TaskKind::Lookup, async move {
            let removed = if is_sandbox {
                engine.close_sandbox(&SandboxName(name.0)).await
            } else {
                engine.remove(&name).await
            };
            if let Err(error) = removed {
                tracing::warn!(%error, "a workload of a finished run was left behind");
            }
        });
    }
}
