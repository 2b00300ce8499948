//! What the commands that begin a run have in common: following it, and telling how it ended.

use coracle_app::view::{Health, ResultTask, RunResult};
use coracle_model::{EventCursor, RunId, RunState, TaskState, Value};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::follow::{Ending, Interrupts, watch};
use crate::output::{Format, Output, Paint, count, of_run_state, seconds};
use crate::workbench::{Session, Wanted};

/// What is done with a run once it is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aftermath {
    /// It is followed to its end.
    Follow,
    /// It is left to the workbench.
    Detach,
}

impl Aftermath {
    pub(super) fn of(detach: bool) -> Self {
        if detach { Self::Detach } else { Self::Follow }
    }

    /// Where a workbench is made for it when none runs.
    pub(super) fn wanted(self) -> Wanted {
        match self {
            Self::Follow => Wanted::Here,
            Self::Detach => Wanted::Background,
        }
    }
}

/// The longest value that is shown whole after a run; `-o json` has them all.
const LONGEST_VALUE: usize = 200;

/// Tells which run was begun, and on which engine.
pub(super) async fn announce(session: &Session, run: RunId, name: &str, output: &Output) {
    let id = output.on_stderr(Paint::Bold, &run.to_string());
    // Only for show: the run is begun whether or not the workbench can be asked for its engine.
    let engine = session.client().ask::<Health>(Call::health()).await.map(|health| health.engine_summary);
    let engine = engine.map(|summary| format!("\non {summary}")).unwrap_or_default();
    output.note(&format!("run {id} {name}{engine}"));
}

/// Follows a run that was begun, or leaves it to the workbench.
pub(crate) async fn of_run(
    session: &mut Session,
    run: RunId,
    after: EventCursor,
    aftermath: Aftermath,
    output: &Output,
) -> Result<Exit, CommandError> {
    match aftermath {
        Aftermath::Follow => follow(session, run, after, output).await,
        Aftermath::Detach => detach(session, run, output).await,
    }
}

async fn follow(session: &mut Session, run: RunId, after: EventCursor, output: &Output) -> Result<Exit, CommandError> {
    let mut interrupts = Interrupts::listen()?;
    let ending = watch(session, run, after, output, &mut interrupts).await?;
    let result = result_of(session, run).await?;
    let exit = ending.exit(Exit::of_run(result.state));
    tell(&result, ending, output)?;
    if ending != Ending::Left {
        session.finish_other_runs(output, &mut interrupts).await;
    }
    Ok(exit)
}

/// How a run stands, as programs see it.
async fn result_of(session: &Session, run: RunId) -> Result<RunResult, CommandError> {
    session.client().ask(Call::get(["runs", &run.to_string(), "result"])).await
}

async fn detach(session: &Session, run: RunId, output: &Output) -> Result<Exit, CommandError> {
    match output.format {
        Format::Json => output.json(&result_of(session, run).await?)?,
        Format::Text => {
            output.data(&format!("{run}\n"))?;
            output.note(&format!("it goes on by itself: `coracle logs -f {0}`, `coracle get {0}`", short(run)));
        }
    }
    Ok(Exit::Fine)
}

fn tell(result: &RunResult, ending: Ending, output: &Output) -> Result<(), CommandError> {
    output.note(&summary(result, ending, output));
    match output.format {
        Format::Json => output.json(result)?,
        Format::Text if result.state == RunState::Succeeded => output.data(&outputs(result))?,
        Format::Text => output.note(&format!("`coracle get {}` shows all of it", short(result.run_id))),
    }
    Ok(())
}

/// `SUCCEEDED in 12.3s: 5 steps, 2 of them cached`.
fn summary(result: &RunResult, ending: Ending, output: &Output) -> String {
    let steps: Vec<_> = result.tasks.iter().filter(|task| task.attempts > 0 || task.cached).collect();
    let began = result.tasks.iter().filter_map(|task| task.started_at).min();
    let ended = result.tasks.iter().filter_map(|task| task.finished_at).max();
    let took = began.zip(ended).map(|(began, ended)| format!(" in {}", seconds(ended.duration_since(began))));
    let state = output.on_stderr(of_run_state(result.state), result.state.as_str());
    let mut text = format!("{state}{}: {}", took.unwrap_or_default(), count(steps.len(), "step"));
    for (number, word) in [
        (steps.iter().filter(|task| task.cached).count(), "cached"),
        (in_state(&steps, TaskState::Failed), "failed"),
        (in_state(&steps, TaskState::Canceled), "cancelled"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {word}"));
        }
    }
    match ending {
        Ending::Over => text,
        Ending::Cancelled => format!("{text}; the run was cancelled"),
        Ending::Left => format!("{text}; the run goes on ending when a workbench runs"),
    }
}

fn in_state(tasks: &[&ResultTask], state: TaskState) -> usize {
    tasks.iter().filter(|task| task.state == state).count()
}

/// The pipeline's own outputs, `NAME: VALUE` each.
fn outputs(result: &RunResult) -> String {
    result.outputs.iter().map(|(name, value)| format!("{name}: {}\n", one_line(value))).collect()
}

/// A value on one line of sensible length.
pub(super) fn one_line(value: &Value) -> String {
    let text = value.to_text().replace(|c: char| c.is_control(), " ");
    if text.chars().count() <= LONGEST_VALUE {
        return text;
    }
    text.chars().take(LONGEST_VALUE - 1).chain(['…']).collect()
}

/// The beginning of an id: enough for people to name a run.
pub(super) fn short(run: RunId) -> String {
    run.to_string().chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::output::Screen;

    fn task(state: TaskState, cached: bool, seconds: Option<i64>) -> ResultTask {
        let at = |second: i64| coracle_model::Timestamp::from_second(second).unwrap();
        ResultTask {
            name: "a".into(),
            state,
            cached,
            attempts: usize::from(!cached && seconds.is_some()),
            reason: None,
            outputs: BTreeMap::new(),
            started_at: seconds.map(|_| at(100)),
            finished_at: seconds.map(|seconds| at(100 + seconds)),
        }
    }

    fn result(state: RunState, tasks: Vec<ResultTask>) -> RunResult {
        let outputs = BTreeMap::from([("accuracy".to_owned(), Value::from(0.5)), ("note".to_owned(), "a\nb".into())]);
        RunResult { run_id: RunId::random(), state, outputs, tasks }
    }

    #[test]
    fn the_summary_counts_what_was_done() {
        let output = Output::for_tests(Screen::PIPE);
        let tasks = vec![
            task(TaskState::Succeeded, false, Some(3)),
            task(TaskState::Succeeded, true, Some(0)),
            task(TaskState::Failed, false, Some(7)),
            task(TaskState::Skipped, false, None),
        ];
        let text = summary(&result(RunState::Failed, tasks), Ending::Over, &output);
        assert_eq!(text, "FAILED in 7.0s: 3 steps, 1 cached, 1 failed");
    }

    #[test]
    fn outputs_are_one_line_each() {
        let text = outputs(&result(RunState::Succeeded, Vec::new()));
        assert_eq!(text, "accuracy: 0.5\nnote: a b\n");
        assert_eq!(one_line(&"x".repeat(500).into()).chars().count(), LONGEST_VALUE);
    }
}
