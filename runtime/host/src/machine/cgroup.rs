//! The limits that control groups put on this process, in both of the kernel's layouts.
//!
//! A group may use no more than every group above it, so the tightest limit on the way up counts. A container
//! sees its own group as the top; what limits it from further above cannot be seen from inside.

use std::path::{Path, PathBuf};

use coracle_model::{Cpu, Memory};

/// The tightest limits; none where there is no limit.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) cpu: Option<Cpu>,
    pub(super) memory: Option<Memory>,
}

/// The limits on this process, of a machine whose files lie below `root`. What cannot be read limits nothing:
/// not every kernel has control groups.
pub(super) fn limits(root: &Path) -> Limits {
    let text = |file: &str| fs_err::read_to_string(root.join(file)).unwrap_or_default();
    let (groups, mounts) = (text("proc/self/cgroup"), text("proc/self/mountinfo"));
    let mounts: Vec<Mount<'_>> = mounts.lines().filter_map(Mount::parse).collect();
    let mut found = Limits::default();
    for group in groups.lines().filter_map(Group::parse) {
        let mount = mounts.iter().find(|mount| mount.holds(&group));
        for directory in mount
            .map(|mount| mount.directories(root, group.path))
            .unwrap_or_default()
        {
            found.tighten(cpu_limit(&directory), memory_limit(&directory));
        }
    }
    found
}

impl Limits {
    fn tighten(&mut self, cpu: Option<Cpu>, memory: Option<Memory>) {
        self.cpu = self.cpu.into_iter().chain(cpu).min();
        self.memory = self.memory.into_iter().chain(memory).min();
    }
}

/// A line of `/proc/self/cgroup`: `4:cpu,cpuacct:/docker/abc`, without controllers in the unified layout.
struct Group<'a> {
    controllers: &'a str,
    path: &'a str,
}

impl<'a> Group<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut parts = line.splitn(3, ':').skip(1);
        Some(Self {
            controllers: parts.next()?,
            path: parts.next()?,
        })
    }
}

/// A mounted hierarchy of control groups: a line of `/proc/self/mountinfo`.
struct Mount<'a> {
    /// The group that is mounted.
    top: &'a str,
    /// Where.
    point: &'a str,
    unified: bool,
    /// The mount's options, the controllers among them.
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (top, point) = (place.next()?, place.next()?);
        let mut kind = kind.split(' ');
        let unified = match kind.next()? {
            "cgroup2" => true,
            "cgroup" => false,
            _ => return None,
        };
        Some(Self {
            top,
            point,
            unified,
            options: kind.nth(1)?,
        })
    }

    fn holds(&self, group: &Group<'_>) -> bool {
        let wanted = group.controllers.split(',').next().unwrap_or_default();
        self.unified == wanted.is_empty()
            && (self.unified || self.options.split(',').any(|option| option == wanted))
    }

    /// The directories of a group and those above it, as far as they are mounted.
    fn directories(&self, root: &Path, group: &str) -> Vec<PathBuf> {
        let relative = Path::new(group)
            .strip_prefix(self.top)
            .unwrap_or(Path::new(""));
        let point = root.join(self.point.trim_start_matches('/'));
        relative.ancestors().map(|part| point.join(part)).collect()
    }
}

fn read(directory: &Path, file: &str) -> Option<String> {
    fs_err::read_to_string(directory.join(file)).ok()
}

fn cpu_limit(directory: &Path) -> Option<Cpu> {
    let text = read(directory, "cpu.max").or_else(|| {
        let quota = read(directory, "cpu.cfs_quota_us")?;
        Some(format!(
            "{} {}",
            quota.trim(),
            read(directory, "cpu.cfs_period_us")?.trim()
        ))
    })?;
    parse_quota(&text)
}

fn memory_limit(directory: &Path) -> Option<Memory> {
    let text =
        read(directory, "memory.max").or_else(|| read(directory, "memory.limit_in_bytes"))?;
    text.trim().parse().ok().map(Memory)
}

/// A quota in microseconds and its period, `150000 100000`; `max` and `-1` are no limit.
fn parse_quota(text: &str) -> Option<Cpu> {
    let mut numbers = text.split_whitespace();
    let quota: u64 = numbers.next()?.parse().ok()?;
    let period: u64 = numbers.next()?.parse().ok()?;
    let thousandths = quota.checked_mul(1000)?.checked_div(period)?;
    // A quota too small to show still is a limit.
    Some(Cpu(thousandths.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_read_in_thousandths() {
        assert_eq!(parse_quota("150000 100000\n"), Some(Cpu(1500)));
        assert_eq!(parse_quota("1000 1000000"), Some(Cpu(1)));
        assert_eq!(parse_quota("max 100000"), None);
        assert_eq!(parse_quota("-1 100000"), None);
        assert_eq!(parse_quota("100000 0"), None);
        assert_eq!(parse_quota("100000"), None);
    }

    #[test]
    fn mounts_of_other_kinds_are_passed_over() {
        let line = "25 30 0:22 / /sys/fs/cgroup rw,nosuid shared:9 - tmpfs tmpfs ro,mode=755";
        assert!(Mount::parse(line).is_none());
        assert!(Mount::parse("").is_none());
    }

    #[test]
    fn a_group_outside_of_the_mount_is_read_at_the_mount() {
        let line = "31 25 0:27 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw";
        let mount = Mount::parse(line).unwrap();
        let top = |group| mount.directories(Path::new("/"), group);
        assert_eq!(top("/docker/abc"), [Path::new("/sys/fs/cgroup/")]);
        assert_eq!(top("/elsewhere"), [Path::new("/sys/fs/cgroup/")]);
        assert_eq!(
            top("/docker/abc/in"),
            [Path::new("/sys/fs/cgroup/in"), Path::new("/sys/fs/cgroup/")]
        );
    }

    #[test]
    fn limits_only_get_tighter() {
        let mut limits = Limits::default();
        limits.tighten(Some(Cpu(2000)), None);
        limits.tighten(Some(Cpu(1000)), Some(Memory(7)));
        limits.tighten(Some(Cpu(3000)), Some(Memory(9)));
        assert_eq!(
            limits,
            Limits {
                cpu: Some(Cpu(1000)),
                memory: Some(Memory(7))
            }
        );
    }
}
