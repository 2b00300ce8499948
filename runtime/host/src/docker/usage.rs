//! What a running container uses, read from the kernel's own accounts.
//!
//! A container's control group goes away with it, so it is looked at again and again while the container runs:
//! soon after its start, since most steps are short, then ten times a second. Where the files are not to be seen,
//! as with an engine in a virtual machine, the engine's statistics are used, one a second.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use coracle_model::AttemptUsage;
use futures_util::{Stream, StreamExt};

use super::client::DockerEngine;
use super::error::{Fault, ask, is_missing, refusal};
use crate::engine::{EngineError, Usage, WorkloadName};

type Statistics = Pin<Box<dyn Stream<Item = Result<ContainerStatsResponse, Fault>> + Send>>;

/// Watches what one container uses.
pub(super) struct Meter {
    source: Source,
    peak_memory_bytes: Option<u64>,
    cpu: Option<Duration>,
}

enum Source {
    Accounts(Accounts),
    Statistics(Statistics),
    /// The container does not run, or nobody tells.
    None,
}

/// The files of a control group that tell what it used.
#[derive(Debug, PartialEq, Eq)]
struct Accounts {
    /// The most memory at once, or with an older version 2 the memory now.
    memory: PathBuf,
    /// Memory now.
    held: PathBuf,
    cpu: CpuFile,
    /// Lines of names and numbers, among them what of the memory now can be taken away at once.
    statistics: PathBuf,
    /// By what name.
    easily_taken: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
enum CpuFile {
    /// One number, in nanoseconds.
    Nanoseconds(PathBuf),
    /// Lines of names and numbers, `usage_usec` among them.
    Statistics(PathBuf),
}

impl DockerEngine {
    /// Finds out where to read what a container uses.
    pub(super) fn meter(&self, container: &ContainerInspectResponse) -> Meter {
        Meter {
            source: self.source(container),
            peak_memory_bytes: None,
            cpu: None,
        }
    }

    pub(super) async fn use_now(&self, name: &WorkloadName) -> Result<Usage, EngineError> {
        let gone = || EngineError::Gone { name: name.clone() };
        let container = match self.look_at(&name.0).await {
            Ok(container) => container,
            Err(fault) if is_missing(&fault) => return Err(gone()),
            Err(fault) => return Err(refusal(format!("look at `{name}`"))(fault)),
        };
        let used = match self.source(&container) {
            Source::Accounts(accounts) => accounts.now(),
            Source::Statistics(mut statistics) => {
                ask(async { statistics.next().await.transpose() })
                    .await
                    .map_err(refusal(format!("measure `{name}`")))?
                    .and_then(usage_told)
            }
            Source::None => None,
        };
        // Nobody tells what a container uses that ended meanwhile.
        used.ok_or_else(|| EngineError::NotRunning { name: name.clone() })
    }

    fn source(&self, container: &ContainerInspectResponse) -> Source {
        let pid = container
            .state
            .as_ref()
            .and_then(|state| state.pid)
            .unwrap_or(0);
        let Some(id) = container.id.as_deref().filter(|_| pid > 0) else {
            return Source::None;
        };
        if let Some(accounts) = Accounts::find(Path::new("/proc"), pid, id) {
            return Source::Accounts(accounts);
        }
        let options = StatsOptionsBuilder::new().stream(true).build();
        Source::Statistics(Box::pin(self.docker.stats(id, Some(options))))
    }
}

impl Meter {
    /// Reads the kernel's accounts, when they are where to read.
    pub(super) fn sample(&mut self) {
        let Source::Accounts(accounts) = &self.source else {
            return;
        };
        let (memory, cpu) = accounts.read();
        self.note(memory, cpu);
    }

    /// Awaits the engine's statistics for ever; to be dropped when something else is due.
    pub(super) async fn listen(&mut self) {
        loop {
            let Source::Statistics(statistics) = &mut self.source else {
                return std::future::pending().await;
            };
            match statistics.next().await {
                Some(Ok(sample)) => self.note_statistics(sample),
                Some(Err(_)) | None => self.source = Source::None,
            }
        }
    }

    pub(super) fn usage(&self) -> AttemptUsage {
        AttemptUsage {
            peak_memory_bytes: self.peak_memory_bytes,
            cpu_seconds: self.cpu.map(|cpu| cpu.as_secs_f64()),
        }
    }

    fn note_statistics(&mut self, sample: ContainerStatsResponse) {
        let memory = sample.memory_stats.unwrap_or_default();
        let cpu = sample.cpu_stats.and_then(|cpu| cpu.cpu_usage?.total_usage);
        self.note(
            memory.max_usage.max(memory.usage),
            cpu.map(Duration::from_nanos),
        );
    }

    fn note(&mut self, memory: Option<u64>, cpu: Option<Duration>) {
        self.peak_memory_bytes = self.peak_memory_bytes.max(memory);
        self.cpu = self.cpu.max(cpu);
    }
}

impl Accounts {
    /// The accounts of the container whose first process is `pid`. The process is checked to be in a control
    /// group named after the container: in another PID namespace the number means somebody else.
    fn find(proc: &Path, pid: i64, container_id: &str) -> Option<Self> {
        let groups = fs_err::read_to_string(proc.join(pid.to_string()).join("cgroup")).ok()?;
        if !groups.contains(container_id) {
            return None;
        }
        let mounts = fs_err::read_to_string(proc.join("self/mountinfo")).ok()?;
        let version_1 = |controller| directory_v1(&groups, &mounts, controller);
        if let (Some(memory), Some(cpu)) = (version_1("memory"), version_1("cpuacct")) {
            return Some(Self {
                memory: memory.join("memory.max_usage_in_bytes"),
                held: memory.join("memory.usage_in_bytes"),
                statistics: memory.join("memory.stat"),
                easily_taken: "total_inactive_file",
                cpu: CpuFile::Nanoseconds(cpu.join("cpuacct.usage")),
            });
        }
        let group = directory_v2(&groups, &mounts)?;
        // The peak is told since Linux 5.19.
        let peak = group.join("memory.peak");
        Some(Self {
            memory: if peak.exists() {
                peak
            } else {
                group.join("memory.current")
            },
            held: group.join("memory.current"),
            statistics: group.join("memory.stat"),
            easily_taken: "inactive_file",
            cpu: CpuFile::Statistics(group.join("cpu.stat")),
        })
    }

    fn read(&self) -> (Option<u64>, Option<Duration>) {
        (read_number(&self.memory), self.cpu())
    }

    fn now(&self) -> Option<Usage> {
        let taken = read_named(&self.statistics, self.easily_taken).unwrap_or(0);
        Some(Usage {
            cpu: self.cpu()?,
            memory_bytes: read_number(&self.held)?.saturating_sub(taken),
        })
    }

    fn cpu(&self) -> Option<Duration> {
        match &self.cpu {
            CpuFile::Nanoseconds(path) => read_number(path).map(Duration::from_nanos),
            CpuFile::Statistics(path) => read_named(path, "usage_usec").map(Duration::from_micros),
        }
    }
}

/// What the engine's statistics say of now.
fn usage_told(sample: ContainerStatsResponse) -> Option<Usage> {
    let memory = sample.memory_stats?;
    let statistics = memory.stats.unwrap_or_default();
    let taken = ["total_inactive_file", "inactive_file"]
        .into_iter()
        .find_map(|name| statistics.get(name).copied());
    Some(Usage {
        cpu: Duration::from_nanos(sample.cpu_stats?.cpu_usage?.total_usage?),
        memory_bytes: memory.usage?.saturating_sub(taken.unwrap_or(0)),
    })
}

fn read_number(path: &Path) -> Option<u64> {
    fs_err::read_to_string(path).ok()?.trim().parse().ok()
}

/// The number behind a name, in lines of such.
fn read_named(path: &Path, name: &str) -> Option<u64> {
    let text = fs_err::read_to_string(path).ok()?;
    let number = |line: &str| {
        line.strip_prefix(name)?
            .strip_prefix(' ')?
            .trim()
            .parse()
            .ok()
    };
    text.lines().find_map(number)
}

/// The directory of a process' control group for one controller of version 1.
fn directory_v1(groups: &str, mounts: &str, controller: &str) -> Option<PathBuf> {
    let path = groups.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        controllers
            .split(',')
            .any(|name| name == controller)
            .then_some(path)
    })?;
    mounts.lines().find_map(|line| {
        let mount = MountLine::parse(line)?;
        let fits =
            mount.kind == "cgroup" && mount.options.split(',').any(|name| name == controller);
        fits.then(|| mount.resolve(path))?
    })
}

/// The directory of a process' control group in version 2.
fn directory_v2(groups: &str, mounts: &str) -> Option<PathBuf> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let mount = MountLine::parse(line)?;
        (mount.kind == "cgroup2").then(|| mount.resolve(path))?
    })
}

/// What matters of a line of `/proc/self/mountinfo`.
struct MountLine<'a> {
    root: &'a str,
    target: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl<'a> MountLine<'a> {
    /// `36 35 98:0 /root /target rw,noatime master:1 - kind source options`
    fn parse(line: &'a str) -> Option<Self> {
        let (place, system) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (root, target) = (place.next()?, place.next()?);
        let mut system = system.split(' ');
        let (kind, options) = (system.next()?, system.nth(1)?);
        Some(Self {
            root,
            target,
            kind,
            options,
        })
    }

    /// Where a path in the mounted file system is to be seen.
    fn resolve(&self, path: &str) -> Option<PathBuf> {
        let inside = if self.root == "/" {
            path
        } else {
            path.strip_prefix(self.root)?
        };
        Some(Path::new(self.target).join(inside.trim_start_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_groups_of_version_1_are_found_by_controller() {
        let groups = "9:cpu,cpuacct:/docker/abc\n8:memory:/docker/abc\n0::/docker/abc\n";
        let mounts = "\
            31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n\
            32 23 0:28 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n";
        assert_eq!(
            directory_v1(groups, mounts, "memory"),
            Some("/sys/fs/cgroup/memory/docker/abc".into())
        );
        assert_eq!(
            directory_v1(groups, mounts, "cpuacct"),
            Some("/sys/fs/cgroup/cpu,cpuacct/docker/abc".into())
        );
        assert_eq!(directory_v1(groups, mounts, "pids"), None);
    }

    #[test]
    fn control_groups_of_version_2_are_found_under_a_mounted_part() {
        let groups = "0::/system.slice/docker-abc.scope\n";
        let whole =
            "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        assert_eq!(
            directory_v2(groups, whole),
            Some("/sys/fs/cgroup/system.slice/docker-abc.scope".into())
        );
        let part = "29 23 0:26 /system.slice /mnt rw - cgroup2 cgroup2 rw\n";
        assert_eq!(
            directory_v2(groups, part),
            Some("/mnt/docker-abc.scope".into())
        );
    }

    #[test]
    fn another_process_of_the_same_number_is_not_taken_for_the_container() {
        let proc = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(proc.path().join("7")).unwrap();
        fs_err::write(proc.path().join("7/cgroup"), "0::/user.slice\n").unwrap();
        assert_eq!(Accounts::find(proc.path(), 7, "abc"), None);
    }

    #[test]
    fn the_peak_is_kept_when_a_later_look_shows_less_or_nothing() {
        let mut meter = Meter {
            source: Source::None,
            peak_memory_bytes: None,
            cpu: None,
        };
        meter.note(Some(5), Some(Duration::from_millis(1500)));
        meter.note(Some(3), None);
        meter.note(None, Some(Duration::from_secs(2)));
        let usage = meter.usage();
        assert_eq!(
            (usage.peak_memory_bytes, usage.cpu_seconds),
            (Some(5), Some(2.0))
        );
    }
}
