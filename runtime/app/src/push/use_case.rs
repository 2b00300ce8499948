//! `POST /images:push`.

use std::io::Read;

use coracle_model::ImageRef;
use coracle_oci::{
    Cancel, Destination, DockerConfig, LayerState, Progress, Push, PushError, Pushed,
};
use futures_util::{Stream, StreamExt, future, stream};
use tokio::sync::mpsc;

use super::pieces::pieces;
use super::present;
use crate::error::AppError;
use crate::view::{PushImage, PushTold};
use crate::workbench::{Workbench, off_runtime};

/// How many words about a push wait for whoever reads them. Beyond, words about how far a layer is are left out.
const MOST_WAITING: usize = 256;

/// Ends a push when nobody waits for it any more.
struct EndsWithReader(Cancel);

impl Drop for EndsWithReader {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Workbench {
    /// Pushes an image of the engine to a registry, as whom Docker's own configuration says; what is told meanwhile. It ends early
    /// when the stream is dropped.
    ///
    /// # Errors
    /// What cannot be read, an image that is not here, and an engine that has none or does not answer. What the registry refuses is
    /// told by the stream's last word.
    pub async fn push_image(
        &self,
        request: PushImage,
    ) -> Result<impl Stream<Item = PushTold> + Send + use<>, AppError> {
        let destination: Destination = request.destination.parse().map_err(PushError::from)?;
        let image: ImageRef = request.image.parse().map_err(|error| {
            AppError::request(format!("{error}"), "`docker images` lists those there are")
        })?;
        let engine = self.chosen().await?.engine;
        let (pump, archive) = pieces(engine.export_image(&image).await?);
        let (teller, told) = mpsc::channel(MOST_WAITING);
        let cancel = Cancel::default();
        let work = {
            let (workbench, destination) = (self.clone(), destination.clone());
            let (cancel, teller) = (cancel.clone(), teller.clone());
            move || workbench.push_blocking(&destination, &cancel, &teller, archive)
        };
        let ends_with_reader = EndsWithReader(cancel);
        let pushing = async move {
            let (pushed, ()) = future::join(off_runtime(work), pump.run()).await;
            drop(ends_with_reader);
            let last = match pushed {
                Ok(pushed) => PushTold::Pushed(present::pushed(&destination, pushed)),
                Err(error) => PushTold::Refused(error.body()),
            };
            // Whoever reads is the one who drives this.
            let _ = teller.send(last).await;
        };
        let told = stream::unfold(told, async |mut told| Some((told.recv().await?, told)));
        let pushing = stream::once(pushing).filter_map(async |()| None);
        Ok(stream::select(told, pushing))
    }

    fn push_blocking(
        &self,
        destination: &Destination,
        cancel: &Cancel,
        teller: &mpsc::Sender<PushTold>,
        archive: impl Read,
    ) -> Result<Pushed, AppError> {
        let config = &self.inner.config;
        let folder = config.docker_config.clone();
        let usual = || Some(config.user_home.as_ref()?.join(".docker"));
        let docker = folder.or_else(usual);
        let push = Push {
            destination,
            config: &docker.map_or_else(DockerConfig::default, |folder| DockerConfig::at(&folder)),
            folder: &config.home.pushes(),
            memory: &self.inner.pushes,
            cancel,
            tell: &|progress| tell(teller, progress),
        };
        Ok(coracle_oci::push(&push, || archive)?)
    }
}

fn tell(teller: &mpsc::Sender<PushTold>, progress: Progress) {
    let may_be_left_out = match progress.state {
        LayerState::Reading { .. } | LayerState::Sending { .. } => true,
        LayerState::There { .. } | LayerState::Mounted { .. } | LayerState::Sent { .. } => false,
    };
    let word = PushTold::Progress(present::progress(progress));
    // When nobody reads any more, the push is about to end.
    if may_be_left_out {
        let _ = teller.try_send(word);
    } else {
        let _ = teller.blocking_send(word);
    }
}
