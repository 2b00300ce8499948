//! `coracle resources PIPELINE`: what the steps of a pipeline use, and what to ask for them elsewhere.

use coracle_app::view::{MeasuredResources, MeasuredResourcesQuery, MeasuredStep};
use coracle_model::{Cpu, Memory, Resources};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Paint, Table, count};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: coracle resources digits")]
pub(crate) struct Arguments {
    /// The pipeline, by the name that its definition gives it
    pipeline: String,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    let query = MeasuredResourcesQuery {
        pipeline: arguments.pipeline.clone(),
    };
    let call = Call::get(["measured-resources"]).query(&query);
    let measured: MeasuredResources = session.client().ask(call).await?;
    session.close().await;
    match context.output.format {
        Format::Json => context.output.json(&measured)?,
        Format::Text => {
            let nothing = format!("no step of `{}` has run to its end", arguments.pipeline);
            let steps = measured.steps.len();
            context.output.table(&table(&measured), steps, &nothing)?;
            if steps > 0 {
                context.output.note(&format!(
                    "measured in {}; what to ask for has 15 % over the most that was used",
                    count(measured.runs, "run")
                ));
            }
        }
    }
    Ok(Exit::Fine)
}

fn table(measured: &MeasuredResources) -> Table {
    let mut table = Table::new([
        ("STEP", Align::Left),
        ("ATTEMPTS", Align::Right),
        ("PEAK MEMORY", Align::Right),
        ("MEAN CPU", Align::Right),
        ("ASKED", Align::Left),
        ("TO ASK FOR", Align::Left),
    ]);
    for step in &measured.steps {
        table.row(row(step));
    }
    table
}

fn row(step: &MeasuredStep) -> [(String, Paint); 6] {
    let unknown = || "-".to_owned();
    let asked = said(&step.asked);
    let asked = if asked.is_empty() { unknown() } else { asked };
    [
        (step.task.to_string(), Paint::Bold),
        (step.attempts.to_string(), Paint::Plain),
        (
            step.peak_memory.map_or_else(unknown, |it| it.to_string()),
            Paint::Plain,
        ),
        (
            step.mean_cpu.map_or_else(unknown, |it| it.to_string()),
            Paint::Plain,
        ),
        (asked, Paint::Dim),
        (said(&step.suggested), Paint::Plain),
    ]
}

/// Requests, and after a slash the limits: `memory 240Mi/368Mi, cpu 50m, gpu 1`.
fn said(resources: &Resources) -> String {
    let of = |name, request: Option<String>, limit: Option<String>| match (request, limit) {
        (None, None) => None,
        (Some(request), None) => Some(format!("{name} {request}")),
        (request, Some(limit)) => Some(format!("{name} {}/{limit}", request.unwrap_or_default())),
    };
    let memory = |amount: Option<Memory>| amount.map(Memory::quantity);
    let cpu = |amount: Option<Cpu>| amount.map(|amount| amount.to_string());
    let parts = [
        of(
            "memory",
            memory(resources.memory_request),
            memory(resources.memory_limit),
        ),
        of("cpu", cpu(resources.cpu_request), cpu(resources.cpu_limit)),
        (resources.gpus > 0).then(|| format!("gpu {}", resources.gpus)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_said_as_kubernetes_takes_them() {
        let resources = Resources {
            cpu_request: Some(Cpu(1750)),
            cpu_limit: None,
            memory_request: Some(Memory(240 << 20)),
            memory_limit: Some(Memory(1 << 30)),
            gpus: 1,
        };
        assert_eq!(said(&resources), "memory 240Mi/1Gi, cpu 1750m, gpu 1");
        let limit = Resources {
            memory_limit: Some(Memory(1000)),
            ..Resources::default()
        };
        assert_eq!(said(&limit), "memory /1000");
        assert_eq!(said(&Resources::default()), "");
    }
}
