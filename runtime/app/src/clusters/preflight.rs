//! Whether a cluster can take what is to be sent.

use coracle_cluster::preflight::{self, Subject};

use super::{manifests, present};
use crate::error::AppError;
use crate::view::{PreflightReport, PreflightRequest};
use crate::workbench::Workbench;

impl Workbench {
    /// Looks at a cluster, and at objects with its eyes. Nothing is written there.
    ///
    /// # Errors
    /// A context that is not there or cannot be used, and files that cannot be read; a cluster that cannot be reached
    /// is a finding.
    pub async fn preflight(&self, request: PreflightRequest) -> Result<PreflightReport, AppError> {
        let begun = self.inner.clock.now();
        let subject = Subject {
            objects: manifests::objects(&request.files)?,
            namespace: request.namespace,
            local_images: request.local_images.into_iter().collect(),
        };
        let target = self
            .cluster_target(request.kubeconfig.as_deref(), request.context.as_deref())
            .await?;
        let report = preflight::run(&target, &subject).await;
        let is_protected = self
            .inner
            .config
            .clusters
            .protected
            .matches(&report.context);
        let took = self.inner.clock.now().duration_since(begun);
        Ok(PreflightReport {
            is_protected,
            objects: u32::try_from(subject.objects.len()).unwrap_or(u32::MAX),
            took_ms: u64::try_from(took.as_millis()).unwrap_or_default(),
            ..present::report(report)
        })
    }
}
