//! The places where the workbench can be reached, and by whom.
//!
//! The front door is for the user of this machine. Steps in containers cannot reach its loopback address, so a
//! second one opens on the address of the machine in the engine's network. Other containers and, depending on
//! the machine, its neighbours can reach that one too, so there the token of a run or of a pod is asked for.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use coracle_objects::{ObjectExt as _, kind};
use tokio::net::TcpListener;

use crate::error::AppError;
use crate::token::TokenOwner;
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
    /// Steps of open runs, each with its run's token, and pods, each with its own.
    Steps {
        /// The address that was bound.
        bound: SocketAddr,
        /// The names under which steps know that address.
        names: Vec<String>,
    },
}

/// The user who may do everything anyway.
const ROOT: u32 = 0;

/// The variable in which a step or pod finds the workbench's address.
pub const API_URL: &str = "CORACLE_API_URL";

/// The variable in which a step finds its run's token, and a pod its own, to be sent as `Authorization: Bearer TOKEN`.
pub const API_TOKEN: &str = "CORACLE_API_TOKEN";

/// The variable in which KFP's client finds the address that it asks.
pub(crate) const KFP_ENDPOINT: &str = "KF_PIPELINES_ENDPOINT";

impl Workbench {
    /// Whether a user of this machine may ask at the user's door. Where others reach it over loopback, they are kept
    /// out, since KFP's client sends no token by which to know its user.
    pub fn serves(&self, user: u32) -> bool {
        user == self.inner.config.user_and_group.0 || user == ROOT
    }

    /// Whose token it is: that of a run which is still open, or of a pod which is there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn admits(&self, token: &str) -> Result<Option<TokenOwner>, AppError> {
        let Some(owner) = self.inner.identity.key().owner_of(token) else {
            return Ok(None);
        };
        let is_there = match owner {
            TokenOwner::Run(run) => {
                let found = self.ask_store(move |store| Ok(store.run(run)?));
                found.await?.is_some_and(|record| !record.state.is_final())
            }
            TokenOwner::Pod(uid) => {
                let uid = uid.to_string();
                let pods = self.kubernetes().all(kind::pods(), None);
                pods.iter().any(|pod| pod.body.uid() == uid)
            }
        };
        Ok(is_there.then_some(owner))
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
