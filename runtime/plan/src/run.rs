//! The plan of one run: observations in, steps and records out.
//!
//! ```text
//!   Waiting ─► (inputs, condition) ─┬─► Open ──────────── children ended ──────────────┐
//!      │                            └─► LookedUp ─► Preparing ─► Queued ─► Running ─┐  │
//!      │                                   │ hit                   ▲       │ failed │  │
//!      │ condition false,                  │                       └ BackingOff ◄───┤  │
//!      ▼ upstream skipped                  ▼                                        ▼  ▼
//!   Ended(Skipped)                      Ended(Succeeded, cached)              Ended(Succeeded | Failed | Canceled)
//! ```
//!
//! Work is done where something changed: a node is looked at when the last task it depends on ends, so the
//! cost of a run grows with its size and not with its square.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use coracle_model::{
    AttemptNumber, EngineKind, EnvironmentKey, Failure, FailureCode, GpuUuid, Outputs,
    PipelineName, RunId, RunRecord, RunState, TaskKind, TaskPath, TaskRecord, Timestamp,
};
use coracle_spec::pipeline::{
    Component, ContainerSpec, Executor, PipelineSpec, PlatformSpec, StepPlatform, Task, Work,
};
use coracle_spec::placeholder::RunFacts;

use crate::given::given;
use crate::history::History;
use crate::inputs::root_inputs;
use crate::launch::Launch;
use crate::node::{Children, End, Inputs, Node, NodeId, Status};
use crate::paths::{artifact_uri, job_resource_name};
use crate::policy::Policy;
use crate::step::{Observation, Step};

/// The plan of one run.
#[derive(Debug)]
pub struct RunPlan {
    id: RunId,
    spec: Arc<PipelineSpec>,
    platform: Arc<PlatformSpec>,
    policy: Policy,
    facts: RunFacts,
    root: Option<String>,
    nodes: Vec<Node>,
    by_path: HashMap<TaskPath, NodeId>,
    pub(crate) ready: VecDeque<NodeId>,
    pub(crate) steps: Vec<Step>,
    changed: BTreeSet<NodeId>,
    pub(crate) environments: HashMap<EnvironmentKey, Preparation>,
    pub(crate) history: History,
    canceling: bool,
    finished: bool,
}

/// Where an environment stands, for this run.
#[derive(Debug)]
pub(crate) enum Preparation {
    /// Steps that wait for it.
    Asked(Vec<NodeId>),
    /// It is there.
    Ready,
    /// It could not be made; steps run as they are written.
    Failed,
}

impl RunPlan {
    /// The plan of a run from its beginning, or from where `history` left it.
    pub fn new(
        record: &RunRecord,
        spec: Arc<PipelineSpec>,
        platform: Arc<PlatformSpec>,
        policy: Policy,
        history: History,
    ) -> Self {
        let facts = RunFacts {
            run_id: record.id,
            job_name: record.request.display_name.clone(),
            job_resource_name: job_resource_name(&spec.name, record.id),
            created_at: record.created_at,
            scheduled_at: record
                .request
                .origin
                .scheduled_at
                .unwrap_or(record.created_at),
            pipeline_root: artifact_uri(
                record.request.pipeline_root.as_deref(),
                &spec.name,
                record.id,
                &TaskPath::root(),
            )
            .to_string(),
        };
        let root = Node {
            path: TaskPath::root(),
            display_name: record.request.display_name.clone(),
            parent: None,
            task: None,
            component: None,
            kind: TaskKind::Dag,
            status: Status::Waiting,
            retry: None,
            unmet: 0,
            dependents: Vec::new(),
            inputs: root_inputs(&spec.root, &given(record)),
            outputs: Outputs::default(),
            children: Children::default(),
            step: None,
            started_at: None,
            finished_at: None,
        };
        Self {
            id: record.id,
            platform,
            policy,
            facts,
            root: record.request.pipeline_root.clone(),
            nodes: vec![root],
            by_path: HashMap::from([(TaskPath::root(), NodeId(0))]),
            ready: VecDeque::from([NodeId(0)]),
            steps: Vec::new(),
            changed: BTreeSet::new(),
            environments: HashMap::new(),
            history,
            canceling: record.state == RunState::Canceling,
            finished: false,
            spec,
        }
    }

    /// The same plan of a run that has a name of its own where it runs, which is what placeholders say then.
    #[must_use]
    pub fn named(mut self, job_resource_name: String) -> Self {
        self.facts.job_resource_name = job_resource_name;
        self
    }

    /// Takes in what was observed. What no longer matters, such as the answer to a step that was cancelled in the
    /// meantime, is passed over.
    pub fn observe(&mut self, observation: Observation, now: Timestamp) {
        match observation {
            Observation::Looked { task, result } => {
                self.with(&task, |run, id| run.looked(id, result, now));
            }
            Observation::Environment { key, ready } => self.environment_answered(&key, ready, now),
            Observation::Impossible { task, failure } => self.with(&task, |run, id| {
                if run.node(id).status == Status::Queued {
                    run.end(id, End::Failed(failure), now);
                }
            }),
            Observation::Ended {
                task,
                attempt,
                result,
            } => {
                self.with(&task, |run, id| run.attempt_ended(id, attempt, result, now));
            }
            Observation::Served { task, result } => {
                self.with(&task, |run, id| run.served(id, result, now));
            }
            Observation::BackoffOver { task } => self.with(&task, |run, id| {
                if run.node(id).status == Status::BackingOff {
                    run.enqueue(id, now);
                }
            }),
            Observation::CancelRequested => self.cancel(now),
        }
    }

    /// What is to be done now. Asked again without anything new observed, the answer is nothing.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Step> {
        while let Some(id) = self.ready.pop_front() {
            if self.node(id).status == Status::Waiting {
                self.begin(id, now);
            }
        }
        self.finish_when_over();
        std::mem::take(&mut self.steps)
    }

    /// Starts the next attempt of a queued step, with the GPUs it was leased. None when the step is no longer
    /// queued.
    ///
    /// # Errors
    /// When its command cannot be made; the step has then failed.
    pub fn start(&mut self, task: &TaskPath, gpus: Vec<GpuUuid>, now: Timestamp) -> Option<Launch> {
        let id = self
            .by_path
            .get(task)
            .copied()
            .filter(|id| self.node(*id).status == Status::Queued)?;
        let step = self
            .node_mut(id)
            .step
            .as_mut()
            .expect("a queued task is a step");
        step.attempts += 1;
        let attempt = AttemptNumber(step.earlier_attempts + step.attempts);
        self.launch_or_fail(id, attempt, gpus, now)
    }

    /// Takes up an attempt again that was at work when the workbench ended. None when the step is no longer there.
    pub fn adopt(
        &mut self,
        task: &TaskPath,
        attempt: AttemptNumber,
        gpus: Vec<GpuUuid>,
        now: Timestamp,
    ) -> Option<Launch> {
        let id = self
            .by_path
            .get(task)
            .copied()
            .filter(|id| self.node(*id).status == Status::Running(attempt))?;
        self.launch_or_fail(id, attempt, gpus, now)
    }

    /// The tasks whose records changed since the last call.
    pub fn drain_records(&mut self) -> Vec<TaskRecord> {
        std::mem::take(&mut self.changed)
            .into_iter()
            .map(|id| self.record(id))
            .collect()
    }

    /// Whether the run is over.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The component that a task runs, while the task is there.
    pub fn component_of(&self, task: &TaskPath) -> Option<&Component> {
        self.by_path.get(task).map(|id| self.component(*id))
    }

    /// The run's id.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// The pipeline's name.
    pub fn pipeline(&self) -> &PipelineName {
        &self.spec.name
    }

    fn launch_or_fail(
        &mut self,
        id: NodeId,
        attempt: AttemptNumber,
        gpus: Vec<GpuUuid>,
        now: Timestamp,
    ) -> Option<Launch> {
        match self.launch(id, attempt, gpus) {
            Ok(launch) => {
                self.node_mut(id).started_at.get_or_insert(now);
                self.set_status(id, Status::Running(attempt));
                Some(launch)
            }
            Err(failure) => {
                self.end(id, End::Failed(failure), now);
                None
            }
        }
    }

    fn cancel(&mut self, now: Timestamp) {
        self.canceling = true;
        for id in (0..self.nodes.len()).map(NodeId) {
            let path = self.node(id).path.clone();
            match &self.node(id).status {
                Status::Running(attempt) => self.steps.push(Step::Stop {
                    task: path,
                    attempt: *attempt,
                }),
                Status::Queued => {
                    self.steps.push(Step::Dequeue { task: path });
                    self.end(id, End::Canceled(canceled()), now);
                }
                // An attempt of an earlier life is stopped as soon as it has been taken up.
                Status::LookedUp | Status::Preparing(_) if self.has_left_attempt(id) => {}
                Status::LookedUp | Status::Preparing(_) | Status::BackingOff | Status::Serving => {
                    self.end(id, End::Canceled(canceled()), now);
                }
                // These follow: a waiting task when it is looked at, a DAG when its children have ended.
                Status::Waiting | Status::Open | Status::Ended(_) => {}
            }
        }
        let waiting = (0..self.nodes.len())
            .map(NodeId)
            .filter(|id| self.nodes[id.0].status == Status::Waiting);
        self.ready.extend(waiting.collect::<Vec<_>>());
    }

    fn has_left_attempt(&self, id: NodeId) -> bool {
        let past = self
            .node(id)
            .step
            .as_ref()
            .and_then(|step| step.past.as_ref());
        past.is_some_and(|past| past.running.is_some())
    }

    fn finish_when_over(&mut self) {
        let Some(end) = self.nodes[0].status.end().filter(|_| !self.finished) else {
            return;
        };
        let failure = end.reason().cloned();
        let state = match end {
            End::Succeeded { .. } => RunState::Succeeded,
            End::Skipped(_) | End::Failed(_) | End::Canceled(_) => RunState::Failed,
        };
        self.finished = true;
        self.steps.push(Step::Finish {
            state,
            failure,
            outputs: self.nodes[0].outputs.clone(),
        });
    }

    fn with(&mut self, task: &TaskPath, act: impl FnOnce(&mut Self, NodeId)) {
        if let Some(id) = self.by_path.get(task).copied() {
            act(self, id);
        }
    }

    pub(crate) fn add_node(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.by_path.insert(node.path.clone(), id);
        self.nodes.push(node);
        self.changed.insert(id);
        id
    }

    pub(crate) fn set_status(&mut self, id: NodeId, status: Status) {
        self.node_mut(id).status = status;
        self.changed.insert(id);
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub(crate) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0]
    }

    pub(crate) fn facts(&self) -> &RunFacts {
        &self.facts
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn is_canceling(&self) -> bool {
        self.canceling
    }

    pub(crate) fn spec(&self) -> Arc<PipelineSpec> {
        Arc::clone(&self.spec)
    }

    pub(crate) fn component(&self, id: NodeId) -> &Component {
        match &self.node(id).component {
            Some(name) => self.spec.component(name),
            None => &self.spec.root,
        }
    }

    /// The task as the DAG around it defines it; none for the root and for iterations.
    pub(crate) fn task<'spec>(&self, spec: &'spec PipelineSpec, id: NodeId) -> Option<&'spec Task> {
        let node = self.node(id);
        let parent = self.node(node.parent?);
        let component = parent
            .component
            .as_ref()
            .map_or(&spec.root, |name| spec.component(name));
        match &component.work {
            Work::Dag(dag) => dag.tasks.get(node.task.as_ref()?),
            Work::Executor(_) => None,
        }
    }

    pub(crate) fn container(&self, id: NodeId) -> Option<&ContainerSpec> {
        let Work::Executor(label) = &self.component(id).work else {
            return None;
        };
        match self.spec.executors.get(label)? {
            Executor::Container(container) => Some(container),
            Executor::Importer(_) => None,
        }
    }

    pub(crate) fn step_platform(&self, id: NodeId) -> Option<&StepPlatform> {
        match &self.component(id).work {
            Work::Executor(label) => self.platform.steps.get(label),
            Work::Dag(_) => None,
        }
    }

    pub(crate) fn has_workspace(&self) -> bool {
        self.platform.pipeline.workspace.is_some()
    }

    /// The URI below which a task's artifacts are.
    pub(crate) fn own_directory(&self, id: NodeId) -> String {
        artifact_uri(
            self.root.as_deref(),
            &self.spec.name,
            self.id,
            &self.node(id).path,
        )
        .to_string()
    }

    pub(crate) fn engine(&self) -> EngineKind {
        self.policy.engine
    }

    pub(crate) fn inputs_of(&self, id: NodeId) -> &Inputs {
        &self.node(id).inputs
    }
}

/// The reason a stopped task shows.
pub(crate) fn canceled() -> Failure {
    Failure::new(FailureCode::Canceled, "the run was cancelled")
}
