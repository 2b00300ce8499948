//! How far a push is, in the API's words.

use coracle_oci::{Destination, Digest, LayerState, Progress, Pushed};

use crate::view::{PushProgress, PushState, PushedImage};

pub(super) fn progress(Progress { layer, state }: Progress) -> PushProgress {
    let blank = |state| PushProgress {
        layer,
        state,
        digest: None,
        bytes: None,
        total: None,
        from: None,
    };
    let of = |state, digest: Digest| PushProgress {
        digest: Some(digest.into()),
        ..blank(state)
    };
    match state {
        LayerState::Reading { bytes, total } => PushProgress {
            bytes: Some(bytes),
            total: Some(total),
            ..blank(PushState::Reading)
        },
        LayerState::Sending {
            digest,
            bytes,
            total,
        } => PushProgress {
            bytes: Some(bytes),
            total: Some(total),
            ..of(PushState::Sending, digest)
        },
        LayerState::There { digest } => of(PushState::There, digest),
        LayerState::Mounted { digest, from } => PushProgress {
            from: Some(from),
            ..of(PushState::Mounted, digest)
        },
        LayerState::Sent { digest, bytes } => PushProgress {
            bytes: Some(bytes),
            ..of(PushState::Sent, digest)
        },
    }
}

pub(super) fn pushed(destination: &Destination, pushed: Pushed) -> PushedImage {
    PushedImage {
        reference: destination.to_string(),
        digest: pushed.digest.into(),
        id: pushed.id.into(),
        layers: pushed.layers,
        layers_there: pushed.layers_there,
        bytes_sent: pushed.bytes_sent,
    }
}
