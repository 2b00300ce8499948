//! Which kind of document a tree is, told by the fields it has; also those that are taken for pipelines.

use coracle_model::{Diagnostic, Span};

use super::tree::{Content, Node};

/// Fields of which a pipeline has at least one, in both spellings.
const PIPELINE_FIELDS: [&str; 9] = [
    "pipelineInfo",
    "pipeline_info",
    "root",
    "deploymentSpec",
    "deployment_spec",
    "components",
    "schemaVersion",
    "schema_version",
    "sdkVersion",
];

/// What a document is.
pub(super) enum DocumentKind {
    /// A compiled pipeline, or meant as one.
    Pipeline,
    /// Platform settings.
    Platform,
    /// Something that people pass for a pipeline.
    Foreign(Foreign),
    /// Any other map.
    Other,
    /// No map at all, over which KFP stumbles.
    NoMap,
}

/// Documents that are no compiled pipelines of KFP 2.
#[derive(Debug, Clone, Copy)]
pub(super) enum Foreign {
    /// What KFP 1 compiled to.
    Argo,
    /// What KFP 1 compiled to on Tekton.
    Tekton,
    /// A component by itself.
    Component,
    /// A spec and a platform spec in one object, as the API returns them.
    ApiObject,
}

/// Tells what a document is.
pub(super) fn of(root: &Node) -> DocumentKind {
    if !matches!(root.content, Content::Map(_)) {
        return DocumentKind::NoMap;
    }
    let api_version = root
        .get("apiVersion")
        .and_then(Node::as_text)
        .unwrap_or_default();
    if api_version.starts_with("argoproj.io/") {
        DocumentKind::Foreign(Foreign::Argo)
    } else if api_version.starts_with("tekton.dev/") {
        DocumentKind::Foreign(Foreign::Tekton)
    } else if root.get("implementation").is_some() {
        DocumentKind::Foreign(Foreign::Component)
    } else if root.get("pipeline_spec").is_some() || root.get("pipelineSpec").is_some() {
        DocumentKind::Foreign(Foreign::ApiObject)
    } else if PIPELINE_FIELDS
        .iter()
        .any(|field| root.get(field).is_some())
    {
        DocumentKind::Pipeline
    } else if root.get("platforms").is_some() {
        DocumentKind::Platform
    } else {
        DocumentKind::Other
    }
}

impl Foreign {
    /// Why it cannot be run, and what to do.
    pub(super) fn refused(self, place: Span) -> Diagnostic {
        let (message, help) = match self {
            Self::Argo => (
                "this is an Argo workflow, the format of Kubeflow Pipelines 1, not a compiled pipeline",
                "compile the Python source again with kfp 2: `pip install 'kfp>=2'`, then `kfp dsl compile --py \
                 pipeline.py --output pipeline.yaml`",
            ),
            Self::Tekton => (
                "this is a Tekton pipeline, a format of Kubeflow Pipelines 1, not a compiled pipeline",
                "compile the Python source again with kfp 2: `pip install 'kfp>=2'`, then `kfp dsl compile --py \
                 pipeline.py --output pipeline.yaml`",
            ),
            Self::Component => (
                "this is a component definition, not a compiled pipeline",
                "load it in Python with `kfp.components.load_component_from_file` and compile that with kfp 2",
            ),
            Self::ApiObject => (
                "this is an object of the Kubeflow API that holds a pipeline, not the pipeline itself",
                "take out what stands under `pipeline_spec`, and `platform_spec` as a second document",
            ),
        };
        let code = match self {
            Self::Argo => "argo-workflow",
            Self::Tekton | Self::Component | Self::ApiObject => "not-kfp2",
        };
        Diagnostic::error(code, message)
            .at(Some(place))
            .with_help(help)
    }
}
