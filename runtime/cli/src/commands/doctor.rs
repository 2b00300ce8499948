//! `coracle doctor`: what the machine has for runs, and what to mend.

use coracle_app::view::{Check, CheckStatus, DoctorReport, Gpu};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Format, Output, Paint, bytes};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(context: &Context, Arguments {}: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    let report: DoctorReport = session.client().ask(Call::get(["doctor"])).await?;
    match context.output.format {
        Format::Json => context.output.json(&report)?,
        Format::Text => {
            let text = tell(&report, &context.output, session.client().url());
            context.output.data(&text)?;
        }
    }
    Ok(exit(&report))
}

/// No engine is the one problem that scripts tell from the others.
fn exit(report: &DoctorReport) -> Exit {
    if report.engine.chosen.is_none() {
        Exit::NoEngine
    } else if report
        .checks
        .iter()
        .any(|check| check.status == CheckStatus::Problem)
    {
        Exit::Failed
    } else {
        Exit::Fine
    }
}

fn tell(report: &DoctorReport, output: &Output, url: Option<&str>) -> String {
    let mut text = format!(
        "{} {}\n\n",
        output.on_stdout(Paint::Bold, "coracle"),
        report.version
    );
    let mut field = |name: &str, value: &str| {
        text.push_str(&format!(
            "{} {value}\n",
            output.on_stdout(Paint::Dim, &format!("{name:<11}"))
        ));
    };
    field(
        "workbench",
        url.unwrap_or("none runs; commands that need one are one meanwhile"),
    );
    field("engine", &engine(report));
    if let Some(machine) = &report.machine {
        field(
            "machine",
            &format!(
                "{} CPU, {} memory, {}, {}",
                machine.cpus, machine.memory, machine.os, machine.kernel
            ),
        );
        field("disk", &format!("{} free", machine.disk_free));
    }
    for gpu in &report.gpus {
        field("gpu", &name_gpu(gpu));
    }
    field("data", &report.places.data.display().to_string());
    field("cache", &report.places.cache.display().to_string());
    field("runtime", &report.places.runtime.display().to_string());
    text.push('\n');
    for check in &report.checks {
        text.push_str(&tell_check(check, output));
    }
    text
}

fn engine(report: &DoctorReport) -> String {
    let chosen = report.engine.chosen.map_or("none", |kind| kind.as_str());
    let mut text = format!("{chosen} ({})", report.engine.reason);
    for tried in &report.engine.tried {
        let mark = if tried.answered { "answers" } else { "no" };
        text.push_str(&format!(
            "\n{:<12}  {} {}: {mark}, {}",
            "", tried.origin, tried.address, tried.answer
        ));
    }
    text
}

fn name_gpu(gpu: &Gpu) -> String {
    let memory = match (gpu.memory_used, gpu.memory_total) {
        (Some(used), Some(total)) => format!(", {} of {} used", bytes(used.0), bytes(total.0)),
        (None, Some(total)) => format!(", {}", bytes(total.0)),
        (_, None) => String::new(),
    };
    format!("{} {}{memory}", gpu.name, gpu.uuid)
}

fn tell_check(check: &Check, output: &Output) -> String {
    let (mark, paint) = match check.status {
        CheckStatus::Ok => ("ok", Paint::Good),
        CheckStatus::Warning => ("warning", Paint::Warning),
        CheckStatus::Problem => ("problem", Paint::Bad),
    };
    let mut text = format!(
        "{}  {}: {}\n",
        output.on_stdout(paint, &format!("{mark:<7}")),
        check.name,
        check.message
    );
    if let Some(fix) = &check.fix {
        text.push_str(&format!(
            "         {}: {fix}\n",
            output.on_stdout(Paint::Busy, "fix")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use coracle_model::Memory;

    use super::*;

    #[test]
    fn a_gpu_is_named_with_what_is_known_of_its_memory() {
        let gpu = |memory_used, memory_total| Gpu {
            uuid: "GPU-1".into(),
            name: "NVIDIA H200".to_owned(),
            memory_used,
            memory_total,
        };
        let (used, total) = (Some(Memory(3_407_872)), Some(Memory(140 << 30)));
        assert_eq!(
            name_gpu(&gpu(used, total)),
            "NVIDIA H200 GPU-1, 3.2 MiB of 140 GiB used"
        );
        assert_eq!(name_gpu(&gpu(None, total)), "NVIDIA H200 GPU-1, 140 GiB");
        assert_eq!(name_gpu(&gpu(used, None)), "NVIDIA H200 GPU-1");
    }
}
