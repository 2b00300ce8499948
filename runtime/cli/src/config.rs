//! The world around the process, read once: variables, directory, program, user.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use coracle_app::config::{Config, Flags, Situation};
use jiff::Timestamp;

use crate::command_error::CommandError;

/// What is found around the process.
#[derive(Debug, Clone)]
pub struct Surroundings {
    situation: Situation,
    /// When the command began.
    pub now: Timestamp,
}

impl Surroundings {
    /// Looks around. The only place that reads the environment.
    ///
    /// # Errors
    /// A directory or a program that is gone.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment and the clock"
    )]
    pub fn read() -> Result<Self, CommandError> {
        let variables: BTreeMap<String, OsString> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .collect();
        let gone = |what: &str, error: &std::io::Error| {
            CommandError::failed("surroundings", format!("{what}: {error}"))
        };
        let current_directory = std::env::current_dir()
            .map_err(|error| gone("failed to find the current directory", &error))?;
        let program =
            std::env::current_exe().map_err(|error| gone("failed to find this program", &error))?;
        let user_and_group = (
            nix::unistd::geteuid().as_raw(),
            nix::unistd::getegid().as_raw(),
        );
        let situation = Situation {
            variables,
            current_directory,
            program,
            user_and_group,
        };
        Ok(Self {
            situation,
            now: Timestamp::now(),
        })
    }

    /// What the workbench is told.
    pub(crate) fn config(&self, flags: &Flags) -> Result<Config, CommandError> {
        Config::read(&self.situation, flags).map_err(|error| CommandError::usage(error.to_string()))
    }

    /// The program that this process runs.
    pub fn program(&self) -> &std::path::Path {
        &self.situation.program
    }

    /// Where the user's programs keep what is set in them, `XDG_CONFIG_HOME`.
    pub fn configuration_directory(&self) -> PathBuf {
        let named = |name| self.variable(name).map(PathBuf::from);
        named("XDG_CONFIG_HOME")
            .filter(|path| path.is_absolute())
            .unwrap_or_else(|| named("HOME").unwrap_or_default().join(".config"))
    }

    /// A file that the command line names.
    pub fn path(&self, named: &std::path::Path) -> PathBuf {
        self.situation.current_directory.join(named)
    }

    /// Whether colours are unwelcome everywhere; see <https://no-color.org>.
    pub(crate) fn no_color(&self) -> bool {
        self.variable("NO_COLOR")
            .is_some_and(|value| !value.is_empty())
    }

    /// What kind of terminal it is.
    pub(crate) fn term(&self) -> Option<&OsStr> {
        self.variable("TERM")
    }

    /// What `CORACLE_LOG` says is logged.
    pub(crate) fn log_filter(&self) -> Option<&str> {
        self.variable("CORACLE_LOG")
            .and_then(OsStr::to_str)
            .filter(|text| !text.trim().is_empty())
    }

    /// A variable of the environment.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.situation.variables.get(name).map(OsString::as_os_str)
    }
}
