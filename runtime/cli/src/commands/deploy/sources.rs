//! What is sent: files of objects, and objects of the workbench.

use std::path::Path;

use coracle_app::view::{ManifestFile, ObjectSources};

use crate::command_error::CommandError;
use crate::context::Context;

/// Reads what was named: a file where there is one, an object of the workbench as `KIND/NAME` otherwise.
///
/// # Errors
/// A file that is not there or cannot be read.
pub(crate) fn read(
    context: &Context,
    named: &[String],
    into: Option<&String>,
) -> Result<ObjectSources, CommandError> {
    let mut sources = ObjectSources {
        into: into.cloned(),
        ..ObjectSources::default()
    };
    for word in named {
        let path = context.surroundings.path(Path::new(word));
        match fs_err::read_to_string(path) {
            Ok(text) => sources.files.push(ManifestFile {
                name: word.clone(),
                text,
            }),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(CommandError::usage(error.to_string()));
            }
            Err(_) if is_object(word) => sources.objects.push(word.clone()),
            Err(_) => {
                return Err(CommandError::not_found(format!(
                    "there is no file `{word}`, and it is no object such as `notebook/NAME`"
                )));
            }
        }
    }
    Ok(sources)
}

/// Whether files hold objects of Kubernetes rather than a pipeline: their first lines say which kind they are.
pub(crate) fn are_objects(context: &Context, named: &[String]) -> bool {
    let Some(first) = named.first() else {
        return false;
    };
    match fs_err::read_to_string(context.surroundings.path(Path::new(first))) {
        Ok(text) => names_a_kind(&text),
        Err(_) => is_object(first),
    }
}

fn names_a_kind(text: &str) -> bool {
    let is_json = text.trim_start().starts_with('{');
    let starts = |line: &str, word: &str| match is_json {
        false => line.starts_with(&format!("{word}:")),
        true => line.contains(&format!("\"{word}\"")),
    };
    let has = |word| text.lines().any(|line| starts(line, word));
    has("apiVersion") && has("kind") && !has("pipelineInfo")
}

fn is_object(word: &str) -> bool {
    let parts: Vec<&str> = word.split('/').collect();
    matches!(parts.as_slice(), [kind, name]
        if kind.chars().all(|letter| letter.is_ascii_alphabetic()) && !kind.is_empty() && !name.is_empty() && !name.ends_with(".yaml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_pipelines_are_told_apart_by_what_they_begin_with() {
        assert!(names_a_kind("# mine\napiVersion: v1\nkind: Secret\n"));
        assert!(names_a_kind(r#"{"apiVersion": "v1", "kind": "Secret"}"#));
        assert!(!names_a_kind(
            "components: {}\npipelineInfo:\n  name: p\nschemaVersion: 2.1.0\n"
        ));
        assert!(!names_a_kind("# apiVersion: v1\nx:\n  kind: y\n"));
    }

    #[test]
    fn an_object_is_a_kind_and_a_name() {
        assert!(is_object("notebook/mine") && is_object("isvc/iris-2"));
        for word in ["mine", "a/b/c", "./mine", "examples/x.yaml", "notebook/"] {
            assert!(!is_object(word), "{word}");
        }
    }
}
