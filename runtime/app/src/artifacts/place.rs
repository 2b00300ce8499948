//! From an artifact, or a volume, and a path in it to an open file, which never lies outside.
//!
//! What a step left behind may hold links, and a step of another run may still be at work beside it. So links are
//! resolved first, what they lead to has to lie in the artifact, and then the file is opened without following
//! any link: one that was put there meanwhile makes opening fail.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use coracle_model::Artifact;
use coracle_store::Home;
use fs_err as fs;
use rustix::fs::{Mode, OFlags, open, openat};

use crate::error::AppError;

/// Where an artifact's bytes are, with all links resolved.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The tree of all artifacts.
    tree: PathBuf,
    /// The file or folder that is the artifact.
    base: PathBuf,
}

/// Something in an artifact, opened.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A file.
    File(OpenFile),
    /// A folder, with all links resolved.
    Folder(PathBuf),
}

/// An open file.
#[derive(Debug)]
pub(crate) struct OpenFile {
    /// Its name.
    pub(crate) name: String,
    /// Bytes in it.
    pub(crate) size: u64,
    /// The file, at its beginning.
    pub(crate) file: File,
}

impl Place {
    /// The place of an artifact.
    ///
    /// # Errors
    /// When its bytes are not on this machine, or it is a link that leads out of the tree of artifacts.
    pub(crate) fn of(home: &Home, artifact: &Artifact) -> Result<Self, AppError> {
        let elsewhere = || AppError::Nothing {
            message: format!("`{}` is not kept on this machine", artifact.uri),
            hint: Some("its metadata is all that the workbench has of it".to_owned()),
        };
        let path = home.artifact_path(&artifact.uri).ok_or_else(elsewhere)?;
        Self::below(&home.artifacts(), &path)?.ok_or_else(|| leads_out(&artifact.uri.to_string()))
    }

    /// A file or folder in a tree; none when it is a link that leads out of it.
    ///
    /// # Errors
    /// When either is not there.
    pub(crate) fn below(tree: &Path, path: &Path) -> Result<Option<Self>, AppError> {
        let real = |path: &Path| fs::canonicalize(path).map_err(|error| unreadable(path, error));
        let (tree, base) = (real(tree)?, real(path)?);
        Ok((base.starts_with(&tree) && base != tree).then_some(Self { tree, base }))
    }

    /// Opens the artifact itself, or what a path names in it.
    ///
    /// # Errors
    /// A path that leads out, that names nothing, or something that is neither a file nor a folder.
    pub(crate) fn open(&self, below: &Below) -> Result<Opened, AppError> {
        // With an empty path joined to it, a file would be asked for as a folder.
        if below.is_all() {
            return self.open_real(&self.base);
        }
        self.open_real(&self.resolve(below)?)
    }

    /// Where a link leads, when that is inside the artifact.
    pub(crate) fn follow(&self, link: &Path) -> Option<PathBuf> {
        fs::canonicalize(link)
            .ok()
            .filter(|real| real.starts_with(&self.base))
    }

    /// Opens a file or folder of the artifact by a path that has no links in it.
    pub(super) fn open_real(&self, real: &Path) -> Result<Opened, AppError> {
        let file = self
            .open_without_links(real)
            .map_err(|error| unreadable(real, error))?;
        let metadata = file.metadata().map_err(|error| unreadable(real, error))?;
        if metadata.is_dir() {
            return Ok(Opened::Folder(real.to_owned()));
        }
        let name = real.file_name().unwrap_or_default().to_string_lossy();
        if !metadata.is_file() {
            return Err(AppError::request(
                format!("`{name}` is neither a file nor a folder"),
                "ask for one of the files that are listed",
            ));
        }
        Ok(Opened::File(OpenFile {
            name: name.into_owned(),
            size: metadata.len(),
            file,
        }))
    }

    fn resolve(&self, below: &Below) -> Result<PathBuf, AppError> {
        let path = self.base.join(&below.0);
        let real = fs::canonicalize(&path).map_err(|error| unreadable(&path, error))?;
        if real.starts_with(&self.base) {
            Ok(real)
        } else {
            Err(leads_out(&below.0.display().to_string()))
        }
    }

    fn open_without_links(&self, real: &Path) -> io::Result<File> {
        let below = real.strip_prefix(&self.tree).map_err(io::Error::other)?;
        let names: Vec<&OsStr> = below.iter().collect();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let mut place = open(&self.tree, flags | OFlags::DIRECTORY, Mode::empty())?;
        for (index, name) in names.iter().enumerate() {
            // A pipe that nobody writes to would be waited for without end.
            let kind = if index + 1 < names.len() {
                OFlags::DIRECTORY
            } else {
                OFlags::NONBLOCK
            };
            place = openat(&place, *name, flags | kind, Mode::empty())?;
        }
        Ok(File::from(place))
    }
}

/// A path below an artifact, which has only names in it; empty for the artifact itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Below(PathBuf);

impl Below {
    /// Reads what was asked for.
    ///
    /// # Errors
    /// A path that is absolute or has `..` in it.
    pub(crate) fn read(text: Option<&str>) -> Result<Self, AppError> {
        let path = Path::new(text.unwrap_or_default());
        let names = path.components().map(|component| match component {
            Component::Normal(name) => Some(name),
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir => None,
        });
        let path: Option<PathBuf> = names.collect();
        path.filter(|path| !path.as_os_str().as_encoded_bytes().contains(&0))
            .map(Self)
            .ok_or_else(|| leads_out(text.unwrap_or_default()))
    }

    /// Whether this is the artifact itself.
    pub(super) fn is_all(&self) -> bool {
        self.0.as_os_str().is_empty()
    }

    /// The path.
    pub(super) fn as_path(&self) -> &Path {
        &self.0
    }
}

fn leads_out(what: &str) -> AppError {
    AppError::request(
        format!("`{what}` leads out"),
        "ask for one of the files that are listed",
    )
}

/// The error of a file of an artifact, told apart by whether it is there.
pub(crate) fn unreadable(path: &Path, source: io::Error) -> AppError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => AppError::Nothing {
            message: format!("there is nothing at `{}`", path.display()),
            hint: Some("it was never written, or has been deleted".to_owned()),
        },
        _ => AppError::Unreadable { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::ErrorCode;
    use coracle_model::ArtifactType;
    use fs_err::os::unix::fs::symlink;
    use std::collections::BTreeMap;

    fn place(uri: &str) -> (tempfile::TempDir, Result<Place, AppError>) {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let folder = home.artifacts().join("minio/b/folder");
        fs::create_dir_all(folder.join("deep")).unwrap();
        fs::write(folder.join("deep/file"), "inside").unwrap();
        fs::write(folder.with_file_name("beside"), "outside").unwrap();
        symlink("deep/file", folder.join("near")).unwrap();
        symlink("../beside", folder.join("far")).unwrap();
        symlink("/etc", folder.join("etc")).unwrap();
        symlink("/etc/passwd", folder.with_file_name("secret")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.join("pipe"), Mode::RWXU).unwrap();
        let artifact = Artifact {
            id: None,
            name: "folder".to_owned(),
            artifact_type: ArtifactType::default(),
            uri: uri.into(),
            metadata: BTreeMap::new(),
            custom_path: None,
            sha256: None,
        };
        let place = Place::of(&home, &artifact);
        (root, place)
    }

    fn open(path: &str) -> Result<String, ErrorCode> {
        let (_root, place) = place("minio://b/folder");
        let opened = Below::read(Some(path)).and_then(|below| place.unwrap().open(&below));
        match opened.map_err(|error| error.code())? {
            Opened::File(file) => Ok(io::read_to_string(file.file).unwrap()),
            Opened::Folder(folder) => Ok(folder.file_name().unwrap().to_str().unwrap().to_owned()),
        }
    }

    #[test]
    fn what_is_inside_is_opened() {
        assert_eq!(open("").as_deref(), Ok("folder"));
        assert_eq!(open("deep").as_deref(), Ok("deep"));
        assert_eq!(open("deep/file").as_deref(), Ok("inside"));
        assert_eq!(open("deep//file/").as_deref(), Ok("inside"));
        assert_eq!(open("near").as_deref(), Ok("inside"));
    }

    #[test]
    fn nothing_leads_out() {
        for path in [
            "..",
            "../beside",
            "deep/../../beside",
            "/etc/passwd",
            "far",
            "etc",
            "etc/passwd",
            "pipe",
            "deep/fi\0le",
        ] {
            assert_eq!(open(path), Err(ErrorCode::InvalidRequest), "{path}");
        }
        assert_eq!(open("none"), Err(ErrorCode::NotFound));
        assert_eq!(open("deep/file/more"), Err(ErrorCode::NotFound));
    }

    #[test]
    fn an_artifact_that_is_not_in_the_tree_has_no_place() {
        let code = |uri: &str| place(uri).1.unwrap_err().code();
        assert_eq!(code("https://host/file"), ErrorCode::NotFound);
        assert_eq!(code("minio://b/none"), ErrorCode::NotFound);
        assert_eq!(code("minio://b/secret"), ErrorCode::InvalidRequest);
    }

    #[test]
    fn a_link_that_is_put_there_meanwhile_is_not_followed() {
        let (_root, place) = place("minio://b/folder");
        let place = place.unwrap();
        let error = place.open_real(&place.base.join("etc/passwd")).unwrap_err();
        assert!(matches!(
            error,
            AppError::Unreadable { .. } | AppError::Nothing { .. }
        ));
        let error = place.open_real(&place.base.join("far")).unwrap_err();
        assert!(matches!(error, AppError::Unreadable { .. }), "{error}");
    }
}
