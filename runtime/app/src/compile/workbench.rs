//! Python that was sent, compiled by the Python of whoever runs the workbench, and as the same user.

use std::path::Path;
use std::time::Duration;

use super::{Interpreter, NotCompiled, SourceKind};
use crate::config::{Config, find_program};
use crate::error::AppError;
use crate::view::{CompileDefinition, CompiledDefinition};
use crate::workbench::Workbench;

/// How long a file may take: importing what a model needs can take a minute on a cold disk.
const LIMIT: Duration = Duration::from_secs(180);

impl Workbench {
    /// Compiles the pipeline of a file that stands alone.
    ///
    /// # Errors
    /// A name that is that of no such file; what the file, the compiler or the environment lacks.
    pub async fn compile_definition(
        &self,
        request: CompileDefinition,
    ) -> Result<CompiledDefinition, AppError> {
        let CompileDefinition {
            source,
            file_name,
            pipeline,
        } = request;
        let name = Path::new(&file_name)
            .file_name()
            .filter(|name| SourceKind::of(Path::new(name)) != SourceKind::Compiled)
            .ok_or_else(|| {
                AppError::request(
                    format!("`{file_name}` is no Python file and no notebook"),
                    "send a file whose name ends in `.py` or `.ipynb`; anything else is compiled already",
                )
            })?;
        let unwritten = |error: std::io::Error| {
            AppError::Compile(NotCompiled::new(format!(
                "failed to write `{file_name}`: {error}"
            )))
        };
        let directory = tempfile::tempdir().map_err(unwritten)?;
        let path = directory.path().join(name);
        fs_err::write(&path, &source.0).map_err(unwritten)?;
        let interpreter = Interpreter::of_workbench(&self.inner.config);
        let compiling = interpreter.compile(&path, &file_name, pipeline.as_deref());
        let compiled = tokio::time::timeout(LIMIT, compiling)
            .await
            .unwrap_or_else(|_| Err(too_slow(&file_name)));
        match compiled {
            Ok(text) => Ok(CompiledDefinition {
                definition: Some(String::from_utf8_lossy(&text).into_owned()),
                pipelines: Vec::new(),
            }),
            Err(asked) if !asked.pipelines.is_empty() => Ok(CompiledDefinition {
                definition: None,
                pipelines: asked.pipelines,
            }),
            Err(refused) => Err(AppError::Compile(refused)),
        }
    }
}

impl Interpreter {
    /// The one that whoever began the workbench would run, with what processes keep of the environment.
    fn of_workbench(config: &Config) -> Self {
        let found = config
            .active_python()
            .or_else(|| find_program(&config.path, "python3"));
        let mut environment = config.process_environment.clone();
        environment.insert("PATH".to_owned(), config.path.clone());
        Self {
            environment: Some(environment),
            ..Self::of(found)
        }
    }
}

fn too_slow(file: &str) -> NotCompiled {
    NotCompiled::new(format!(
        "`{file}` was not compiled within {} seconds",
        LIMIT.as_secs()
    ))
    .with_hint("what it does when it is imported should only define things")
}
