//! What a workflow is made for: where it is sent, and with what.

use std::collections::BTreeMap;

use coracle_model::{Recurrence, Value, WorkflowSettings};

/// What a workflow is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The name people see.
    pub display_name: String,
    /// Values for the pipeline's parameters, checked.
    pub parameters: BTreeMap<String, Value>,
    /// Where artifacts go instead of the default root, as a URI.
    pub pipeline_root: Option<String>,
    /// What of the cluster it needs.
    pub on: WorkflowSettings,
    /// The group that volumes belong to, for steps that do not run as root.
    pub file_system_group: Option<i64>,
    /// When it runs again and again; once when there is none.
    pub recurrence: Option<Recurrence>,
}
