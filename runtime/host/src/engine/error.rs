//! What an engine could not do, and what that means to a user.

use coracle_model::Failure;

use super::{SandboxName, WorkloadName};

/// Why an engine could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// Nobody answers, or the connection broke.
    #[error("the {engine} engine does not answer: {message}")]
    Unavailable {
        /// Which engine.
        engine: &'static str,
        /// What the connection said.
        message: String,
    },
    /// The image is neither here nor to be had.
    #[error("image `{image}` is not on this machine and cannot be pulled: {message}")]
    ImageNotFound {
        /// The reference.
        image: String,
        /// What the registry or the engine said.
        message: String,
    },
    /// An image could not be built.
    #[error("failed to build the image `{image}`: {message}")]
    BuildFailed {
        /// Its name.
        image: String,
        /// The end of the builder's output.
        message: String,
    },
    /// The installer of an environment failed.
    #[error("failed to prepare the environment on `{base}`: {message}")]
    InstallFailed {
        /// The image it stands on.
        base: String,
        /// The end of its output.
        message: String,
    },
    /// No such workload.
    #[error("the engine holds no workload `{name}`")]
    Gone {
        /// The name.
        name: WorkloadName,
    },
    /// The workload was there and ended without anybody to tell how.
    #[error("lost sight of `{name}`: {message}")]
    Lost {
        /// The name.
        name: WorkloadName,
        /// What became of it.
        message: String,
    },
    /// The workload has ended, or never began.
    #[error("`{name}` does not run")]
    NotRunning {
        /// The name.
        name: WorkloadName,
    },
    /// The workload runs, and a program in it cannot: there is none of that name, for one.
    #[error("failed to exec in container: {message}")]
    NotExecuted {
        /// What the engine said, with the program's name.
        message: String,
    },
    /// No such sandbox, or one that does not run.
    #[error("there is no running sandbox `{name}`")]
    NoSandbox {
        /// The name.
        name: SandboxName,
    },
    /// Nobody takes connections at a port of a sandbox.
    #[error("failed to connect to port {port} of `{sandbox}`: {message}")]
    NotListening {
        /// The sandbox.
        sandbox: SandboxName,
        /// The port.
        port: u16,
        /// What the connection said.
        message: String,
    },
    /// A port of the machine that was to be published is in use.
    #[error("port {port} of this machine is in use: {message}")]
    PortTaken {
        /// The port of the machine.
        port: u16,
        /// What the engine said.
        message: String,
    },
    /// The disk is full.
    #[error("no room is left on the disk: {message}")]
    DiskFull {
        /// What was being written.
        message: String,
    },
    /// The engine cannot do this at all.
    #[error("{message}")]
    Unsupported {
        /// What, and which engine can.
        message: String,
    },
    /// The engine refused.
    #[error("failed to {action}: {message}")]
    Refused {
        /// What was asked.
        action: String,
        /// The engine's reason.
        message: String,
    },
}

impl EngineError {
    /// What a file that cannot be read or written means for what was asked.
    pub(crate) fn of_file(action: impl Into<String>, error: &std::io::Error) -> Self {
        let message = error.to_string();
        if matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        ) {
            Self::DiskFull { message }
        } else {
            Self::Refused {
                action: action.into(),
                message,
            }
        }
    }

    /// The failure a user sees, with its named reason and what to try.
    pub fn to_failure(&self) -> Failure {
        use coracle_model::FailureCode as Code;
        let failure = |code| Failure::new(code, self.to_string());
        match self {
            Self::Unavailable { .. } => failure(Code::EngineUnavailable)
                .with_hint("start the engine again; `coracle doctor` shows what was tried"),
            Self::ImageNotFound { image, .. } => failure(Code::ImageNotFound).with_hint(format!(
                "check the name, run `docker pull {image}`, or build it under that name"
            )),
            Self::BuildFailed { .. } => failure(Code::ImageNotFound)
                .with_hint("check the network and the package index; it is built again by whoever needs it next"),
            Self::InstallFailed { .. } => {
                failure(Code::StartRefused).with_hint("check the package names and the network")
            }
            Self::Gone { .. } => failure(Code::EngineUnavailable)
                .with_hint("something removed the container while it ran; run the step again"),
            Self::Lost { .. } => failure(Code::EngineUnavailable).with_hint("run the step again"),
            Self::PortTaken { port, .. } => failure(Code::StartRefused).with_hint(format!(
                "end what listens on port {port}, or choose another port"
            )),
            Self::NotRunning { .. } | Self::NoSandbox { .. } | Self::NotListening { .. } => {
                failure(Code::EngineUnavailable)
            }
            Self::NotExecuted { .. } => failure(Code::StartRefused),
            Self::DiskFull { .. } => {
                failure(Code::DiskFull).with_hint("`coracle gc --dry-run` shows what can be freed")
            }
            Self::Unsupported { .. } => failure(Code::Unsupported),
            Self::Refused { .. } => failure(Code::StartRefused),
        }
    }
}
