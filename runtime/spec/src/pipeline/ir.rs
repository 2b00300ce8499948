//! PipelineSpec IR in its checked form: what the reader accepts, the planner never has to check again.
//!
//! References between tasks, components and executors have been verified by the reader: every
//! `component` names an entry of [`PipelineSpec::components`], every `producer` a task of the same DAG.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use coracle_model::{ArtifactType, ComponentName, ExecutorLabel, PipelineName, TaskName, Value};

/// A compiled pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineSpec {
    /// `pipelineInfo.name`.
    pub name: PipelineName,
    /// `pipelineInfo.displayName`, when it has one.
    pub display_name: Option<String>,
    /// `pipelineInfo.description`.
    pub description: String,
    /// `sdkVersion`.
    pub sdk_version: String,
    /// The pipeline itself, as a component whose work is a DAG.
    pub root: Component,
    /// Everything the DAGs refer to.
    pub components: BTreeMap<ComponentName, Component>,
    /// What container and importer components run.
    pub executors: BTreeMap<ExecutorLabel, Executor>,
    /// `defaultPipelineRoot`; kept, but KFP's backend never reads it and neither do we.
    pub default_pipeline_root: Option<String>,
}

/// A component: its interface and its work.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Declared input parameters.
    pub input_parameters: BTreeMap<String, ParameterSpec>,
    /// Declared input artifacts.
    pub input_artifacts: BTreeMap<String, ArtifactSpec>,
    /// Declared output parameters.
    pub output_parameters: BTreeMap<String, ParameterType>,
    /// Declared output artifacts.
    pub output_artifacts: BTreeMap<String, OutputArtifactSpec>,
    /// What it does.
    pub work: Work,
    /// Which parts of the step's pod go into a `TASK_CONFIG` input instead of, or as well as, the pod.
    pub task_config_passthroughs: Vec<TaskConfigPassthrough>,
}

/// What a component does.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Runs other tasks.
    Dag(Dag),
    /// Runs one executor.
    Executor(ExecutorLabel),
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// A list of anything.
    List,
    /// A map from text to anything.
    Struct,
    /// The outcome of another task, given by the workbench.
    TaskFinalStatus,
    /// The pod settings of the task itself, given by the workbench.
    TaskConfig,
}

impl fmt::Display for ParameterType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::String => "STRING",
            Self::Integer => "NUMBER_INTEGER",
            Self::Double => "NUMBER_DOUBLE",
            Self::Boolean => "BOOLEAN",
            Self::List => "LIST",
            Self::Struct => "STRUCT",
            Self::TaskFinalStatus => "TASK_FINAL_STATUS",
            Self::TaskConfig => "TASK_CONFIG",
        })
    }
}

/// A declared input parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterSpec {
    /// Its type.
    pub parameter_type: ParameterType,
    /// The value when none is given.
    pub default: Option<Value>,
    /// Whether it may be left out; a default makes it so too.
    pub optional: bool,
    /// What its author says of it.
    pub description: String,
    /// When not empty, the only values allowed.
    pub literals: Vec<Value>,
}

/// A declared input artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactSpec {
    /// Its type.
    pub artifact_type: ArtifactType,
    /// Whether it is a list of artifacts.
    pub is_list: bool,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A declared output artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputArtifactSpec {
    /// Its type.
    pub artifact_type: ArtifactType,
    /// Whether it is a list of artifacts.
    pub is_list: bool,
    /// Metadata it starts with.
    pub metadata: BTreeMap<String, Value>,
}

/// Tasks and what they give to the outside.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dag {
    /// The tasks, by the key that others refer to.
    pub tasks: BTreeMap<TaskName, Task>,
    /// The DAG's own outputs.
    pub outputs: DagOutputs,
}

/// Where a DAG's outputs come from, by output name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DagOutputs {
    /// Parameters.
    pub parameters: BTreeMap<String, ParameterOutputSource>,
    /// Artifacts: one source, or several of which the first that succeeded counts (`OneOf`).
    pub artifacts: BTreeMap<String, Vec<ArtifactOutputSource>>,
}

/// Where a DAG's output parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterOutputSource {
    /// Sub-task and its output, in order; more than one for `OneOf`, of which the first that succeeded counts.
    pub selectors: Vec<(TaskName, String)>,
}

/// Where a DAG's output artifact comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactOutputSource {
    /// The sub-task.
    pub producer: TaskName,
    /// Its output.
    pub output: String,
}

/// One task of a DAG.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The name people see; the key when the file gives none.
    pub display_name: String,
    /// The component it runs.
    pub component: ComponentName,
    /// Parameters it is given. Names that the component does not declare are allowed.
    pub parameters: BTreeMap<String, ParameterInput>,
    /// Artifacts it is given.
    pub artifacts: BTreeMap<String, ArtifactParameter>,
    /// Tasks that must end first without handing anything over.
    pub after: BTreeSet<TaskName>,
    /// Cache settings.
    pub caching: CachingOptions,
    /// A CEL condition over the task's inputs, `triggerPolicy.condition`.
    pub condition: Option<String>,
    /// When the task runs with regard to the tasks it depends on.
    pub trigger: TriggerStrategy,
    /// Present when the task is a loop.
    pub iterator: Option<Iterator>,
    /// How often a failed attempt is repeated; none when the file says nothing.
    pub retry: Option<RetryPolicy>,
}

/// Whether and how a task uses the cache.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CachingOptions {
    /// `enableCache`.
    pub enabled: bool,
    /// `cacheKey`: replaces everything else that the fingerprint is made of.
    pub key: Option<String>,
}

/// When a task runs with regard to the tasks it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TriggerStrategy {
    /// All of them succeeded.
    #[default]
    AllUpstreamTasksSucceeded,
    /// All of them ended, however they ended: exit tasks and `ignore_upstream_failure`.
    AllUpstreamTasksCompleted,
}

/// A loop over values or artifacts.
#[derive(Debug, Clone, PartialEq)]
pub struct Iterator {
    /// What it goes over.
    pub items: IteratorItems,
    /// The input under which an iteration gets its item.
    pub item_input: String,
    /// The most iterations at once; none for no limit.
    pub parallelism: Option<usize>,
}

/// What a loop goes over.
#[derive(Debug, Clone, PartialEq)]
pub enum IteratorItems {
    /// A literal list.
    Raw(Vec<Value>),
    /// A parameter of the loop's own inputs: a list, or a string that holds a JSON array.
    Parameter(String),
    /// A list of artifacts among the loop's own inputs.
    Artifact(String),
}

/// How failed attempts are repeated. The wait before repeat `n` (from 0) is `backoff * factor^n`, at most `max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Repeats after the first attempt.
    pub max_retries: u32,
    /// The first wait.
    pub backoff: Duration,
    /// What each wait is multiplied by for the next.
    pub factor: f64,
    /// The longest wait.
    pub max_backoff: Duration,
}

/// A parameter that a task is given: a source, and what to pick out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterInput {
    /// Where the value comes from.
    pub source: ParameterSource,
    /// `parameterExpressionSelector`: a CEL expression that picks a part of the value.
    pub selector: Option<String>,
}

/// Where a task's parameter comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterSource {
    /// Another task's output.
    TaskOutput {
        /// The task, in the same DAG.
        producer: TaskName,
        /// Its output parameter.
        output: String,
    },
    /// An input of the DAG the task stands in.
    ComponentInput(String),
    /// A value in the file; strings may hold placeholders.
    Constant(Value),
    /// The outcome of another task.
    FinalStatus {
        /// That task, in the same DAG.
        producer: TaskName,
    },
}

/// Where a task's input artifact comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArtifactParameter {
    /// Another task's output.
    TaskOutput {
        /// The task, in the same DAG.
        producer: TaskName,
        /// Its output artifact.
        output: String,
    },
    /// An input of the DAG the task stands in.
    ComponentInput(String),
}

/// What a component runs when it is no DAG.
#[derive(Debug, Clone, PartialEq)]
pub enum Executor {
    /// A container.
    Container(ContainerSpec),
    /// An importer.
    Importer(ImporterSpec),
}

/// A container to run. Texts may hold placeholders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContainerSpec {
    /// The image.
    pub image: String,
    /// Replaces the image's entry point when not empty.
    pub command: Vec<String>,
    /// The arguments.
    pub args: Vec<String>,
    /// Environment variables in the order they are written.
    pub env: Vec<EnvironmentVariable>,
    /// What it asks of the machine.
    pub resources: ResourceRequest,
}

/// An environment variable of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// Its name.
    pub name: String,
    /// Its value; `$(OTHER)` is expanded as Kubernetes does.
    pub value: String,
}

/// Resources as the file writes them: Kubernetes quantities or placeholders that become such.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourceRequest {
    /// CPU that must be free.
    pub cpu_request: Option<String>,
    /// CPU that may not be exceeded.
    pub cpu_limit: Option<String>,
    /// Memory that must be free.
    pub memory_request: Option<String>,
    /// Memory that may not be exceeded.
    pub memory_limit: Option<String>,
    /// The kind of accelerator, such as `nvidia.com/gpu`.
    pub accelerator_type: Option<String>,
    /// How many of them.
    pub accelerator_count: Option<String>,
}

/// An importer: records an artifact that exists already.
#[derive(Debug, Clone, PartialEq)]
pub struct ImporterSpec {
    /// The URI: a constant, or the name of an input parameter.
    pub uri: ParameterSource,
    /// The type of the artifact.
    pub artifact_type: ArtifactType,
    /// Metadata; keys and texts may hold placeholders.
    pub metadata: BTreeMap<String, Value>,
    /// Whether a new artifact is recorded though one of the same URI, type and metadata exists.
    pub reimport: bool,
    /// Whether the bytes are copied into the run's workspace.
    pub download_to_workspace: bool,
}

/// One entry of `taskConfigPassthroughs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskConfigPassthrough {
    /// `RESOURCES`, `ENV`, `KUBERNETES_VOLUMES` and so on.
    pub field: String,
    /// Whether the field is applied to the step as well.
    pub apply_to_task: bool,
}

impl PipelineSpec {
    /// The component that a task runs.
    pub fn component(&self, name: &ComponentName) -> &Component {
        &self.components[name]
    }
}
