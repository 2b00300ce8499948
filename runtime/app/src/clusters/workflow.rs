//! A pipeline as a workflow of Argo.

use coracle_workflow::{Finding, Parity, RunVolume, Settings, lower};

use super::pipelines::accept_recurrence;
use crate::error::AppError;
use crate::pipelines::read_definition;
use crate::runs::{check_parameters, read_parameters};
use crate::view::{
    LowerDefinition, LoweredDefinition, LoweringFinding, LoweringParity, WorkflowVolume,
};
use crate::workbench::{Workbench, off_runtime};

impl Workbench {
    /// A pipeline as a workflow of Argo, or why it cannot be one. No cluster is asked.
    ///
    /// # Errors
    /// A definition that cannot be run here either, and parameters that do not fit it.
    pub async fn lower_definition(
        &self,
        request: LowerDefinition,
    ) -> Result<LoweredDefinition, AppError> {
        off_runtime(move || lowered(request)).await
    }
}

fn lowered(request: LowerDefinition) -> Result<LoweredDefinition, AppError> {
    let (definition, _) = read_definition(&request.definition.0, &request.file_name)?;
    let parameters = read_parameters(&definition.spec, request.parameters)?;
    check_parameters(&definition.spec, &parameters)?;
    let settings = Settings {
        display_name: request
            .display_name
            .unwrap_or_else(|| definition.spec.name.to_string()),
        parameters,
        pipeline_root: request.pipeline_root,
        step_image: request.step_image,
        step_image_pull_policy: request.image_pull_policy.clone(),
        image_pull_policy: request.image_pull_policy,
        service_account: request.service_account,
        image_pull_secrets: request.image_pull_secrets,
        volume: match request.volume {
            WorkflowVolume::Claim(name) => RunVolume::Claim(name),
            WorkflowVolume::PerRun {
                size,
                storage_class,
                access_mode,
            } => RunVolume::PerRun {
                size,
                storage_class,
                access_mode,
            },
        },
        file_system_group: None,
        recurrence: request.recurrence.map(accept_recurrence).transpose()?,
    };
    let lowering = lower(&definition, &settings);
    Ok(LoweredDefinition {
        workflow: lowering.workflow,
        findings: lowering.findings.into_iter().map(finding).collect(),
    })
}

fn finding(finding: Finding) -> LoweringFinding {
    LoweringFinding {
        place: finding.place,
        parity: match finding.parity {
            Parity::Translated => LoweringParity::Translated,
            Parity::ClusterOnly => LoweringParity::ClusterOnly,
            Parity::NotPortable => LoweringParity::NotPortable,
        },
        reason: finding.reason,
    }
}
