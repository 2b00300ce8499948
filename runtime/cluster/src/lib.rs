//! A real Kubernetes cluster: what is sent there, and what came of it.
//!
//! Nothing here knows the store, engines or HTTP routes; the user's kubeconfig is read and never written.
