//! A file that holds a pipeline, as it is sent to a workbench: what a compiler wrote, or what it is compiled to here.

use std::io::Read;
use std::path::Path;

use coracle_app::{Interpreter, LARGEST_DEFINITION, SourceKind};

use crate::command_error::CommandError;
use crate::context::Context;
use crate::output::{self, Source};

/// The most that is read of a file: what the workbench takes.
const LONGEST: u64 = LARGEST_DEFINITION as u64;

/// A file as it is sent.
pub struct Definition {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its ending says how the bytes are read.
    pub file_name: String,
    /// What to call it in messages.
    pub(crate) shown_as: String,
}

impl Definition {
    /// Whether reading a file runs what stands in it: the compiler of KFP is the file itself, run.
    pub fn is_run_to_be_read(file: &Path) -> bool {
        SourceKind::of(file) != SourceKind::Compiled
    }

    /// Reads a file, and compiles it where it is none that a compiler wrote; `pipeline` says which of its pipelines,
    /// when there are several.
    ///
    /// # Errors
    /// A file that is not there, is too large, or does not compile.
    pub async fn read(
        context: &Context,
        file: &Path,
        pipeline: Option<&str>,
    ) -> Result<Self, CommandError> {
        let path = context.surroundings.path(file);
        let shown = file.display().to_string();
        let name = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let kind = SourceKind::of(&path);
        if kind != SourceKind::Python && pipeline.is_some() {
            return Err(CommandError::usage(
                "`--pipeline` chooses from a Python file; any other holds one pipeline",
            ));
        }
        if kind == SourceKind::Compiled {
            return Ok(Self {
                bytes: read_file(&path, &shown)?,
                file_name: name,
                shown_as: shown,
            });
        }
        if !path.exists() {
            return Err(CommandError::not_found(format!(
                "there is no file `{shown}`"
            )));
        }
        let python = Interpreter::of(context.config()?.active_python());
        let bytes = python.compile(&path, &shown, pipeline).await?;
        let stem = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(stem, _)| stem);
        let file_name = format!("{stem}.yaml");
        Ok(Self {
            bytes,
            file_name,
            shown_as: format!("{shown} (compiled)"),
        })
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source {
            name: &self.shown_as,
            text: str::from_utf8(&self.bytes).ok(),
        }
    }
}

fn read_file(path: &Path, shown: &str) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    let read =
        fs_err::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() as u64 > LONGEST => Err(CommandError::usage(format!(
            "`{shown}` is larger than the {} that a pipeline may have",
            output::bytes(LONGEST)
        ))),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(CommandError::not_found(
            format!("there is no file `{shown}`"),
        )),
        Err(error) => Err(CommandError::usage(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_error::Exit;

    #[test]
    fn a_file_that_is_not_there_is_not_found() {
        let error = read_file(Path::new("/no/such/file.yaml"), "file.yaml").unwrap_err();
        assert_eq!(
            (error.exit, error.report.message.as_str()),
            (Exit::NotFound, "there is no file `file.yaml`")
        );
        assert_eq!(
            read_file(Path::new("/"), "/").unwrap_err().exit,
            Exit::Usage
        );
    }
}
