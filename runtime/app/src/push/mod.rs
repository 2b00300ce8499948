//! Images of the engine, pushed to a registry.
//!
//! ```text
//!   engine ─► pieces of a tar (async) ─► channel ─► Read ─► coracle_oci::push (its own threads) ─► registry
//!                                         whoever asked ◄─ channel ◄─ how far it is ─┘
//! ```
//!
//! All of it is driven by who reads the answer: when that one goes away, the push ends.

mod pieces;
mod present;
mod use_case;
