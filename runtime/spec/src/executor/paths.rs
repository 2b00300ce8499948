//! How the URIs of artifacts become paths as a step sees them, and back.

use std::path::{Path, PathBuf};

use coracle_model::ArtifactUri;

/// Where a run's workspace is mounted inside a container.
pub const WORKSPACE_MOUNT: &str = "/kfp-workspace";

/// The schemes that map onto a folder, with the folder's name.
const MOUNTED_SCHEMES: [(&str, &str); 3] =
    [("gs://", "gcs"), ("minio://", "minio"), ("s3://", "s3")];

const OCI_SCHEME: &str = "oci://";

/// How URIs become paths as a step sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalPaths {
    /// Stores are mounted where KFP mounts them: `minio://b/k` is `/minio/b/k`, `gs://b/k` is `/gcs/b/k`.
    Mounted,
    /// The same folders below a folder of the host, for steps that run as plain processes.
    ///
    /// User code computes `/minio/…` from a `minio://` URI by itself, and that folder is not there. Such a
    /// step is therefore given the local path *as* the URI, which user code leaves as it is.
    Under {
        /// The folder that holds `minio/`, `gcs/`, `s3/` and `oci/`.
        root: PathBuf,
        /// The run's workspace, which stands for `/kfp-workspace` wherever that is written.
        workspace: PathBuf,
    },
}

impl LocalPaths {
    /// The path that a URI maps onto; one of no known scheme, such as an absolute path, is its own path.
    pub fn path_of_uri(&self, uri: &str) -> String {
        match mounted_below_root(uri) {
            Some(below) => self.below_root(&below),
            None => uri.to_owned(),
        }
    }

    /// The path inside the run's workspace of an artifact that was copied there.
    pub fn workspace_path_of_uri(&self, uri: &str) -> String {
        let below =
            mounted_below_root(uri).unwrap_or_else(|| uri.trim_start_matches('/').to_owned());
        format!("{}/.artifacts/{below}", self.workspace())
    }

    /// The folder of the run's workspace as the step sees it.
    pub fn workspace(&self) -> String {
        match self {
            Self::Mounted => WORKSPACE_MOUNT.to_owned(),
            Self::Under { workspace, .. } => text_of(workspace),
        }
    }

    /// The text with every `/kfp-workspace` replaced by where the workspace really is.
    pub fn with_workspace(&self, text: &str) -> String {
        match self {
            Self::Mounted => text.to_owned(),
            Self::Under { workspace, .. } => text.replace(WORKSPACE_MOUNT, &text_of(workspace)),
        }
    }

    /// The URI to record for one that a step returned: undoes the mapping of [`Self::Under`].
    ///
    /// An `oci://` path is returned as it is: its `/` cannot be told from its `_` any more.
    pub fn to_recorded_uri(&self, returned: &str) -> ArtifactUri {
        let below = match self {
            Self::Mounted => None,
            Self::Under { root, .. } => returned
                .strip_prefix(&text_of(root))
                .and_then(|below| below.strip_prefix('/')),
        };
        below
            .and_then(uri_below_root)
            .unwrap_or_else(|| returned.to_owned())
            .into()
    }

    fn below_root(&self, below: &str) -> String {
        match self {
            Self::Mounted => format!("/{below}"),
            Self::Under { root, .. } => format!("{}/{below}", text_of(root)),
        }
    }
}

/// Whether a URI that maps onto a folder leads out of it again.
pub(super) fn leaves_its_store(uri: &str) -> bool {
    mounted_below_root(uri).is_some_and(|below| below.split('/').any(|segment| segment == ".."))
}

fn mounted_below_root(uri: &str) -> Option<String> {
    if let Some(image) = uri.strip_prefix(OCI_SCHEME) {
        return Some(format!("oci/{}/models", image.replace('/', "_")));
    }
    MOUNTED_SCHEMES.iter().find_map(|(scheme, folder)| {
        uri.strip_prefix(scheme)
            .map(|key| format!("{folder}/{key}"))
    })
}

fn uri_below_root(below: &str) -> Option<String> {
    let (folder, key) = below.split_once('/')?;
    MOUNTED_SCHEMES
        .iter()
        .find(|(_, name)| *name == folder)
        .map(|(scheme, _)| format!("{scheme}{key}"))
}

fn text_of(path: &Path) -> String {
    path.display().to_string().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under() -> LocalPaths {
        LocalPaths::Under {
            root: "/home/a/store".into(),
            workspace: "/home/a/ws/7".into(),
        }
    }

    #[test]
    fn uris_map_onto_the_mounts_of_kfp() {
        let check = |uri, path| assert_eq!(LocalPaths::Mounted.path_of_uri(uri), path);
        check("gs://bucket/k/f.txt", "/gcs/bucket/k/f.txt");
        check("minio://mlpipeline/v2/a", "/minio/mlpipeline/v2/a");
        check("s3://b/k", "/s3/b/k");
        check(
            "oci://registry.example/my/model:latest",
            "/oci/registry.example_my_model:latest/models",
        );
        check("/data/x", "/data/x");
        check("https://host/x", "https://host/x");
    }

    #[test]
    fn the_same_folders_stand_below_a_root() {
        let check = |uri, path| assert_eq!(under().path_of_uri(uri), path);
        check(
            "minio://mlpipeline/v2/a",
            "/home/a/store/minio/mlpipeline/v2/a",
        );
        check("gs://b/k", "/home/a/store/gcs/b/k");
        check("oci://r/m:1", "/home/a/store/oci/r_m:1/models");
        check("/data/x", "/data/x");
    }

    #[test]
    fn a_path_below_the_root_is_recorded_as_its_uri() {
        let check = |path, uri| assert_eq!(under().to_recorded_uri(path).as_str(), uri);
        check(
            "/home/a/store/minio/mlpipeline/v2/a",
            "minio://mlpipeline/v2/a",
        );
        check("/home/a/store/gcs/b/k", "gs://b/k");
        check("/home/a/store2/minio/b", "/home/a/store2/minio/b");
        check("/elsewhere/minio/b", "/elsewhere/minio/b");
        check("s3://b/k", "s3://b/k");
        assert_eq!(
            LocalPaths::Mounted.to_recorded_uri("/minio/b").as_str(),
            "/minio/b"
        );
    }

    #[test]
    fn the_workspace_is_where_it_is_mounted() {
        assert_eq!(
            LocalPaths::Mounted.workspace_path_of_uri("s3://b/k"),
            "/kfp-workspace/.artifacts/s3/b/k"
        );
        assert_eq!(
            under().workspace_path_of_uri("s3://b/k"),
            "/home/a/ws/7/.artifacts/s3/b/k"
        );
        assert_eq!(
            under().with_workspace("--out=/kfp-workspace/x"),
            "--out=/home/a/ws/7/x"
        );
        assert_eq!(
            LocalPaths::Mounted.with_workspace("/kfp-workspace/x"),
            "/kfp-workspace/x"
        );
    }

    #[test]
    fn a_uri_that_climbs_out_is_told() {
        assert!(leaves_its_store("minio://b/../../etc/passwd"));
        assert!(leaves_its_store("gs://.."));
        assert!(!leaves_its_store("minio://b/..x/a.."));
        assert!(!leaves_its_store("/a/../b"));
    }
}
