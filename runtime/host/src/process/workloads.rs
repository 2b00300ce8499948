//! The workloads that an engine holds: one link by name to the directory that the caller chose.

use std::io;
use std::path::{Path, PathBuf};

use super::place::{Kept, Place, Standing, ignore_missing};
use super::supervisor;
use crate::engine::{EngineError, Phase, Workload, WorkloadName};

/// The links `workloads/NAME` under an engine's root.
#[derive(Debug)]
pub(super) struct Workloads {
    directory: PathBuf,
}

impl Workloads {
    pub(super) fn under(root: &Path) -> Self {
        Self {
            directory: root.join("workloads"),
        }
    }

    /// The place of a workload; none when no workload has that name.
    pub(super) fn place(&self, name: &WorkloadName) -> Result<Option<Place>, EngineError> {
        match fs_err::read_link(self.link(name)?) {
            Ok(directory) => Ok(directory.is_dir().then(|| Place::at(directory))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EngineError::of_file(format!("find `{name}`"), &error)),
        }
    }

    /// Makes a workload known: from here on it is found by its name.
    pub(super) fn add(&self, workload: &Workload, place: &Place) -> Result<(), EngineError> {
        let action = || format!("start `{}`", workload.name);
        let failed = |error: io::Error| EngineError::of_file(action(), &error);
        if let Some(known) = self.place(&workload.name)? {
            if known.directory() == place.directory() {
                return Ok(());
            }
            let message = format!("the name is in use in `{}`", known.directory().display());
            return Err(EngineError::Refused {
                action: action(),
                message,
            });
        }
        fs_err::create_dir_all(place.directory()).map_err(failed)?;
        fs_err::create_dir_all(&self.directory).map_err(failed)?;
        // Before the link, so that whoever finds the place finds this in it.
        place.keep(&Kept::of(workload)).map_err(failed)?;
        let link = self.link(&workload.name)?;
        // Made aside and moved: the same start may be under way twice, or a link to nowhere be left.
        tempfile::Builder::new()
            .prefix(".")
            .make_in(&self.directory, |aside| {
                fs_err::os::unix::fs::symlink(place.directory(), aside)
            })
            .map_err(failed)?
            .into_temp_path()
            .persist(link)
            .map_err(|error| failed(error.error))
    }

    /// Forgets a workload; one that is not known is no error.
    pub(super) fn remove(&self, name: &WorkloadName) -> Result<(), EngineError> {
        ignore_missing(fs_err::remove_file(self.link(name)?))
            .map_err(|error| EngineError::of_file(format!("remove `{name}`"), &error))
    }

    /// What is remembered of a workload, and where it stands.
    pub(super) fn look_at(
        &self,
        name: &WorkloadName,
    ) -> Result<Option<(Kept, Phase)>, EngineError> {
        let failed = |error: io::Error| EngineError::of_file(format!("look at `{name}`"), &error);
        let Some(place) = self.place(name)? else {
            return Ok(None);
        };
        let Some(kept) = place.kept().map_err(failed)? else {
            return Ok(None);
        };
        let phase = match place.standing().map_err(failed)? {
            Standing::Unbegun => Phase::Created,
            Standing::Begun(supervisor) if supervisor::is_alive(supervisor).map_err(failed)? => {
                Phase::Running
            }
            Standing::Begun(_) | Standing::Ended(_) => Phase::Exited,
        };
        Ok(Some((kept, phase)))
    }

    /// All workloads, by name.
    pub(super) fn all(&self) -> Result<Vec<(Kept, Phase)>, EngineError> {
        let mut found = Vec::new();
        for name in self
            .names()
            .map_err(|error| EngineError::of_file("list workloads", &error))?
        {
            found.extend(self.look_at(&name)?);
        }
        Ok(found)
    }

    fn names(&self) -> io::Result<Vec<WorkloadName>> {
        let entries = match fs_err::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            // What a crash left aside begins with a dot.
            let name = entry?.file_name().into_string().ok();
            names.extend(name.filter(|name| is_name(name)).map(WorkloadName));
        }
        names.sort();
        Ok(names)
    }

    fn link(&self, name: &WorkloadName) -> Result<PathBuf, EngineError> {
        if is_name(&name.0) {
            return Ok(self.directory.join(&name.0));
        }
        let message = "a name has letters, digits, `-`, `_` and `.` only".to_owned();
        Err(EngineError::Refused {
            action: format!("use the name `{name}`"),
            message,
        })
    }
}

/// Whether a text is usable as the name of a file of ours.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(allowed)
}
