//! A compiled pipeline: the IR in its checked form, the reader that makes it, and the verdict on a
//! run's parameters.
//!
//! ```text
//! bytes -> source, archive -> text -> yaml -> trees -> lower -> graph -> PipelineSpec, PlatformSpec
//!                                                   `-> problems -> diagnostics <-'
//! ```

mod archive;
mod graph;
mod ir;
mod kind;
mod lower;
mod message;
mod open;
mod order;
mod package;
mod parameters;
mod platform;
mod problems;
mod reach;
mod read;
mod scalar;
mod source;
mod suggest;
mod tree;
mod yaml;

pub use ir::{
    ArtifactOutputSource, ArtifactParameter, ArtifactSpec, CachingOptions, Component,
    ContainerSpec, Dag, DagOutputs, EnvironmentVariable, Executor, ImporterSpec, Iterator,
    IteratorItems, OutputArtifactSpec, ParameterInput, ParameterOutputSource, ParameterSource,
    ParameterSpec, ParameterType, PipelineSpec, ResourceRequest, RetryPolicy, Task,
    TaskConfigPassthrough, TriggerStrategy, Work,
};
pub use package::{from_json, to_json};
pub use parameters::{check_parameters, parse_parameter_argument};
pub use platform::{
    ConfigSource, ConfigVolume, EmptyDir, EphemeralVolume, FieldPathVariable, InitContainer,
    InputParameter, KeyToVariable, PipelinePlatform, PlatformSpec, PodSecurity, PullPolicy,
    SharedMemory, StepPlatform, VolumeMount, Workspace,
};
pub use read::{Definition, Reading, read};
pub use source::MAX_BYTES;
