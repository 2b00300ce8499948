//! The workbench's own images where there are no containers: an environment with what the image has, and a workload
//! that is asked for nothing but what a process of this machine can be given.

use std::collections::BTreeMap;
use std::path::Path;

use coracle_model::{EnvironmentKey, ImageDigest};
use nix::unistd::Uid;
use sha2::{Digest, Sha256};

use super::engine::ProcessEngine;
use super::environments::EnvironmentPlace;
use super::python::Interpreter;
use crate::engine::{
    Engine, EngineError, EnvironmentRequest, ImageBuild, Mount, MountSource, ProcessImage,
    Workload, WorkloadImage,
};
use crate::own_image::OwnImage;

/// The variable with the address to listen at: all processes share the machine's network, and a container's own address
/// would be that of the whole machine.
const ADDRESS: (&str, &str) = ("NB_ADDRESS", "127.0.0.1");

impl ProcessEngine {
    /// What stands for the content of an image of ours, when it has been made.
    pub(super) async fn resolve_own(&self, own: &OwnImage) -> Result<ImageDigest, EngineError> {
        let key = self.key_of(own).await?;
        let place = EnvironmentPlace::of(&self.settings.root, &key)?;
        let layer = place.layer();
        match layer.map_err(|error| EngineError::of_file("find an environment", &error))? {
            Some(_) => Ok(ImageDigest::from(format!("sha256:{key}"))),
            None => Err(EngineError::ImageNotFound {
                image: own.name().to_string(),
                message: "it has not been made yet".to_owned(),
            }),
        }
    }

    /// Prepares the environment that stands for an image.
    pub(super) async fn build(&self, request: &ImageBuild) -> Result<(), EngineError> {
        let recipe = request.as_process.as_ref().ok_or_else(|| {
            let image = &request.name;
            let message =
                format!("`{image}` runs in containers alone, and the process engine has none");
            EngineError::Unsupported { message }
        })?;
        let interpreter = self.python(&recipe.base).await?;
        let base_digest = Interpreter::digest(Some(&interpreter));
        let environment = EnvironmentRequest {
            key: key(&base_digest, recipe),
            base: recipe.base.clone(),
            base_digest,
            install: recipe.install.clone(),
            environment: request.environment.clone(),
            log: request.log.clone(),
        };
        match self.prepare_environment(&environment).await {
            Ok(_) => Ok(()),
            Err(EngineError::InstallFailed { message, .. }) => Err(EngineError::BuildFailed {
                image: request.name.to_string(),
                message,
            }),
            Err(error) => Err(error),
        }
    }

    /// The environment that a workload is started in.
    pub(super) async fn environment_of(
        &self,
        image: &WorkloadImage,
    ) -> Result<Option<EnvironmentKey>, EngineError> {
        match (image, of_workload(image)) {
            (WorkloadImage::Prepared(key), _) => Ok(Some(key.clone())),
            (WorkloadImage::Plain { .. }, Some(own)) => self.key_of(&own).await.map(Some),
            (WorkloadImage::Plain { .. }, None) => Ok(None),
        }
    }

    /// The key of the environment that stands for an image of ours.
    async fn key_of(&self, own: &OwnImage) -> Result<EnvironmentKey, EngineError> {
        let recipe = own.as_process();
        let interpreter = self.python(&recipe.base).await?;
        Ok(key(&Interpreter::digest(Some(&interpreter)), recipe))
    }
}

/// The image of ours that a workload is started from.
pub(super) fn of_workload(image: &WorkloadImage) -> Option<OwnImage> {
    match image {
        WorkloadImage::Plain { image, .. } => OwnImage::of(image),
        WorkloadImage::Prepared(_) => None,
    }
}

/// The key of the environment that stands for an image on an interpreter.
fn key(interpreter: &ImageDigest, recipe: &ProcessImage) -> EnvironmentKey {
    let digest = Sha256::new()
        .chain_update(interpreter.as_str())
        .chain_update([0])
        .chain_update(&recipe.install)
        .finalize();
    EnvironmentKey::from(hex::encode(digest))
}

/// A workload of such an image as one that a process can be: what is mounted as its home is its home, and without a
/// mount `work` is.
pub(super) fn as_process(workload: Workload, recipe: &ProcessImage, work: &Path) -> Workload {
    let (homes, mounts): (Vec<Mount>, Vec<Mount>) = workload
        .mounts
        .into_iter()
        .partition(|mount| mount.target.trim_end_matches('/') == recipe.home);
    let home = homes.into_iter().find_map(|mount| match mount.source {
        MountSource::Host(path) => Some(path),
        MountSource::Memory { .. } => None,
    });
    let home = home
        .unwrap_or_else(|| work.to_owned())
        .display()
        .to_string();
    let own = [
        ("HOME".to_owned(), home.clone()),
        (ADDRESS.0.to_owned(), ADDRESS.1.to_owned()),
    ];
    let mut environment: BTreeMap<_, _> = own.into();
    environment.extend(workload.environment);
    let command = match (workload.command.as_slice(), workload.args.as_slice()) {
        ([], []) => recipe.command.clone(),
        // As arguments do in an image without an entry point.
        ([], args) => args.to_vec(),
        (command, args) => [command, args].concat(),
    };
    let working_dir = match workload.working_dir {
        Some(named) if named.trim_end_matches('/') == recipe.home => Some(home),
        None => Some(home),
        named => named,
    };
    let mut security = workload.security;
    if !Uid::effective().is_root() {
        // Groups are for files that somebody else made; here all are the user's.
        security.groups.clear();
    }
    Workload {
        mounts,
        environment,
        command,
        args: Vec::new(),
        working_dir,
        security,
        ..workload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{SecurityContext, Stdin, WorkloadName};
    use crate::log::Keep;

    fn recipe() -> ProcessImage {
        ProcessImage {
            base: "python:3.11".parse().unwrap(),
            install: String::new(),
            command: vec!["serve".to_owned()],
            home: "/home/jovyan".to_owned(),
        }
    }

    fn workload(mounts: &[(&str, &str)], args: &[&str]) -> Workload {
        let mount = |(source, target): &(&str, &str)| Mount {
            source: MountSource::Host(source.into()),
            target: (*target).to_owned(),
            read_only: false,
        };
        Workload {
            name: WorkloadName("a".to_owned()),
            labels: BTreeMap::new(),
            image: WorkloadImage::Plain {
                image: OwnImage::jupyterlab().name().clone(),
                digest: "sha256:0".into(),
            },
            command: Vec::new(),
            args: args.iter().map(|word| (*word).to_owned()).collect(),
            working_dir: Some("/home/jovyan".to_owned()),
            environment: BTreeMap::new(),
            mounts: mounts.iter().map(mount).collect(),
            directory: "/work".into(),
            cpu_request: None,
            cpu_limit: None,
            memory_limit: None,
            gpus: Vec::new(),
            shared_memory: None,
            security: SecurityContext::default(),
            stdin: Stdin::Closed,
            tty: false,
            keep_log: Keep::All,
            sandbox: None,
        }
    }

    #[test]
    fn what_is_mounted_as_the_home_is_the_home() {
        let mounted = workload(&[("/volumes/w", "/home/jovyan/"), ("/data", "/data")], &[]);
        let made = as_process(mounted, &recipe(), Path::new("/scratch"));
        assert_eq!(made.environment["HOME"], "/volumes/w");
        assert_eq!(made.working_dir.as_deref(), Some("/volumes/w"));
        assert_eq!(made.command, ["serve"]);
        assert_eq!(made.mounts.len(), 1);
        let bare = as_process(workload(&[], &["bash"]), &recipe(), Path::new("/scratch"));
        assert_eq!(bare.environment["HOME"], "/scratch");
        assert_eq!(bare.environment["NB_ADDRESS"], "127.0.0.1");
        assert_eq!(bare.command, ["bash"]);
    }
}
