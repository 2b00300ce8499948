//! Steps that ask: what an image is, and whether an environment can be had.

use std::sync::Arc;

use coracle_host::{Engine, EngineError, EnvironmentRequest, PullPolicy};
use coracle_model::{ImageRef, RunId, TaskPath};
use coracle_plan::{EnvironmentPlan, Observation};
use coracle_spec::pipeline;
use coracle_store::Home;
use tokio::sync::mpsc::UnboundedSender;

use crate::batch::Message;

/// Asks the engine what an image is.
pub(crate) async fn resolve(
    engine: Arc<dyn Engine>,
    outbox: UnboundedSender<Message>,
    run: RunId,
    image: ImageRef,
    pull: pipeline::PullPolicy,
) {
    let (result, notice) = match engine.resolve_image(&image, policy(pull)).await {
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
