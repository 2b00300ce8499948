//! Steps that ask: what an image is, and whether an environment can be had.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use coracle_host::{
    Engine, EngineError, EnvironmentRequest, ImageAnswer, ImageBuild, OwnImage, PullPolicy,
};
use coracle_model::{ImageRef, RunId, TaskPath};
use coracle_plan::{EnvironmentPlan, Observation};
use coracle_spec::pipeline;
use coracle_store::Home;
use tokio::sync::mpsc::UnboundedSender;

use crate::batch::Message;

/// What it takes to build the workbench's own images.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// Variables for what installs.
    pub index_settings: BTreeMap<String, String>,
    /// Where the builders' output goes.
    pub logs: PathBuf,
}

/// What an image of the workbench's own stands for. Where it is not there it is built, which `on_build` is told first.
pub(crate) async fn find_own(
    engine: &dyn Engine,
    workshop: &Workshop,
    own: &OwnImage,
    on_build: impl FnOnce() + Send,
) -> Result<ImageAnswer, EngineError> {
    match engine.resolve_image(own.name(), PullPolicy::Never).await {
        Err(EngineError::ImageNotFound { .. }) => {}
        answer => return answer,
    }
    on_build();
    let own = own.build(workshop.index_settings.clone(), &workshop.logs);
    build(engine, &own).await
}

/// Builds an image; what it then stands for.
pub(crate) async fn build(
    engine: &dyn Engine,
    wanted: &ImageBuild,
) -> Result<ImageAnswer, EngineError> {
    engine.build_image(wanted).await?;
    engine.resolve_image(&wanted.name, PullPolicy::Never).await
}

/// Asks the engine what an image is.
pub(crate) async fn resolve(
    engine: Arc<dyn Engine>,
    workshop: Workshop,
    outbox: UnboundedSender<Message>,
    run: RunId,
    image: ImageRef,
    pull: pipeline::PullPolicy,
) {
    let found = match OwnImage::of(&image) {
        None => engine.resolve_image(&image, policy(pull)).await,
        Some(own) => {
            let on_build = || {
                let message = format!("building the image `{}`", own.name());
                let _ = outbox.send(Message::Notice {
                    run,
                    task: TaskPath::root(),
                    message,
                });
            };
            find_own(engine.as_ref(), &workshop, &own, on_build).await
        }
    };
    let (result, notice) = match found {
        Ok(answer) => (Ok(answer.digest), answer.notice),
        Err(error) => (Err(error.to_failure()), None),
    };
    // A loop that has ended needs no answer.
    let _ = outbox.send(Message::Resolved {
        run,
        image: image.with_tag(),
        result,
        notice,
    });
}

/// Has an environment prepared. One that cannot be is no failure of the step, which then runs as written and
/// shows the installer's error in its own log.
pub(crate) async fn prepare(
    engine: Arc<dyn Engine>,
    outbox: UnboundedSender<Message>,
    home: Home,
    run: RunId,
    plan: EnvironmentPlan,
) {
    let request = EnvironmentRequest {
        log: home.logs().join(format!("environment-{}", plan.key)),
        key: plan.key.clone(),
        base: plan.base,
        base_digest: plan.digest,
        install: plan.install,
        environment: plan.environment,
    };
    let prepared = engine.prepare_environment(&request).await;
    if let Err(error) = &prepared {
        let message = format!(
            "no prepared environment; the step installs its packages itself ({})",
            brief(error)
        );
        let _ = outbox.send(Message::Notice {
            run,
            task: TaskPath::root(),
            message,
        });
    }
    let observation = Observation::Environment {
        key: plan.key,
        ready: prepared.is_ok(),
    };
    let _ = outbox.send(Message::Observed {
        run,
        observation: Box::new(observation),
        changes: Vec::new(),
        spent: Vec::new(),
    });
}

pub(crate) fn policy(pull: pipeline::PullPolicy) -> PullPolicy {
    match pull {
        pipeline::PullPolicy::Always => PullPolicy::Always,
        pipeline::PullPolicy::Never => PullPolicy::Never,
        pipeline::PullPolicy::IfNotPresent => PullPolicy::IfNotPresent,
    }
}

fn brief(error: &EngineError) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use coracle_host::clock::SystemClock;
    use coracle_host::fake::{Act, FakeEngine};

    use super::*;

    #[tokio::test]
    async fn an_image_of_our_own_is_built_where_it_is_missing() {
        let engine = FakeEngine::new(Arc::new(SystemClock::new()), |_| Act::succeed());
        let own = OwnImage::jupyterlab();
        let workshop = Workshop {
            index_settings: BTreeMap::new(),
            logs: PathBuf::from("/logs"),
        };
        let mut told = 0;
        find_own(&engine, &workshop, &own, || told += 1)
            .await
            .unwrap();
        assert_eq!((told, engine.builds().len()), (0, 0));
        engine.take_image(own.name());
        engine.fail_build(own.name(), "no such package");
        let error = find_own(&engine, &workshop, &own, || told += 1).await;
        assert!(error.unwrap_err().to_string().contains("no such package"));
        assert_eq!(told, 1);
        let engine = FakeEngine::new(Arc::new(SystemClock::new()), |_| Act::succeed());
        engine.take_image(own.name());
        find_own(&engine, &workshop, &own, || told += 1)
            .await
            .unwrap();
        assert_eq!((told, engine.builds()[own.name()]), (2, 1));
    }
}
