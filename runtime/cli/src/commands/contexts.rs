//! `coracle contexts`: the clusters that the kubeconfig leads to.

use coracle_app::view::{ClusterContext, ClusterContextList, ContextsQuery, FindingSeverity};

use super::kubeconfig_named;
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::output::{Align, Format, Paint, Table};
use crate::workbench::Session;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "KUBECONFIG counts as it does for kubectl; no file is changed, and no cluster asked.\n\
    CORACLE_PROTECTED_CONTEXTS names contexts that are not changed before their name was typed: prod*,*-live"
)]
pub(crate) struct Arguments {}

pub(crate) async fn run(context: &Context, _: Arguments) -> Result<Exit, CommandError> {
    let session = Session::look(context).await?;
    let query = ContextsQuery {
        kubeconfig: kubeconfig_named::value(&context.surroundings),
    };
    let call = Call::get(["clusters", "contexts"]).query(&query);
    let list: ClusterContextList = session.client().ask(call).await?;
    let output = &context.output;
    match output.format {
        Format::Json => output.json(&list)?,
        Format::Text => {
            let nothing = "the kubeconfig has no contexts";
            output.table(&table(&list.contexts), list.contexts.len(), nothing)?;
            let problems = list.contexts.iter().flat_map(|context| &context.problems);
            for problem in list.problems.iter().chain(problems) {
                let paint = match problem.severity {
                    FindingSeverity::Error => Paint::Bad,
                    FindingSeverity::Warning => Paint::Warning,
                    FindingSeverity::Note => Paint::Dim,
                };
                let subject = output.on_stderr(paint, &problem.subject);
                output.note(&format!("{subject}: {}", problem.message));
            }
        }
    }
    Ok(Exit::Fine)
}

fn table(contexts: &[ClusterContext]) -> Table {
    let mut table = Table::new([
        ("", Align::Left),
        ("CONTEXT", Align::Left),
        ("SERVER", Align::Left),
        ("NAMESPACE", Align::Left),
        ("CREDENTIALS", Align::Left),
        ("STATE", Align::Left),
    ]);
    for context in contexts {
        let (state, paint) = state(context);
        table.row([
            (
                if context.is_current { "*" } else { "" }.to_owned(),
                Paint::Good,
            ),
            (context.name.clone(), Paint::Bold),
            (
                context.server.clone().unwrap_or_else(|| "-".to_owned()),
                Paint::Plain,
            ),
            (context.namespace.clone(), Paint::Plain),
            (context.credentials.clone(), Paint::Plain),
            (state, paint),
        ]);
    }
    table
}

/// In words what matters before it is used.
fn state(context: &ClusterContext) -> (String, Paint) {
    if !context.is_usable {
        return ("broken".to_owned(), Paint::Bad);
    }
    let words = [
        (context.is_insecure, "insecure"),
        (context.is_protected, "protected"),
    ];
    let words: Vec<_> = words
        .into_iter()
        .filter_map(|(is_so, word)| is_so.then_some(word))
        .collect();
    if context.is_insecure {
        (words.join(", "), Paint::Warning)
    } else {
        (words.join(", "), Paint::Plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(name: &str) -> ClusterContext {
        ClusterContext {
            name: name.to_owned(),
            file: "/config".to_owned(),
            cluster: "c".to_owned(),
            server: Some("https://c:6443".to_owned()),
            user: None,
            credentials: "token".to_owned(),
            namespace: "default".to_owned(),
            is_current: false,
            is_insecure: false,
            is_protected: false,
            is_usable: true,
            problems: Vec::new(),
        }
    }

    #[test]
    fn the_current_context_and_what_matters_are_marked() {
        let contexts = [
            ClusterContext {
                is_current: true,
                is_insecure: true,
                is_protected: true,
                ..context("prod")
            },
            ClusterContext {
                is_usable: false,
                server: None,
                ..context("old")
            },
        ];
        let expected = "   CONTEXT  SERVER          NAMESPACE  CREDENTIALS  STATE\n\
*  prod     https://c:6443  default    token        insecure, protected
\x20  old      -               default    token        broken
";
        assert_eq!(table(&contexts).render(None, false), expected);
    }
}
