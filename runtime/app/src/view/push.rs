//! An image that is pushed to a registry.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ErrorBody;

/// `POST /images:push`: which image goes where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushImage {
    /// The image on this machine: its name, or its id.
    pub image: String,
    /// Where it goes: `REGISTRY/NAME:TAG`.
    pub destination: String,
}

/// What is told while an image is pushed. The last word is `pushed` or `refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushTold {
    /// A layer is somewhere else than it was. Some words about how far one is may be left out.
    Progress(PushProgress),
    /// The image is there.
    Pushed(PushedImage),
    /// It is not. What arrived stays; the same push again goes on with it.
    Refused(ErrorBody),
}

/// Where a layer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushProgress {
    /// Which layer, counted as they come from the engine, from 1; 0 is the config.
    pub layer: usize,
    /// What is done with it.
    pub state: PushState,
    /// Its digest at the registry, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Bytes that are read or sent; of one that is sent, all that went over the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// All of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The repository that it was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// What is done with a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushState {
    /// It comes from the engine, and is packed.
    Reading,
    /// It goes to the registry.
    Sending,
    /// It was there already.
    There,
    /// The registry took it from another of its repositories.
    Mounted,
    /// It is there now.
    Sent,
}

/// An image that is at a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushedImage {
    /// Where it is: `REGISTRY/NAME:TAG`.
    pub reference: String,
    /// The digest by which it can be asked for there.
    pub digest: String,
    /// Its id, as engines have it.
    pub id: String,
    /// How many different layers it has.
    pub layers: usize,
    /// How many of them did not have to be sent.
    pub layers_there: usize,
    /// Bytes that went over the wire for layers and config.
    pub bytes_sent: u64,
}
