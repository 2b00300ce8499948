//! Which uploaded packages are kept.

use std::str::FromStr;

/// Which packages are taken: `CORACLE_KFP_UPLOADS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UploadsTaken {
    /// All that KFP's server takes, also those of which every run is refused.
    #[default]
    All,
    /// Those that can be run, so that mistakes are seen when they can still be mended.
    Runnable,
}

impl FromStr for UploadsTaken {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "runnable" => Ok(Self::Runnable),
            "all" => Ok(Self::All),
            _ => Err(format!("`{text}` is neither `runnable` nor `all`")),
        }
    }
}
