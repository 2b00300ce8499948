//! `coracle follow KIND/NAME`: a workload of a cluster, to its end.

use coracle_app::view::{FollowWorkload, WorkloadEnd, WorkloadNews};

use super::kubeconfig_named;
use crate::client::{Call, Events};
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::Interrupts;
use crate::output::{Format, Output, Paint};
use crate::workbench::Session;

/// Follows a workload that is in a context and a namespace.
pub(super) async fn run(
    context: &Context,
    workload: &str,
    (named_context, namespace): (Option<String>, Option<String>),
) -> Result<Exit, CommandError> {
    let mut interrupts = Interrupts::listen()?;
    let session = Session::look(context).await?;
    let query = FollowWorkload {
        workload: workload.to_owned(),
        kubeconfig: kubeconfig_named::value(&context.surroundings),
        context: named_context,
        namespace,
    };
    let call = Call::get(["clusters", "workloads"]).action("follow");
    let content = session.client().stream(call.query(&query)).await?;
    let mut news = Events::<WorkloadNews>::new(content);
    let exit = loop {
        // Both are cancel-safe, and whoever interrupts reads no more.
        let heard = tokio::select! {
            heard = news.next() => heard?,
            () = interrupts.next() => {
                context.output.note("it goes on there");
                break Exit::Interrupted;
            }
        };
        let Some(heard) = heard else {
            return Err(CommandError::failed(
                "broken_off",
                format!("the workbench ended before {workload} did; it goes on there"),
            )
            .with_hint("the same command follows it again, from its first line"));
        };
        tell(&context.output, &heard)?;
        if let WorkloadNews::Ended { end, .. } = heard {
            break match end {
                WorkloadEnd::Complete => Exit::Fine,
                WorkloadEnd::Failed | WorkloadEnd::Deleted | WorkloadEnd::Refused => Exit::Failed,
            };
        }
    };
    session.close().await;
    Ok(exit)
}

/// Lines are the answer; all else is said beside it.
fn tell(output: &Output, news: &WorkloadNews) -> Result<(), CommandError> {
    if output.format == Format::Json {
        output.json(news)?;
        return Ok(());
    }
    if let WorkloadNews::Line {
        pod,
        container,
        text,
        is_continued,
    } = news
    {
        let continued = if *is_continued { " (continued)" } else { "" };
        let whose = output.on_stdout(Paint::Dim, &format!("{pod} {container}{continued}:"));
        output.data(&format!("{whose} {text}\n"))?;
        return Ok(());
    }
    output.note(&said(news));
    Ok(())
}

/// What was heard, on one line.
fn said(news: &WorkloadNews) -> String {
    let more = |text: &Option<String>| match text {
        Some(text) => format!(": {text}"),
        None => String::new(),
    };
    match news {
        WorkloadNews::State { state } => state.clone(),
        WorkloadNews::Pod {
            pod,
            state,
            message,
        } => format!("{pod} {state}{}", more(message)),
        WorkloadNews::Container {
            pod,
            container,
            state,
            message,
        } => format!("{pod} {container} {state}{}", more(message)),
        WorkloadNews::Event {
            object,
            is_warning,
            reason,
            message,
        } => {
            let sign = if *is_warning { "warning: " } else { "" };
            format!("{sign}{object} {reason}: {message}")
        }
        WorkloadNews::Line { text, .. } => text.clone(),
        WorkloadNews::NotTold { what, reason } => format!("{what} is not told: {reason}"),
        WorkloadNews::Trouble { message } => format!("{message}; it is asked again"),
        WorkloadNews::Back => "it answers again".to_owned(),
        WorkloadNews::Ended {
            end,
            reason,
            message,
        } => {
            let end = match end {
                WorkloadEnd::Complete => "complete",
                WorkloadEnd::Failed => "failed",
                WorkloadEnd::Deleted => "it was removed",
                WorkloadEnd::Refused => "the cluster no longer lets itself be asked",
            };
            format!("{end}{}{}", more(reason), more(message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_with_its_reason() {
        let ended = WorkloadNews::Ended {
            end: WorkloadEnd::Failed,
            reason: Some("BackoffLimitExceeded".to_owned()),
            message: Some("Job has reached the specified backoff limit".to_owned()),
        };
        assert_eq!(
            said(&ended),
            "failed: BackoffLimitExceeded: Job has reached the specified backoff limit"
        );
    }
}
