//! What a test does to the engine, and what it asks of it.

use std::collections::{BTreeMap, BTreeSet};

use coracle_model::{EnvironmentKey, ImageDigest, ImageRef, RegistryUser};
use tokio::io::DuplexStream;
use tokio::sync::mpsc::UnboundedReceiver;

use super::FakeEngine;
use crate::engine::{ImageConfig, SandboxName, SandboxRequest, WorkloadName};

impl FakeEngine {
    /// From now on nothing answers, and who attends hears it; what runs goes on.
    pub fn go_away(&self, reason: impl Into<String>) {
        self.change(|held| held.away = Some(reason.into()));
    }

    /// From now on it answers again.
    pub fn come_back(&self) {
        self.change(|held| held.away = None);
    }

    /// Lets a workload that waits for it end as its act says.
    pub fn release(&self, name: &WorkloadName) {
        let now = self.clock.steady();
        self.change(|held| {
            if let Some(workload) = held.workloads.get_mut(name) {
                workload.ends_at = Some(now);
            }
        });
    }

    /// Forgets a workload, as when somebody removes a container behind the workbench's back.
    pub fn lose(&self, name: &WorkloadName) {
        self.change(|held| drop(held.workloads.remove(name)));
    }

    /// From now on an image stands for another content.
    pub fn set_digest(&self, image: &ImageRef, digest: ImageDigest) {
        self.change(|held| drop(held.digests.insert(image.clone(), Some(digest))));
    }

    /// From now on an image is neither here nor to be had.
    pub fn take_image(&self, image: &ImageRef) {
        self.change(|held| drop(held.digests.insert(image.clone(), None)));
    }

    /// From now on an image is to be had by one user alone.
    pub fn make_private(&self, image: &ImageRef, user: &RegistryUser) {
        self.take_image(image);
        self.change(|held| drop(held.private.insert(image.clone(), user.clone())));
    }

    /// Who asked a registry for an image, in order.
    pub fn askers(&self, image: &ImageRef) -> Vec<String> {
        let held = self.held();
        let of_image = held.askers.iter().filter(|(asked, _)| asked == image);
        of_image.map(|(_, user)| user.clone()).collect()
    }

    /// From now on an image says how it is run.
    pub fn set_image_config(&self, image: &ImageRef, config: ImageConfig) {
        self.change(|held| drop(held.configs.insert(image.clone(), config)));
    }

    /// Stops a sandbox, as a restart of the engine does.
    pub fn halt_sandbox(&self, name: &SandboxName) {
        self.change(|held| held.pods.halt(name));
    }

    /// From now on a machine's port is somebody else's.
    pub fn take_port(&self, port: u16) {
        self.change(|held| held.pods.take_port(port));
    }

    /// From now on connections to a port of a sandbox come here, until the receiver is dropped.
    pub fn listen(&self, sandbox: &SandboxName, port: u16) -> UnboundedReceiver<DuplexStream> {
        self.held().pods.listen(sandbox, port)
    }

    /// From now on the installer of an environment fails with a message.
    pub fn fail_install(&self, key: &EnvironmentKey, message: impl Into<String>) {
        self.change(|held| drop(held.failing_installs.insert(key.clone(), message.into())));
    }

    /// From now on an image cannot be built.
    pub fn fail_build(&self, image: &ImageRef, message: impl Into<String>) {
        self.change(|held| drop(held.failing_builds.insert(image.clone(), message.into())));
    }

    /// How often each image was built.
    pub fn builds(&self) -> BTreeMap<ImageRef, u32> {
        self.held().builds.clone()
    }

    /// How often each workload was begun; a start that found it there already does not count.
    pub fn starts(&self) -> BTreeMap<WorkloadName, u32> {
        self.held().starts.clone()
    }

    /// How often each environment's installer ran.
    pub fn preparations(&self) -> BTreeMap<EnvironmentKey, u32> {
        self.held().preparations.clone()
    }

    /// The sandboxes that are open.
    pub fn sandboxes(&self) -> BTreeSet<SandboxName> {
        self.held().pods.names()
    }

    /// What an open sandbox was opened with.
    pub fn sandbox_request(&self, name: &SandboxName) -> Option<SandboxRequest> {
        self.held().pods.request(name)
    }
}
