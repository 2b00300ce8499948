//! `coracle deploy --registry`: images that only this machine has go along.

use std::collections::BTreeMap;

use coracle_app::view::{FoundLocalImages, LocalImages, ObjectSources, PushImage};

use crate::client::Call;
use crate::command_error::CommandError;
use crate::commands::push;
use crate::context::Context;
use crate::follow::Interrupts;
use crate::workbench::Session;

/// Which images of the objects go to the registry. Until they are pushed, the objects name them by their tags there.
pub(super) async fn find(
    session: &Session,
    sources: &mut ObjectSources,
    registry: &str,
) -> Result<Vec<PushImage>, CommandError> {
    let call = Call::post(["clusters", "images"]).json(&LocalImages {
        sources: sources.clone(),
        registry: registry.to_owned(),
    });
    let found: FoundLocalImages = session.client().ask(call).await?;
    let names = found.images.iter();
    sources.moved_images = names
        .map(|PushImage { image, destination }| (image.clone(), destination.clone()))
        .collect();
    Ok(found.images)
}

/// Pushes them; their names by digest. None after an interrupt.
pub(super) async fn send(
    context: &Context,
    session: &Session,
    images: &[PushImage],
    interrupts: &mut Interrupts,
) -> Result<Option<BTreeMap<String, String>>, CommandError> {
    let mut moved = BTreeMap::new();
    for wanted in images {
        let output = &context.output;
        output.note(&format!("{} goes to {}", wanted.image, wanted.destination));
        let Some(followed) = push::follow(session, wanted, output, interrupts).await? else {
            return Ok(None);
        };
        let pushed = followed.pushed;
        moved.insert(
            wanted.image.clone(),
            format!("{}@{}", pushed.reference, pushed.digest),
        );
    }
    Ok(Some(moved))
}
