//! Bodies in the protobuf of Kubernetes, as the JSON that says the same.
//!
//! ```text
//!   k8s\0 ─envelope─► apiVersion, kind, bytes ─message + facts─► JSON ─► the way of a JSON body
//! ```
//!
//! The wire has numbers where JSON has names, and no names of types: both come from embedded facts
//! (`schemas/protobuf.json`, which `schemas/generate` writes). Clients in Go write what is empty where JSON leaves it
//! out; that is put right where JSON is read through the types. Nothing here knows defaults or rules of a kind.
//!
//! A body is nested no deeper than its types are, for none of them contains itself, and the JSON that it holds is read
//! with the limits of JSON.

mod envelope;
mod facts;
mod message;
mod value;
mod wire;

pub(crate) use envelope::Envelope;
