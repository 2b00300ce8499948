//! A registry: who asks it, one request, and what is asked for.

mod blob;
mod challenge;
mod manifest;
mod patience;
mod refusal;
mod request;
mod token;
mod upload;

pub(crate) use blob::Arrival;
pub(crate) use request::Registry;
