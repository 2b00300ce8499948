//! What a container may use and do, in the engine's words.

use bollard::models::{
    DeviceRequest, HostConfig, HostConfigLogConfig, MountTmpfsOptions, MountType,
};
use coracle_model::Cpu;

use super::about::{Engine, Maker};
use super::workload::some_unless_empty;
use crate::engine::{Mount, MountSource, SecurityContext, Workload};
use crate::log::{Keep, PARTS};

/// The time slice that a CPU limit is a share of, in microseconds; Kubernetes' own.
const CPU_PERIOD: i64 = 100_000;
/// The smallest share of it that Linux takes, in microseconds.
const CPU_QUOTA_MIN: i64 = 1_000;
/// The smallest memory limit that Docker takes, in bytes.
const MEMORY_MIN: i64 = 6 << 20;
/// The smallest and the largest weight that Linux takes.
const CPU_SHARES_MIN: i64 = 2;
const CPU_SHARES_MAX: i64 = 262_144;

/// The last engine API whose `local` log driver loses lines that are followed when it splits its file.
const LAST_API_LOSING_LINES: (u32, u32) = (1, 41);

/// How the engine keeps a container's output until it is written down here.
///
/// Docker's default driver keeps text and replaces every byte that is not UTF-8; `local` keeps bytes. Where all is
/// kept its limits are lifted, since what it drops is lost. Where the end is kept its file is split, but by no engine
/// that loses lines in doing so while they are followed: such a one keeps all until the container goes.
pub(super) fn log_config(engine: &Engine, keep: Keep) -> Option<HostConfigLogConfig> {
    let splits = engine.api > LAST_API_LOSING_LINES;
    let (size, files) = match keep {
        Keep::End(bytes) if splits => ((bytes / PARTS).to_string(), PARTS.to_string()),
        Keep::End(_) | Keep::All => ("1000t".to_owned(), "1".to_owned()),
    };
    let options = [
        ("max-size", size.as_str()),
        ("max-file", files.as_str()),
        ("compress", "false"),
        ("mode", "blocking"),
    ];
    let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    match engine.maker {
        Maker::Docker => Some(HostConfigLogConfig {
            typ: Some("local".to_owned()),
            config: Some(options.map(text).into()),
        }),
        Maker::Podman => None,
    }
}

/// What a container may use and do. `labelled` says that the machine's files are labelled for who may touch them.
pub(super) fn host_config(engine: &Engine, labelled: bool, workload: &Workload) -> HostConfig {
    let security = &workload.security;
    // Docker's own unit for CPUs refuses more than the machine has; Kubernetes does not.
    let cpu_quota = workload
        .cpu_limit
        .map(|cpu| whole(cpu.0.saturating_mul(100)).max(CPU_QUOTA_MIN));
    let memory = workload
        .memory_limit
        .map(|memory| whole(memory.0).max(MEMORY_MIN));
    HostConfig {
        cpu_shares: workload.cpu_request.map(cpu_shares),
        cpu_period: cpu_quota.map(|_| CPU_PERIOD),
        cpu_quota,
        memory,
        // The same number means: no swap on top.
        memory_swap: memory,
        shm_size: workload.shared_memory.map(|memory| whole(memory.0)),
        mounts: Some(workload.mounts.iter().map(mount).collect()),
        device_requests: (!workload.gpus.is_empty()).then(|| vec![gpu_request(workload)]),
        network_mode: workload
            .sandbox
            .as_ref()
            .map(|sandbox| format!("container:{}", sandbox.0)),
        privileged: Some(security.privileged),
        readonly_rootfs: Some(security.read_only_root),
        group_add: some_unless_empty(&security.groups),
        cap_add: some_unless_empty(&security.capabilities.add),
        cap_drop: some_unless_empty(&security.capabilities.drop),
        security_opt: some_unless_empty(&security_options(labelled, security)),
        log_config: log_config(engine, workload.keep_log),
        ..Default::default()
    }
}

fn security_options(labelled: bool, security: &SecurityContext) -> Vec<String> {
    let options = [
        // SELinux would deny a container the files of the workbench, which are not labelled for it.
        (labelled, "label=disable"),
        (security.no_new_privileges, "no-new-privileges"),
    ];
    let wanted = options.into_iter().filter(|(wanted, _)| *wanted);
    wanted.map(|(_, option)| option.to_owned()).collect()
}

/// Kubernetes' own count: 1024 for a whole CPU.
fn cpu_shares(request: Cpu) -> i64 {
    (whole(request.0).saturating_mul(1024) / 1000).clamp(CPU_SHARES_MIN, CPU_SHARES_MAX)
}

/// Docker counts in signed numbers.
fn whole(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

fn gpu_request(workload: &Workload) -> DeviceRequest {
    DeviceRequest {
        driver: Some("nvidia".to_owned()),
        device_ids: Some(
            workload
                .gpus
                .iter()
                .map(|gpu| gpu.as_str().to_owned())
                .collect(),
        ),
        capabilities: Some(vec![vec!["gpu".to_owned()]]),
        ..Default::default()
    }
}

fn mount(mount: &Mount) -> bollard::models::Mount {
    let (typ, source, tmpfs_options) = match &mount.source {
        MountSource::Host(path) => (MountType::BIND, Some(path.display().to_string()), None),
        MountSource::Memory { limit } => {
            let size_bytes = limit.map(|limit| whole(limit.0));
            (
                MountType::TMPFS,
                None,
                Some(MountTmpfsOptions {
                    size_bytes,
                    ..Default::default()
                }),
            )
        }
    };
    bollard::models::Mount {
        target: Some(mount.target.clone()),
        source,
        typ: Some(typ),
        read_only: Some(mount.read_only),
        tmpfs_options,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use coracle_model::Memory;

    use super::*;
    use crate::engine::{Stdin, WorkloadImage, WorkloadName};

    fn workload() -> Workload {
        Workload {
            name: WorkloadName("a".to_owned()),
            labels: Default::default(),
            image: WorkloadImage::Prepared("0123".into()),
            command: Vec::new(),
            args: Vec::new(),
            environment: Default::default(),
            mounts: Vec::new(),
            directory: "/tmp".into(),
            working_dir: None,
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

    fn configured(workload: &Workload) -> HostConfig {
        host_config(&engine((1, 47)), false, workload)
    }

    fn engine(api: (u32, u32)) -> Engine {
        Engine {
            maker: Maker::Docker,
            version: "28".to_owned(),
            api,
            architecture: "amd64".to_owned(),
            address: "unix:///run/docker.sock".to_owned(),
        }
    }

    #[test]
    fn the_engine_keeps_no_more_of_a_log_than_is_kept_here() {
        let limits = |api, keep| {
            let options = log_config(&engine(api), keep).unwrap().config.unwrap();
            ["max-size", "max-file"].map(|name| options[name].clone())
        };
        let end = Keep::End(50 << 20);
        assert_eq!(limits((1, 42), end), ["10485760", "5"]);
        // It would lose lines.
        assert_eq!(limits((1, 41), end), ["1000t", "1"]);
        assert_eq!(limits((1, 42), Keep::All), ["1000t", "1"]);
    }

    #[test]
    fn a_request_is_a_weight() {
        let shares = |milli| {
            let asking = Workload {
                cpu_request: Some(Cpu(milli)),
                ..workload()
            };
            configured(&asking).cpu_shares
        };
        assert_eq!([0, 500, 1000].map(shares), [2, 512, 1024].map(Some));
        assert_eq!(shares(u64::MAX), Some(262_144));
        assert_eq!(configured(&workload()).cpu_shares, None);
    }

    #[test]
    fn nothing_is_said_about_security_that_nobody_asked_for() {
        let config = configured(&workload());
        assert_eq!(
            (config.security_opt, config.cap_add, config.cap_drop),
            (None, None, None)
        );
        assert_eq!(configured(&workload()).privileged, Some(false));
        let strict = SecurityContext {
            privileged: true,
            no_new_privileges: true,
            ..SecurityContext::default()
        };
        let strict = Workload {
            security: strict,
            ..workload()
        };
        assert_eq!(
            host_config(&engine((1, 47)), true, &strict)
                .security_opt
                .unwrap(),
            ["label=disable", "no-new-privileges"]
        );
    }

    #[test]
    fn limits_are_what_kubernetes_would_write() {
        let limited = Workload {
            cpu_limit: Some(Cpu(1500)),
            memory_limit: Some(Memory(1 << 30)),
            ..workload()
        };
        let config = configured(&limited);
        assert_eq!(
            (config.cpu_period, config.cpu_quota),
            (Some(100_000), Some(150_000))
        );
        assert_eq!(
            (config.memory, config.memory_swap),
            (Some(1 << 30), Some(1 << 30))
        );
        let tiny = Workload {
            cpu_limit: Some(Cpu(1)),
            memory_limit: Some(Memory(1)),
            ..workload()
        };
        assert_eq!(configured(&tiny).cpu_quota, Some(1_000));
        assert_eq!(configured(&tiny).memory, Some(6 << 20));
        assert_eq!(configured(&workload()).cpu_quota, None);
    }

    #[test]
    fn a_sandbox_is_joined_by_name_and_gpus_are_asked_for_by_uuid() {
        let joined = Workload {
            sandbox: Some(crate::SandboxName("pod".to_owned())),
            gpus: vec!["GPU-1".into()],
            ..workload()
        };
        let config = configured(&joined);
        assert_eq!(config.network_mode.as_deref(), Some("container:pod"));
        assert_eq!(
            config.device_requests.unwrap()[0].device_ids,
            Some(vec!["GPU-1".to_owned()])
        );
    }
}
