//! `coracle deploy` of objects: what would change is shown first, and sent when that was agreed to.

use std::path::Path;

use coracle_app::view::{DeployObjects, Deployed, PreviewedDeployment};

use super::place::Place;
use super::{images, sources, told};
use crate::client::Call;
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::follow::Interrupts;
use crate::workbench::Session;

/// What is asked of objects, beside where they go.
#[derive(Debug, clap::Args)]
pub(crate) struct ObjectOptions {
    /// Objects: show what would change, and change nothing
    #[arg(long, value_name = "WHERE", num_args = 0..=1, default_missing_value = "server", value_parser = ["server"])]
    dry_run: Option<String>,

    /// Objects: send them without asking
    #[arg(short, long)]
    yes: bool,

    /// Objects: remove what an earlier deployment of the name sent and this one does not
    #[arg(long)]
    prune: bool,

    /// Objects: take over fields that other managers own
    #[arg(long)]
    force_conflicts: bool,

    /// Objects: create and change Secrets
    #[arg(long)]
    with_secrets: bool,

    /// Objects: send all of them to the namespace, whichever they name
    #[arg(long, requires = "namespace")]
    into_namespace: bool,

    /// Objects: push images that only this machine has there, and send objects that name them by digest
    #[arg(long, value_name = "REGISTRY[/PREFIX]")]
    registry: Option<String>,
}

impl ObjectOptions {
    /// Whether something is asked that only objects have.
    pub(super) fn is_asked(&self) -> bool {
        self.dry_run.is_some()
            || self.prune
            || self.force_conflicts
            || self.with_secrets
            || self.into_namespace
            || self.registry.is_some()
    }
}

pub(super) async fn run(
    context: &Context,
    named: &[String],
    name: Option<String>,
    place: &Place,
    options: &ObjectOptions,
) -> Result<Exit, CommandError> {
    let deployment = name.unwrap_or_else(|| name_of(named));
    let into = place.namespace.as_ref().filter(|_| options.into_namespace);
    let mut request = DeployObjects {
        place: place.of(context, &deployment),
        sources: sources::read(context, named, into)?,
        force_conflicts: options.force_conflicts,
        with_secrets: options.with_secrets,
        prune: options.prune,
    };
    let session = Session::look(context).await?;
    let images = match &options.registry {
        Some(registry) => images::find(&session, &mut request.sources, registry).await?,
        None => Vec::new(),
    };
    let is_dry_run = options.dry_run.is_some();
    let is_shown = !options.yes || is_dry_run;
    // Whoever will not have the objects gets no images either.
    if is_shown || !images.is_empty() {
        let call = Call::post(["clusters", "deployments"])
            .action("preview")
            .json(&request);
        let previewed: PreviewedDeployment = session.client().ask(call).await?;
        if is_shown || !previewed.is_fine {
            told::previewed(context, &previewed)?;
        }
        // What is agreed to is what was shown, whatever becomes the current context meanwhile.
        request.place.context = Some(previewed.context.clone());
        request.place.namespace = Some(previewed.namespace.clone());
        if is_dry_run || !previewed.is_fine {
            session.close().await;
            return Ok(match previewed.is_fine {
                true => Exit::Fine,
                false => Exit::Failed,
            });
        }
        if previewed.is_protected && request.place.confirm.as_ref() != Some(&previewed.context) {
            session.close().await;
            return Err(not_confirmed(&previewed.context));
        }
        if is_shown && !context.output.agrees("Send this?")? {
            context
                .output
                .note("nothing was sent; `--yes` sends without asking");
            return Ok(Exit::Failed);
        }
    }
    let mut interrupts = Interrupts::listen()?;
    if !images.is_empty() {
        let pushed = images::send(context, &session, &images, &mut interrupts).await?;
        let Some(moved) = pushed else {
            session.close().await;
            return Ok(Exit::Interrupted);
        };
        request.sources.moved_images = moved;
    }
    let call = Call::post(["clusters", "deployments"]).json(&request);
    let deployed: Deployed = tokio::select! {
        deployed = session.client().ask(call) => deployed?,
        () = interrupts.next() => return Ok(Exit::Interrupted),
    };
    session.close().await;
    told::deployed(context, &deployed)
}

/// What the workbench would say of a protected context at the end, said before anything is pushed.
fn not_confirmed(context: &str) -> CommandError {
    CommandError::usage(format!(
        "`{context}` is protected, and nothing was sent there"
    ))
    .with_hint(format!("confirm it by its name: `--confirm {context}`"))
}

/// The name of a deployment that was given none: that of the first file or object.
fn name_of(named: &[String]) -> String {
    let first = named.first().map(String::as_str).unwrap_or_default();
    let stem = Path::new(first)
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let letters = stem.chars().map(|letter| match letter {
        'a'..='z' | '0'..='9' => letter,
        _ => '-',
    });
    let name: String = letters.take(63).collect();
    name.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_called_as_its_first_file_or_object() {
        let of = |word: &str| name_of(&[word.to_owned()]);
        assert_eq!(of("some/My_Notebook.yaml"), "my-notebook");
        assert_eq!(of("notebook/mine"), "mine");
        assert_eq!(of("-.yaml"), "");
    }
}
