//! What is new in a run since it was looked at last, whatever runs it there.

use coracle_model::{RemoteNews, RemoteSight, RemoteState};

/// What happened between two looks at a run: of each task first, and of the run itself at the end. A state that the server's
/// history has is told although nobody looked while it was; none is told twice.
pub fn news(before: &RemoteSight, now: &RemoteSight) -> Vec<RemoteNews> {
    let mut news = Vec::new();
    for (id, task) in &now.tasks {
        let known = before.tasks.get(id).map_or(&[][..], |task| &task.states);
        for (state, is_last) in later(known, &task.states) {
            news.push(RemoteNews::Task {
                task_id: id.clone(),
                name: task.name.clone(),
                state,
                error: task.error.clone().filter(|_| is_last),
            });
        }
    }
    for (state, is_last) in later(&before.states, &now.states) {
        news.push(RemoteNews::Run {
            state,
            error: now.error.clone().filter(|_| is_last),
        });
    }
    news
}

/// The states after those that are known, and whether each is the present one.
fn later<'a>(
    known: &[RemoteState],
    now: &'a [RemoteState],
) -> impl Iterator<Item = (RemoteState, bool)> + use<'a> {
    let last = now.len().saturating_sub(1);
    let new = match now.strip_prefix(known) {
        Some(new) => new,
        // A server without a history, or one that shortens it: what is known is where it stands.
        None if known.last() == now.last() => &[],
        None => now.get(last..).unwrap_or_default(),
    };
    let first = now.len() - new.len();
    new.iter()
        .enumerate()
        .map(move |(index, state)| (*state, first + index == last))
}

#[cfg(test)]
mod tests {
    use coracle_model::RemoteTask;

    use super::*;
    use RemoteState::{Failed, Pending, Running, Succeeded};

    fn sight(run: &[RemoteState], task: &[RemoteState]) -> RemoteSight {
        let task = RemoteTask {
            name: "train".to_owned(),
            states: task.to_vec(),
            ..RemoteTask::default()
        };
        RemoteSight {
            states: run.to_vec(),
            tasks: [("t".to_owned(), task)].into(),
            ..RemoteSight::default()
        }
    }

    fn told(before: &RemoteSight, now: &RemoteSight) -> Vec<(&'static str, RemoteState)> {
        let told = news(before, now).into_iter().map(|heard| match heard {
            RemoteNews::Task { state, .. } => ("task", state),
            RemoteNews::Run { state, .. } => ("run", state),
            other => panic!("{other:?}"),
        });
        told.collect()
    }

    #[test]
    fn what_happened_while_nobody_looked_is_told_once() {
        let nothing = RemoteSight::default();
        let first = sight(&[Pending], &[]);
        assert_eq!(told(&nothing, &first), [("run", Pending)]);
        let last = sight(&[Pending, Running, Succeeded], &[Running, Succeeded]);
        let between = [
            ("task", Running),
            ("task", Succeeded),
            ("run", Running),
            ("run", Succeeded),
        ];
        assert_eq!(told(&first, &last), between);
        assert_eq!(told(&last, &last), []);
    }

    #[test]
    fn servers_without_a_history_are_told_by_what_is_seen() {
        let first = sight(&[Running], &[Running]);
        let last = sight(&[Failed], &[Failed]);
        assert_eq!(told(&first, &last), [("task", Failed), ("run", Failed)]);
        let shortened = (sight(&[Pending, Running], &[]), sight(&[Running], &[]));
        assert_eq!(told(&shortened.0, &shortened.1), []);
    }

    #[test]
    fn a_step_that_is_tried_again_is_told_again() {
        let (once, twice) = (
            sight(&[Running], &[Running, Failed]),
            sight(&[Running], &[Running, Failed, Running]),
        );
        assert_eq!(told(&once, &twice), [("task", Running)]);
    }
}
