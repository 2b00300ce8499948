//! What a pod's things are called, for those who look for them.

use std::path::{Path, PathBuf};

/// The workload of a container at one of its tries.
pub fn workload_name(pod_uid: &str, container: &str, attempt: u32) -> String {
    format!("coracle-pod-{pod_uid}-{container}-{attempt}")
}

/// Where the output of a container at one of its tries is, below the pod's directory.
pub fn log_path(pod_directory: &Path, container: &str, attempt: u32) -> PathBuf {
    pod_directory.join(container).join(format!("{attempt}.log"))
}
