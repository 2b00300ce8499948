//! The grammar of placeholders: finds them in a text and says what each refers to.

/// What one placeholder refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference<'a> {
    /// `{{$}}`: the whole executor input.
    ExecutorInput,
    /// `{{$.inputs.parameters['x']}}`.
    InputParameter(&'a str),
    /// `{{$.inputs.artifacts['x'].uri}}` and so on.
    InputArtifact(&'a str, ArtifactField<'a>),
    /// `{{$.outputs.parameters['x'].output_file}}`.
    OutputParameterFile(&'a str),
    /// `{{$.outputs.artifacts['x'].uri}}` and so on.
    OutputArtifact(&'a str, ArtifactField<'a>),
    /// `{{$.outputs.output_file}}`.
    OutputFile,
    /// `{{$.pipeline_job_name}}` and so on.
    Run(RunField),
    /// `{{$.workspace_path}}`.
    WorkspacePath,
}

/// What is asked of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArtifactField<'a> {
    /// The list of all of them, as JSON.
    All,
    /// Where the first is.
    Uri,
    /// Its path inside the step.
    Path,
    /// Its name.
    Name,
    /// All of its metadata, as JSON.
    Metadata,
    /// One entry of its metadata.
    MetadataEntry(&'a str),
}

/// What is asked of the run or the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunField {
    /// The run's display name.
    JobName,
    /// The workflow's name.
    JobResourceName,
    /// The run's id.
    JobId,
    /// When the run was asked for.
    CreatedAt,
    /// When the run was due.
    ScheduledAt,
    /// The task's key.
    TaskName,
    /// The task's id.
    TaskId,
    /// The URI below which artifacts go.
    PipelineRoot,
}

/// A part of a text: as it stands, or a placeholder with its own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text that stands for itself.
    Literal(&'a str),
    /// A placeholder: how it is written, and what it refers to.
    Placeholder(&'a str, Reference<'a>),
}

const OPEN: &str = "{{$";
const CLOSE: &str = "}}";

/// Cuts a text into its parts. Something like a placeholder that KFP does not know is literal.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut literal_from, mut search_from) = (0, 0);
    while let Some(found) = text[search_from..].find(OPEN) {
        let start = search_from + found;
        search_from = start + OPEN.len();
        let Some(length) = text[search_from..].find(CLOSE) else {
            break;
        };
        let end = search_from + length + CLOSE.len();
        if let Some(reference) = parse(&text[search_from..search_from + length]) {
            if literal_from < start {
                parts.push(Part::Literal(&text[literal_from..start]));
            }
            parts.push(Part::Placeholder(&text[start..end], reference));
            (literal_from, search_from) = (end, end);
        }
    }
    if literal_from < text.len() {
        parts.push(Part::Literal(&text[literal_from..]));
    }
    parts
}

/// Parses what stands between `{{$` and `}}`.
fn parse(body: &str) -> Option<Reference<'_>> {
    if body.is_empty() {
        return Some(Reference::ExecutorInput);
    }
    let body = body.strip_prefix('.')?;
    if let Some(rest) = body.strip_prefix("inputs.parameters") {
        return match subscript(rest)? {
            (name, "") => Some(Reference::InputParameter(name)),
            _ => None,
        };
    }
    if let Some(rest) = body.strip_prefix("outputs.parameters") {
        return match subscript(rest)? {
            (name, ".output_file") => Some(Reference::OutputParameterFile(name)),
            _ => None,
        };
    }
    if let Some(rest) = body.strip_prefix("inputs.artifacts") {
        let (name, rest) = subscript(rest)?;
        return Some(Reference::InputArtifact(name, artifact_field(rest)?));
    }
    if let Some(rest) = body.strip_prefix("outputs.artifacts") {
        let (name, rest) = subscript(rest)?;
        return Some(Reference::OutputArtifact(name, artifact_field(rest)?));
    }
    parse_plain(body)
}

fn parse_plain(body: &str) -> Option<Reference<'_>> {
    let field = match body {
        "outputs.output_file" | "outputMetadataUri" => return Some(Reference::OutputFile),
        "workspace_path" => return Some(Reference::WorkspacePath),
        "pipeline_job_name" => RunField::JobName,
        "pipeline_job_resource_name" => RunField::JobResourceName,
        "pipeline_job_uuid" => RunField::JobId,
        "pipeline_job_create_time_utc" => RunField::CreatedAt,
        "pipeline_job_schedule_time_utc" => RunField::ScheduledAt,
        "pipeline_task_name" => RunField::TaskName,
        "pipeline_task_uuid" => RunField::TaskId,
        "pipeline_root" => RunField::PipelineRoot,
        _ => return None,
    };
    Some(Reference::Run(field))
}

fn artifact_field(rest: &str) -> Option<ArtifactField<'_>> {
    match rest {
        "" => return Some(ArtifactField::All),
        ".uri" => return Some(ArtifactField::Uri),
        ".path" => return Some(ArtifactField::Path),
        ".name" => return Some(ArtifactField::Name),
        ".metadata" | ".properties" => return Some(ArtifactField::Metadata),
        _ => {}
    }
    let entry = rest
        .strip_prefix(".metadata")
        .or_else(|| rest.strip_prefix(".properties"))?;
    match subscript(entry)? {
        (key, "") => Some(ArtifactField::MetadataEntry(key)),
        _ => None,
    }
}

/// Splits `['name']rest`; the quote may be doubled, as YAML wants it in its own quotes, or be `"`.
fn subscript(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('[')?;
    ["''", "'", "\""].into_iter().find_map(|quote| {
        let (name, rest) = text.strip_prefix(quote)?.split_once(quote)?;
        Some((name, rest.strip_prefix(']')?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reference(text: &str) -> Option<Reference<'_>> {
        match parts(text).as_slice() {
            [Part::Placeholder(written, reference)] if *written == text => Some(*reference),
            _ => None,
        }
    }

    #[test]
    fn knows_every_form() {
        use Reference::{
            ExecutorInput, InputArtifact, InputParameter, OutputArtifact, OutputParameterFile, Run,
        };
        let check = |text, expected| assert_eq!(reference(text), Some(expected), "{text}");
        check("{{$}}", ExecutorInput);
        check("{{$.inputs.parameters['a-b c']}}", InputParameter("a-b c"));
        check("{{$.inputs.parameters[''n'']}}", InputParameter("n"));
        check("{{$.inputs.parameters[\"n\"]}}", InputParameter("n"));
        check(
            "{{$.inputs.artifacts['m']}}",
            InputArtifact("m", ArtifactField::All),
        );
        check(
            "{{$.inputs.artifacts['m'].uri}}",
            InputArtifact("m", ArtifactField::Uri),
        );
        check(
            "{{$.inputs.artifacts['m'].path}}",
            InputArtifact("m", ArtifactField::Path),
        );
        check(
            "{{$.inputs.artifacts['m'].name}}",
            InputArtifact("m", ArtifactField::Name),
        );
        check(
            "{{$.inputs.artifacts['m'].metadata}}",
            InputArtifact("m", ArtifactField::Metadata),
        );
        check(
            "{{$.inputs.artifacts['m'].metadata['k']}}",
            InputArtifact("m", ArtifactField::MetadataEntry("k")),
        );
        check(
            "{{$.outputs.artifacts['m'].properties['k']}}",
            OutputArtifact("m", ArtifactField::MetadataEntry("k")),
        );
        check(
            "{{$.outputs.parameters['p'].output_file}}",
            OutputParameterFile("p"),
        );
        check("{{$.outputs.output_file}}", Reference::OutputFile);
        check("{{$.outputMetadataUri}}", Reference::OutputFile);
        check("{{$.workspace_path}}", Reference::WorkspacePath);
        check("{{$.pipeline_job_name}}", Run(RunField::JobName));
        check("{{$.pipeline_task_uuid}}", Run(RunField::TaskId));
    }

    #[test]
    fn leaves_what_it_does_not_know() {
        for text in [
            "{{name}}",
            "{{$.inputs}}",
            "{{$.inputs.parameters['x'].json_escape[1]}}",
            "{{$.inputs.artifacts['x'].size}}",
            "{{$.outputs.parameters['x']}}",
            "{{$.pipeline_google_cloud_location}}",
            "{{$.inputs.parameters[x]}}",
            "{{$.inputs.parameters['x}}",
            "{{$",
            "{{$.inputs.parameters['x']",
        ] {
            assert_eq!(parts(text), [Part::Literal(text)], "{text}");
        }
    }

    #[test]
    fn finds_placeholders_inside_a_text() {
        let text = "a{{{$.inputs.parameters['x']}}}b{{$.y {{$}}";
        let expected = [
            Part::Literal("a{"),
            Part::Placeholder(
                "{{$.inputs.parameters['x']}}",
                Reference::InputParameter("x"),
            ),
            Part::Literal("}b{{$.y "),
            Part::Placeholder("{{$}}", Reference::ExecutorInput),
        ];
        assert_eq!(parts(text), expected);
    }

    proptest! {
        #[test]
        fn the_parts_make_up_the_text(pieces in proptest::collection::vec(
            prop_oneof![
                Just("{{$".to_owned()), Just("}}".to_owned()), Just("{{$}}".to_owned()), Just("['x']".to_owned()),
                Just(".inputs.parameters".to_owned()), Just(".inputs.artifacts".to_owned()), "\\PC{0,3}",
            ], 0..12)) {
            let text = pieces.concat();
            let written = parts(&text).iter().map(|part| match part {
                Part::Literal(literal) => *literal,
                Part::Placeholder(written, _) => *written,
            }).collect::<String>();
            prop_assert_eq!(written, text);
        }
    }
}
