//! What an engine is told of an object here, beside what a cluster is sent of it: they agree field by field, and what is
//! written as files is read back as it was. The objects are made up, of every kind that is sent.

mod agreement;
mod containers;
mod docker;
mod heeded;
mod kubelet;
mod objects;
mod planned;
mod workbench;
mod written;
