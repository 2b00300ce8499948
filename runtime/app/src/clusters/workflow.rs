//! A pipeline as a workflow of Argo.

use coracle_model::{RemoteRequest, WorkflowSettings};
use coracle_spec::pipeline::Definition;
use coracle_workflow::{Finding, Parity, Settings, lower};
use serde_json::Value;

use super::pipelines::accept_recurrence;
use crate::error::AppError;
use crate::pipelines::read_definition;
use crate::runs::{check_parameters, read_parameters};
use crate::view::{LowerDefinition, LoweredDefinition, LoweringFinding, LoweringParity};
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
        on: request.on,
        file_system_group: None,
        recurrence: request.recurrence.map(accept_recurrence).transpose()?,
    };
    let lowering = lower(&definition, &settings);
    Ok(LoweredDefinition {
        workflow: lowering.workflow,
        findings: lowering.findings.into_iter().map(finding).collect(),
    })
}

/// The workflow of what was asked for.
///
/// # Errors
/// What is not portable.
pub(super) fn workflow(
    definition: &Definition,
    request: &RemoteRequest,
    on: &WorkflowSettings,
) -> Result<Value, AppError> {
    let settings = Settings {
        display_name: request.display_name.clone(),
        parameters: request.parameters.clone(),
        pipeline_root: request.pipeline_root.clone(),
        on: on.clone(),
        file_system_group: None,
        recurrence: request.recurrence.clone(),
    };
    let lowering = lower(definition, &settings);
    let refused = lowering
        .findings
        .iter()
        .filter(|one| one.parity == Parity::NotPortable);
    let reasons: Vec<_> = refused
        .map(|one| format!("{}: {}", one.place, one.reason))
        .collect();
    lowering.workflow.ok_or_else(|| {
        AppError::request(
            format!(
                "it is not portable to Argo Workflows: {}",
                reasons.join("; ")
            ),
            "`coracle workflow FILE` lists what becomes of everything",
        )
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
