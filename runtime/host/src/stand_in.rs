//! Images that others have, and that the workbench makes itself where they cannot be pulled: servers of models.
//!
//! They have the names that are asked for. One that is there under its name is the right one, whoever made it.

use std::collections::BTreeMap;
use std::path::Path;

use coracle_model::ImageRef;

use crate::engine::{BuildFile, BuildFileKind, ImageBuild};

/// What stands before a name without saying more.
const DEFAULT_REGISTRIES: [&str; 2] = ["docker.io/", "index.docker.io/"];

/// An image in the place of one that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    name: ImageRef,
    files: Vec<BuildFile>,
}

impl StandIn {
    /// What the workbench can make instead of an image. It runs in containers alone: servers listen at ports that
    /// processes of one machine would have to share.
    pub fn of(image: &ImageRef) -> Option<Self> {
        let written = image.as_str();
        let plain = DEFAULT_REGISTRIES
            .iter()
            .find_map(|registry| written.strip_prefix(registry))
            .unwrap_or(written);
        let files = match plain {
            "kserve/sklearnserver:v0.16.0" => {
                kserve(include_str!("../images/kserve/of_sklearn.py"))
            }
            "kserve/xgbserver:v0.16.0" => kserve(include_str!("../images/kserve/of_xgboost.py")),
            "kserve/lgbserver:v0.16.0" => kserve(include_str!("../images/kserve/of_lightgbm.py")),
            "seldonio/mlserver:1.7.1" => mlserver(),
            _ => return None,
        };
        Some(Self {
            name: image.clone(),
            files,
        })
    }

    /// How it is built, with variables for what installs; the builder's output goes below `logs`.
    pub fn build(&self, environment: BTreeMap<String, String>, logs: &Path) -> ImageBuild {
        ImageBuild {
            name: self.name.clone(),
            files: self.files.clone(),
            as_process: None,
            environment,
            log: ImageBuild::log_below(logs, &self.name),
        }
    }
}

/// A server with KServe's package. The images of its kinds differ in one file, the last: the engine keeps the rest once.
fn kserve(framework: &'static str) -> Vec<BuildFile> {
    vec![
        text("Dockerfile", include_str!("../images/kserve/Dockerfile")),
        text(
            "requirements.txt",
            include_str!("../images/kserve/requirements.txt"),
        ),
        text("serve.py", include_str!("../images/kserve/serve.py")),
        text("framework.py", framework),
    ]
}

fn mlserver() -> Vec<BuildFile> {
    vec![
        text("Dockerfile", include_str!("../images/mlserver/Dockerfile")),
        text(
            "requirements.txt",
            include_str!("../images/mlserver/requirements.txt"),
        ),
    ]
}

fn text(name: &'static str, content: &'static str) -> BuildFile {
    BuildFile {
        name,
        content,
        kind: BuildFileKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_images_of_the_shipped_runtimes_have_one() {
        let of = |name: &str| StandIn::of(&name.parse().unwrap());
        for name in [
            "kserve/sklearnserver:v0.16.0",
            "docker.io/kserve/xgbserver:v0.16.0",
            "index.docker.io/kserve/lgbserver:v0.16.0",
            "docker.io/seldonio/mlserver:1.7.1",
        ] {
            let build = of(name).unwrap().build(BTreeMap::new(), Path::new("/logs"));
            assert_eq!(build.name.as_str(), name);
            assert_eq!(build.files[0].name, "Dockerfile");
        }
        for name in [
            "kserve/sklearnserver",
            "kserve/sklearnserver:v0.15.0",
            "ghcr.io/kserve/sklearnserver:v0.16.0",
            "kserve/pmmlserver:v0.16.0",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn every_file_that_is_copied_is_there() {
        for name in ["kserve/xgbserver:v0.16.0", "seldonio/mlserver:1.7.1"] {
            let files = StandIn::of(&name.parse().unwrap()).unwrap().files;
            let copies = files[0].content.lines().filter_map(|line| {
                let sources = line.strip_prefix("COPY ")?;
                (!sources.starts_with("--from")).then_some(sources)
            });
            for sources in copies {
                let mut words: Vec<&str> = sources.split(' ').collect();
                words.pop();
                for source in words {
                    assert!(
                        files.iter().any(|file| file.name == source),
                        "{name}: {source}"
                    );
                }
            }
        }
    }
}
