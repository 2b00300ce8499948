//! `Pod` of `v1`: containers that share a network and volumes.

mod print;
mod strategy;

pub(super) use strategy::PODS;
