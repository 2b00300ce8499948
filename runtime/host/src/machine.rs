//! What this machine has to give: CPU, memory, room on a disk, and what system runs on it.
//!
//! Not what the hardware has, but what this process may use: its CPU affinity and every limit of its control
//! group and the groups above count, as they do in a container, a systemd slice or a CI job.

mod cgroup;

use std::io;
use std::path::{Path, PathBuf};

use coracle_model::{Cpu, Memory};
use nix::sys::statvfs::statvfs;
use serde::{Deserialize, Serialize};

/// What the machine has, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The CPU that this process and what it starts may use.
    pub cpus: Cpu,
    /// The memory that they may use.
    pub memory: Memory,
    /// What is free on the disk that was asked about, for this user.
    pub disk_free: Memory,
    /// The system's name, such as `Debian GNU/Linux 12 (bookworm)`.
    pub os: String,
    /// The kernel's version, such as `6.1.0-18-amd64`.
    pub kernel: String,
}

/// Why the machine could not be surveyed.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// A file of the kernel cannot be read; the cause names it.
    #[error("failed to read what the kernel tells")]
    Unreadable(#[source] io::Error),
    /// A file of the kernel does not say what it should.
    #[error("`{}` does not name `{field}`", path.display())]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        field: &'static str,
    },
    /// The disk does not tell.
    #[error("failed to ask how much is free at `{}`", path.display())]
    Disk {
        /// The path that was asked about.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The machine's name, as one of a host: lower case, without what a DNS label may not hold.
pub fn name() -> String {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy().to_lowercase();
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            'a'..='z' | '0'..='9' | '.' => letter,
            _ => '-',
        })
        .collect();
    let plain = plain.trim_matches(['-', '.']);
    if plain.is_empty() {
        "localhost".to_owned()
    } else {
        plain.to_owned()
    }
}

/// What this machine has. `disk` is any existing path on the disk to ask about.
///
/// Reads a few files of the kernel, and asks the file system: a network disk may make it block.
///
/// # Errors
/// When `/proc` is not that of a Linux, and when `disk` is not there.
pub fn survey(disk: &Path) -> Result<Machine, MachineError> {
    survey_below(Path::new("/"), disk)
}

/// The same for a machine whose `/proc`, `/sys` and `/etc` lie below `root`.
fn survey_below(root: &Path, disk: &Path) -> Result<Machine, MachineError> {
    let limits = cgroup::limits(root);
    let cpus = field(root, "proc/self/status", "Cpus_allowed_list", allowed_cpus)?;
    let memory = field(root, "proc/meminfo", "MemTotal", total_memory)?;
    Ok(Machine {
        cpus: limits.cpu.map_or(cpus, |limit| limit.min(cpus)),
        memory: limits.memory.map_or(memory, |limit| limit.min(memory)),
        disk_free: disk_free(disk)?,
        os: read(root, "etc/os-release")
            .ok()
            .and_then(|text| os_name(&text))
            .unwrap_or_else(|| "Linux".to_owned()),
        kernel: read(root, "proc/sys/kernel/osrelease")?.trim().to_owned(),
    })
}

fn read(root: &Path, file: &str) -> Result<String, MachineError> {
    fs_err::read_to_string(root.join(file)).map_err(MachineError::Unreadable)
}

fn field<T>(
    root: &Path,
    file: &str,
    field: &'static str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, MachineError> {
    let text = read(root, file)?;
    parse(&text).ok_or_else(|| MachineError::Unexpected {
        path: root.join(file),
        field,
    })
}

fn disk_free(path: &Path) -> Result<Memory, MachineError> {
    let room = statvfs(path).map_err(|code| MachineError::Disk {
        path: path.to_owned(),
        source: code.into(),
    })?;
    Ok(Memory(
        room.blocks_available().saturating_mul(room.fragment_size()),
    ))
}

/// The value of `Name: value` in a file of `/proc`.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// The CPUs that the scheduler may put this process on, from `/proc/self/status`.
fn allowed_cpus(status: &str) -> Option<Cpu> {
    let count = count_list(value(status, "Cpus_allowed_list")?)?;
    (count > 0).then_some(Cpu(count * 1000))
}

/// How many numbers a kernel list such as `0-3,7` names.
fn count_list(list: &str) -> Option<u64> {
    list.split(',').map(count_range).sum()
}

fn count_range(range: &str) -> Option<u64> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    last.checked_sub(first)?.checked_add(1)
}

/// The memory of the machine, from `/proc/meminfo`, which counts in units of 1024 bytes.
fn total_memory(meminfo: &str) -> Option<Memory> {
    let amount: u64 = value(meminfo, "MemTotal")?
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    amount.checked_mul(1024).map(Memory)
}

/// The name in an `os-release` file, whose values may be quoted.
fn os_name(os_release: &str) -> Option<String> {
    let name = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let name = name.trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_lists_are_counted() {
        assert_eq!(count_list("0"), Some(1));
        assert_eq!(count_list("0-3,7"), Some(5));
        assert_eq!(count_list("0-1,4-5,8-15"), Some(12));
        assert_eq!(count_list(""), None);
        assert_eq!(count_list("3-1"), None);
        assert_eq!(count_list("a"), None);
    }

    #[test]
    fn the_whole_field_name_counts() {
        let status =
            "Name:\tcoracle\nCpus_allowed:\tff\nCpus_allowed_list:\t2-5\nMems_allowed_list:\t0\n";
        assert_eq!(allowed_cpus(status), Some(Cpu(4000)));
        let meminfo = "MemTotalX: 1 kB\nMemTotal:       16318480 kB\nMemFree: 1 kB\n";
        assert_eq!(total_memory(meminfo), Some(Memory(16_710_123_520)));
        assert_eq!(total_memory("MemTotal: many kB"), None);
    }

    #[test]
    fn os_names_lose_their_quotes() {
        let text = "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(
            os_name(text).as_deref(),
            Some("Debian GNU/Linux 12 (bookworm)")
        );
        assert_eq!(os_name("PRETTY_NAME=Alpine\n").as_deref(), Some("Alpine"));
        assert_eq!(os_name("ID=x\n"), None);
    }

    fn machine(files: &[(&str, &str)]) -> Result<Machine, MachineError> {
        let root = tempfile::tempdir().unwrap();
        let usual = [
            ("proc/self/status", "Cpus_allowed_list:\t0-7\n"),
            ("proc/meminfo", "MemTotal: 8388608 kB\n"),
            ("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"),
        ];
        for (path, text) in usual.iter().chain(files) {
            let path = root.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        survey_below(root.path(), root.path())
    }

    const UNIFIED: &str = "25 1 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

    #[test]
    fn without_limits_the_machine_is_all_there_is() {
        let machine = machine(&[]).unwrap();
        assert_eq!((machine.cpus, machine.memory), (Cpu(8000), Memory(8 << 30)));
        assert_eq!(
            (machine.os.as_str(), machine.kernel.as_str()),
            ("Linux", "6.1.0-18-amd64")
        );
        assert!(machine.disk_free.0 > 0);
    }

    #[test]
    fn the_tightest_limit_of_all_groups_above_counts() {
        let machine = machine(&[
            ("proc/self/cgroup", "0::/user.slice/job\n"),
            ("proc/self/mountinfo", UNIFIED),
            ("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/user.slice/memory.max", "4294967296\n"),
            ("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/user.slice/job/memory.max", "1073741824\n"),
        ]);
        let machine = machine.unwrap();
        assert_eq!((machine.cpus, machine.memory), (Cpu(1500), Memory(1 << 30)));
    }

    #[test]
    fn a_limit_above_what_the_machine_has_gives_nothing() {
        let machine = machine(&[
            ("proc/self/cgroup", "0::/\n"),
            ("proc/self/mountinfo", UNIFIED),
            ("sys/fs/cgroup/cpu.max", "6400000 100000\n"),
            ("sys/fs/cgroup/memory.max", "max\n"),
        ]);
        let machine = machine.unwrap();
        assert_eq!((machine.cpus, machine.memory), (Cpu(8000), Memory(8 << 30)));
    }

    #[test]
    fn the_older_layout_of_control_groups_is_read_too() {
        // As in a container without a namespace of its own: the paths are the host's, the mounts begin at the
        // container's group.
        let machine = machine(&[
            (
                "proc/self/cgroup",
                "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/docker/abc\n",
            ),
            (
                "proc/self/mountinfo",
                "30 25 0:26 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n\
                 31 25 0:27 /docker/abc /sys/fs/cgroup/memory ro master:7 - cgroup cgroup rw,memory\n",
            ),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n"),
        ]);
        let machine = machine.unwrap();
        assert_eq!(
            (machine.cpus, machine.memory),
            (Cpu(500), Memory(512 << 20))
        );
    }

    #[test]
    fn no_quota_in_the_older_layout_is_no_limit() {
        let machine = machine(&[
            ("proc/self/cgroup", "5:memory:/\n4:cpu,cpuacct:/\n"),
            (
                "proc/self/mountinfo",
                "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
                 31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
            ),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
        ]);
        let machine = machine.unwrap();
        assert_eq!((machine.cpus, machine.memory), (Cpu(8000), Memory(8 << 30)));
    }

    #[test]
    fn a_file_that_says_something_else_is_named() {
        let error = machine(&[("proc/meminfo", "nothing\n")]).unwrap_err();
        assert!(
            matches!(
                &error,
                MachineError::Unexpected {
                    field: "MemTotal",
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn this_machine_has_what_its_tests_run_on() {
        let machine = survey(Path::new("/")).unwrap();
        assert!(
            machine.cpus.0 > 0 && machine.memory.0 > 1 << 20,
            "{machine:?}"
        );
        let cores = std::thread::available_parallelism().unwrap().get() as u64;
        // The standard library knows the same limits and rounds a part of a core down, to one at least.
        assert_eq!((machine.cpus.0 / 1000).max(1), cores);
        assert!(matches!(
            survey(Path::new("/no/such/place")),
            Err(MachineError::Disk { .. })
        ));
    }
}
