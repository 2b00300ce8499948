//! What came of objects, and what would come of them, as people read it.

use coracle_app::view::{
    CarriedClaim, Deployed, FieldParity, LeftOut, ObjectDone, ParityReport, Previewed,
    PreviewedDeployment,
};

use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Format, Output, Paint, bytes};

/// Says what came of each object; the command failed where one is not as was wished.
pub(crate) fn deployed(context: &Context, deployed: &Deployed) -> Result<Exit, CommandError> {
    let output = &context.output;
    match output.format {
        Format::Json => output.json(deployed)?,
        Format::Text => {
            let mut text = String::new();
            for outcome in &deployed.outcomes {
                let (paint, said) = done(&outcome.done);
                text.push_str(&format!(
                    "{} {}\n",
                    outcome.object,
                    output.on_stdout(paint, &said)
                ));
            }
            text.extend(deployed.data.iter().map(|claim| carried(output, claim)));
            output.data(&text)?;
            for claim in &deployed.data {
                left_out(output, &claim.claim, &claim.files.left_out);
            }
            for outcome in &deployed.outcomes {
                for warning in &outcome.warnings {
                    output.note(&format!("{}: the cluster warns: {warning}", outcome.object));
                }
            }
            if let Some(problem) = &deployed.record_problem {
                output.note(&format!(
                    "the record of what was sent is not up to date: {problem}; run the same command again"
                ));
            }
        }
    }
    Ok(match deployed.is_finished() {
        true => Exit::Fine,
        false => Exit::Failed,
    })
}

fn done(done: &ObjectDone) -> (Paint, String) {
    match done {
        ObjectDone::Created => (Paint::Good, "created".to_owned()),
        ObjectDone::Changed => (Paint::Good, "changed".to_owned()),
        ObjectDone::Unchanged => (Paint::Dim, "unchanged".to_owned()),
        ObjectDone::Restored => (Paint::Good, "restored".to_owned()),
        ObjectDone::Deleted => (Paint::Good, "deleted".to_owned()),
        ObjectDone::Gone => (Paint::Dim, "gone already".to_owned()),
        ObjectDone::Kept { reason } => (Paint::Warning, format!("kept: {reason}")),
        ObjectDone::Refused { refusal, hint } => {
            (Paint::Bad, format!("refused: {refusal}; {hint}"))
        }
        ObjectDone::NotReached { reason } => (Paint::Bad, format!("not reached: {reason}")),
    }
}

/// Shows what sending would do.
pub(crate) fn previewed(
    context: &Context,
    previewed: &PreviewedDeployment,
) -> Result<(), CommandError> {
    let output = &context.output;
    if output.format == Format::Json {
        output.json(previewed)?;
        return Ok(());
    }
    output.note(&format!(
        "{}: {}, namespace {}",
        output.on_stderr(Paint::Bold, &previewed.context),
        previewed.server,
        previewed.namespace
    ));
    report(output, &previewed.report);
    let mut text = String::new();
    for looked in &previewed.preview.objects {
        let (paint, said) = would(&looked.would);
        text.push_str(&format!(
            "{} {}\n",
            looked.object,
            output.on_stdout(paint, &said)
        ));
        text.push_str(&looked.difference.text);
    }
    for claim in &previewed.data {
        text.push_str(&format!(
            "PersistentVolumeClaim/{} would hold {} ({}) of {}\n",
            claim.claim,
            files(claim.files),
            bytes(claim.bytes),
            claim.folder.display()
        ));
    }
    output.data(&text)?;
    for claim in &previewed.data {
        left_out(output, &claim.claim, &claim.left_out);
    }
    for looked in &previewed.preview.objects {
        for warning in &looked.warnings {
            output.note(&format!("{}: the cluster warns: {warning}", looked.object));
        }
    }
    Ok(())
}

/// What came of a claim's files.
fn carried(output: &Output, claim: &CarriedClaim) -> String {
    let sent = format!(
        "{} ({}) sent, {} there already",
        files(claim.files.files),
        bytes(claim.files.bytes),
        claim.files.there
    );
    let (paint, said) = match &claim.problem {
        None => (Paint::Good, sent),
        Some(problem) => (
            Paint::Bad,
            format!("{}; {} ({sent})", problem.message, problem.hint),
        ),
    };
    let said = output.on_stdout(paint, &said);
    format!("PersistentVolumeClaim/{} {said}\n", claim.claim)
}

fn files(number: u64) -> String {
    match number {
        1 => "1 file".to_owned(),
        number => format!("{number} files"),
    }
}

fn left_out(output: &Output, claim: &str, left_out: &[LeftOut]) {
    for one in left_out {
        output.note(&format!(
            "PersistentVolumeClaim/{claim}: `{}` does not go over: {}",
            one.path, one.why
        ));
    }
}

fn would(would: &Previewed) -> (Paint, String) {
    match would {
        Previewed::Create => (Paint::Good, "would be created".to_owned()),
        Previewed::Change => (Paint::Warning, "would be changed".to_owned()),
        Previewed::Nothing => (Paint::Dim, "is so already".to_owned()),
        Previewed::Prune => (Paint::Warning, "would be removed".to_owned()),
        Previewed::Refused { refusal, hint } => {
            (Paint::Bad, format!("would be refused: {refusal}; {hint}"))
        }
        Previewed::Unknown { reason } => (Paint::Dim, format!("cannot be told: {reason}")),
    }
}

/// Says which fields do not go over as they are, and how many do.
pub(crate) fn report(output: &Output, report: &ParityReport) {
    for object in &report.objects {
        for field in &object.fields {
            let (paint, said) = match field.verdict {
                FieldParity::Same => continue,
                FieldParity::Translated => (Paint::Warning, "translated"),
                FieldParity::ClusterOnly => (Paint::Dim, "cluster only"),
                FieldParity::NotPortable => (Paint::Bad, "not portable"),
            };
            output.note(&format!(
                "{} {}: {}: {}",
                object.object,
                field.field,
                output.on_stderr(paint, said),
                field.reason
            ));
        }
    }
    let summary = &report.summary;
    output.note(&format!(
        "fields: {} the same, {} translated, {} cluster only, {} not portable",
        summary.same, summary.translated, summary.cluster_only, summary.not_portable
    ));
}
