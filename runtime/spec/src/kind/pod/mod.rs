//! A pod as a kubelet reads it.
//!
//! [`Pod::read`] takes an object that the API has defaulted and validated. What it does not know it passes over; what
//! it knows but finds of another type is a fault with a name.

mod container;
mod environment;
mod object;
mod probe;
mod resources;
mod security;
mod spec;
mod volume;
mod wire;

pub use container::{
    Container, ContainerName, ContainerPort, Lifecycle, PullPolicy, RestartPolicy,
    TerminationMessagePolicy, VolumeMount,
};
pub use environment::{
    EnvFrom, EnvFromSource, EnvSource, EnvVar, FieldRef, ObjectKey, ResourceFieldRef,
};
pub use object::{Deletion, Pod, PodReadError, PodUid};
pub use probe::{Handler, Hook, HttpGet, Port, Probe};
pub use resources::{Amount, ContainerResources, GPU};
pub use security::{Capabilities, PodSecurity, Security};
pub use spec::{HostAlias, PodSpec, ReadinessGate, SchedulingGate, SecretName};
pub use volume::{
    DownwardItem, DownwardSource, EmptyDir, HostPath, HostPathKind, KeyItem, KeyedSource,
    Projection, TokenProjection, Volume, VolumeName, VolumeSource,
};
