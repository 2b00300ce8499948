//! The plan of a run, made anew in a pod: it begins at the root, takes over what was recorded, and stops at the task that the
//! pod is for. What is to be done with that task follows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coracle_model::{
    Attempt, AttemptNumber, AttemptSetting, AttemptUsage, EngineKind, Failure, FailureCode,
    Outputs, Resources, RunState, TaskKind, TaskName, TaskPath, TaskRecord, TaskState, Timestamp,
    Value,
};
use coracle_plan::{
    History, ImportRequest, Launch, Looked, Observation, Policy, RunPaths, RunPlan, Served, Step,
};
use coracle_spec::pipeline::{self, Component, Dag, PipelineSpec, PlatformSpec};

use crate::run_file::{RunFile, RunFileError, View};

/// A plan that stands where a task is to begin.
#[derive(Debug)]
pub struct Replay {
    plan: RunPlan,
    spec: Arc<PipelineSpec>,
    task: TaskPath,
    failed_attempts: u32,
    tasks: BTreeMap<TaskPath, TaskRecord>,
    asked: BTreeMap<TaskPath, Asked>,
    /// Why steps failed that were to be tried again, by their records.
    failed: BTreeMap<TaskPath, Failure>,
    finish: Option<(RunState, Option<Failure>, Outputs)>,
}

/// What the plan asked for and was not answered.
#[derive(Debug)]
enum Asked {
    LookUp,
    Import(Box<ImportRequest>),
    CreateVolume { name: String, size: String },
    DeleteVolume { name: String },
}

/// What is to be done with a task.
#[derive(Debug)]
pub enum Fate {
    /// It is a step, and runs.
    Work(Work),
    /// It is a DAG or a loop whose tasks are to run; a loop has so many iterations.
    Open {
        /// How many, when it is a loop.
        iterations: Option<usize>,
    },
    /// It has ended without running: skipped, or failed before it began.
    Ended(Box<TaskRecord>),
    /// The DAG around it does not run, so that it has not come into being.
    Absent,
    /// Something that it waits for has not ended.
    Waits,
}

/// What a step does.
#[derive(Debug)]
pub enum Work {
    /// Runs a container.
    Container(Box<Launch>),
    /// Records an artifact.
    Import(Box<ImportRequest>),
    /// Makes a persistent volume claim.
    CreateVolume {
        /// Its name.
        name: String,
        /// Its size, as it was written.
        size: String,
    },
    /// Removes a persistent volume claim.
    DeleteVolume {
        /// Its name.
        name: String,
    },
}

impl Replay {
    /// The plan of a run up to a task, at its attempt after so many failed ones.
    ///
    /// What the task left in an earlier try is passed over: whoever starts a pod wants it done. A step that the task waits for and
    /// that left no record has failed without a word, since the engine starts no pod before those of such steps have ended; one whose
    /// record says that it was to be tried again has failed for the reason of its last attempt.
    ///
    /// # Errors
    /// When the run's file is of no use.
    pub fn of_task(
        file: &RunFile,
        view: View,
        records: Vec<TaskRecord>,
        (task, failed_attempts): (&TaskPath, u32),
        now: Timestamp,
    ) -> Result<Self, RunFileError> {
        let mut replay = Self::new(file, view, records, (task, failed_attempts), now)?;
        loop {
            let silent = replay.silent();
            if silent.is_empty() {
                return Ok(replay);
            }
            for path in silent {
                replay.fail_silently(&path, silence(), now);
            }
        }
    }

    /// The plan of a run to its end: every step that left no record has failed.
    ///
    /// # Errors
    /// When the run's file is of no use.
    pub fn of_run(
        file: &RunFile,
        records: Vec<TaskRecord>,
        now: Timestamp,
    ) -> Result<Self, RunFileError> {
        Self::to_the_end(file, records, &silence(), now)
    }

    /// The plan of a run to its end: every step that left no record has failed for this reason.
    ///
    /// # Errors
    /// When the run's file is of no use.
    pub fn to_the_end(
        file: &RunFile,
        records: Vec<TaskRecord>,
        silence: &Failure,
        now: Timestamp,
    ) -> Result<Self, RunFileError> {
        let mut replay = Self::new(file, View::Program, records, (&TaskPath::root(), 0), now)?;
        while let Some(path) = replay.asked.keys().next().cloned() {
            replay.fail_silently(&path, silence.clone(), now);
        }
        Ok(replay)
    }

    fn new(
        file: &RunFile,
        view: View,
        mut records: Vec<TaskRecord>,
        (task, failed_attempts): (&TaskPath, u32),
        now: Timestamp,
    ) -> Result<Self, RunFileError> {
        let (spec, platform) = file.open(view)?;
        records.retain(|record| record.path != *task);
        let failed = records.iter().filter(|record| !record.state.is_final());
        let failed = failed
            .filter_map(|record| Some((record.path.clone(), record.reason.clone()?)))
            .collect();
        let attempts: Vec<_> = (1..=failed_attempts)
            .map(|number| failed_attempt(file, task, number))
            .collect();
        let history = History::of_run(&records, &attempts);
        let plan = plan(file, Arc::clone(&spec), platform, history);
        let mut replay = Self {
            plan: plan.named(file.resource_name.clone()),
            spec,
            task: task.clone(),
            failed_attempts,
            tasks: BTreeMap::new(),
            asked: BTreeMap::new(),
            failed,
            finish: None,
        };
        replay.advance(now);
        Ok(replay)
    }

    /// What is to be done with the task.
    pub fn fate(&mut self, now: Timestamp) -> Fate {
        let Some(record) = self.tasks.get(&self.task) else {
            return Fate::Absent;
        };
        if record.state.is_final() && !self.is_open() {
            return Fate::Ended(Box::new(record.clone()));
        }
        match self.asked.remove(&self.task) {
            Some(Asked::LookUp) => self.start(now),
            Some(Asked::Import(request)) => Fate::Work(Work::Import(request)),
            Some(Asked::CreateVolume { name, size }) => {
                Fate::Work(Work::CreateVolume { name, size })
            }
            Some(Asked::DeleteVolume { name }) => Fate::Work(Work::DeleteVolume { name }),
            None if self.is_open() => Fate::Open {
                iterations: self.iterations(),
            },
            None => Fate::Waits,
        }
    }

    /// The component that the task runs.
    pub fn component(&self) -> Option<&Component> {
        self.plan.component_of(&self.task)
    }

    /// An input parameter of the task, or the default of its component.
    pub(crate) fn input(&self, name: &str) -> Option<&Value> {
        let default = || {
            let declared = self.component()?.input_parameters.get(name)?;
            declared.default.as_ref()
        };
        let given = self.tasks.get(&self.task)?.inputs.parameters.get(name);
        given.or_else(default)
    }

    /// How the task stands after an attempt at it ended.
    pub fn ended(
        &mut self,
        result: Result<Outputs, Failure>,
        now: Timestamp,
    ) -> Option<TaskRecord> {
        let observation = Observation::Ended {
            task: self.task.clone(),
            attempt: AttemptNumber(self.failed_attempts + 1),
            result,
        };
        self.told(observation, now)
    }

    /// How the task stands after what it asked for was done.
    pub fn served(
        &mut self,
        result: Result<Served, Failure>,
        now: Timestamp,
    ) -> Option<TaskRecord> {
        let observation = Observation::Served {
            task: self.task.clone(),
            result,
        };
        self.told(observation, now)
    }

    /// How the run ended, why, and what it returns; nothing before it has.
    pub fn finish(&self) -> Option<&(RunState, Option<Failure>, Outputs)> {
        self.finish.as_ref()
    }

    /// Every task that has come into being.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskRecord> {
        self.tasks.values()
    }

    fn told(&mut self, observation: Observation, now: Timestamp) -> Option<TaskRecord> {
        self.plan.observe(observation, now);
        self.advance(now);
        self.tasks.get(&self.task).cloned()
    }

    fn start(&mut self, now: Timestamp) -> Fate {
        self.look(&self.task.clone(), Ok(nothing_cached()), now);
        match self.plan.start(&self.task.clone(), Vec::new(), now) {
            Some(launch) => Fate::Work(Work::Container(Box::new(launch))),
            None => {
                self.advance(now);
                self.tasks
                    .get(&self.task)
                    .filter(|record| record.state.is_final())
                    .map_or(Fate::Waits, |record| Fate::Ended(Box::new(record.clone())))
            }
        }
    }

    fn look(&mut self, task: &TaskPath, result: Result<Looked, Failure>, now: Timestamp) {
        let task = task.clone();
        self.plan.observe(Observation::Looked { task, result }, now);
        self.advance(now);
    }

    /// A step has failed: for the reason of its last attempt, where one left a record, and for this one otherwise.
    fn fail_silently(&mut self, path: &TaskPath, silence: Failure, now: Timestamp) {
        let failure = match self.failed.get(path) {
            Some(last) => Failure {
                message: format!("{}; the cluster began no other attempt", last.message),
                ..last.clone()
            },
            None => silence,
        };
        match self.asked.remove(path) {
            Some(Asked::LookUp) => self.look(path, Err(failure), now),
            Some(_) => {
                let task = path.clone();
                let result = Err(failure);
                self.plan.observe(Observation::Served { task, result }, now);
                self.advance(now);
            }
            None => {}
        }
    }

    fn advance(&mut self, now: Timestamp) {
        loop {
            let steps = self.plan.advance(now);
            if steps.is_empty() {
                break;
            }
            for step in steps {
                self.take(step);
            }
        }
        let records = self.plan.drain_records().into_iter();
        self.tasks
            .extend(records.map(|record| (record.path.clone(), record)));
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::LookUp { task, .. } => drop(self.asked.insert(task, Asked::LookUp)),
            Step::Import(request) => {
                let task = request.task.clone();
                self.asked.insert(task, Asked::Import(request));
            }
            Step::CreateVolume { task, name, size } => {
                self.asked.insert(task, Asked::CreateVolume { name, size });
            }
            Step::DeleteVolume { task, name } => {
                self.asked.insert(task, Asked::DeleteVolume { name });
            }
            Step::Finish {
                state,
                failure,
                outputs,
            } => self.finish = Some((state, failure, outputs)),
            // A step that was looked up is started or waits for its next pod, which the engine sees to.
            Step::Enqueue { .. }
            | Step::WakeAfter { .. }
            | Step::Prepare(_)
            | Step::Adopt { .. }
            | Step::Stop { .. }
            | Step::Dequeue { .. }
            | Step::Notice { .. } => {}
        }
    }

    /// Whether the task is a DAG or a loop that was let in; one without tasks has ended at once.
    fn is_open(&self) -> bool {
        let record = &self.tasks[&self.task];
        let is_step = self
            .component()
            .is_none_or(|component| matches!(component.work, pipeline::Work::Executor(_)));
        let has_tasks = record.kind == TaskKind::Loop || !is_step;
        has_tasks && record.started_at.is_some()
    }

    fn iterations(&self) -> Option<usize> {
        let is_loop = self.tasks[&self.task].kind == TaskKind::Loop;
        let there = |index: &usize| self.tasks.contains_key(&self.task.iteration(*index));
        is_loop.then(|| (0..).take_while(there).count())
    }

    /// Steps that the task waits for and that left no record.
    fn silent(&self) -> Vec<TaskPath> {
        let waits = match self.tasks.get(&self.task) {
            Some(record) => {
                record.state == TaskState::Pending && !self.asked.contains_key(&self.task)
            }
            None => true,
        };
        if !waits {
            return Vec::new();
        }
        let before = before(&self.spec, &self.task);
        let is_before = |path: &&TaskPath| {
            before.iter().any(|task| {
                let rest = path.as_str().strip_prefix(task.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
            })
        };
        self.asked.keys().filter(is_before).cloned().collect()
    }
}

/// The tasks that end before a task begins: in each DAG around it, what comes before.
fn before(spec: &PipelineSpec, task: &TaskPath) -> Vec<TaskPath> {
    let mut found = Vec::new();
    let mut component = &spec.root;
    let mut around = TaskPath::root();
    for segment in task.as_str().split('/') {
        let name = TaskName::from(segment.split('[').next().unwrap_or_default());
        let pipeline::Work::Dag(dag) = &component.work else {
            break;
        };
        let Some(inner) = dag.tasks.get(&name) else {
            break;
        };
        found.extend(
            all_upstream(dag, &name)
                .iter()
                .map(|name| around.child(name)),
        );
        component = spec.component(&inner.component);
        around = around.child(&TaskName::from(segment));
    }
    found
}

/// All tasks of a DAG that a task waits for, directly or not.
fn all_upstream(dag: &Dag, name: &TaskName) -> BTreeSet<TaskName> {
    let mut found = BTreeSet::new();
    let mut pending = vec![name.clone()];
    while let Some(name) = pending.pop() {
        for producer in coracle_plan::upstream(&dag.tasks[&name]) {
            if found.insert(producer.clone()) {
                pending.push(producer.clone());
            }
        }
    }
    found
}

/// An answer to a look at the cache, which a cluster does not have.
fn nothing_cached() -> Looked {
    Looked {
        digest: "".into(),
        hit: None,
    }
}

/// Why a step failed whose pod ended and left no record.
fn silence() -> Failure {
    Failure::new(
        FailureCode::ExitCode,
        "its pod ended without a word of how the step did",
    )
    .with_hint("the cluster's events say whether it was killed, evicted or never started")
}

fn plan(
    file: &RunFile,
    spec: Arc<PipelineSpec>,
    platform: Arc<PlatformSpec>,
    history: History,
) -> RunPlan {
    let policy = Policy {
        engine: EngineKind::Docker,
        paths: RunPaths {
            artifacts: "/".into(),
            run: "/".into(),
            volumes: "/".into(),
        },
        cache: false,
        prepare_environments: false,
        index_settings: BTreeMap::new(),
        step_variables: BTreeMap::new(),
    };
    RunPlan::new(&file.record, spec, platform, policy, history)
}

/// An attempt that failed in an earlier pod, as far as retries count it.
fn failed_attempt(file: &RunFile, task: &TaskPath, number: u32) -> Attempt {
    Attempt {
        run: file.record.id,
        path: task.clone(),
        number: AttemptNumber(number),
        state: TaskState::Failed,
        image: String::new(),
        digest: "".into(),
        command: Vec::new(),
        environment: BTreeMap::new(),
        setting: AttemptSetting::default(),
        resources: Resources::default(),
        gpus: Vec::new(),
        usage: AttemptUsage::default(),
        exit_code: None,
        failure: None,
        before_retry: false,
        started_at: file.record.created_at,
        finished_at: None,
    }
}
