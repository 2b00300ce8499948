//! `coracle get RUN`: one run with its tasks.

use std::fmt::Write;

use coracle_app::view::{Run, Task, TaskList};
use coracle_model::{EngineKind, Failure, TaskKind};
use serde::Serialize;

use super::outcome::one_line;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{
    Align, Format, Output, Paint, Table, bytes, of_run_state, of_task_state, seconds,
};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The run: its id, or the beginning of it
    run: String,
}

/// A run and its tasks, in one object.
#[derive(Serialize)]
struct RunWithTasks<'a> {
    #[serde(flatten)]
    run: &'a Run,
    tasks: &'a [Task],
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    let run: Run = session
        .client()
        .ask(Call::get(["runs", &arguments.run]))
        .await?;
    let id = run.run_id.to_string();
    let TaskList { tasks } = session
        .client()
        .ask(Call::get(["runs", &id, "tasks"]))
        .await?;
    let output = &context.output;
    match output.format {
        Format::Json => output.json(&RunWithTasks {
            run: &run,
            tasks: &tasks,
        })?,
        Format::Text => {
            output.data(&heading(&run, output))?;
            let shown: Vec<_> = tasks.iter().filter(|task| is_shown(task)).collect();
            output.data("\n")?;
            output.table(&table(&shown, output), shown.len(), "no tasks yet")?;
            output.data(&failures(&shown, output))?;
            session.note_idle(!run.state.is_final(), output);
        }
    }
    Ok(Exit::Fine)
}

/// The run itself is the heading, and an iteration says nothing that its tasks do not.
fn is_shown(task: &Task) -> bool {
    match task.kind {
        TaskKind::Iteration => false,
        TaskKind::Dag
        | TaskKind::Loop
        | TaskKind::Container
        | TaskKind::Importer
        | TaskKind::CreateVolume
        | TaskKind::DeleteVolume => !task.path.is_root(),
    }
}

fn heading(run: &Run, output: &Output) -> String {
    let mut lines = String::new();
    let mut field = |name: &str, value: &str| {
        // Writing to a text cannot fail.
        let _ = writeln!(
            lines,
            "{} {value}",
            output.on_stdout(Paint::Dim, &format!("{name:<11}"))
        );
    };
    field(
        "run",
        &output.on_stdout(Paint::Bold, &run.run_id.to_string()),
    );
    field("name", &run.display_name);
    field("pipeline", run.pipeline.as_str());
    field(
        "state",
        &output.on_stdout(of_run_state(run.state), run.state.as_str()),
    );
    if let Some(failure) = &run.failure {
        field("reason", &reason(failure));
    }
    field("engine", engine(run.engine));
    field("created", &output.when().show(Some(run.created_at)));
    if let Some((began, ended)) = run.started_at.zip(run.finished_at) {
        field("took", &seconds(ended.duration_since(began)));
    }
    if let Some(from) = &run.brought {
        let state = from.state.as_str();
        field(
            "brought",
            &format!(
                "from {}, where `{}` ended as {state}",
                from.place, from.name
            ),
        );
    }
    if let Some((old, from)) = &run.rerun_of {
        field("rerun of", &format!("{old} from {from}"));
    }
    for (name, value) in &run.parameters {
        field("parameter", &format!("{name}={}", one_line(value)));
    }
    for (name, value) in &run.outputs.parameters {
        field("output", &format!("{name}: {}", one_line(value)));
    }
    for (name, artifact) in run
        .outputs
        .artifacts
        .iter()
        .flat_map(|(name, all)| all.iter().map(move |one| (name, one)))
    {
        field("output", &format!("{name}: {}", artifact.uri));
    }
    for notice in &run.notices {
        let subject = notice
            .task
            .as_ref()
            .map(|task| format!("{task}: "))
            .unwrap_or_default();
        field("note", &format!("{subject}{}", notice.message));
    }
    for waiting in &run.waiting {
        field("waits", &format!("{}: {}", waiting.task, waiting.reason));
    }
    lines
}

fn engine(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Process => "process (isolates nothing)",
        EngineKind::Docker | EngineKind::Fake => engine.as_str(),
    }
}

fn table(tasks: &[&Task], output: &Output) -> Table {
    let mut table = Table::new([
        ("TASK", Align::Left),
        ("STATE", Align::Left),
        ("STARTED", Align::Left),
        ("TOOK", Align::Right),
        ("TRIES", Align::Right),
        ("MEMORY", Align::Right),
        ("CPU", Align::Right),
    ]);
    for task in tasks {
        let span = task
            .started_at
            .zip(task.finished_at)
            .map(|(began, ended)| seconds(ended.duration_since(began)));
        let usage = task
            .attempts
            .last()
            .map(|attempt| attempt.usage)
            .unwrap_or_default();
        let state = if task.cached {
            format!("{} (cached)", task.state.as_str())
        } else {
            task.state.as_str().to_owned()
        };
        let tries = if task.attempts.is_empty() {
            String::new()
        } else {
            task.attempts.len().to_string()
        };
        table.row([
            (task.path.to_string(), Paint::Plain),
            (state, of_task_state(task.state)),
            (
                task.started_at
                    .map(|at| output.when().show(Some(at)))
                    .unwrap_or_default(),
                Paint::Plain,
            ),
            (span.unwrap_or_default(), Paint::Plain),
            (tries, Paint::Plain),
            (
                usage.peak_memory_bytes.map(bytes).unwrap_or_default(),
                Paint::Plain,
            ),
            (
                usage
                    .cpu_seconds
                    .map(|cpu| format!("{cpu:.1}s"))
                    .unwrap_or_default(),
                Paint::Plain,
            ),
        ]);
    }
    table
}

/// Why tasks failed or were skipped, below the table: reasons are sentences.
fn failures(tasks: &[&Task], output: &Output) -> String {
    let mut lines = String::new();
    for (task, failure) in tasks
        .iter()
        .filter_map(|task| Some((task, task.reason.as_ref()?)))
    {
        let subject = output.on_stdout(of_task_state(task.state), task.path.as_str());
        lines.push_str(&format!("\n{subject}: {}\n", reason(failure)));
        if let Some(hint) = &failure.hint {
            lines.push_str(&format!(
                "  {}: {hint}\n",
                output.on_stdout(Paint::Busy, "hint")
            ));
        }
    }
    lines
}

fn reason(failure: &Failure) -> String {
    failure.to_string()
}
