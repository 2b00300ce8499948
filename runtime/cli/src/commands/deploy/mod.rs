//! `coracle deploy`: sending what runs here to a cluster.

pub(crate) mod pipeline;
