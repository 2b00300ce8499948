//! What the workbench is told at its start: by the command line, and by the environment around it.
//!
//! Both are read once, here, into a [`Config`] of checked values. Nothing else in the program reads an
//! environment variable.

mod clusters;
mod culling;
mod index;
mod listen;
mod packages;
mod pod_log;
mod read;
mod uploads;
mod wanted;

pub use clusters::ClusterSettings;
pub use index::IndexSettings;
pub use listen::{ListenAddress, ListenError};
pub use packages::PackageHosts;
pub(crate) use read::find_program;
pub use read::{Config, ConfigError, Flags, Situation};
pub use uploads::UploadsTaken;
pub use wanted::EngineWanted;
