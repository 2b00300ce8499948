//! Packages that are named by a URL.

use coracle_host::fetch::{Fetched, fetch};

use super::upload::Package;
use crate::LARGEST_DEFINITION;
use crate::error::{AppError, with_causes};
use crate::workbench::{Workbench, off_runtime};

/// How often a server may send us elsewhere.
const MOST_HOPS: usize = 5;

impl Workbench {
    /// Fetches a package. Its file name is the end of the URL.
    ///
    /// # Errors
    /// When the URL, or one that it leads to, is not one that packages are fetched from; when there is no file.
    pub async fn fetch_package(&self, url: String) -> Result<Package, AppError> {
        let hosts = self.inner.config.package_hosts.clone();
        off_runtime(move || {
            let mut place = url.clone();
            for _ in 0..=MOST_HOPS {
                if !hosts.admit(&place) {
                    let problem = "Pipeline URL validation failed";
                    return Err(AppError::Fetch(problem.to_owned()));
                }
                match fetch(&place, LARGEST_DEFINITION as u64) {
                    Ok(Fetched::File(bytes)) => return Ok(package(url, bytes)),
                    Ok(Fetched::Elsewhere(next)) => place = next,
                    Ok(Fetched::Refused(status)) => {
                        return Err(AppError::Fetch(format!(
                            "error fetching pipeline spec from {url} - request returned {status}"
                        )));
                    }
                    Err(error) => {
                        return Err(AppError::Fetch(format!(
                            "error downloading the pipeline spec from {url}: {}",
                            with_causes(&error)
                        )));
                    }
                }
            }
            Err(AppError::Fetch(format!(
                "{url} leads elsewhere again and again"
            )))
        })
        .await
    }
}

fn package(url: String, bytes: Vec<u8>) -> Package {
    let file_name = url.rsplit('/').next().unwrap_or_default().to_owned();
    Package {
        bytes,
        file_name,
        url,
        ..Package::default()
    }
}
