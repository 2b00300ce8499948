//! The images that the workbench makes itself, since nobody else has them.
//!
//! Their files are part of the program. The tag of such an image is made of its content, so that a changed image is
//! another one, and one that is there is the right one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use coracle_model::ImageRef;
use sha2::{Digest, Sha256};

use crate::engine::{BuildFile, BuildFileKind, ImageBuild, ProcessImage};

/// The repository of the image with JupyterLab.
const JUPYTERLAB: &str = "coracle/jupyterlab";

/// How many digits of the content's digest are the tag.
const TAG_LENGTH: usize = 12;

const JUPYTERLAB_FILES: [BuildFile; 5] = [
    BuildFile {
        name: "Dockerfile",
        content: include_str!("../images/jupyterlab/Dockerfile"),
        kind: BuildFileKind::Text,
    },
    BuildFile {
        name: REQUIREMENTS,
        content: include_str!("../images/jupyterlab/requirements.txt"),
        kind: BuildFileKind::Text,
    },
    BuildFile {
        name: "start-notebook",
        content: include_str!("../images/jupyterlab/start-notebook"),
        kind: BuildFileKind::Program,
    },
    BuildFile {
        name: "kfp-context",
        content: include_str!("../images/jupyterlab/kfp-context"),
        kind: BuildFileKind::Program,
    },
    BuildFile {
        name: "run-notebook",
        content: include_str!("../images/jupyterlab/run-notebook"),
        kind: BuildFileKind::Program,
    },
];

/// The file that lists the packages of an image.
const REQUIREMENTS: &str = "requirements.txt";

/// The line that ends a file in a shell text; no file of an image has such a line.
const END_OF_FILE: &str = "END OF THE FILE";

/// An image that the workbench makes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnImage {
    name: ImageRef,
    files: Vec<BuildFile>,
    as_process: ProcessImage,
}

impl OwnImage {
    /// JupyterLab with what it takes to make and run pipelines.
    pub fn jupyterlab() -> Self {
        let files = JUPYTERLAB_FILES.to_vec();
        let base = "python:3.11-slim".parse();
        Self {
            name: name(JUPYTERLAB, &files),
            as_process: ProcessImage {
                base: base.expect("it is an image reference"),
                install: install(&files, |_| false),
                command: vec!["start-notebook".to_owned()],
                home: "/home/jovyan".to_owned(),
            },
            files,
        }
    }

    /// The image of ours that a reference means: by its name, or by its repository alone, which means the newest.
    pub fn of(image: &ImageRef) -> Option<Self> {
        let newest = format!("{JUPYTERLAB}:latest");
        let jupyterlab = image
            .as_str()
            .starts_with(JUPYTERLAB)
            .then(Self::jupyterlab)?;
        let meant = image.with_tag();
        (meant == newest || *image == jupyterlab.name).then_some(jupyterlab)
    }

    /// Its name, with the tag.
    pub fn name(&self) -> &ImageRef {
        &self.name
    }

    /// What stands for it where programs of this machine run.
    pub(crate) fn as_process(&self) -> &ProcessImage {
        &self.as_process
    }

    /// A shell text that puts the server of notebooks into another image, or an environment, beside what is there.
    pub fn server_install() -> String {
        install(&JUPYTERLAB_FILES, |package| package.starts_with("kfp"))
    }

    /// How it is built, with variables for what installs; the builder's output goes below `logs`.
    pub fn build(&self, environment: BTreeMap<String, String>, logs: &Path) -> ImageBuild {
        ImageBuild {
            name: self.name.clone(),
            files: self.files.clone(),
            as_process: Some(self.as_process.clone()),
            environment,
            log: ImageBuild::log_below(logs, &self.name),
        }
    }
}

fn name(repository: &str, files: &[BuildFile]) -> ImageRef {
    let mut digest = Sha256::new();
    for file in files {
        digest.update(format!("{}\0{}\0", file.name, file.content));
    }
    let tag = hex::encode(digest.finalize());
    let name = format!("{repository}:{}", &tag[..TAG_LENGTH]);
    name.parse().expect("a digest is a tag")
}

/// A shell text that does in an environment what the `Dockerfile` does in an image: it installs the packages and puts
/// the programs among the others. Packages that are to be left out stay as they are there.
fn install(files: &[BuildFile], is_left_out: impl Fn(&str) -> bool) -> String {
    let mut text = "set -e\n".to_owned();
    for file in files {
        let target = match file.kind {
            BuildFileKind::Text if file.name != REQUIREMENTS => continue,
            BuildFileKind::Text => file.name.to_owned(),
            BuildFileKind::Program => format!("\"${{VIRTUAL_ENV:-/usr/local}}/bin/{}\"", file.name),
        };
        let content: Vec<&str> = file.content.trim_end().lines().collect();
        let is_package = |line: &&str| file.name != REQUIREMENTS || !is_left_out(line);
        let content = content
            .into_iter()
            .filter(is_package)
            .collect::<Vec<_>>()
            .join("\n");
        let _ = write!(
            text,
            "cat > {target} <<'{END_OF_FILE}'\n{content}\n{END_OF_FILE}\n"
        );
        match file.kind {
            BuildFileKind::Text => {
                let _ = writeln!(
                    text,
                    "python3 -m pip install --no-cache-dir --requirement {target}"
                );
            }
            BuildFileKind::Program => {
                let _ = writeln!(text, "chmod 755 {target}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_image_of_its_content() {
        let own = OwnImage::jupyterlab();
        let of = |text: &str| OwnImage::of(&text.parse().unwrap());
        for meant in [JUPYTERLAB, "coracle/jupyterlab:latest", own.name().as_str()] {
            assert_eq!(of(meant).as_ref(), Some(&own), "{meant}");
        }
        for other in [
            "coracle/jupyterlab:4",
            "coracle/jupyterlab-gpu",
            "jupyterlab",
            "ghcr.io/coracle/jupyterlab",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        let mut changed = JUPYTERLAB_FILES;
        changed[0].content = "FROM scratch";
        assert_ne!(name(JUPYTERLAB, &changed), *own.name());
    }

    #[test]
    fn an_environment_gets_the_packages_and_the_programs() {
        let text = OwnImage::jupyterlab().as_process.install;
        assert!(text.contains("\njupyterlab>=4"), "{text}");
        assert!(
            text.contains("chmod 755 \"${VIRTUAL_ENV:-/usr/local}/bin/start-notebook\""),
            "{text}"
        );
        assert!(text.contains("\nkfp=="), "{text}");
        assert!(!text.contains("FROM "), "{text}");
        let beside = OwnImage::server_install();
        assert!(
            beside.contains("\njupyterlab>=4") && !beside.contains("\nkfp=="),
            "{beside}"
        );
    }
}
