//! Following a run that is on a cluster, and telling how it ended there.

use coracle_app::view::{RemoteEventQuery, RemoteEvents, RemoteRun};
use coracle_model::{RemoteNews, RemoteProblem, RemoteStage, RemoteState};

use super::outcome::{Aftermath, short};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::follow::Interrupts;
use crate::output::{Format, Output, Paint, count};
use crate::workbench::Session;

/// What only the user can mend; the run is followed on, and nobody waits for it.
const FOR_THE_USER: [&str; 6] = [
    "unauthorized",
    "forbidden",
    "not-kfp",
    "no-argo",
    "quota-exceeded",
    "context-gone",
];

/// A run that is followed.
pub(super) struct Begun {
    /// The run.
    pub(super) run: RemoteRun,
    /// Whether it was begun before.
    pub(super) known: bool,
}

/// Follows a run to its end, or leaves it to the workbench.
pub(super) async fn go_on(
    session: &mut Session,
    begun: Begun,
    aftermath: Aftermath,
    output: &Output,
    interrupts: &mut Interrupts,
) -> Result<Exit, CommandError> {
    let run = begun.run;
    let again = if begun.known {
        ", as it was asked for before"
    } else {
        ""
    };
    output.note(&format!(
        "run {} {} on {}{again}",
        output.on_stderr(Paint::Bold, &run.run_id.to_string()),
        run.display_name,
        run.place,
    ));
    let exit = match aftermath {
        Aftermath::Follow => {
            return match to_its_end(session, &run, output, interrupts).await? {
                Some(run) => tell(&run, output),
                None => Ok(Exit::Interrupted),
            };
        }
        Aftermath::Detach => Exit::Fine,
    };
    match output.format {
        Format::Json => output.json(&run)?,
        Format::Text => output.data(&format!("{}\n", run.run_id))?,
    }
    Ok(exit)
}

/// Follows a run to its end; none where it was left.
///
/// # Errors
/// A run that was refused, and what only the user can mend.
pub(super) async fn to_its_end(
    session: &mut Session,
    run: &RemoteRun,
    output: &Output,
    interrupts: &mut Interrupts,
) -> Result<Option<RemoteRun>, CommandError> {
    let id = run.run_id.to_string();
    let mut query = RemoteEventQuery::default();
    loop {
        let call = Call::get(["clusters", "runs", &id, "events"]).query(&query);
        // Both are cancel-safe: what was not told is asked for again.
        let heard = tokio::select! {
            heard = session.client().ask::<RemoteEvents>(call) => heard,
            () = interrupts.next() => {
                output.note(&format!("it goes on there: `coracle follow {}`", short(run.run_id)));
                return Ok(None);
            }
        };
        let heard = match heard {
            Err(error) if ["unreachable", "stopping"].contains(&error.report.code.as_str()) => {
                session.find_again().await?;
                continue;
            }
            heard => heard?,
        };
        for event in &heard.events {
            query.after = event.number;
            output.note(&line(&event.news));
        }
        if let (RemoteStage::Refused, Some(problem)) = (heard.run.stage, &heard.run.problem) {
            return Err(refusal(problem));
        }
        if heard.run.stage.is_final() {
            return Ok(Some(heard.run));
        }
        if let Some(problem) = &heard.run.problem
            && FOR_THE_USER.contains(&problem.code.as_str())
        {
            return Err(refusal(problem));
        }
    }
}

fn tell(run: &RemoteRun, output: &Output) -> Result<Exit, CommandError> {
    let state = run.state.unwrap_or_default();
    if run.is_recurring {
        output.note(&format!("it runs again and again on {}", run.place));
    } else {
        let tasks = count(run.tasks.len(), "task");
        output.note(&format!("{} on {}: {tasks}", state.as_str(), run.place));
    }
    match output.format {
        Format::Json => output.json(run)?,
        Format::Text => {
            let there = run.remote_id.as_deref().unwrap_or_default();
            output.data(&format!("{there}\n"))?;
        }
    }
    Ok(match state {
        _ if run.is_recurring => Exit::Fine,
        RemoteState::Succeeded | RemoteState::Skipped => Exit::Fine,
        RemoteState::Failed
        | RemoteState::Canceled
        | RemoteState::Canceling
        | RemoteState::Paused
        | RemoteState::Pending
        | RemoteState::Running
        | RemoteState::RuntimeStateUnspecified => Exit::Failed,
    })
}

fn refusal(problem: &RemoteProblem) -> CommandError {
    CommandError::failed(&problem.code, &problem.message).with_hint(&problem.hint)
}

/// What was heard, on one line.
fn line(news: &RemoteNews) -> String {
    let why = |error: &Option<String>| {
        let error = error.as_deref().unwrap_or_default();
        let first = error.lines().next().unwrap_or_default();
        if first.is_empty() {
            String::new()
        } else {
            format!(": {first}")
        }
    };
    match news {
        RemoteNews::Version {
            version_id,
            uploaded: true,
            ..
        } => format!("uploaded as version {version_id}"),
        RemoteNews::Version { version_id, .. } => {
            format!("there already as version {version_id}")
        }
        RemoteNews::Made {
            remote_id,
            found: false,
        } => format!("made there as {remote_id}"),
        RemoteNews::Made { remote_id, .. } => format!("found there as {remote_id}"),
        RemoteNews::Run { state, error } => format!("{}{}", state.as_str(), why(error)),
        RemoteNews::Task {
            name, state, error, ..
        } => format!("  {name} {}{}", state.as_str(), why(error)),
        RemoteNews::Trouble(problem) => format!("{}; it is asked again", problem.message),
        RemoteNews::Back => "it answers again".to_owned(),
        RemoteNews::Refused(problem) => problem.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_task_is_told_with_the_first_line_of_why() {
        let news = RemoteNews::Task {
            task_id: "t".to_owned(),
            name: "train".to_owned(),
            state: RemoteState::Failed,
            error: Some("no room\nat all".to_owned()),
        };
        assert_eq!(line(&news), "  train FAILED: no room");
    }
}
