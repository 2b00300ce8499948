//! Exec, attach and port-forward, as Kubernetes' API server speaks them.
//!
//! ```text
//! request ─► Asked (which upgrade, which protocols) ─► refusal
//!                      │
//!                      ▼
//!          101, and a future to spawn ─► over_websocket: channels ─┐
//!                                        over_spdy: streams ───────┴─► conduct ◄─► Session
//!                                                                      forward ◄─► Dial
//! ```
//!
//! | client | exec, attach | port-forward |
//! |---|---|---|
//! | `kubectl` since 1.31 | WebSocket, `v5.channel.k8s.io` | SPDY/3.1 within a WebSocket |
//! | older `kubectl`, and fallback | SPDY/3.1, `v4.channel.k8s.io` and before | SPDY/3.1 |
//! | Python's `kubernetes`, browsers | WebSocket, `v4.channel.k8s.io` and others | WebSocket, `v4.channel.k8s.io` |
//!
//! What a command is and how a port is reached come from the caller: a [`Session`] and a [`Dial`].
//! So does the connection: keystrokes are prompt only if its socket has `TCP_NODELAY` set.

mod asked;
mod command;
mod conduct;
mod forward;
mod over_spdy;
mod over_websocket;
mod protocol;
mod query;
mod refusal;
mod session;
mod size;
mod status;
mod upgrade;

#[cfg(test)]
mod tests;

pub use command::command;
pub use forward::{Dial, forward};
pub use query::{CommandQuery, Streams};
pub use refusal::Refusal;
pub use session::{Exit, Output, Resize, Session, Source, TerminalSize};
pub use upgrade::Upgrade;
