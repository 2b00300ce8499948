//! Names that are used, with where and by whom, to be looked up when the whole file has been read.

use std::collections::BTreeMap;

use coracle_model::{ComponentName, Span, TaskName};

/// One use of a name inside a component.
#[derive(Debug)]
pub(in crate::pipeline) struct Mention {
    /// Where.
    pub(in crate::pipeline) place: Span,
    /// What.
    pub(in crate::pipeline) what: Mentioned,
}

/// What a name should be the name of.
#[derive(Debug)]
pub(in crate::pipeline) enum Mentioned {
    /// A component.
    Component(ComponentName),
    /// A task of the same DAG.
    Task(TaskName),
    /// An input of the DAG that the task stands in.
    Input {
        /// Parameter or artifact.
        kind: Kind,
        /// The input.
        name: String,
    },
    /// An output of a task of the same DAG.
    Output {
        /// The task.
        producer: TaskName,
        /// Parameter or artifact.
        kind: Kind,
        /// The output.
        name: String,
    },
}

/// Whether an input or output is a parameter or an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::pipeline) enum Kind {
    /// A parameter.
    Parameter,
    /// An artifact.
    Artifact,
}

/// Places inside one component, and the names used there.
#[derive(Debug)]
pub(in crate::pipeline) struct Places {
    /// The component.
    pub(in crate::pipeline) component: Span,
    /// The executor label or the DAG; none when it has neither.
    pub(in crate::pipeline) work: Option<Span>,
    /// Its tasks' keys.
    pub(in crate::pipeline) tasks: BTreeMap<TaskName, Span>,
    /// Names used.
    pub(in crate::pipeline) mentions: Vec<Mention>,
}

/// Writes down the names that one component uses.
#[derive(Debug, Default)]
pub(super) struct Scribe {
    /// What has been written down.
    pub(super) mentions: Vec<Mention>,
}

impl Scribe {
    /// Notes one.
    pub(super) fn note(&mut self, place: Span, what: Mentioned) {
        self.mentions.push(Mention { place, what });
    }

    /// Notes an input of the DAG around.
    pub(super) fn input(&mut self, place: Span, kind: Kind, name: &str) {
        self.note(
            place,
            Mentioned::Input {
                kind,
                name: name.to_owned(),
            },
        );
    }

    /// Notes an output of a task and returns the two names.
    pub(super) fn output(
        &mut self,
        place: Span,
        producer: String,
        kind: Kind,
        name: String,
    ) -> (TaskName, String) {
        let producer = TaskName::from(producer);
        self.note(
            place,
            Mentioned::Output {
                producer: producer.clone(),
                kind,
                name: name.clone(),
            },
        );
        (producer, name)
    }
}
