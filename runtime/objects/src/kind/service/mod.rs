//! `Service` of `v1`: a name and a port for pods that labels select.

mod strategy;

pub(super) use strategy::SERVICES;
