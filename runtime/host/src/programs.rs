//! The workbench's own programs that run alone in a container. The build script makes them; see there.

/// What stands for a Service of Kubernetes; empty where the workbench was built without. It takes the file with its
/// routes as its argument.
pub(crate) const FORWARDER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/forwarder"));
