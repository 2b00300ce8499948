//! Contexts that are changed only after they were named once more.

use crate::error::AppError;
use crate::workbench::Workbench;

impl Workbench {
    /// Whether the settings protect a context.
    pub(super) fn is_protected(&self, context: &str) -> bool {
        self.inner.config.clusters.protected.matches(context)
    }

    /// # Errors
    /// A protected context that was not named once more.
    pub(super) fn confirmed(&self, context: &str, confirm: Option<&str>) -> Result<(), AppError> {
        match self.is_protected(context) && confirm != Some(context) {
            false => Ok(()),
            true => Err(AppError::request(
                format!("`{context}` is protected, and nothing was changed there"),
                format!("confirm it by its name: `--confirm {context}`"),
            )),
        }
    }
}
