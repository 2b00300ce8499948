//! What a plan of a pod asks for.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use coracle_model::{Cpu, GpuUuid, ImageDigest, ImageRef, Memory, RegistryUser, Resources};
use coracle_spec::kind::pod::{
    Capabilities, ContainerName, ContainerPort, Handler, HostAlias, HostPathKind, PullPolicy,
    VolumeName,
};

/// Which try at a container: Kubernetes' restart count, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ContainerAttempt(pub u32);

impl ContainerAttempt {
    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for ContainerAttempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A container of the pod at one try.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerTry {
    /// The container.
    pub container: ContainerName,
    /// Which try.
    pub attempt: ContainerAttempt,
}

/// One thing to do for a pod. Each may be done again after a crash and then finishes what was begun; unless it says
/// otherwise, it is answered by an observation of the same name.
#[derive(Debug, Clone, PartialEq)]
pub enum PodStep {
    /// Ask the ledger for room. Answered by `Admitted`, and before that, as often as it changes, by `Waiting`.
    Reserve {
        /// What the pod needs.
        resources: Resources,
        /// GPUs that its running containers hold already: they are counted at once and not asked for.
        held: Option<Vec<GpuUuid>>,
    },
    /// Give back what was reserved, or take the question back. Not answered.
    Release,
    /// Make a volume's files, or make them anew. Answered by `VolumePrepared`.
    PrepareVolume(Box<VolumeWork>),
    /// Open the network place, unless it is there. Answered by `SandboxOpened`.
    OpenSandbox(Box<SandboxPlan>),
    /// Find an image, pulling it as the policy says. Answered by `Pulled`.
    Pull {
        /// For whom.
        container: ContainerName,
        /// Which.
        image: ImageRef,
        /// When to ask a registry.
        policy: PullPolicy,
        /// Who to ask it as, one after the other; nobody in particular when there is none.
        users: Vec<RegistryUser>,
    },
    /// Start a container and follow it. Answered by `Started`, and at its end by `Ended`.
    Start(Box<StartContainer>),
    /// Follow a container that runs already, or has ended. Answered by `Ended` or `Vanished`.
    Attend(Box<FollowContainer>),
    /// Ask a container how it is. Answered by `Probed`.
    Probe(Box<ProbeWork>),
    /// Do what is to be done after a start or before an end. Answered by `Hooked`.
    RunHook(Box<HookWork>),
    /// End a container, politely and by force once the grace is over. Answered by its `Ended`.
    Stop {
        /// Which.
        which: ContainerTry,
        /// How long it may take.
        grace: Duration,
    },
    /// Close the network place. Answered by `SandboxClosed`.
    CloseSandbox,
    /// Remove ended containers that nobody looks at any more; the last one of each stays. Not answered.
    RemoveContainer(ContainerTry),
    /// Remove all containers of the pod, its volumes but for claims, its directory. Answered by `Removed`.
    RemoveContainers,
    /// The object may go. Not answered; it is the last step.
    Gone,
}

/// A network place to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxPlan {
    /// Its name; the next one of the pod has another.
    pub name: String,
    /// The namespace whose network it is on.
    pub namespace: String,
    /// The host name inside.
    pub hostname: String,
    /// The names under which others of the namespace find it.
    pub aliases: Vec<String>,
    /// Lines for `/etc/hosts`.
    pub host_aliases: Vec<HostAlias>,
    /// What its containers listen on.
    pub ports: Vec<ContainerPort>,
    /// Whether it is the machine's own network.
    pub host_network: bool,
    /// Labels to find it by.
    pub labels: BTreeMap<String, String>,
}

/// A volume to make.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeWork {
    /// Which.
    pub volume: VolumeName,
    /// What to do.
    pub what: VolumeKind,
    /// The group that its files are given to, with write access for it.
    pub fs_group: Option<u32>,
}

/// What a volume is on the disk.
#[derive(Debug, Clone, PartialEq)]
pub enum VolumeKind {
    /// A directory that is empty at first; one that is there is left as it is.
    Empty {
        /// Where.
        directory: PathBuf,
        /// The most it may hold, where that can be enforced.
        limit: Option<Memory>,
    },
    /// A directory of exactly these files, exchanged as a whole so that nobody sees half of it. No path climbs.
    Files {
        /// Where.
        directory: PathBuf,
        /// The files.
        files: Vec<VolumeFile>,
    },
    /// A claim, which must be there.
    Claim {
        /// Its name.
        claim: String,
    },
    /// A path of the machine, checked or made as the kind says.
    HostPath {
        /// The path.
        path: PathBuf,
        /// What must be there.
        kind: HostPathKind,
    },
}

/// A file of a volume.
#[derive(Clone, PartialEq, Eq)]
pub struct VolumeFile {
    /// Where, below the volume: names joined by `/`, none of which is `..`.
    pub path: String,
    /// What stands in it.
    pub content: Vec<u8>,
    /// Its mode.
    pub mode: u32,
}

impl fmt::Debug for VolumeFile {
    /// Without the content, which may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            content,
            mode,
        } = self;
        write!(formatter, "{path} ({} bytes, {mode:o})", content.len())
    }
}

/// A container to start, fully decided.
#[derive(Debug, Clone, PartialEq)]
pub struct StartContainer {
    /// Which, at which try.
    pub which: ContainerTry,
    /// The name of its workload.
    pub workload: String,
    /// Labels to find it by.
    pub labels: BTreeMap<String, String>,
    /// The image as it was written.
    pub image: ImageRef,
    /// What that is.
    pub digest: ImageDigest,
    /// Replaces the image's entry point and default arguments, when not empty.
    pub command: Vec<String>,
    /// Replaces the image's default arguments, when not empty.
    pub args: Vec<String>,
    /// Variables, added to the image's own.
    pub environment: BTreeMap<String, String>,
    /// Where it works, when not where the image says.
    pub working_dir: Option<String>,
    /// What it sees of the machine.
    pub mounts: Vec<PodMount>,
    /// The directory for what the engine keeps of it.
    pub directory: PathBuf,
    /// Where its output goes.
    pub log: PathBuf,
    /// The text about its end.
    pub termination: TerminationMessage,
    /// CPU it asks for: its share when others want it too.
    pub cpu_request: Option<Cpu>,
    /// CPU it may not go over.
    pub cpu_limit: Option<Cpu>,
    /// Memory it may not go over.
    pub memory_limit: Option<Memory>,
    /// Its GPUs.
    pub gpus: Vec<GpuUuid>,
    /// The size of `/dev/shm`, when not the engine's default.
    pub shared_memory: Option<Memory>,
    /// As whom it runs and what it may do.
    pub security: ContainerSecurity,
    /// What its standard input is.
    pub stdin: StandardInput,
    /// Whether it has a terminal.
    pub tty: bool,
}

/// What a container's standard input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandardInput {
    /// Nothing can be written to it.
    Closed,
    /// Whoever attaches can write to it.
    Open,
    /// It closes when the first who attached goes.
    Once,
}

/// A container that is there, to be followed to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowContainer {
    /// Which, at which try.
    pub which: ContainerTry,
    /// The name of its workload.
    pub workload: String,
    /// Where its output goes.
    pub log: PathBuf,
    /// The text about its end.
    pub termination: TerminationMessage,
}

/// As whom a container runs and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerSecurity {
    /// The user, when not the image's.
    pub user: Option<u32>,
    /// The group, when not the user's.
    pub group: Option<u32>,
    /// More groups.
    pub groups: Vec<u32>,
    /// Whether it may do what the machine's root may.
    pub privileged: bool,
    /// Whether programs in it cannot gain more than their parents had.
    pub no_new_privileges: bool,
    /// Whether it cannot write to its image's files.
    pub read_only_root: bool,
    /// Given and taken.
    pub capabilities: Capabilities,
}

/// Where the text about a container's end comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminationMessage {
    /// The file on the machine, made empty before the start.
    pub file: PathBuf,
    /// Whether the end of the log does when the file is empty and the container failed.
    pub fallback_to_log: bool,
}

/// Something mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodMount {
    /// What.
    pub source: PodMountSource,
    /// The part of it, when not all: names joined by `/`, none of which is `..`. Whoever carries it out makes it when
    /// it is not there, and follows no link that leads out of the source.
    pub sub_path: Option<String>,
    /// The absolute path inside.
    pub target: String,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodMountSource {
    /// A directory or file of the machine.
    Path(PathBuf),
    /// A claim.
    Claim(String),
    /// An empty directory in memory.
    Memory {
        /// The most it may hold.
        limit: Option<Memory>,
    },
}

/// A question that is asked regularly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeKind {
    /// Whether it has begun.
    Startup,
    /// Whether it can take work.
    Readiness,
    /// Whether it is alive.
    Liveness,
}

impl ProbeKind {
    /// Its name in messages: `Liveness`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }
}

/// A question to a container, its ports as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeWork {
    /// Whom.
    pub which: ContainerTry,
    /// Which question.
    pub kind: ProbeKind,
    /// How.
    pub handler: Handler,
    /// The pod's address, for handlers that name no host.
    pub pod_ip: Option<IpAddr>,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// When a hook is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookKind {
    /// After a start.
    PostStart,
    /// Before an end.
    PreStop,
}

/// What is to be done in a container after its start or before its end, its ports as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookWork {
    /// Where.
    pub which: ContainerTry,
    /// When.
    pub kind: HookKind,
    /// What.
    pub hook: coracle_spec::kind::pod::Hook,
    /// The pod's address, for handlers that name no host.
    pub pod_ip: Option<IpAddr>,
    /// How long it may take; none is without end.
    pub timeout: Option<Duration>,
}
