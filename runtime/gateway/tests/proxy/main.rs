//! The proxy between real sockets.

mod bodies;
mod exchange;
mod support;
mod upgrade;
