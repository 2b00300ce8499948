//! `coracle gc`: frees what nothing needs any more, and on request old runs and environments.

use coracle_app::view::{GcFreed, GcItem, GcItemKind, GcPlan, GcRequest};
use jiff::{Span, Timestamp, tz::TimeZone};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Output, Paint, Table, bytes, count};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "Without options only what removed runs left behind goes.")]
pub(crate) struct Arguments {
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,

    /// Also remove runs that ended so long ago, such as 30d or 12h
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Span>,

    /// Also remove prepared environments
    #[arg(long)]
    environments: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let output = &context.output;
    let runs_before = arguments
        .older_than
        .map(|age| before(output.clock(), age))
        .transpose()?;
    let request = GcRequest {
        runs_before,
        environments: arguments.environments,
    };
    if arguments.dry_run {
        let session = Session::look(context).await?;
        let plan: GcPlan = session
            .client()
            .ask(Call::get(["gc"]).query(&request))
            .await?;
        match output.format {
            Format::Json => output.json(&plan)?,
            Format::Text => show(
                output,
                &plan.items,
                &format!("would free {}", bytes(plan.bytes)),
            )?,
        }
        return Ok(Exit::Fine);
    }
    let session = Session::change(context).await?;
    let freed: GcFreed = session
        .client()
        .ask(Call::post(["gc"]).json(&request))
        .await?;
    session.close().await;
    match output.format {
        Format::Json => output.json(&freed)?,
        Format::Text => show(
            output,
            &freed.items,
            &format!("freed {}", bytes(freed.bytes)),
        )?,
    }
    for failure in &freed.failures {
        output.note(&format!(
            "{}: {failure}",
            output.on_stderr(Paint::Bad, "not removed")
        ));
    }
    Ok(if freed.failures.is_empty() {
        Exit::Fine
    } else {
        Exit::Failed
    })
}

fn show(output: &Output, items: &[GcItem], sum: &str) -> Result<(), CommandError> {
    output.table(&table(items), items.len(), "nothing to free")?;
    if !items.is_empty() {
        output.note(&format!("{sum} in {}", count(items.len(), "thing")));
    }
    Ok(())
}

fn table(items: &[GcItem]) -> Table {
    let mut table = Table::new([
        ("WHAT", Align::Left),
        ("SIZE", Align::Right),
        ("NAME", Align::Left),
    ]);
    for item in items {
        table.row([
            (noun(item.kind).to_owned(), Paint::Plain),
            (bytes(item.bytes), Paint::Plain),
            (item.name.clone(), Paint::Plain),
        ]);
    }
    table
}

fn noun(kind: GcItemKind) -> &'static str {
    match kind {
        GcItemKind::Run => "run",
        GcItemKind::Artifacts => "artifacts",
        GcItemKind::Logs => "logs",
        GcItemKind::Environment => "environment",
    }
}

fn age(text: &str) -> Result<Span, String> {
    let span: Span = text
        .parse()
        .map_err(|_| "write an age such as `30d` or `12h`".to_owned())?;
    if span.is_negative() {
        Err("an age is not negative".to_owned())
    } else {
        Ok(span)
    }
}

/// Days are those of the calendar in UTC: nobody counts the minutes of a month.
fn before(now: Timestamp, age: Span) -> Result<Timestamp, CommandError> {
    let earlier = now.to_zoned(TimeZone::UTC).checked_sub(age);
    earlier
        .map(|time| time.timestamp())
        .map_err(|_| CommandError::usage("that long ago there was nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_as_people_write_them() {
        let now: Timestamp = "2025-03-31T12:00:00Z".parse().unwrap();
        let back = |text: &str| before(now, age(text).unwrap()).unwrap().to_string();
        assert_eq!(back("30d"), "2025-03-01T12:00:00Z");
        assert_eq!(back("12h"), "2025-03-31T00:00:00Z");
        assert_eq!(back("2w"), "2025-03-17T12:00:00Z");
        assert!(age("30").is_err() && age("-3d").is_err() && age("").is_err());
        assert!(before(now, age("19000y").unwrap()).is_err());
    }
}
