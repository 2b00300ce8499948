//! What follows from the objects of the API, told as stories: given objects, what the rules make of them, step by step,
//! in a made-up cluster of which they see nothing else. Each story ends where nothing more is to be done, whichever kind
//! was looked at first.

mod claims;
mod cluster;
mod deployments;
mod embedded_models;
mod jobs;
mod logged_models;
mod model_servers;
mod namespaces;
mod notebooks;
mod owners;
mod stateful_sets;
mod storage_credentials;
