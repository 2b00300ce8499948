//! Giving files that containers wrote as another user to the user who runs the workbench.
//!
//! Only root may do that, and on the user's behalf only the engine is root: a container of the sandboxes' empty
//! image gets the machine's own programs, read-only, and the directory, and runs `chown`.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig, MountType};
use bollard::query_parameters::{LogsOptionsBuilder, StartContainerOptions};
use futures_util::StreamExt;

use super::client::DockerEngine;
use super::error::{ask, file_error, is_missing_image, message, refusal};
use super::{labels, pause, workload};
use crate::engine::{EngineError, Phase, WorkloadName};

/// Where the directory stands inside.
const INSIDE: &str = "/reclaim";
/// Where a machine keeps `chown` and what it needs.
const SYSTEM: [&str; 4] = ["/usr", "/bin", "/lib", "/lib64"];
/// How long to wait before looking whether it is done; it may take hours over millions of files.
const WAIT: Duration = Duration::from_secs(60);

impl DockerEngine {
    pub(super) async fn give_back(&self, path: &Path) -> Result<(), EngineError> {
        let Some((uid, gid)) = self.settings.uid_gid else {
            return Ok(());
        };
        let path = path.to_owned();
        let action = format!("take over the files in `{}`", path.display());
        let directory = path.clone();
        let foreign = tokio::task::spawn_blocking(move || holds_foreign(&directory, uid))
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|error| file_error(&action, &error))?;
        // Root reads and removes whatever there is; a shared folder has one owner only.
        if uid == 0 || !foreign || self.machine().await?.virtual_machine {
            return Ok(());
        }
        // In a rootless engine's containers, root is the user.
        let owner = if self.machine().await?.rootless {
            (0, 0)
        } else {
            (uid, gid)
        };
        self.run_chown(&path, owner, &action).await
    }

    async fn run_chown(
        &self,
        path: &Path,
        owner: (u32, u32),
        action: &str,
    ) -> Result<(), EngineError> {
        let name = format!("coracle-reclaim-{}", uuid_like(path, &self.settings.owner));
        self.discard(&name).await?;
        let body = self.chown(path, owner);
        let mut created = self.create(&name, body.clone()).await;
        if created.as_ref().is_err_and(is_missing_image) {
            pause::ensure(self).await?;
            created = self.create(&name, body).await;
        }
        created.map_err(refusal(action))?;
        let result = self.chown_result(&name, action).await;
        self.discard(&name).await?;
        result
    }

    async fn chown_result(&self, name: &str, action: &str) -> Result<(), EngineError> {
        ask(self
            .docker
            .start_container(name, None::<StartContainerOptions>))
        .await
        .map_err(refusal(action))?;
        let state = loop {
            self.wait_for_end(&WorkloadName(name.to_owned()), WAIT)
                .await;
            let found = ask(self.docker.inspect_container(name, None))
                .await
                .map_err(refusal(action))?;
            if workload::phase(&found) == Phase::Exited {
                break found.state.unwrap_or_default();
            }
        };
        if state.exit_code == Some(0) {
            return Ok(());
        }
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .tail("5")
            .build();
        let said = self
            .docker
            .logs(name, Some(options))
            .map(|piece| match piece {
                Ok(piece) => piece.to_string(),
                Err(fault) => message(&fault),
            });
        Err(EngineError::Refused {
            action: action.to_owned(),
            message: said.collect::<String>().await.trim().to_owned(),
        })
    }

    fn chown(&self, path: &Path, (uid, gid): (u32, u32)) -> ContainerCreateBody {
        let system = SYSTEM
            .map(Path::new)
            .into_iter()
            .filter(|path| path.exists());
        let mut mounts: Vec<_> = system
            .map(|path| bind(path, path, ReadOnly(true)))
            .collect();
        mounts.push(bind(path, Path::new(INSIDE), ReadOnly(false)));
        let owner = format!("{uid}:{gid}");
        ContainerCreateBody {
            image: Some(pause::PAUSE_IMAGE.to_owned()),
            // `-h`: a link is given back, not what it leads to.
            entrypoint: Some(
                ["/usr/bin/chown", "-hR", &owner, INSIDE]
                    .map(str::to_owned)
                    .into(),
            ),
            user: Some("0:0".to_owned()),
            labels: Some(labels::of_container(
                &self.settings.owner,
                labels::RECLAIMER,
                &Default::default(),
            )),
            host_config: Some(HostConfig {
                mounts: Some(mounts),
                network_mode: Some("none".to_owned()),
                cap_drop: Some(vec!["ALL".to_owned()]),
                cap_add: Some(
                    ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
                        .map(str::to_owned)
                        .into(),
                ),
                security_opt: Some(vec!["label=disable".to_owned()]),
                ..Default::default()
            }),
            ..Default::default()
        }
    }
}

struct ReadOnly(bool);

fn bind(source: &Path, target: &Path, ReadOnly(read_only): ReadOnly) -> bollard::models::Mount {
    bollard::models::Mount {
        source: Some(source.display().to_string()),
        target: Some(target.display().to_string()),
        typ: Some(MountType::BIND),
        read_only: Some(read_only),
        ..Default::default()
    }
}

/// A name that is the same for the same directory, so that what a crash left behind is found.
fn uuid_like(path: &Path, owner: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("{owner}\n{}", path.display()));
    hex::encode(&digest[..16])
}

/// Whether anything at or below `path` belongs to somebody else. Links are not followed.
fn holds_foreign(path: &Path, uid: u32) -> std::io::Result<bool> {
    let mut open = vec![PathBuf::from(path)];
    while let Some(path) = open.pop() {
        let found = fs_err::symlink_metadata(&path)?;
        if found.uid() != uid {
            return Ok(true);
        }
        if found.is_dir() {
            for entry in fs_err::read_dir(&path)? {
                open.push(entry?.path());
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_somebody_else_are_worth_a_container() {
        let directory = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(directory.path().join("a/b")).unwrap();
        fs_err::write(directory.path().join("a/b/c"), "x").unwrap();
        let uid = fs_err::metadata(directory.path()).unwrap().uid();
        assert!(!holds_foreign(directory.path(), uid).unwrap());
        assert!(holds_foreign(directory.path(), uid + 1).unwrap());
        // A link to somebody else's file is ours.
        std::os::unix::fs::symlink("/nowhere", directory.path().join("link")).unwrap();
        assert!(!holds_foreign(directory.path(), uid).unwrap());
    }
}
