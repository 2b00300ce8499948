//! A workload that a script plays.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use coracle_model::Timestamp;

use super::{Act, Lasts};
use crate::clock::Moment;
use crate::engine::{Exit, Mount, MountSource};
use crate::log::LogWriter;

/// A workload that was started.
#[derive(Debug)]
pub(super) struct Scripted {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) mounts: Vec<Mount>,
    pub(super) act: Act,
    pub(super) started_at: Timestamp,
    /// When it ends by itself; not before it is released when there is none.
    pub(super) ends_at: Option<Moment>,
    pub(super) exit: Option<Exit>,
}

impl Scripted {
    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }

    /// Ends as the act says, and writes its files; the same again when it has ended already.
    pub(super) fn end(&mut self, now: Timestamp) -> io::Result<Exit> {
        if let Some(exit) = &self.exit {
            return Ok(exit.clone());
        }
        for (path, content) in &self.act.files {
            if let Some(file) = self.on_machine(path) {
                fs_err::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
                fs_err::write(file, content)?;
            }
        }
        let finished_at = match self.act.lasts {
            Lasts::For(duration) => self
                .started_at
                .saturating_add(duration)
                .unwrap_or(Timestamp::MAX),
            Lasts::UntilReleased => now,
        };
        Ok(self
            .exit
            .insert(self.exit_with(self.act.code, finished_at))
            .clone())
    }

    pub(super) fn exit_with(&self, code: i64, finished_at: Timestamp) -> Exit {
        Exit {
            code,
            out_of_memory: self.act.out_of_memory && code == self.act.code,
            started_at: Some(self.started_at),
            finished_at: Some(finished_at),
            usage: self.act.usage,
        }
    }

    pub(super) fn write_log(&self, log: &Path) -> io::Result<()> {
        if self.act.log.is_empty() {
            return Ok(());
        }
        let mut writer = LogWriter::create(log)?;
        for (stream, bytes) in &self.act.log {
            writer.append(*stream, self.started_at, bytes)?;
        }
        writer.finish()
    }

    /// Where a path inside lies on the machine, when a mount says so: the innermost one.
    fn on_machine(&self, path: &str) -> Option<PathBuf> {
        let inside = |mount: &Mount| match &mount.source {
            MountSource::Host(source) => {
                let rest = Path::new(path).strip_prefix(&mount.target).ok()?;
                let file = if rest.as_os_str().is_empty() {
                    source.clone()
                } else {
                    source.join(rest)
                };
                Some((mount.target.len(), file))
            }
            MountSource::Memory { .. } => None,
        };
        self.mounts
            .iter()
            .filter_map(inside)
            .max()
            .map(|(_, file)| file)
    }
}
