//! Which engine somebody asked for.

use std::fmt;
use std::str::FromStr;

/// Which engine may run steps: `--engine` or `CORACLE_ENGINE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum EngineWanted {
    /// Docker when an engine answers, else processes.
    #[default]
    Auto,
    /// Docker's API only, whoever speaks it.
    Docker,
    /// Processes of this machine only.
    Process,
    /// The scripted engine of tests.
    Fake,
}

impl EngineWanted {
    /// The word that settings use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Docker => "docker",
            Self::Process => "process",
            Self::Fake => "fake",
        }
    }
}

impl fmt::Display for EngineWanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for EngineWanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Auto, Self::Docker, Self::Process, Self::Fake]
            .into_iter()
            .find(|wanted| wanted.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not an engine; use `auto`, `docker` or `process`"))
    }
}
