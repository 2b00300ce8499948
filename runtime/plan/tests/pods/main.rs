//! What a kubelet does, told as scenes: a pod in a made-up world with a clock of its own. The statuses are those that a
//! cluster of version 1.34 writes.

mod ending;
mod environment;
mod images;
mod inits;
mod placing;
mod probes;
mod properties;
mod restarts;
mod resuming;
mod volumes;
mod world;
