//! Artifacts' URIs and the files they stand for.
//!
//! `minio://bucket/key` lies at `artifacts/minio/bucket/key`, so that the tree can be mounted at the
//! places where user code expects it. Every other scheme is somewhere else than on this machine.

use std::path::{Component, Path, PathBuf};

use coracle_model::ArtifactUri;

use crate::home::Home;

/// Schemes and their directories, which have the names that KFP mounts them under.
const SCHEMES: [(&str, &str); 3] = [("minio://", "minio"), ("s3://", "s3"), ("gs://", "gcs")];

impl Home {
    /// Where the bytes of an artifact lie; none when its scheme is not kept here, when the URI names no
    /// bucket, or when it would lead out of the tree.
    pub fn artifact_path(&self, uri: &ArtifactUri) -> Option<PathBuf> {
        let (rest, directory) = SCHEMES.iter().find_map(|(scheme, directory)| {
            uri.as_str()
                .strip_prefix(scheme)
                .map(|rest| (rest, directory))
        })?;
        let bucket = rest.split('/').next().unwrap_or_default();
        let harmless = |segment: &str| segment != ".." && segment != "." && !segment.contains('\0');
        let usable = !bucket.is_empty() && rest.split('/').all(harmless);
        let below = rest.split('/').filter(|segment| !segment.is_empty());
        usable.then(|| {
            self.artifacts()
                .join(directory)
                .join(below.collect::<PathBuf>())
        })
    }

    /// The URI of a file in the tree; none when it is not in it or its name is not UTF-8.
    pub fn artifact_uri(&self, path: &Path) -> Option<ArtifactUri> {
        let below = path.strip_prefix(self.artifacts()).ok()?;
        let segments: Option<Vec<&str>> = below.components().map(normal_name).collect();
        let segments = segments?;
        let (directory, rest) = segments
            .split_first()
            .filter(|(_, rest)| !rest.is_empty())?;
        let (scheme, _) = SCHEMES.iter().find(|(_, known)| known == directory)?;
        Some(ArtifactUri::from(format!("{scheme}{}", rest.join("/"))))
    }
}

fn normal_name(component: Component<'_>) -> Option<&str> {
    match component {
        Component::Normal(name) => name.to_str(),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn home() -> Home {
        Home::at(Path::new("/h"))
    }

    fn path_of(uri: &str) -> Option<String> {
        let path = home().artifact_path(&ArtifactUri::from(uri))?;
        Some(
            path.strip_prefix(home().artifacts())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
        )
    }

    #[test]
    fn schemes_map_onto_their_directories() {
        assert_eq!(
            path_of("minio://mlpipeline/v2/x").as_deref(),
            Some("minio/mlpipeline/v2/x")
        );
        assert_eq!(
            path_of("s3://bucket/a b/c").as_deref(),
            Some("s3/bucket/a b/c")
        );
        assert_eq!(path_of("gs://bucket").as_deref(), Some("gcs/bucket"));
        assert_eq!(
            path_of("gs://bucket/a//b/").as_deref(),
            Some("gcs/bucket/a/b")
        );
    }

    #[test]
    fn what_is_elsewhere_or_leads_out_has_no_path() {
        for uri in [
            "",
            "minio://",
            "minio:///key",
            "https://host/x",
            "/etc/passwd",
            "oci://image",
            "file:///etc/passwd",
            "minio://b/../../etc",
            "minio://../x",
            "s3://b/a/..",
            "gs://b/./a",
            "gs://b/a\0b",
        ] {
            assert_eq!(path_of(uri), None, "{uri}");
        }
    }

    #[test]
    fn only_files_in_the_tree_have_a_uri() {
        let uri = |path: &str| {
            home()
                .artifact_uri(Path::new(path))
                .map(|uri| uri.to_string())
        };
        assert_eq!(
            uri("/h/data/artifacts/gcs/b/k").as_deref(),
            Some("gs://b/k")
        );
        assert_eq!(uri("/h/data/artifacts/gcs"), None);
        assert_eq!(uri("/h/data/artifacts/other/b/k"), None);
        assert_eq!(uri("/h/data/artifacts/gcs/../../x"), None);
        assert_eq!(uri("/etc/passwd"), None);
    }

    proptest! {
        #[test]
        fn paths_stay_inside_and_lead_back(scheme in "(minio|s3|gs)", rest in "[a-z./ %]{1,24}") {
            let uri = ArtifactUri::from(format!("{scheme}://{rest}"));
            if let Some(path) = home().artifact_path(&uri) {
                prop_assert!(path.starts_with(home().artifacts()));
                prop_assert!(path.components().all(|part| part != Component::ParentDir));
                let back = home().artifact_uri(&path).expect("a path that a URI maps onto has a URI");
                prop_assert_eq!(home().artifact_path(&back), Some(path));
            }
        }
    }
}
