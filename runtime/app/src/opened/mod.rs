//! A step, opened: a notebook in its image, with the files and values that it was given.

mod objects;
mod origin;
mod workbook;

use coracle_host::{Engine, EnvironmentRequest, OwnImage, PullPolicy, environment_image};
use coracle_model::{Attempt, EngineKind, ImageDigest, ImageRef};
use coracle_objects::{Object, ObjectExt as _, Reason, Status, kind};
use coracle_plan::kind::notebook::{STOPPED, prefix};
use coracle_plan::{EnvironmentPlan, PIPELINES_NAMESPACE};

use self::origin::Origin;
use crate::error::AppError;
use crate::kubernetes::MANAGER;
use crate::view::{OpenStep, OpenedStep};
use crate::workbench::{Workbench, off_runtime};

impl Workbench {
    /// Starts a notebook in a step's image, with its inputs mounted and its code to run; one that was opened already is
    /// found again as it was left.
    ///
    /// # Errors
    /// When there is no such step, it ran no container, its engine has none, or JupyterLab cannot be installed there.
    pub async fn open_step(&self, request: OpenStep) -> Result<OpenedStep, AppError> {
        let origin = self
            .ask_store(move |store| origin::find(store, request.run.as_deref(), &request.step))
            .await?;
        let chosen = self.chosen().await?;
        if chosen.description.kind == EngineKind::Process {
            return Err(AppError::Request {
                message: "a step is opened in its image, and processes of this machine have none"
                    .to_owned(),
                hint: "use Docker: `coracle --engine docker`".to_owned(),
            });
        }
        let name = objects::name(&origin);
        if !self.reopen(&name).await? {
            let image = self
                .image_with_server(
                    chosen.engine.as_ref(),
                    chosen.description.kind,
                    &origin.attempt,
                )
                .await?;
            self.make_notebook(&name, &image, &origin).await?;
        }
        Ok(OpenedStep {
            path: format!(
                "{}/lab/tree/{}",
                prefix(PIPELINES_NAMESPACE, &name),
                objects::WORKBOOK
            ),
            run_id: origin.run.id,
            step: origin.attempt.path,
            namespace: PIPELINES_NAMESPACE.to_owned(),
            notebook: name,
        })
    }

    /// Starts one that is there again. False when there is none.
    async fn reopen(&self, name: &str) -> Result<bool, AppError> {
        let api = self.kubernetes().clone();
        let name = name.to_owned();
        off_runtime(move || {
            let place = objects::place(kind::notebooks(), &name);
            let Some(found) = api.find(kind::notebooks(), PIPELINES_NAMESPACE, &name) else {
                return Ok(false);
            };
            if found.body.is_being_deleted() {
                let message = format!("the notebook `{name}` is being deleted");
                return Err(AppError::Object(Status::new(Reason::Conflict, message)));
            }
            let mut notebook = found.body.clone();
            let annotations = notebook
                .get_mut("metadata")
                .and_then(|metadata| metadata.get_mut("annotations")?.as_object_mut());
            if annotations.is_some_and(|annotations| annotations.remove(STOPPED).is_some()) {
                api.update_object(&place, &notebook, MANAGER)?;
            }
            Ok(true)
        })
        .await
    }

    /// An image with what the attempt found in its own, and JupyterLab.
    async fn image_with_server(
        &self,
        engine: &dyn Engine,
        engine_kind: EngineKind,
        attempt: &Attempt,
    ) -> Result<ImageRef, AppError> {
        let (base, digest) = base(engine, attempt).await?;
        let settings = self.inner.config.index.for_engine(engine_kind);
        let plan = EnvironmentPlan::new(base, digest, OwnImage::server_install(), settings);
        let request = EnvironmentRequest {
            log: self.home().logs().join(format!("environment-{}", plan.key)),
            key: plan.key,
            base: plan.base,
            base_digest: plan.digest,
            install: plan.install,
            environment: plan.environment,
        };
        let layer = engine.prepare_environment(&request).await?;
        Ok(environment_image(&layer.key))
    }

    async fn make_notebook(
        &self,
        name: &str,
        image: &ImageRef,
        origin: &Origin,
    ) -> Result<(), AppError> {
        let api = self.kubernetes().clone();
        let made = objects::of(name, image, origin, self.home());
        off_runtime(move || {
            let create = |resource, object: &Object| {
                api.create_object(&objects::place(resource, object.name()), object, MANAGER)
            };
            let notebook = create(kind::notebooks(), &made.notebook)?;
            // The pod waits for these; they go with the notebook.
            for (resource, mut object) in [
                (kind::config_maps(), made.config_map),
                (kind::persistent_volume_claims(), made.claim),
            ] {
                objects::set_owner(&mut object, &notebook.body);
                create(resource, &object)?;
            }
            Ok(())
        })
        .await
    }
}

/// What the attempt was started from, or its plain image where the environment is gone.
async fn base(engine: &dyn Engine, attempt: &Attempt) -> Result<(ImageRef, ImageDigest), AppError> {
    if let Some(key) = &attempt.setting.prepared {
        let image = environment_image(key);
        if let Ok(answer) = engine.resolve_image(&image, PullPolicy::Never).await {
            return Ok((image, answer.digest));
        }
    }
    let image = attempt.image.parse().map_err(|error| AppError::Request {
        message: format!("the step's image cannot be read: {error}"),
        hint: "`coracle get RUN` shows it".to_owned(),
    })?;
    let answer = engine
        .resolve_image(&image, PullPolicy::IfNotPresent)
        .await?;
    Ok((image, answer.digest))
}
