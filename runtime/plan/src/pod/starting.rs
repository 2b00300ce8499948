//! From a container's image to its start.

use std::time::Duration;

use coracle_model::{ImageRef, RegistryUser, Timestamp};
use coracle_spec::kind::pod::PullPolicy;

use super::backoff::{after, in_words};
use super::container::{Ended, Next, Running, Try, Waiting};
use super::credentials::users_for;
use super::event::EventType;
use super::launch;
use super::living::{MOMENT, Progress};
use super::observation::{PullFault, PulledHow, PulledImage, StartFault, StartedContainer};
use super::plan::{PodPlan, container};
use super::probe::Prober;
use super::standing::Room;
use super::step::{ContainerAttempt, HookKind, HookWork, PodStep};

/// How often is tried again what no failure was counted for.
const AGAIN: Duration = Duration::from_secs(10);

/// The reason of a container that cannot be described as things stand.
const CONFIG_ERROR: &str = "CreateContainerConfigError";

/// The exit code of a container whose program could not be run.
const NOT_RUN: i64 = 128;

impl PodPlan {
    /// Looks for a container's image.
    pub(super) fn pull(&mut self, index: usize, now: Timestamp) -> Progress {
        let described = self.container(index);
        let written = described.image.clone();
        let policy = described.image_pull_policy;
        let image = match checked(&written) {
            Ok(image) => image,
            Err(fault) => {
                let message = format!(
                    "Failed to apply default image tag {written:?}: couldn't parse image name {written:?}: {fault}"
                );
                if self.wait(index, "InvalidImageName", message.clone(), None) {
                    self.tell(EventType::Warning, "InspectFailed", message, Some(index));
                    self.tell_error(index, "InvalidImageName");
                }
                return Progress::Held;
            }
        };
        if let Some((failed_at, why)) = self.containers[index].pull_failed.clone()
            && let Some((_, over)) = self.containers[index].pulls.wait(failed_at)
            && now < over
        {
            let told = format!("Back-off pulling image {written:?}");
            let message = format!("{told}: ErrImagePull: {why}");
            if self.wait(index, "ImagePullBackOff", message, Some(over)) {
                self.tell(EventType::Normal, "BackOff", told, Some(index));
                self.tell_error(index, "ImagePullBackOff");
            }
            self.wake_at(over);
            return Progress::Held;
        }
        if policy == PullPolicy::Always {
            self.tell_pulling(index, &written);
        }
        self.containers[index].next = Next::Pulling;
        let users = self.registry_users(&image);
        self.steps.push(PodStep::Pull {
            container: self.containers[index].name.clone(),
            image,
            policy,
            users,
        });
        Progress::Busy
    }

    /// Who a registry is asked as for an image.
    fn registry_users(&mut self, image: &ImageRef) -> Vec<RegistryUser> {
        let named = &self.pod.spec.image_pull_secrets;
        let (mut there, mut missing) = (Vec::new(), Vec::new());
        for name in named.iter().map(|secret| secret.name.as_str()) {
            let objects = self.objects.as_ref();
            match objects.and_then(|objects| objects.pull_secrets.get(name)) {
                Some(secret) => there.push(secret.clone()),
                None => missing.push(name),
            }
        }
        if !missing.is_empty() {
            let message = format!(
                "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                missing.join(", ")
            );
            let reason = "FailedToRetrieveImagePullSecret";
            self.tell(EventType::Warning, reason, message, None);
        }
        users_for(image, &there)
    }

    pub(super) fn pulled(
        &mut self,
        index: usize,
        image: &str,
        result: Result<PulledImage, PullFault>,
        now: Timestamp,
    ) {
        if self.containers[index].next != Next::Pulling {
            return;
        }
        let described = self.container(index);
        let written = described.image.clone();
        if image != written {
            // Another was asked for meanwhile, and will be answered too.
            return;
        }
        let untold = described.image_pull_policy != PullPolicy::Always;
        match result {
            Ok(pulled) => {
                self.tell_pulled(index, &written, pulled.how, untold);
                self.containers[index].pull_failed = None;
                self.containers[index].next = Next::Pulled(pulled);
            }
            Err(PullFault::NeverPulled) => {
                let message =
                    format!("Container image {written:?} is not present with pull policy of Never");
                let until = Some(after(now, AGAIN));
                self.wait(index, "ErrImageNeverPull", message.clone(), until);
                self.tell(
                    EventType::Warning,
                    "ErrImageNeverPull",
                    message,
                    Some(index),
                );
                self.tell_error(index, "ErrImageNeverPull");
            }
            Err(PullFault::Failed(why)) => {
                if untold {
                    self.tell_pulling(index, &written);
                }
                let told = format!("Failed to pull image {written:?}: {why}");
                self.tell(EventType::Warning, "Failed", told, Some(index));
                self.tell_error(index, "ErrImagePull");
                let until = Some(after(now, MOMENT));
                self.wait(index, "ErrImagePull", why.clone(), until);
                let state = &mut self.containers[index];
                state.pulls.lengthen(now, now);
                state.pull_failed = Some((now, why));
            }
        }
    }

    /// Starts a container whose image is there.
    pub(super) fn launch(&mut self, index: usize) -> Progress {
        let state = &self.containers[index];
        let (Next::Pulled(pulled) | Next::Blocked(pulled, _)) = &state.next else {
            return Progress::Held;
        };
        let (Room::Held(gpus), Some(objects)) = (&self.room, &self.objects) else {
            return Progress::Held;
        };
        let pulled = pulled.clone();
        let described = container(&self.pod, index);
        let Ok(image) = checked(&described.image) else {
            self.containers[index].next = Next::Idle;
            return Progress::Held;
        };
        let attempt = state.next_attempt();
        let facts = self.facts();
        match launch::launch(facts, described, attempt, (&image, &pulled), objects, gpus) {
            Ok(start) => {
                self.steps.push(PodStep::Start(Box::new(start)));
                self.containers[index].next = Next::Starting(pulled, attempt);
                Progress::Busy
            }
            Err(message) => {
                let waiting = Waiting {
                    reason: CONFIG_ERROR,
                    message: message.clone(),
                    until: None,
                };
                let next = Next::Blocked(pulled, waiting);
                if self.containers[index].next != next {
                    self.containers[index].next = next;
                    self.tell_error(index, &message);
                }
                Progress::Held
            }
        }
    }

    pub(super) fn started(
        &mut self,
        index: usize,
        attempt: ContainerAttempt,
        result: Result<StartedContainer, StartFault>,
        now: Timestamp,
    ) {
        let Next::Starting(pulled, asked) = &self.containers[index].next else {
            return;
        };
        if *asked != attempt {
            return;
        }
        let pulled = pulled.clone();
        self.containers[index].next = Next::Idle;
        match result {
            Ok(started) => self.begin(index, attempt, pulled, started),
            Err(StartFault::Config(why)) => self.not_made(index, CONFIG_ERROR, why, now),
            Err(StartFault::Create(why)) => {
                self.not_made(index, "CreateContainerError", why, now);
            }
            Err(StartFault::Run(why)) => {
                self.tell_error(index, &why);
                let image = self.container(index).image.clone();
                self.new_try(index, attempt);
                self.containers[index].end(Ended {
                    id: String::new(),
                    image,
                    digest: Some(pulled.digest),
                    reason: "StartError".to_owned(),
                    code: NOT_RUN,
                    started_at: None,
                    finished_at: Some(now),
                    message: why,
                });
            }
        }
    }

    /// Notes that the engine made no container; it is asked again in a while.
    fn not_made(&mut self, index: usize, reason: &'static str, why: String, now: Timestamp) {
        self.tell_error(index, &why);
        self.wait(index, reason, why, Some(after(now, AGAIN)));
    }

    fn begin(
        &mut self,
        index: usize,
        attempt: ContainerAttempt,
        pulled: PulledImage,
        started: StartedContainer,
    ) {
        self.new_try(index, attempt);
        let described = self.container(index);
        let image = described.image.clone();
        let probers = Prober::of(described, started.at);
        let hook = described.lifecycle.post_start.clone();
        let name = self.containers[index].name.clone();
        self.tell(
            EventType::Normal,
            "Created",
            format!("Created container: {name}"),
            Some(index),
        );
        self.tell(
            EventType::Normal,
            "Started",
            format!("Started container {name}"),
            Some(index),
        );
        self.containers[index].current = Some(Try::Running(Box::new(Running {
            id: started.id,
            started_at: started.at,
            image,
            digest: pulled.digest,
            hook_pending: hook.is_some(),
            stopping: None,
            probers,
        })));
        if let Some(hook) = hook {
            let hook = self.hook_with_port(index, &hook);
            self.steps.push(PodStep::RunHook(Box::new(HookWork {
                which: self.containers[index].which(),
                kind: HookKind::PostStart,
                hook,
                pod_ip: self.pod_ip,
                timeout: None,
            })));
        }
    }

    /// The current try becomes the last one; of those before it nothing is kept.
    fn new_try(&mut self, index: usize, attempt: ContainerAttempt) {
        let state = &mut self.containers[index];
        let before = state.attempt.replace(attempt);
        state.restart_anyway = false;
        if let Some(Try::Ended(ended)) = state.current.take() {
            state.last = Some(ended);
        }
        if let Some(old) = before.and_then(|before| before.0.checked_sub(1)) {
            let mut which = state.which();
            which.attempt = ContainerAttempt(old);
            self.steps.push(PodStep::RemoveContainer(which));
        }
    }

    /// Lets a container wait; whether that is news.
    fn wait(
        &mut self,
        index: usize,
        reason: &'static str,
        message: String,
        until: Option<Timestamp>,
    ) -> bool {
        let waiting = Waiting {
            reason,
            message,
            until,
        };
        let next = Next::Waiting(waiting);
        let is_news = self.containers[index].next != next;
        self.containers[index].next = next;
        is_news
    }

    fn tell_error(&mut self, index: usize, why: &str) {
        self.tell(
            EventType::Warning,
            "Failed",
            format!("Error: {why}"),
            Some(index),
        );
    }

    fn tell_pulling(&mut self, index: usize, image: &str) {
        let message = format!("Pulling image {image:?}");
        self.tell(EventType::Normal, "Pulling", message, Some(index));
    }

    fn tell_pulled(&mut self, index: usize, image: &str, how: PulledHow, untold: bool) {
        let (reason, message) = match how {
            PulledHow::Built { took } => {
                let message = format!("Successfully built image {image:?} in {}", in_words(took));
                ("Built", message)
            }
            PulledHow::Present if untold => {
                let message = format!("Container image {image:?} already present on machine");
                ("Pulled", message)
            }
            PulledHow::Present => ("Pulled", format!("Successfully pulled image {image:?}")),
            PulledHow::Pulled { took, bytes } => {
                if untold {
                    self.tell_pulling(index, image);
                }
                let took = in_words(took);
                let size = match bytes {
                    0 => String::new(),
                    bytes => format!(" Image size: {bytes} bytes."),
                };
                let message = format!(
                    "Successfully pulled image {image:?} in {took} ({took} including waiting).{size}"
                );
                ("Pulled", message)
            }
        };
        self.tell(EventType::Normal, reason, message, Some(index));
    }
}

/// An image's name, when it is one: its repository is lower case, unlike a registry or tag.
fn checked(written: &str) -> Result<ImageRef, String> {
    let image: ImageRef = written
        .parse()
        .map_err(|_| "invalid reference format".to_owned())?;
    let name = written.split('@').next().unwrap_or_default();
    let path = name.split_once('/').map_or(name, |(_, path)| path);
    let repository = path
        .rsplit_once(':')
        .map_or(path, |(repository, _)| repository);
    if repository.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(
            "invalid reference format: repository name (library/".to_owned()
                + repository
                + ") must be lowercase",
        );
    }
    Ok(image)
}
