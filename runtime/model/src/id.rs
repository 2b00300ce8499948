//! Ids and names, each its own type, so that one cannot be passed for another.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new random id.
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

uuid_ids! {
    /// The id of a run, a random UUID as in KFP.
    RunId;
    /// The id of an experiment.
    ExperimentId;
    /// The id of a pipeline that was uploaded; its versions have ids of their own.
    PipelineId;
    /// The id of one version of an uploaded pipeline.
    PipelineVersionId;
    /// The id of a recurring run.
    RecurringRunId;
}

macro_rules! text_ids {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

text_ids! {
    /// The name of a pipeline, `pipelineInfo.name`. It scopes the cache.
    PipelineName;
    /// The key of a task inside its DAG; unique there, and what other tasks refer to.
    TaskName;
    /// The key of a component in a pipeline's `components`.
    ComponentName;
    /// The key of an executor in a pipeline's `deploymentSpec.executors`.
    ExecutorLabel;
    /// The UUID by which a driver names a GPU or a MIG slice.
    GpuUuid;
    /// The hex SHA-256 that names what a cached step is made of.
    Fingerprint;
    /// The hex SHA-256 that names a prepared environment: base image digest, install text, index settings.
    EnvironmentKey;
    /// Where a task instance stands in its run: `outer/for-loop-1[3]/train`.
    ///
    /// Segments are task names separated by `/`; an iteration of a loop carries its index in brackets. The
    /// run's own DAG is the empty path.
    TaskPath;
}

impl TaskPath {
    /// The path of the run's own DAG.
    pub fn root() -> Self {
        Self::from("")
    }

    /// Whether this is the run's own DAG.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of a task directly inside this one.
    pub fn child(&self, name: &TaskName) -> Self {
        if self.is_root() {
            Self::from(name.as_str())
        } else {
            Self::from(format!("{self}/{name}"))
        }
    }

    /// The path of one iteration of this loop.
    pub fn iteration(&self, index: usize) -> Self {
        Self::from(format!("{self}[{index}]"))
    }

    /// The last segment without an iteration index: the task's name.
    pub fn name(&self) -> TaskName {
        let last = self.0.rsplit('/').next().unwrap_or_default();
        TaskName::from(last.split('[').next().unwrap_or_default())
    }

    /// The path in the definition, which all iterations of a loop share.
    pub fn without_iterations(&self) -> Self {
        let names = self.0.split('/').map(|segment| match segment.find('[') {
            Some(bracket) => &segment[..bracket],
            None => segment,
        });
        Self::from(names.collect::<Vec<_>>().join("/"))
    }

    /// The path of the DAG that holds this task; an iteration's parent is its loop.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let last = self.0.rfind('/').map_or(0, |slash| slash + 1);
        let cut = self.0[last..]
            .find('[')
            .map_or(last.saturating_sub(1), |bracket| last + bracket);
        Some(Self::from(&self.0[..cut]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_nest() {
        let looped = TaskPath::root()
            .child(&"outer".into())
            .child(&"for-loop-1".into());
        let task = looped.iteration(3).child(&"train".into());
        assert_eq!(task.as_str(), "outer/for-loop-1[3]/train");
        assert_eq!(task.name().as_str(), "train");
        assert_eq!(task.without_iterations().as_str(), "outer/for-loop-1/train");
        let iteration = task.parent().unwrap();
        assert_eq!(iteration.name().as_str(), "for-loop-1");
        assert_eq!(iteration.parent(), Some(looped.clone()));
        assert_eq!(looped.parent().unwrap().parent(), Some(TaskPath::root()));
        assert_eq!(TaskPath::root().parent(), None);
    }
}
