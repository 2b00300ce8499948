//! `coracle replay NAME`: requests that a model server had are sent again, and the answers compared.

use coracle_app::view::{
    AnswerDifference, ReplayOutcome, ReplayReport, ReplayRequests, ReplayServer, ReplayedRequest,
};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Format, Output, Paint};
use crate::workbench::Session;

/// How many requests that differ are shown.
const MOST_SHOWN: usize = 20;

/// How many of the differences of each.
const MOST_DIFFERENCES: usize = 3;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: coracle replay iris --revision iris-predictor-canary --last 500\n\
    The exit code is 0 where there are answers and all are the same, and 1 otherwise."
)]
pub(crate) struct Arguments {
    /// The model server whose requests are sent again
    name: String,

    /// The namespace of the model server
    #[arg(short, long, default_value = "default")]
    namespace: String,

    /// Another model server that is to answer them
    #[arg(long, value_name = "NAME")]
    against: Option<String>,

    /// The namespace of that one; the same if left out
    #[arg(long, value_name = "NAMESPACE", requires = "against")]
    against_namespace: Option<String>,

    /// The revision that is to answer them, such as NAME-predictor-canary
    #[arg(long, value_name = "NAME")]
    revision: Option<String>,

    /// How many of the last requests
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    last: usize,

    /// Only those whose path, id or bodies have this text
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// How far apart numbers may be, as a part of them
    #[arg(long, default_value_t = 1e-6)]
    tolerance: f64,

    /// Do not look at this member of the answers
    #[arg(long, value_name = "MEMBER")]
    ignore: Vec<String>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let namespace = arguments.namespace.as_str();
    let against = arguments.against.map(|name| ReplayServer {
        namespace: arguments
            .against_namespace
            .unwrap_or_else(|| namespace.to_owned()),
        name,
    });
    let wanted = ReplayRequests {
        against,
        revision: arguments.revision,
        last: Some(arguments.last),
        search: arguments.search,
        tolerance: Some(arguments.tolerance),
        ignore: arguments.ignore,
        numbers: None,
    };
    let session = Session::change(context).await?;
    let call = Call::post(["model-servers", namespace, &arguments.name, "replay"]).json(&wanted);
    let report: ReplayReport = session.client().ask(call).await?;
    match context.output.format {
        Format::Json => context.output.json(&report)?,
        Format::Text => context.output.data(&tell(&report, &context.output))?,
    }
    let is_same = report.same > 0 && report.different == 0 && report.failed == 0;
    Ok(if is_same { Exit::Fine } else { Exit::Failed })
}

fn tell(report: &ReplayReport, output: &Output) -> String {
    let mut text = format!(
        "{} same, {} different, {} failed, {} not kept whole\n",
        report.same, report.different, report.failed, report.skipped
    );
    if let (Some(before), Some(after)) = (report.before_median_ms, report.after_median_ms) {
        text.push_str(&format!("median: {before:.1}ms before, {after:.1}ms now\n"));
    }
    let others = report
        .replayed
        .iter()
        .filter(|replayed| replayed.outcome != ReplayOutcome::Same);
    let others: Vec<_> = others.collect();
    for replayed in others.iter().take(MOST_SHOWN) {
        text.push_str(&tell_one(replayed, output));
    }
    if others.len() > MOST_SHOWN {
        let more = others.len() - MOST_SHOWN;
        text.push_str(&format!("\n{more} more; -o json has all of them\n"));
    }
    text
}

fn tell_one(replayed: &ReplayedRequest, output: &Output) -> String {
    let request = &replayed.request;
    let codes = if request.code == replayed.code {
        replayed.code.to_string()
    } else {
        format!("{}, was {}", replayed.code, request.code)
    };
    let title = format!("#{} {} ({codes})", request.number, request.path);
    let mut text = format!("\n{}\n", output.on_stdout(Paint::Bold, &title));
    let shown = replayed.differences.iter().take(MOST_DIFFERENCES);
    text.extend(shown.map(|difference| tell_difference(difference, output)));
    let more = replayed.difference_count.saturating_sub(MOST_DIFFERENCES);
    if more > 0 {
        text.push_str(&format!("  and at {more} more places\n"));
    }
    text
}

/// The place, and below it what was and what is.
fn tell_difference(difference: &AnswerDifference, output: &Output) -> String {
    let place = match difference.path.as_str() {
        "" => "the answer",
        path => path,
    };
    let mut text = format!("  {place}\n");
    for (mark, paint, value) in [
        ("-", Paint::Bad, &difference.before),
        ("+", Paint::Good, &difference.after),
    ] {
        if let Some(value) = value {
            let line = output.on_stdout(paint, &format!("{mark} {value}"));
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}
