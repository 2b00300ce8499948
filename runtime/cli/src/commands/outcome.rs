//! What the commands that begin a run have in common: following it, and telling how it ended.

use coracle_app::view::{GpuCheckState, Health, ResultTask, RunResult};
use coracle_model::{EventCursor, RunId, RunState, TaskState, Value};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::{Ending, Interrupts, Watched, watch};
use crate::output::{Format, Output, Paint, count, of_run_state, seconds};
use crate::workbench::{Session, Wanted};

/// What is done with a run once it is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aftermath {
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
async fn announce(session: &Session, begun: &Begun, output: &Output) {
    let id = output.on_stderr(Paint::Bold, &begun.run.to_string());
    // Only for show: the run is begun whether or not the workbench can be asked for its engine.
    let engine = session
        .client()
        .ask::<Health>(Call::health())
        .await
        .map(|health| {
            let gpus = health.gpus.map(|gpus| match gpus.state {
                GpuCheckState::Pending => "\nGPUs not verified yet".to_owned(),
                GpuCheckState::Verified => "\nGPUs verified".to_owned(),
                GpuCheckState::NotVerified => format!("\nGPUs not verified: {}", gpus.message),
            });
            format!("\non {}{}", health.engine_summary, gpus.unwrap_or_default())
        })
        .unwrap_or_default();
    output.note(&format!("run {id} {}{engine}", begun.name));
}

/// A run that was begun.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    /// Its id.
    pub(super) run: RunId,
    /// The name people see.
    pub(super) name: String,
    /// What happens after this event is told.
    pub(super) after: EventCursor,
}

/// Finds or makes a workbench, has a run begun there, and sees to it that a signal meanwhile is not lost: a run that
/// was begun without anybody knowing would go on at the next start.
pub(super) async fn begin(
    context: &Context,
    aftermath: Aftermath,
    ask: impl AsyncFnOnce(&mut Session) -> Result<Begun, CommandError>,
) -> Result<Exit, CommandError> {
    let mut interrupts = Interrupts::listen()?;
    // Nothing is begun yet, so this can be left at any point.
    let mut session = tokio::select! {
        session = Session::work(context, aftermath.wanted()) => session?,
        () = interrupts.next() => return Ok(Exit::Interrupted),
    };
    let done = match interrupts.unless_twice(ask(&mut session)).await {
        Some(Ok(begun)) => {
            go_on(
                &mut session,
                &begun,
                aftermath,
                &context.output,
                &mut interrupts,
            )
            .await
        }
        Some(Err(error)) => Err(error),
        None => Ok(Exit::Interrupted),
    };
    session.close().await;
    done
}

async fn go_on(
    session: &mut Session,
    begun: &Begun,
    aftermath: Aftermath,
    output: &Output,
    interrupts: &mut Interrupts,
) -> Result<Exit, CommandError> {
    announce(session, begun, output).await;
    match aftermath {
        Aftermath::Follow => follow(session, begun, output, interrupts).await,
        Aftermath::Detach => detach(session, begun.run, output).await,
    }
}

async fn follow(
    session: &mut Session,
    begun: &Begun,
    output: &Output,
    interrupts: &mut Interrupts,
) -> Result<Exit, CommandError> {
    let watched = watch(session, begun.run, begun.after, output, interrupts).await?;
    let result = result_of(session, begun.run).await?;
    tell(&result, watched, output)?;
    if watched.ending != Ending::Left {
        session.finish_other_runs(output, interrupts).await;
    }
    Ok(watched.ending.exit(Exit::of_run(result.state)))
}

/// How a run stands, as programs see it.
async fn result_of(session: &Session, run: RunId) -> Result<RunResult, CommandError> {
    session
        .client()
        .ask(Call::get(["runs", &run.to_string(), "result"]))
        .await
}

async fn detach(session: &Session, run: RunId, output: &Output) -> Result<Exit, CommandError> {
    match output.format {
        Format::Json => output.json(&result_of(session, run).await?)?,
        Format::Text => {
            output.data(&format!("{run}\n"))?;
            output.note(&format!(
                "it goes on by itself: `coracle logs -f {0}`, `coracle get {0}`",
                short(run)
            ));
        }
    }
    Ok(Exit::Fine)
}

fn tell(result: &RunResult, watched: Watched, output: &Output) -> Result<(), CommandError> {
    output.note(&summary(result, watched, output));
    match output.format {
        Format::Json => output.json(result)?,
        Format::Text if result.state == RunState::Succeeded => output.data(&outputs(result))?,
        Format::Text => output.note(&format!(
            "`coracle get {}` shows all of it",
            short(result.run_id)
        )),
    }
    Ok(())
}

/// `SUCCEEDED in 12.3s: 5 steps, 2 of them cached`.
fn summary(result: &RunResult, watched: Watched, output: &Output) -> String {
    let steps: Vec<_> = result
        .tasks
        .iter()
        .filter(|task| task.attempts > 0 || task.cached)
        .collect();
    let state = output.on_stderr(of_run_state(result.state), result.state.as_str());
    let ran = match steps.len() {
        0 => "no step ran".to_owned(),
        number => count(number, "step"),
    };
    let mut text = format!("{state} in {}: {ran}", seconds(watched.took));
    for (number, word) in [
        (steps.iter().filter(|task| task.cached).count(), "cached"),
        (in_state(&steps, TaskState::Failed), "failed"),
        (in_state(&steps, TaskState::Canceled), "cancelled"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {word}"));
        }
    }
    match watched.ending {
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
    result
        .outputs
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", one_line(value)))
        .collect()
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

    use jiff::SignedDuration;

    use super::*;
    use crate::output::Screen;

    fn task(state: TaskState, cached: bool, attempts: usize) -> ResultTask {
        ResultTask {
            name: "a".into(),
            state,
            cached,
            attempts,
            reason: None,
            outputs: BTreeMap::new(),
            started_at: None,
            finished_at: None,
        }
    }

    fn result(state: RunState, tasks: Vec<ResultTask>) -> RunResult {
        let outputs = BTreeMap::from([
            ("accuracy".to_owned(), Value::from(0.5)),
            ("note".to_owned(), "a\nb".into()),
        ]);
        RunResult {
            run_id: RunId::random(),
            state,
            outputs,
            tasks,
        }
    }

    #[test]
    fn the_summary_counts_what_was_done() {
        let output = Output::for_tests(Screen::PIPE);
        let tasks = vec![
            task(TaskState::Succeeded, false, 1),
            task(TaskState::Succeeded, true, 0),
            task(TaskState::Failed, false, 2),
            task(TaskState::Skipped, false, 0),
        ];
        let watched = Watched {
            ending: Ending::Over,
            took: SignedDuration::from_secs(8),
        };
        let text = |tasks| summary(&result(RunState::Failed, tasks), watched, &output);
        assert_eq!(text(tasks), "FAILED in 8.0s: 3 steps, 1 cached, 1 failed");
        let refused = vec![task(TaskState::Failed, false, 0)];
        assert_eq!(text(refused), "FAILED in 8.0s: no step ran");
    }

    #[test]
    fn outputs_are_one_line_each() {
        let text = outputs(&result(RunState::Succeeded, Vec::new()));
        assert_eq!(text, "accuracy: 0.5\nnote: a b\n");
        assert_eq!(
            one_line(&"x".repeat(500).into()).chars().count(),
            LONGEST_VALUE
        );
    }
}
