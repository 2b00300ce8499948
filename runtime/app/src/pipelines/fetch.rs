//! Packages that are named by a URL.

use super::upload::Package;
use crate::error::AppError;
use crate::workbench::Workbench;

impl Workbench {
    /// Fetches a package.
    ///
    /// # Errors
    /// When the URL is not one that packages are fetched from.
    pub async fn fetch_package(&self, url: String) -> Result<Package, AppError> {
        Err(AppError::request(
            "Pipeline URL validation failed",
            format!("download `{url}` and upload the file"),
        ))
    }
}
