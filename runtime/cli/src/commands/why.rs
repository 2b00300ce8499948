//! `coracle why RUN STEP`: why a step ran, or did not have to.

use coracle_app::view::{KeyChange, Verdict, Why};
use serde::Serialize;

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Format, Output, Paint};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it
    run: String,

    /// The step: its path, or the end of it
    step: String,
}

#[derive(Serialize)]
struct Query {
    step: String,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    let call = Call::get(["runs", &arguments.run, "why"]).query(&Query {
        step: arguments.step,
    });
    let why: Why = session.client().ask(call).await?;
    match context.output.format {
        Format::Json => context.output.json(&why)?,
        Format::Text => context.output.data(&tell(&why, &context.output))?,
    }
    Ok(Exit::Fine)
}

fn tell(why: &Why, output: &Output) -> String {
    let mut text = format!(
        "{}: {}\n",
        output.on_stdout(Paint::Bold, why.task.as_str()),
        why.message
    );
    match &why.verdict {
        Verdict::Changed { changes, .. } => {
            text.extend(changes.iter().map(|change| tell_change(change, output)));
        }
        Verdict::Cached { .. }
        | Verdict::TakenOver { .. }
        | Verdict::Unchanged { .. }
        | Verdict::FirstTime
        | Verdict::NotCacheable { .. }
        | Verdict::NotRun { .. } => {}
    }
    text
}

/// The part, and below it what went and what came.
fn tell_change(change: &KeyChange, output: &Output) -> String {
    let mut text = format!("  {}\n", change.part);
    for (mark, paint, value) in [
        ("-", Paint::Bad, &change.before),
        ("+", Paint::Good, &change.after),
    ] {
        for line in value.iter().flat_map(|value| value.lines()) {
            text.push_str(&format!(
                "    {}\n",
                output.on_stdout(paint, &format!("{mark} {line}"))
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use coracle_model::{RunId, TaskState};

    use super::*;
    use crate::output::Screen;

    #[test]
    fn a_change_shows_what_went_and_what_came() {
        let change = |part: &str, before: Option<&str>, after: Option<&str>| KeyChange {
            part: part.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let changes = vec![
            change("command", Some("a\nb"), Some("c")),
            change("input parameter `n`", None, Some("3")),
        ];
        let why = Why {
            run_id: RunId::random(),
            task: "train".into(),
            state: TaskState::Succeeded,
            verdict: Verdict::Changed {
                before: RunId::random(),
                changes,
            },
            message: "it ran".to_owned(),
        };
        let expected =
            "train: it ran\n  command\n    - a\n    - b\n    + c\n  input parameter `n`\n    + 3\n";
        assert_eq!(tell(&why, &Output::for_tests(Screen::PIPE)), expected);
    }
}
