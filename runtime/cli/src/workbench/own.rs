//! Being the workbench: the same as `coracle serve`, for as long as a command needs one.

use std::time::Duration;

use coracle_app::config::{Config, ListenAddress};
use coracle_app::{App, AppError, Running};

use crate::command_error::CommandError;

/// How long tasks may take to end. Containers go on without us, so there is little to wait for.
const GRACE: Duration = Duration::from_secs(5);

/// The word for an address at which another program listens.
const ADDRESS_TAKEN: &str = "address_taken";

/// A workbench in this process.
pub(crate) struct Own {
    running: Running,
}

impl Own {
    /// Opens everything, serves, and tells other commands where.
    pub(crate) async fn start(config: Config) -> Result<Self, CommandError> {
        let app = App::build(config).await.map_err(|error| refused(&error))?;
        let mut running = app.spawn();
        coracle_http::serve(&mut running);
        running.announce().map_err(|error| refused(&error.into()))?;
        Ok(Self { running })
    }

    /// At the address where people look for it, or at any other when that is taken.
    pub(crate) async fn start_at_usual(config: Config) -> Result<Self, CommandError> {
        let at = |listen| Config {
            listen,
            ..config.clone()
        };
        match Self::start(at(ListenAddress::usual())).await {
            Err(error) if error.report.code == ADDRESS_TAKEN => {
                Self::start(at(ListenAddress::any_port())).await
            }
            started => started,
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        self.running.url()
    }

    /// Ends everything that does not go on by itself.
    pub(crate) async fn close(self) {
        self.running.shutdown(GRACE).await;
    }
}

/// What a use case refused, as a command tells it.
pub(super) fn refused(error: &AppError) -> CommandError {
    let mut told = CommandError::from(error.body());
    if matches!(error, AppError::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse)
    {
        told.report.code = ADDRESS_TAKEN.to_owned();
    }
    told
}
