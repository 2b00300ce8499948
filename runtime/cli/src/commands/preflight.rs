//! `coracle preflight FILE`: whether a cluster can take what is to be sent.

use std::path::PathBuf;

use coracle_app::view::{
    ClusterFinding, FindingSeverity, ManifestFile, PreflightReport, PreflightRequest,
};

use super::kubeconfig_named;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Format, Output, Paint, count};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: coracle preflight notebook.yaml --context dev -n team\n\
    Nothing is written to the cluster. Without a file it is told what the cluster has.\n\
    The exit code is 0 where nothing is in the way, and 1 where something is or the cluster cannot be reached."
)]
pub(crate) struct Arguments {
    /// Files of objects, as `kubectl apply -f` takes them
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The context of the kubeconfig; its current one if left out
    #[arg(long, value_name = "CONTEXT")]
    context: Option<String>,

    /// Where objects go that name no namespace; that of the context if left out
    #[arg(short, long)]
    namespace: Option<String>,

    /// The same as -o json
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let mut files = Vec::new();
    for file in &arguments.files {
        let path = context.surroundings.path(file);
        let text =
            fs_err::read_to_string(path).map_err(|error| CommandError::usage(error.to_string()))?;
        let name = file.display().to_string();
        files.push(ManifestFile { name, text });
    }
    let request = PreflightRequest {
        kubeconfig: kubeconfig_named::value(&context.surroundings),
        context: arguments.context,
        namespace: arguments.namespace,
        files,
        local_images: Vec::new(),
    };
    let session = Session::look(context).await?;
    let call = Call::post(["clusters", "preflight"]).json(&request);
    let report: PreflightReport = session.client().ask(call).await?;
    let output = &context.output;
    if arguments.json || output.format == Format::Json {
        output.json(&report)?;
    } else {
        output.data(&tell(&report, output))?;
    }
    Ok(if report.is_fine {
        Exit::Fine
    } else {
        Exit::Failed
    })
}

fn tell(report: &PreflightReport, output: &Output) -> String {
    let mut text = match &report.version {
        Some(version) => format!(
            "{}: Kubernetes {version} at {}, namespace {}{}\n",
            output.on_stdout(Paint::Bold, &report.context),
            report.server,
            report.namespace,
            report
                .user
                .as_ref()
                .map_or_else(String::new, |user| format!(", as {user}")),
        ),
        None => format!(
            "{}: {} was not reached\n",
            output.on_stdout(Paint::Bold, &report.context),
            report.server
        ),
    };
    let there: Vec<&str> = report
        .parts
        .iter()
        .filter(|part| part.is_there == Some(true))
        .map(|part| part.name.as_str())
        .collect();
    if report.version.is_some() {
        let there = if there.is_empty() {
            "nothing of Kubeflow".to_owned()
        } else {
            there.join(", ")
        };
        text.push_str(&format!("it has {there}\n"));
    }
    for device in report.devices.iter().flatten() {
        text.push_str(&format!(
            "it has {} of {} on {}, at most {} on one\n",
            device.total,
            device.resource,
            count(usize::try_from(device.nodes).unwrap_or(usize::MAX), "node"),
            device.most_of_a_node
        ));
    }
    if report.is_protected {
        text.push_str(
            "it is protected: its name is to be typed before anything is changed there\n",
        );
    }
    text.extend(
        report
            .findings
            .iter()
            .map(|finding| tell_one(finding, output)),
    );
    text.push_str(&summary(report));
    text
}

fn tell_one(finding: &ClusterFinding, output: &Output) -> String {
    let (word, paint) = match finding.severity {
        FindingSeverity::Error => ("error", Paint::Bad),
        FindingSeverity::Warning => ("warning", Paint::Warning),
        FindingSeverity::Note => ("note", Paint::Dim),
    };
    let subject = if finding.subject.is_empty() {
        String::new()
    } else {
        format!("{}: ", finding.subject)
    };
    let mut text = format!(
        "\n{} {subject}{} [{}]\n",
        output.on_stdout(paint, word),
        finding.message,
        finding.code
    );
    if let Some(fix) = &finding.fix {
        text.push_str(&format!("  {fix}\n"));
    }
    if let Some(command) = &finding.command {
        text.push_str(&format!("  $ {command}\n"));
    }
    text
}

fn summary(report: &PreflightReport) -> String {
    let of = |severity| {
        let found = report.findings.iter();
        found.filter(|finding| finding.severity == severity).count()
    };
    let objects = usize::try_from(report.objects).unwrap_or(usize::MAX);
    format!(
        "\n{} in {} ms: {}, {}, {}\n",
        count(objects, "object"),
        report.took_ms,
        count(of(FindingSeverity::Error), "error"),
        count(of(FindingSeverity::Warning), "warning"),
        count(of(FindingSeverity::Note), "note"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Screen;

    #[test]
    fn a_report_is_told_with_what_to_do() {
        let report = PreflightReport {
            context: "dev".to_owned(),
            server: "https://c".to_owned(),
            namespace: "team".to_owned(),
            is_protected: false,
            is_fine: false,
            version: Some("v1.34.4".to_owned()),
            user: Some("me".to_owned()),
            objects: 1,
            parts: Vec::new(),
            devices: None,
            asked_devices: Vec::new(),
            findings: vec![ClusterFinding {
                severity: FindingSeverity::Error,
                code: "namespace-missing".to_owned(),
                subject: "Namespace/team".to_owned(),
                message: "it is not there".to_owned(),
                fix: Some("make it".to_owned()),
                command: Some("kubectl create namespace team".to_owned()),
            }],
            took_ms: 7,
        };
        let expected = "dev: Kubernetes v1.34.4 at https://c, namespace team, as me\n\
            it has nothing of Kubeflow\n\n\
            error Namespace/team: it is not there [namespace-missing]\n  make it\n  $ kubectl create namespace team\n\n\
            1 object in 7 ms: 1 error, 0 warnings, 0 notes\n";
        assert_eq!(tell(&report, &Output::for_tests(Screen::PIPE)), expected);
    }
}
