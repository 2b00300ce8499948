//! Which kubeconfig counts for a command: that of the shell it was typed in, wherever the workbench runs.

use std::path::Path;

use crate::config::Surroundings;

/// The value of `KUBECONFIG` with absolute paths, or the usual place; none where the user has no home.
pub(super) fn value(surroundings: &Surroundings) -> Option<String> {
    let named = surroundings.variable("KUBECONFIG");
    let files: Vec<_> = named
        .map(std::env::split_paths)
        .into_iter()
        .flatten()
        .filter(|file| !file.as_os_str().is_empty())
        .map(|file| surroundings.path(&file))
        .collect();
    let files = if files.is_empty() {
        let home = surroundings.variable("HOME")?;
        vec![Path::new(home).join(".kube/config")]
    } else {
        files
    };
    let joined = std::env::join_paths(files).ok()?;
    Some(joined.to_string_lossy().into_owned())
}
