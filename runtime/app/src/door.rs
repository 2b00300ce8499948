//! The places where the workbench can be reached, and by whom.
//!
//! The front door is for the user of this machine. Steps in containers cannot reach its loopback address, so a
//! second one opens on the address of the machine in the engine's network. Other containers and, depending on
//! the machine, its neighbours can reach that one too, so there a run's token is asked for.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use coracle_model::RunId;
use tokio::net::TcpListener;

use crate::error::AppError;
use crate::workbench::Workbench;

/// A socket to serve.
#[derive(Debug)]
pub struct Door {
    /// The socket.
    pub listener: TcpListener,
    /// Who may come in.
    pub visitors: Visitors,
}

/// Who may come in through a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visitors {
    /// The user of the machine.
    User {
        /// The address that was bound.
        bound: SocketAddr,
    },
    /// Steps of open runs, each with its run's token.
    Steps {
        /// The address that was bound.
        bound: SocketAddr,
        /// The names under which steps know that address.
        names: Vec<String>,
    },
}

/// The user who may do everything anyway.
const ROOT: u32 = 0;

/// The variable in which a step finds the workbench's address.
pub const API_URL: &str = "CORACLE_API_URL";

/// The variable in which a step finds its run's token, to be sent as `Authorization: Bearer TOKEN`.
pub const API_TOKEN: &str = "CORACLE_API_TOKEN";

impl Workbench {
    /// Whether a user of this machine may ask at the user's door. Where others reach it over loopback, they are kept
    /// out, since KFP's client sends no token by which to know its user.
    pub fn serves(&self, user: u32) -> bool {
        user == self.inner.config.user_and_group.0 || user == ROOT
    }

    /// Whether a token is that of a run which is still open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn admits(&self, token: &str) -> Result<Option<RunId>, AppError> {
        let Some(run) = self.inner.identity.key().run_of(token) else {
            return Ok(None);
        };
        self.ask_store(move |store| {
            Ok(store
                .run(run)?
                .filter(|record| !record.state.is_final())
                .map(|record| record.id))
        })
        .await
    }
}

/// The address that a client on this machine connects to: an unspecified one is everywhere, loopback included.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = address.ip();
    if !ip.is_unspecified() {
        return address;
    }
    let loopback = if ip.is_ipv4() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        Ipv6Addr::LOCALHOST.into()
    };
    SocketAddr::new(loopback, address.port())
}
