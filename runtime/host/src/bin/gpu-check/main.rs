//! Proves the GPU part on the machine it is copied to: what is found, what is leased, what runs.
//!
//! One file with no needs but the driver. The kernel runs in a child of this program that sees the leased GPU
//! alone, as a container would.
//!
//! ```text
//! gpu-check [--json] [--require] [--deadline SECONDS]
//! ```
//!
//! The exit code is 0 when all holds or there is no GPU, 1 when a check fails or `--require` finds no GPU, and 2
//! when the command is not understood.
#![expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]

mod child;

use std::process::ExitCode;
use std::time::Duration;

use coracle_host::gpu::{self, Check, Driver, GpuSurvey, GpuUnit, KernelRun, Outcome};
use serde::{Deserialize, Serialize};

/// Not a multiple of any block size, so that the kernel's guard at the end is needed.
const ELEMENTS: u32 = 1_000_003;

const USAGE: &str = "usage: gpu-check [--json] [--require] [--deadline SECONDS]";

struct Options {
    form: Form,
    demand: Demand,
    deadline: Duration,
}

enum Form {
    Text,
    Json,
}

enum Demand {
    AnyMachine,
    Gpu,
}

/// Everything that was found, leased and run.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    survey: GpuSurvey,
    leased: Option<GpuUnit>,
    ran: Option<KernelRun>,
    checks: Vec<Check>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == [child::ARGUMENT] {
        return child::serve(ELEMENTS);
    }
    let Some(options) = Options::parse(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let report = examine(options.deadline);
    match options.form {
        Form::Text => print_text(&report),
        Form::Json => print_json(&report),
    }
    let lacking = matches!(options.demand, Demand::Gpu) && report.leased.is_none();
    let failed = report.checks.iter().any(|check| !check.passed());
    if lacking || failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

impl Options {
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options = Self {
            form: Form::Text,
            demand: Demand::AnyMachine,
            deadline: gpu::DETECT_DEADLINE,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--json" => options.form = Form::Json,
                "--require" => options.demand = Demand::Gpu,
                "--deadline" => {
                    let seconds = rest.next()?.parse().ok()?;
                    options.deadline = Duration::try_from_secs_f64(seconds).ok()?;
                }
                _ => return None,
            }
        }
        Some(options)
    }
}

fn examine(deadline: Duration) -> Report {
    let survey = gpu::detect_within(deadline);
    let mut checks = gpu::check_inventory(&survey);
    let leased = lease(&survey);
    let mut ran = None;
    if let Some(unit) = &leased {
        checks.push(gpu::check_stable(&survey, &gpu::detect_within(deadline)));
        let answer = child::run(&unit.uuid, deadline);
        checks.extend(child::checks(unit, &answer));
        ran = answer.ok().and_then(|answer| answer.ran.ok());
    }
    Report {
        survey,
        leased,
        ran,
        checks,
    }
}

/// The unit with the least memory in use; the first of those that are alike.
fn lease(survey: &GpuSurvey) -> Option<GpuUnit> {
    survey
        .units()
        .into_iter()
        .min_by_key(|unit| unit.memory_used)
}

fn print_json(report: &Report) {
    match serde_json::to_string_pretty(report) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("failed to write the report: {error}"),
    }
}

fn print_text(report: &Report) {
    print_found(&report.survey);
    match (&report.leased, &report.ran) {
        (None, _) => println!("no GPU to lease"),
        (Some(unit), ran) => {
            println!("leased  {} whole ({})", unit.uuid, unit.name);
            match ran {
                Some(ran) => println!(
                    "ran     {} additions on {}, every sum right",
                    ran.elements, ran.gpu
                ),
                None => println!("ran     nothing"),
            }
        }
    }
    for check in &report.checks {
        match &check.outcome {
            Outcome::Passed => println!("ok      {}", check.name),
            Outcome::Failed { why } => println!("FAILED  {}: {why}", check.name),
        }
    }
}

fn print_found(survey: &GpuSurvey) {
    match &survey.driver {
        Driver::Absent { why } => println!("driver  none: {why}"),
        Driver::Broken { why } => println!("driver  broken: {why}"),
        Driver::Present {
            version,
            cuda_version,
        } => {
            println!(
                "driver  {}, CUDA {}",
                shown(version.as_ref()),
                shown(cuda_version.as_ref())
            );
        }
    }
    for gpu in &survey.devices {
        let (total, used) = (
            shown(gpu.memory_total.as_ref()),
            shown(gpu.memory_used.as_ref()),
        );
        let capability = shown(gpu.compute_capability.as_ref());
        println!(
            "found   {} {}, {total}, {used} in use, compute capability {capability}",
            gpu.uuid, gpu.name
        );
        for slice in gpu.mig.iter().flatten() {
            println!(
                "  slice {} {}, {}",
                slice.uuid,
                slice.name,
                shown(slice.memory_total.as_ref())
            );
        }
    }
    for notice in &survey.notices {
        println!("note    {notice}");
    }
}

fn shown<T: std::fmt::Display>(value: Option<&T>) -> String {
    value.map_or_else(|| "unknown".to_owned(), ToString::to_string)
}
