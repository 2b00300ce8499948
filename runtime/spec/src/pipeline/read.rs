//! A file's bytes to a checked definition and everything found wrong on the way.

use coracle_model::{Diagnostic, Span};

use super::graph;
use super::ir::PipelineSpec;
use super::kind::{self, DocumentKind};
use super::lower::{self, LoweredPlatform};
use super::message::Field;
use super::platform::PlatformSpec;
use super::problems::Problems;
use super::source;
use super::tree::{Content, Node};
use super::yaml::{self, Documents};

/// A pipeline that can be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The pipeline.
    pub spec: PipelineSpec,
    /// What it says of Kubernetes.
    pub platform: PlatformSpec,
    /// The YAML or JSON text as it was written, taken out of its archive where it was in one.
    pub text: String,
}

/// What came of reading a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The definition; none when at least one diagnostic is an error.
    pub definition: Option<Definition>,
    /// The text, when it could be read, whatever stands in it.
    pub text: Option<String>,
    /// Everything that was found, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a compiled pipeline from YAML, JSON, a zip or a gzipped tar file.
///
/// `file_name` decides by its ending which of them it is, and appears in messages; nothing is opened. The
/// verdicts are those of the KFP API server, and the checks that KFP leaves until a run starts are made too.
pub fn read(bytes: &[u8], file_name: &str) -> Reading {
    let problems = Problems::default();
    let text = match source::text(bytes, file_name, &problems) {
        Ok(text) => Some(text),
        Err(diagnostic) => {
            problems.report(diagnostic);
            None
        }
    };
    let definition = text.clone().and_then(|text| definition(text, &problems));
    Reading {
        definition: definition.filter(|_| !problems.has_errors()),
        text,
        diagnostics: problems.into_diagnostics(),
    }
}

fn definition(text: String, problems: &Problems) -> Option<Definition> {
    let Documents { roots, complete } = yaml::documents(&text, problems);
    if !complete {
        return None;
    }
    let Chosen { pipeline, platform } = choose(&roots, problems);
    let lowered = pipeline.map(|document| lower::pipeline(Field::document(document, problems)));
    let platform = platform.map_or_else(LoweredPlatform::default, |document| {
        lower::platform(Field::document(document, problems))
    });
    let spec = graph::check(lowered?, &platform, problems)?;
    Some(Definition {
        spec,
        platform: platform.spec,
        text,
    })
}

/// The two documents that count.
pub(super) struct Chosen<'a> {
    pub(super) pipeline: Option<&'a Node>,
    pub(super) platform: Option<&'a Node>,
}

pub(super) fn choose<'a>(roots: &'a [Node], problems: &Problems) -> Chosen<'a> {
    let mut chosen = Chosen {
        pipeline: None,
        platform: None,
    };
    let mut foreign = false;
    let mut others = Vec::new();
    for root in roots.iter().filter(|root| !root.is_null()) {
        match kind::of(root) {
            DocumentKind::Pipeline => take(
                &mut chosen.pipeline,
                root,
                "multiple pipeline specs provided",
                problems,
            ),
            DocumentKind::Platform => take(
                &mut chosen.platform,
                root,
                "multiple platform specs provided",
                problems,
            ),
            DocumentKind::Foreign(what) => {
                foreign = true;
                problems.report(what.refused(root.place));
            }
            DocumentKind::Other | DocumentKind::NoMap => others.push(root),
        }
    }
    if chosen.pipeline.is_none() && !foreign {
        problems.report(no_pipeline(roots.first().map(|root| root.place)));
        return chosen;
    }
    others
        .into_iter()
        .for_each(|root| report_other(root, problems));
    chosen
}

fn take<'a>(slot: &mut Option<&'a Node>, root: &'a Node, several: &str, problems: &Problems) {
    match slot {
        None => *slot = Some(root),
        Some(_) => problems.error(
            root.place,
            "several-documents",
            several,
            "keep one; put the others into files of their own",
        ),
    }
}

/// KFP passes over maps that it does not know and stops at what is no map.
fn report_other(root: &Node, problems: &Problems) {
    if matches!(root.content, Content::Map(_)) {
        let message =
            "this document is neither a pipeline nor its platform settings and is ignored";
        problems.warning(root.place, "ignored-document", message, "remove it");
    } else {
        let message = format!(
            "unable to decode yaml document: it must be a map, found {}",
            root.kind()
        );
        problems.error(root.place, "not-a-map", message, "remove it");
    }
}

fn no_pipeline(place: Option<Span>) -> Diagnostic {
    Diagnostic::error(
        "not-a-pipeline",
        "unknown template format: the file holds no compiled pipeline",
    )
    .at(place)
    .with_help("compile one with `kfp dsl compile --py pipeline.py --output pipeline.yaml`")
}
