//! Runs that were sent to clusters, as a table.

use coracle_app::view::{RemoteRun, RemoteRunList};

use super::outcome::short;
use crate::command_error::{CommandError, Exit};
use crate::output::{Align, Format, Output, Paint, Table};

/// Shows runs, or says that there are none.
///
/// # Errors
/// When nobody reads any more.
pub(super) fn show(
    list: &RemoteRunList,
    output: &Output,
    nothing: &str,
) -> Result<Exit, CommandError> {
    if output.format == Format::Json {
        output.json(list)?;
        return Ok(Exit::Fine);
    }
    let mut table = Table::new([
        ("RUN", Align::Left),
        ("STATE", Align::Left),
        ("NAME", Align::Left),
        ("WHERE", Align::Left),
        ("CREATED", Align::Left),
    ]);
    for run in &list.runs {
        let id = if output.stdout.terminal {
            short(run.run_id)
        } else {
            run.run_id.to_string()
        };
        table.row([
            (id, Paint::Bold),
            (state(run), Paint::Plain),
            (run.display_name.clone(), Paint::Plain),
            (run.place.to_string(), Paint::Plain),
            (output.when().show(Some(run.created_at)), Paint::Plain),
        ]);
    }
    output.table(&table, list.runs.len(), nothing)?;
    Ok(Exit::Fine)
}

/// The state of the run there, or how far it is where it has none.
fn state(run: &RemoteRun) -> String {
    let stage = run.stage.as_str();
    let state = if run.is_recurring {
        format!("{stage}, recurring")
    } else {
        run.state.map_or(stage, |state| state.as_str()).to_owned()
    };
    match &run.problem {
        Some(problem) => format!("{state} ({})", problem.code),
        None => state,
    }
}
