//! The machine's Python: which one stands for an image, and the view of it that each workload gets.
//!
//! A view is a virtual environment of a few links, made in well under a millisecond, that shows the packages of
//! the interpreter and of a prepared environment. What a step installs while it runs stays in its view, as it
//! would stay in its container. A prepared environment is itself a view in which an installer was run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use coracle_model::{ImageDigest, ImageRef};
use fs_err::os::unix::fs::symlink;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::command::find_program;

/// An interpreter that does not say what it is by then is none.
const PROBE_LIMIT: Duration = Duration::from_secs(20);

/// Asks for the real interpreter: the program on the path may be a shim, which costs 130 ms at each start.
const PROBE: &str = "import json, sys, sysconfig
venv = sys.prefix != sys.base_prefix
print(json.dumps({
    'executable': getattr(sys, '_base_executable', None) or sys.executable,
    'version': '%d.%d' % sys.version_info[:2],
    'release': '%d.%d.%d' % sys.version_info[:3],
    'build': sys.version,
    'packages': sysconfig.get_path('purelib') if venv else None,
}))";

/// A Python of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Interpreter {
    /// The real program, not a shim and not a virtual environment's link.
    pub(super) executable: PathBuf,
    version: String,
    /// The version in full.
    pub(super) release: String,
    build: String,
    /// The packages of the virtual environment it was named by.
    packages: Option<PathBuf>,
}

impl Interpreter {
    /// What stands for the content of an image that runs on this interpreter.
    pub(super) fn digest(interpreter: Option<&Self>) -> ImageDigest {
        let made_of = match interpreter {
            Some(found) => format!(
                "python {}\n{}\n{:?}",
                found.build,
                found.executable.display(),
                found.packages
            ),
            None => "no python".to_owned(),
        };
        let digest = Sha256::new()
            .chain_update("coracle process engine\n")
            .chain_update(made_of)
            .finalize();
        ImageDigest::from(format!("sha256:{}", hex::encode(digest)))
    }

    /// Makes a view in `directory` that shows `packages` and then the interpreter's own.
    ///
    /// Made again, it stays as it is at every moment: a start that is repeated may meet the first one's command.
    pub(super) fn make_view(&self, directory: &Path, packages: Option<&Path>) -> io::Result<()> {
        let bin = directory.join("bin");
        fs_err::create_dir_all(&bin)?;
        let library = self.packages_in(directory);
        fs_err::create_dir_all(&library)?;
        let home = self.executable.parent().unwrap_or(Path::new("/")).display();
        let settings = format!(
            "home = {home}\ninclude-system-site-packages = true\nversion = {}\n",
            self.release
        );
        write_whole(&directory.join("pyvenv.cfg"), &settings, 0o644)?;
        for name in ["python", "python3", &format!("python{}", self.version)] {
            ignore_present(symlink(&self.executable, bin.join(name)))?;
        }
        for name in ["pip", "pip3"] {
            // The pip found further on in the path would install into the machine's Python.
            write_whole(
                &bin.join(name),
                "#!/bin/sh\nexec \"${0%/*}/python3\" -m pip \"$@\"\n",
                0o755,
            )?;
        }
        let shown = packages.into_iter().chain(self.packages.as_deref());
        let lines = shown.map(|path| format!("import site; site.addsitedir({path:?})\n"));
        write_whole(
            &library.join("coracle.pth"),
            &lines.collect::<String>(),
            0o644,
        )
    }

    /// Where the virtual environment in `directory` has its packages.
    pub(super) fn packages_in(&self, directory: &Path) -> PathBuf {
        directory
            .join("lib")
            .join(format!("python{}", self.version))
            .join("site-packages")
    }
}

fn ignore_present(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Ok(()) | Err(_) => result,
    }
}

/// Writes a small file so that it is never seen half written.
fn write_whole(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mode = std::fs::Permissions::from_mode(mode);
    let mut file = tempfile::Builder::new()
        .permissions(mode.clone())
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    // The mode again, for what the user's mask took away.
    file.as_file().set_permissions(mode)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Finds interpreters and remembers what they said.
#[derive(Debug)]
pub(super) struct Interpreters {
    named: Option<PathBuf>,
    path: OsString,
    environment: BTreeMap<String, OsString>,
    known: Mutex<BTreeMap<PathBuf, Option<Arc<Interpreter>>>>,
}

impl Interpreters {
    pub(super) fn new(
        named: Option<PathBuf>,
        path: OsString,
        environment: BTreeMap<String, OsString>,
    ) -> Self {
        Self {
            named,
            path,
            environment,
            known: Mutex::default(),
        }
    }

    /// The interpreter that stands for an image: the one named in the settings, else the one of the version that
    /// the image's tag names, else the machine's own.
    pub(super) async fn for_image(&self, image: &ImageRef) -> Option<Arc<Interpreter>> {
        let tagged = python_version(image).map(|version| PathBuf::from(format!("python{version}")));
        self.first(tagged).await
    }

    /// The interpreter that stands for an image without a version.
    pub(super) async fn any(&self) -> Option<Arc<Interpreter>> {
        self.first(None).await
    }

    async fn first(&self, tagged: Option<PathBuf>) -> Option<Arc<Interpreter>> {
        let candidates = match &self.named {
            Some(named) => vec![named.clone()],
            None => tagged
                .into_iter()
                .chain(["python3".into(), "python".into()])
                .collect(),
        };
        let mut known = self.known.lock().await;
        for candidate in candidates {
            if !known.contains_key(&candidate) {
                let found = self.probe(&candidate).await.map(Arc::new);
                known.insert(candidate.clone(), found);
            }
            if let Some(Some(found)) = known.get(&candidate) {
                return Some(Arc::clone(found));
            }
        }
        None
    }

    async fn probe(&self, candidate: &Path) -> Option<Interpreter> {
        let program = find_program(candidate.to_str()?, &self.path, Path::new("/"))?;
        #[expect(clippy::disallowed_methods, reason = "this is the process engine")]
        let mut command = tokio::process::Command::new(program);
        command
            .args(["-c", PROBE])
            .env_clear()
            .envs(&self.environment)
            .env("PATH", &self.path);
        command
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PROBE_LIMIT, command.output())
            .await
            .ok()?
            .ok()?;
        let found: Interpreter = serde_json::from_slice(&output.stdout).ok()?;
        // One found on the path gives its base: the image stands for a bare Python.
        let packages = found.packages.filter(|_| self.named.is_some());
        output
            .status
            .success()
            .then_some(Interpreter { packages, ..found })
    }
}

/// The `3.11` in an image such as `python:3.11-slim`.
fn python_version(image: &ImageRef) -> Option<&str> {
    let (name, tag) = image.as_str().rsplit_once(':')?;
    let is_python = name.rsplit('/').next() == Some("python");
    let end = tag
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(tag.len());
    let mut dots = tag[..end].match_indices('.').map(|(place, _)| place);
    let minor_end = dots.nth(1).unwrap_or(end);
    let version = &tag[..minor_end];
    let has_minor = version
        .split_once('.')
        .is_some_and(|(major, minor)| !major.is_empty() && !minor.is_empty());
    (is_python && has_minor).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_tags() {
        let version = |text: &str| python_version(&text.parse().unwrap()).map(str::to_owned);
        assert_eq!(version("python:3.11").as_deref(), Some("3.11"));
        assert_eq!(
            version("registry:5000/library/python:3.9.18-slim-bookworm").as_deref(),
            Some("3.9")
        );
        assert_eq!(version("python:3"), None);
        assert_eq!(version("python:latest"), None);
        assert_eq!(version("python"), None);
        assert_eq!(version("alpine:3.19"), None);
    }
}
