//! Real clusters: which there are, whether they can take what is to be sent, and sending it.
//!
//! Whoever asks says which kubeconfig counts, since a shell's may be another than the workbench's.

mod contexts;
mod manifests;
mod preflight;
mod present;
