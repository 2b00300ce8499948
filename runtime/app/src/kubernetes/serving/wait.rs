//! A request to a model server that sleeps is held until it answers.

use super::{ModelServer, ModelServerStage};
use crate::error::AppError;
use crate::workbench::Workbench;

impl Workbench {
    /// A model server as [`Workbench::model_server`] tells of it, woken and waited for where it sleeps: for as long as an answer may
    /// take.
    ///
    /// # Errors
    /// When it could not be woken.
    pub async fn awake_model_server(
        &self,
        namespace: &str,
        name: &str,
        path: &str,
    ) -> Result<Option<ModelServer>, AppError> {
        let mut objects = self.kubernetes().objects().clock();
        let Some(first) = self.model_server(namespace, name, path) else {
            return Ok(None);
        };
        if first.stage != ModelServerStage::Asleep {
            return Ok(Some(first));
        }
        self.wake(namespace, name).await?;
        let clock = &self.inner.clock;
        let end = clock.steady().after(first.timeout);
        loop {
            objects.borrow_and_update();
            let found = self.model_server(namespace, name, path);
            if found
                .as_ref()
                .is_none_or(|found| found.stage != ModelServerStage::Asleep)
            {
                return Ok(found);
            }
            // Both only wait.
            tokio::select! {
                _ = objects.changed() => {}
                () = clock.sleep_until(end) => return Ok(found),
            }
        }
    }
}
