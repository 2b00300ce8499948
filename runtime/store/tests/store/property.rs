//! Whatever is recorded in whatever batches, rows and events tell the same story.

use std::collections::BTreeMap;

use coracle_model::{Event, EventCursor, RunId, TaskRecord, TaskState, Value};
use coracle_store::{Change, Store};
use proptest::prelude::*;

use crate::support::{at, home, notice, stored_run, task};

const START: EventCursor = EventCursor(0);

/// The changes that the property makes: few names, so that they meet.
fn any_step() -> impl Strategy<Value = Step> {
    let states = prop_oneof![
        Just(TaskState::Pending),
        Just(TaskState::Running),
        Just(TaskState::Succeeded),
        Just(TaskState::Failed)
    ];
    prop_oneof![
        (0usize..2, "[ab]", states, 0i64..3).prop_map(|(run, path, state, value)| Step::Put {
            run,
            path,
            state,
            value
        }),
        (0usize..2, "[ab]").prop_map(|(run, path)| Step::Remove { run, path }),
        (0usize..2, "[xy]").prop_map(|(run, message)| Step::Notice { run, message }),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Put {
        run: usize,
        path: String,
        state: TaskState,
        value: i64,
    },
    Remove {
        run: usize,
        path: String,
    },
    Notice {
        run: usize,
        message: String,
    },
}

impl Step {
    fn change(&self, runs: &[RunId; 2]) -> Change {
        match self {
            Self::Put {
                run,
                path,
                state,
                value,
            } => {
                let mut task = task(runs[*run], path, *state);
                task.outputs
                    .parameters
                    .insert("value".to_owned(), Value::Number(*value as f64));
                Change::Task(Box::new(task))
            }
            Self::Remove { run, path } => Change::RemoveTasks {
                run: runs[*run],
                paths: vec![path.as_str().into()],
            },
            Self::Notice { run, message } => notice(runs[*run], message.clone()),
        }
    }

    /// The same on a map, and whether there is something to tell.
    fn apply(&self, runs: &[RunId; 2], tasks: &mut BTreeMap<(RunId, String), TaskRecord>) -> bool {
        match (self, self.change(runs)) {
            (Self::Put { run, path, .. }, Change::Task(task)) => {
                let state = task.state;
                let before = tasks.insert((runs[*run], path.clone()), *task);
                before.is_none_or(|before| before.state != state)
            }
            (Self::Remove { run, path }, _) => {
                tasks.remove(&(runs[*run], path.clone()));
                false
            }
            (Self::Notice { .. }, _) => true,
            (Self::Put { .. }, _) => unreachable!("a put is the change of a task"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is recorded in whatever batches: the rows are the last of each, the log has each change of a
    /// state once and in order, and both are the same after the store was closed and opened again.
    #[test]
    fn rows_and_events_tell_the_same_story(batches in proptest::collection::vec(proptest::collection::vec(any_step(), 0..5), 0..8)) {
        let (_root, home) = home();
        let store = Store::open(&home).unwrap();
        let runs = [stored_run(&store, "a"), stored_run(&store, "b")];
        let mut tasks = BTreeMap::new();
        let mut told: Vec<Event> = store.events_after(START, None, 10).unwrap();
        for (second, batch) in batches.iter().enumerate() {
            let changes: Vec<Change> = batch.iter().map(|step| step.change(&runs)).collect();
            let expected = batch.iter().filter(|step| step.apply(&runs, &mut tasks)).count();
            let events = store.record(&changes, at(second as i64)).unwrap();
            prop_assert_eq!(events.len(), expected);
            told.extend(events);
        }
        drop(store);
        let store = Store::open(&home).unwrap();
        prop_assert!(told.windows(2).all(|pair| pair[0].cursor < pair[1].cursor));
        prop_assert_eq!(store.events_after(START, None, 1000).unwrap(), told.clone());
        for run in runs {
            let of_run: Vec<Event> = told.iter().filter(|event| event.run == run).cloned().collect();
            prop_assert_eq!(store.events_after(START, Some(run), 1000).unwrap(), of_run);
            let mut stored = store.tasks(run).unwrap();
            stored.sort_by(|a, b| a.path.cmp(&b.path));
            let expected: Vec<TaskRecord> = tasks.iter().filter(|((of, _), _)| *of == run).map(|(_, task)| task.clone()).collect();
            prop_assert_eq!(stored, expected);
        }
    }
}
