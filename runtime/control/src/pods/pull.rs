//! How a container comes by its image: it is here, a registry has it, or the workbench builds it.

use std::sync::atomic::{AtomicBool, Ordering};

use coracle_host::{EngineError, ImageAnswer, OwnImage, PullPolicy as Ask, StandIn};
use coracle_model::{ImageRef, RegistryUser};
use coracle_plan::pod::{BuildReason, PodObservation, PullFault, PulledHow, PulledImage};
use coracle_spec::kind::pod::{ContainerName, PullPolicy};

use super::hands::Hands;
use crate::image;

impl Hands {
    pub(super) async fn pull(
        self,
        container: ContainerName,
        image: ImageRef,
        policy: PullPolicy,
        users: Vec<RegistryUser>,
    ) {
        let result = match OwnImage::of(&image) {
            None => self.look_for(&container, &image, policy, &users).await,
            Some(own) => self.find_or_build(&container, &image, &own).await,
        };
        self.tell(PodObservation::Pulled {
            container,
            image: image.to_string(),
            result,
        });
    }

    async fn look_for(
        &self,
        container: &ContainerName,
        image: &ImageRef,
        policy: PullPolicy,
        users: &[RegistryUser],
    ) -> Result<PulledImage, PullFault> {
        let engine = self.engine.as_ref();
        if policy != PullPolicy::Always {
            // Whether it is here has to be known first: a kubelet tells of pulls only.
            match self
                .patiently(|| engine.resolve_image(image, Ask::Never))
                .await
            {
                Ok(answer) => return Ok(found(answer, PulledHow::Present)),
                Err(EngineError::ImageNotFound { .. }) if policy == PullPolicy::Never => {
                    return Err(PullFault::NeverPulled);
                }
                Err(EngineError::ImageNotFound { .. }) => {}
                Err(error) => return Err(PullFault::Failed(error.to_string())),
            }
        }
        let began = self.clock.steady();
        match self.ask_registry(image, users).await {
            Ok(answer) => {
                let took = self.clock.steady().since(began);
                Ok(found(answer, PulledHow::Pulled { took, bytes: 0 }))
            }
            Err(EngineError::ImageNotFound { message, .. }) => match StandIn::of(image) {
                None => Err(PullFault::Failed(message)),
                Some(stand_in) => {
                    self.build_instead(container, image, &stand_in, message)
                        .await
                }
            },
            Err(error) => Err(PullFault::Failed(error.to_string())),
        }
    }

    /// Asks as each user until one of them is given the image; what the last one was told is what is told then. An image
    /// that is here serves where it could only not be refreshed.
    async fn ask_registry(
        &self,
        image: &ImageRef,
        users: &[RegistryUser],
    ) -> Result<ImageAnswer, EngineError> {
        let engine = self.engine.as_ref();
        let mut refused = None;
        for user in users {
            match self.patiently(|| engine.pull_image(image, user)).await {
                Err(error @ EngineError::ImageNotFound { .. }) => refused = Some(error),
                answer => return answer,
            }
        }
        let Some(refused) = refused else {
            return self
                .patiently(|| engine.resolve_image(image, Ask::Always))
                .await;
        };
        let here = self.patiently(|| engine.resolve_image(image, Ask::Never));
        here.await.map_err(|_| refused)
    }

    /// An image of the workbench's own is built where it is not here; nobody else has it.
    async fn find_or_build(
        &self,
        container: &ContainerName,
        image: &ImageRef,
        own: &OwnImage,
    ) -> Result<PulledImage, PullFault> {
        let began = self.clock.steady();
        let is_built = AtomicBool::new(false);
        let on_build = || {
            is_built.store(true, Ordering::Relaxed);
            self.tell(PodObservation::Building {
                container: container.clone(),
                image: image.to_string(),
                reason: BuildReason::Own,
            });
        };
        let engine = self.engine.as_ref();
        let answer = self
            .patiently(|| image::find_own(engine, &self.workshop, own, on_build))
            .await
            .map_err(|error| PullFault::Failed(error.to_string()))?;
        let how = if is_built.load(Ordering::Relaxed) {
            let took = self.clock.steady().since(began);
            PulledHow::Built { took }
        } else {
            PulledHow::Present
        };
        Ok(found(answer, how))
    }

    /// An image that others have is built where it cannot be pulled, which `refusal` says; it then is here as if it had been.
    async fn build_instead(
        &self,
        container: &ContainerName,
        image: &ImageRef,
        stand_in: &StandIn,
        refusal: String,
    ) -> Result<PulledImage, PullFault> {
        let began = self.clock.steady();
        self.tell(PodObservation::Building {
            container: container.clone(),
            image: image.to_string(),
            reason: BuildReason::NotPulled(refusal.clone()),
        });
        let engine = self.engine.as_ref();
        let build = stand_in.build(self.workshop.index_settings.clone(), &self.workshop.logs);
        let answer = self
            .patiently(|| image::build(engine, &build))
            .await
            .map_err(|error| {
                PullFault::Failed(format!("it cannot be pulled: {refusal}\n{error}"))
            })?;
        let took = self.clock.steady().since(began);
        Ok(found(answer, PulledHow::Built { took }))
    }
}

fn found(answer: ImageAnswer, how: PulledHow) -> PulledImage {
    PulledImage {
        digest: answer.digest,
        how,
        user: Some(answer.config.user.unwrap_or_default()),
    }
}
