//! The proxy between real sockets.

mod bodies;
mod exchange;
mod grpc;
mod support;
mod upgrade;
