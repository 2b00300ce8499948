//! How far a push is, as it goes.

use crate::digest::Digest;

/// What is told while an image is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which layer, counted as they come from the engine, from 1; 0 is the config.
    pub layer: usize,
    /// Where it stands.
    pub state: LayerState,
}

/// Where a layer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerState {
    /// It comes from the engine, and is packed.
    Reading {
        /// Bytes that came, unpacked.
        bytes: u64,
        /// All of them.
        total: u64,
    },
    /// It is sent.
    Sending {
        /// Its digest at the registry.
        digest: Digest,
        /// Bytes that are there.
        bytes: u64,
        /// All of them.
        total: u64,
    },
    /// It was there already, and nothing was sent.
    There {
        /// Its digest at the registry.
        digest: Digest,
    },
    /// The registry took it from another of its repositories.
    Mounted {
        /// Its digest at the registry.
        digest: Digest,
        /// The repository.
        from: String,
    },
    /// It is there now.
    Sent {
        /// Its digest at the registry.
        digest: Digest,
        /// Bytes that went over the wire for it, those included that had to go again.
        bytes: u64,
    },
}

/// Who is told.
pub(crate) type Tell<'a> = &'a (dyn Fn(Progress) + Sync);

/// How many bytes pass between two words about them: some tens of words a second.
pub(crate) const STEP: u64 = 4 << 20;
