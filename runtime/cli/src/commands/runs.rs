//! `coracle runs`: the runs there are.

use coracle_app::view::{RemoteRunList, RunList, RunQuery, RunSummary};
use coracle_model::{RemotePlace, RemoteState, RunId, RunState};

use super::outcome::short;
use super::remote_list;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Output, Paint, Table, count, of_run_state, seconds};
use crate::workbench::Session;

/// As many as fit a screen.
const USUAL_LIMIT: usize = 30;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only runs in these states, such as RUNNING,FAILED
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = state)]
    state: Vec<RunState>,

    /// Only runs of this pipeline
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,

    /// How many at most
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = USUAL_LIMIT, value_parser = limit)]
    limit: usize,

    /// Only runs older than this one
    #[arg(long, value_name = "RUN")]
    before: Option<RunId>,

    /// The runs that were sent to the cluster of this context instead, as they were seen last
    #[arg(long, value_name = "CONTEXT", conflicts_with = "before")]
    context: Option<String>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    if let Some(there) = &arguments.context {
        let list = sent(&session).await?;
        session.close().await;
        let nothing = format!(
            "nothing that was sent to `{there}` is such a run; send a pipeline with `coracle deploy FILE --context {there}`"
        );
        return remote_list::show(
            &of_context(list, there, &arguments),
            &context.output,
            &nothing,
        );
    }
    let states: Vec<_> = arguments.state.iter().map(|state| state.as_str()).collect();
    let query = RunQuery {
        state: Some(states.join(",")).filter(|states| !states.is_empty()),
        pipeline: arguments.pipeline,
        before: arguments.before,
        limit: Some(arguments.limit),
        ..RunQuery::default()
    };
    let list: RunList = session
        .client()
        .ask(Call::get(["runs"]).query(&query))
        .await?;
    let output = &context.output;
    if output.format == Format::Json {
        output.json(&list)?;
        return Ok(Exit::Fine);
    }
    output.table(
        &table(&list.runs, output),
        list.runs.len(),
        "no runs; begin one with `coracle run FILE`",
    )?;
    session.note_idle(list.runs.iter().any(|run| !run.state.is_final()), output);
    if let Some(next) = list.next {
        output.note(&format!("there are more: `coracle runs --before {next}`"));
    }
    let elsewhere = sent(&session).await?.runs.len();
    if elsewhere > 0 {
        output.note(&format!(
            "also sent to clusters: {}; `coracle follow` lists them, `coracle runs --context CONTEXT` those of one",
            count(elsewhere, "run")
        ));
    }
    Ok(Exit::Fine)
}

/// What was sent to clusters.
async fn sent(session: &Session) -> Result<RemoteRunList, CommandError> {
    session.client().ask(Call::get(["clusters", "runs"])).await
}

/// The runs of a context that are asked for.
fn of_context(mut list: RemoteRunList, context: &str, asked: &Arguments) -> RemoteRunList {
    list.runs.retain(|run| {
        let is_there = matches!(&run.place, RemotePlace::Context { name, .. } if name == context);
        let state = run.state.map(RemoteState::as_str);
        let has_state = asked.state.iter().any(|one| Some(one.as_str()) == state);
        let is_of = asked
            .pipeline
            .as_ref()
            .is_none_or(|name| *name == run.pipeline);
        is_there && is_of && (asked.state.is_empty() || has_state)
    });
    list.runs.truncate(asked.limit);
    list
}

fn table(runs: &[RunSummary], output: &Output) -> Table {
    let mut table = Table::new([
        ("RUN", Align::Left),
        ("STATE", Align::Left),
        ("NAME", Align::Left),
        ("CREATED", Align::Left),
        ("TOOK", Align::Right),
    ]);
    for run in runs {
        let took = run
            .finished_at
            .map(|at| seconds(at.duration_since(run.created_at)))
            .unwrap_or_default();
        table.row([
            // Programs that split the table get the whole id.
            (
                if output.stdout.terminal {
                    short(run.run_id)
                } else {
                    run.run_id.to_string()
                },
                Paint::Bold,
            ),
            (run.state.as_str().to_owned(), of_run_state(run.state)),
            (run.display_name.clone(), Paint::Plain),
            (output.when().show(Some(run.created_at)), Paint::Plain),
            (took, Paint::Plain),
        ]);
    }
    table
}

fn state(text: &str) -> Result<RunState, String> {
    text.to_ascii_uppercase().parse()
}

fn limit(text: &str) -> Result<usize, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=1000).contains(number));
    number.ok_or_else(|| "a number from 1 to 1000".to_owned())
}
