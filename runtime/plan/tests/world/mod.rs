//! A world without engine, disk or clock for plans to act on: steps are answered in an order that a seed chooses,
//! attempts end as a script says, and the world can end at any moment and begin again from what was recorded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use coracle_model::{
    Attempt, AttemptNumber, AttemptSetting, AttemptUsage, EngineKind, Failure, FailureCode,
    Outputs, Resources, RunId, RunOrigin, RunRecord, RunRequest, RunState, StorageState, TaskPath,
    TaskRecord, TaskState, Timestamp, Value,
};
use coracle_plan::{History, Launch, Looked, Observation, Policy, RunPaths, RunPlan, Served, Step};
use coracle_spec::pipeline::{Definition, read};

/// What becomes of an attempt.
pub(crate) type Script = dyn Fn(&Launch) -> Result<Outputs, Failure>;

/// One life of a run.
pub(crate) struct World<'script> {
    pub(crate) definition: Definition,
    pub(crate) record: RunRecord,
    pub(crate) plan: RunPlan,
    pub(crate) tasks: BTreeMap<TaskPath, TaskRecord>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) launches: HashMap<(TaskPath, AttemptNumber), Launch>,
    /// Attempts the engine started; a name started twice is one workload.
    pub(crate) started: BTreeSet<(TaskPath, AttemptNumber)>,
    pub(crate) stopped: Vec<String>,
    pub(crate) waits: Vec<(TaskPath, std::time::Duration)>,
    pub(crate) finish: Option<(RunState, Option<Failure>, Outputs)>,
    pending: Vec<Observation>,
    script: &'script Script,
    random: u64,
}

impl<'script> World<'script> {
    pub(crate) fn new(
        text: &str,
        parameters: &[(&str, Value)],
        seed: u64,
        script: &'script Script,
    ) -> Self {
        let reading = read(text.as_bytes(), "pipeline.yaml");
        let definition = reading
            .definition
            .unwrap_or_else(|| panic!("{:#?}", reading.diagnostics));
        let record = RunRecord {
            id: "8f4c0dbe-2a55-4c2c-9a0e-1f3f8a8f0001"
                .parse::<RunId>()
                .unwrap(),
            pipeline: definition.spec.name.clone(),
            request: RunRequest {
                definition: text.to_owned(),
                display_name: "a run".to_owned(),
                parameters: parameters
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()))
                    .collect(),
                pipeline_root: None,
                cache: true,
                rerun: None,
                origin: RunOrigin::default(),
            },
            engine: EngineKind::Docker,
            state: RunState::Running,
            failure: None,
            storage: StorageState::Available,
            created_at: now(),
            finished_at: None,
        };
        let plan = plan(&definition, &record, History::none());
        Self {
            definition,
            record,
            plan,
            tasks: BTreeMap::new(),
            attempts: Vec::new(),
            launches: HashMap::new(),
            started: BTreeSet::new(),
            stopped: Vec::new(),
            waits: Vec::new(),
            finish: None,
            pending: Vec::new(),
            script,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    /// Lives to the end of the run.
    pub(crate) fn run(mut self) -> Self {
        self.advance();
        while self.answer_one() {}
        assert!(
            self.plan.is_finished(),
            "the run hangs: {:#?}",
            self.states()
        );
        self
    }

    /// Lives through so many answers, loses everything but its records, and lives on from them.
    pub(crate) fn run_with_crash(mut self, after: usize) -> Self {
        self.advance();
        for _ in 0..after {
            if !self.answer_one() {
                break;
            }
        }
        if self.finish.is_none() {
            self.restart();
        }
        self.run()
    }

    pub(crate) fn restart(&mut self) {
        let tasks: Vec<_> = self.tasks.values().cloned().collect();
        self.plan = plan(
            &self.definition,
            &self.record,
            History::of_run(&tasks, &self.attempts),
        );
        self.pending.clear();
    }

    pub(crate) fn observe(&mut self, observation: Observation) {
        self.plan.observe(observation, now());
        self.advance();
    }

    pub(crate) fn answer_one(&mut self) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        let index = self.next_random() % self.pending.len();
        let observation = self.pending.swap_remove(index);
        if let Observation::Ended {
            task,
            attempt,
            result,
        } = &observation
        {
            let ended = self
                .attempts
                .iter_mut()
                .find(|known| known.path == *task && known.number == *attempt)
                .unwrap();
            ended.state = if result.is_ok() {
                TaskState::Succeeded
            } else {
                TaskState::Failed
            };
            ended.finished_at = Some(now());
        }
        self.observe(observation);
        true
    }

    pub(crate) fn advance(&mut self) {
        loop {
            let steps = self.plan.advance(now());
            if steps.is_empty() {
                break;
            }
            for step in steps {
                self.take(step);
            }
        }
        self.tasks.extend(
            self.plan
                .drain_records()
                .into_iter()
                .map(|record| (record.path.clone(), record)),
        );
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::LookUp { task, .. } => {
                let result = Ok(Looked {
                    digest: "sha256:1".into(),
                    hit: None,
                });
                self.pending.push(Observation::Looked { task, result });
            }
            Step::Prepare(environment) => {
                self.pending.push(Observation::Environment {
                    key: environment.key,
                    ready: true,
                });
            }
            Step::Enqueue { task, resources } => {
                let launch = self
                    .plan
                    .start(&task, Vec::new(), now())
                    .expect("a queued step starts");
                self.attempts
                    .push(attempt(&self.record, &launch, resources));
                self.launch(launch);
            }
            Step::Adopt { task, attempt, .. } => {
                let launch = self
                    .plan
                    .adopt(&task, attempt, Vec::new(), now())
                    .expect("a running step is adopted");
                self.launch(launch);
            }
            Step::WakeAfter { task, wait } => {
                self.waits.push((task.clone(), wait));
                self.pending.push(Observation::BackoffOver { task });
            }
            Step::Stop { task, attempt } => {
                self.stopped.push(task.to_string());
                let result = Err(Failure::new(FailureCode::Canceled, "stopped"));
                self.pending.retain(|pending| !matches!(pending, Observation::Ended { task: ended, .. } if *ended == task));
                self.pending.push(Observation::Ended {
                    task,
                    attempt,
                    result,
                });
            }
            Step::Import(request) => {
                let result = Err(Failure::new(
                    FailureCode::Internal,
                    format!("no importing of {}", request.uri),
                ));
                self.pending.push(Observation::Served {
                    task: request.task,
                    result,
                });
            }
            Step::CreateVolume { task, name, .. } | Step::DeleteVolume { task, name } => {
                self.pending.push(Observation::Served {
                    task,
                    result: Ok(Served::Volume(name)),
                });
            }
            Step::Finish {
                state,
                failure,
                outputs,
            } => {
                assert!(self.finish.is_none(), "a run finishes once");
                self.finish = Some((state, failure, outputs));
            }
            Step::Dequeue { .. } | Step::Notice { .. } => {}
        }
    }

    fn launch(&mut self, launch: Launch) {
        let key = (launch.task.clone(), launch.attempt);
        self.started.insert(key.clone());
        let result = (self.script)(&launch);
        self.pending.push(Observation::Ended {
            task: launch.task.clone(),
            attempt: launch.attempt,
            result,
        });
        self.launches.insert(key, launch);
    }

    fn next_random(&mut self) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 33).unwrap()
    }

    /// The state of every task, by path.
    pub(crate) fn states(&self) -> BTreeMap<String, &'static str> {
        self.tasks
            .iter()
            .map(|(path, task)| (path.to_string(), task.state.as_str()))
            .collect()
    }

    pub(crate) fn state(&self, path: &str) -> &'static str {
        self.tasks
            .get(path)
            .map_or("(never came into being)", |task| task.state.as_str())
    }

    pub(crate) fn run_state(&self) -> RunState {
        self.finish.as_ref().expect("the run is over").0
    }

    /// The command line of a task's first attempt.
    pub(crate) fn command(&self, path: &str) -> Vec<String> {
        let launch = &self.launches[&(TaskPath::from(path), AttemptNumber(1))];
        launch.command.iter().chain(&launch.args).cloned().collect()
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub(crate) fn plan(definition: &Definition, record: &RunRecord, history: History) -> RunPlan {
    let policy = Policy {
        engine: EngineKind::Docker,
        paths: RunPaths {
            artifacts: "/home/artifacts".into(),
            run: "/home/run".into(),
            volumes: "/home/volumes".into(),
        },
        cache: true,
        prepare_environments: true,
        index_settings: BTreeMap::new(),
        step_variables: BTreeMap::new(),
    };
    let (spec, platform) = (
        Arc::new(definition.spec.clone()),
        Arc::new(definition.platform.clone()),
    );
    RunPlan::new(record, spec, platform, policy, history)
}

fn attempt(record: &RunRecord, launch: &Launch, resources: Resources) -> Attempt {
    Attempt {
        run: record.id,
        path: launch.task.clone(),
        number: launch.attempt,
        state: TaskState::Running,
        image: launch.image.to_string(),
        digest: launch.digest.clone(),
        command: launch.command.clone(),
        environment: BTreeMap::new(),
        resources,
        gpus: Vec::new(),
        usage: AttemptUsage::default(),
        exit_code: None,
        failure: None,
        before_retry: false,
        setting: AttemptSetting::default(),
        started_at: now(),
        finished_at: None,
    }
}

/// Outputs with one parameter.
pub(crate) fn output(name: &str, value: impl Into<Value>) -> Result<Outputs, Failure> {
    Ok(Outputs {
        parameters: BTreeMap::from([(name.to_owned(), value.into())]),
        artifacts: BTreeMap::new(),
    })
}

/// An attempt that fails.
pub(crate) fn fails() -> Result<Outputs, Failure> {
    Err(Failure::new(FailureCode::ExitCode, "exited with code 1"))
}
