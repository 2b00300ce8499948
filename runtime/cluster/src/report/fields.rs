//! The report as data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::key::ObjectKey;

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FieldParity))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is sent as it is, and means the same there.
    Same,
    /// Something else is sent in its place, or nothing.
    Translated,
    /// It is sent as it is; here nothing came of it, there something may.
    ClusterOnly,
    /// It cannot mean there what it means here.
    NotPortable,
}

/// One leaf: a value that is neither a map nor a list, or an empty one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FieldParityReport))]
pub struct FieldReport {
    /// Where it is in the object that ran here; where in the sent one, if it is only there.
    pub field: String,
    /// Where it is in the sent object; none where it is not sent.
    pub sent_field: Option<String>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Its value here; none where it is only sent. Values of Secrets are hidden.
    pub from: Option<Value>,
    /// What is sent; none where it is not sent. Values of Secrets are hidden.
    pub to: Option<Value>,
    /// Why.
    pub reason: String,
}

/// One object's fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ObjectParityReport))]
pub struct ObjectReport {
    /// Which object is sent.
    pub object: ObjectKey,
    /// Every leaf.
    pub fields: Vec<FieldReport>,
}

/// How many fields have which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ParitySummary))]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// Sent as they are.
    pub same: usize,
    /// Sent otherwise, or not.
    pub translated: usize,
    /// Heeded only there.
    pub cluster_only: usize,
    /// In the way.
    pub not_portable: usize,
}

/// All objects' fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParityReport {
    /// One after another.
    pub objects: Vec<ObjectReport>,
    /// All of them together.
    pub summary: Summary,
}

impl ParityReport {
    /// The report of some objects.
    pub fn new(objects: Vec<ObjectReport>) -> Self {
        let mut summary = Summary::default();
        for field in objects.iter().flat_map(|object| &object.fields) {
            let count = match field.verdict {
                Verdict::Same => &mut summary.same,
                Verdict::Translated => &mut summary.translated,
                Verdict::ClusterOnly => &mut summary.cluster_only,
                Verdict::NotPortable => &mut summary.not_portable,
            };
            *count += 1;
        }
        Self { objects, summary }
    }

    /// What a command ends with: 0 where everything can go, 1 where something cannot.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.summary.not_portable > 0)
    }
}
