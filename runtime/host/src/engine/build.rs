//! Images that are built instead of pulled.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coracle_model::ImageRef;

/// An image to build, and what stands for it where there are no containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageBuild {
    /// Its name.
    pub name: ImageRef,
    /// What it is built from; one of them is the `Dockerfile`.
    pub files: Vec<BuildFile>,
    /// The same for programs of this machine, if there is such a thing.
    pub as_process: Option<ProcessImage>,
    /// Variables for what installs, such as index settings. They do not stay in the image.
    pub environment: BTreeMap<String, String>,
    /// Where the builder's output goes.
    pub log: PathBuf,
}

impl ImageBuild {
    /// Where the output goes of what builds an image, among other logs.
    pub(crate) fn log_below(logs: &Path, image: &ImageRef) -> PathBuf {
        let file = image.as_str().replace(['/', ':'], "-");
        logs.join(format!("image-{file}"))
    }
}

/// A file that an image is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildFile {
    /// Its name.
    pub name: &'static str,
    /// What stands in it.
    pub content: &'static str,
    /// Whether it is a program.
    pub kind: BuildFileKind,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildFileKind {
    /// To be read.
    Text,
    /// To be run.
    Program,
}

/// What stands for an image where programs of this machine run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessImage {
    /// The image whose Python it runs on.
    pub base: ImageRef,
    /// The shell text that installs what the image has.
    pub install: String,
    /// What a container of the image executes when nothing else is said.
    pub command: Vec<String>,
    /// The home directory in the image: what is mounted there is the program's home.
    pub home: String,
}
