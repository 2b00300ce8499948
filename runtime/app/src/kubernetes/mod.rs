//! The objects of the Kubernetes API that a workbench has by itself.

mod standing;

pub(crate) use standing::stand;
