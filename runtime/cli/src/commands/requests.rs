//! `coracle requests NAME`: what a model server was asked, and what it answered.

use coracle_app::view::{
    ForgottenRequests, ModelMessage, ModelRequest, ModelRequestDetail, ModelRequestList,
    ModelRequestQuery,
};

use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Output, Paint, Table, bytes, count};
use crate::workbench::Session;

/// As many as fit a screen.
const USUAL_LIMIT: usize = 30;

/// From which status on an answer is a refusal.
const FIRST_REFUSAL: u16 = 400;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: coracle requests iris --search 5.1 --failed")]
pub(crate) struct Arguments {
    /// The model server
    name: String,

    /// Show this one of its requests whole
    #[arg(conflicts_with_all = ["search", "failed", "revision", "slower_than", "limit", "forget"])]
    number: Option<i64>,

    /// The namespace of the model server
    #[arg(short, long, default_value = "default")]
    namespace: String,

    /// Only those whose path, id or bodies have this text
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// Only those that were refused
    #[arg(long)]
    failed: bool,

    /// Only those that this revision answered
    #[arg(long, value_name = "NAME")]
    revision: Option<String>,

    /// Only those that took longer, in milliseconds
    #[arg(long, value_name = "MS")]
    slower_than: Option<f64>,

    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = USUAL_LIMIT)]
    limit: usize,

    /// Forget all of them
    #[arg(long, conflicts_with_all = ["search", "failed", "revision", "slower_than", "limit"])]
    forget: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let (namespace, name) = (arguments.namespace.as_str(), arguments.name.as_str());
    let requests = ["model-servers", namespace, name, "requests"];
    let output = &context.output;
    if arguments.forget {
        let session = Session::change(context).await?;
        let forgotten: ForgottenRequests = session.client().ask(Call::delete(requests)).await?;
        match output.format {
            Format::Json => output.json(&forgotten)?,
            Format::Text => {
                let number = usize::try_from(forgotten.forgotten).unwrap_or(usize::MAX);
                output.note(&format!("forgot {}", count(number, "request")));
            }
        }
        return Ok(Exit::Fine);
    }
    let session = Session::look(context).await?;
    if let Some(number) = arguments.number {
        let number = number.to_string();
        let one = requests.into_iter().chain([number.as_str()]);
        let detail: ModelRequestDetail = session.client().ask(Call::get(one)).await?;
        match output.format {
            Format::Json => output.json(&detail)?,
            Format::Text => output.data(&whole(&detail, output))?,
        }
        return Ok(Exit::Fine);
    }
    let query = ModelRequestQuery {
        search: arguments.search,
        revision: arguments.revision,
        min_code: arguments.failed.then_some(FIRST_REFUSAL),
        min_ms: arguments.slower_than,
        page_size: Some(arguments.limit),
        ..ModelRequestQuery::default()
    };
    let call = Call::get(requests).query(&query);
    let list: ModelRequestList = session.client().ask(call).await?;
    match output.format {
        Format::Json => output.json(&list)?,
        Format::Text => output.table(
            &table(&list.requests, output),
            list.requests.len(),
            "no requests were kept",
        )?,
    }
    Ok(Exit::Fine)
}

fn table(requests: &[ModelRequest], output: &Output) -> Table {
    let mut table = Table::new([
        ("NUMBER", Align::Right),
        ("WHEN", Align::Left),
        ("CODE", Align::Right),
        ("TOOK", Align::Right),
        ("REVISION", Align::Left),
        ("SENT", Align::Right),
        ("ANSWER", Align::Right),
        ("PATH", Align::Left),
    ]);
    for request in requests {
        table.row([
            (request.number.to_string(), Paint::Bold),
            (output.when().show(Some(request.at)), Paint::Plain),
            of_code(request.code),
            (format!("{:.1}ms", request.took_ms), Paint::Plain),
            (request.revision.clone(), Paint::Plain),
            (bytes(request.request_size), Paint::Plain),
            (bytes(request.answer_size), Paint::Plain),
            (request.path.clone(), Paint::Plain),
        ]);
    }
    table
}

fn of_code(code: u16) -> (String, Paint) {
    let paint = if code < FIRST_REFUSAL {
        Paint::Good
    } else {
        Paint::Bad
    };
    (code.to_string(), paint)
}

fn whole(detail: &ModelRequestDetail, output: &Output) -> String {
    let ModelRequestDetail {
        request,
        sent,
        received,
    } = detail;
    let (code, paint) = of_code(request.code);
    let title = |text: &str| output.on_stdout(Paint::Bold, text);
    format!(
        "{}\n{}\n\n{}\n{}\n",
        title(&format!("{} {}", request.method, request.path)),
        body(sent, request.request_size),
        output.on_stdout(paint, &format!("{code} after {:.1}ms", request.took_ms)),
        body(received, request.answer_size),
    )
}

fn body(message: &ModelMessage, size: u64) -> String {
    match (&message.text, &message.base64) {
        (Some(text), _) => text.clone(),
        (None, Some(_)) => format!("({} that are no text; -o json has them)", bytes(size)),
        (None, None) => format!("({}, not kept)", bytes(size)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told_by_its_size() {
        let message = |text: Option<&str>, base64: Option<&str>| ModelMessage {
            headers: Vec::new(),
            text: text.map(str::to_owned),
            base64: base64.map(str::to_owned),
        };
        assert_eq!(body(&message(Some("{}"), None), 2), "{}");
        assert_eq!(
            body(&message(None, Some("/w==")), 1),
            "(1 B that are no text; -o json has them)"
        );
        assert_eq!(body(&message(None, None), 2048), "(2.0 KiB, not kept)");
    }
}
