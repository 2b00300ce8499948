//! Whether steps and pods can use this machine's GPUs: looked at once at each start, from inside a workload that is given
//! them all, as the engine runs any other.
//!
//! That the driver answers here says nothing of what a container sees. So nothing is claimed before a workload has said
//! what it saw, and where there is no GPU none is run.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use coracle_control::{Supervisor, TaskKind};
use coracle_host::log::{Keep, LogReader};
use coracle_host::{
    Engine, EngineError, PullPolicy, SecurityContext, Stdin, Workload, WorkloadImage, WorkloadName,
    off_runtime,
};
use coracle_model::{GpuUuid, ImageDigest, ImageRef};

use crate::kubernetes;
use crate::view::{GpuCheck, GpuCheckState};
use crate::workbench::{self, Workbench};

/// The name of the workload that looks.
const NAME: &str = "coracle-gpu-check";

/// Longer than a container takes to start on a busy machine, and a driver to wake its GPUs.
const LIMIT: Duration = Duration::from_secs(120);

/// Images that many have, with a shell and the C library that the driver's programs need; `python:3.11` is what KFP runs
/// components in. None is pulled for this.
const IMAGES: [&str; 6] = [
    "python:3.11",
    "python:3.12",
    "python:3.10",
    "python:3.9",
    "debian:stable-slim",
    "ubuntu:24.04",
];

/// Tells what is there, a line each. An image may lack `ldconfig`, and the engine gives `nvidia-smi` to those it can.
const SCRIPT: &str = "\
for device in /dev/nvidia[0-9]* /dev/dxg; do if [ -e \"$device\" ]; then echo \"device $device\"; fi; done
if command -v nvidia-smi >/dev/null; then nvidia-smi -L 2>&1 | while read -r line; do echo \"smi $line\"; done; fi
if ldconfig -p 2>/dev/null | grep -q libcuda.so.1; then echo libcuda; fi
";

/// The most of its output that is read.
const OUTPUT_BYTES: usize = 64 * 1024;

/// Has a workload look at the GPUs that can be given, and remembers and tells what it saw.
pub(crate) fn begin_to_look(
    workbench: &Workbench,
    supervisor: &Supervisor,
    engine: Arc<dyn Engine>,
    node_name: String,
    gpus: Vec<GpuUuid>,
) {
    workbench.inner.gpus.send_replace(before(&gpus));
    if gpus.is_empty() {
        return;
    }
    let workbench = workbench.clone();
    supervisor.spawn(TaskKind::Lookup, async move {
        let directory = workbench.home().logs().join("gpu-check");
        let seen = look(engine.as_ref(), &gpus, directory).await;
        tracing::info!(state = ?seen.state, message = seen.message, "a workload has looked at the GPUs");
        let (api, told) = (workbench.kubernetes().clone(), seen.clone());
        let telling = workbench::off_runtime(move || {
            Ok(kubernetes::tell_of_gpus(&api, &node_name, &told)?)
        });
        if let Err(error) = telling.await {
            tracing::warn!(%error, "the node does not tell of its GPUs");
        }
        workbench.inner.gpus.send_replace(Some(seen));
    });
}

/// What is known before anybody has looked; nothing where there is no GPU to give.
fn before(gpus: &[GpuUuid]) -> Option<GpuCheck> {
    let message = "no workload has looked at them yet".to_owned();
    (!gpus.is_empty()).then_some(GpuCheck {
        state: GpuCheckState::Pending,
        message,
    })
}

/// Has a workload look at GPUs.
async fn look(engine: &dyn Engine, gpus: &[GpuUuid], directory: PathBuf) -> GpuCheck {
    match said(engine, gpus, directory).await {
        Ok(text) => judge(gpus, &text),
        Err(why) => not_verified(why),
    }
}

/// What a workload says that was given them.
async fn said(engine: &dyn Engine, gpus: &[GpuUuid], directory: PathBuf) -> Result<String, String> {
    let (image, digest) = find_image(engine).await?;
    let name = WorkloadName(NAME.to_owned());
    let failed = |error: EngineError| error.to_string();
    let tidy = async || {
        // What hangs in a driver may not even be killed.
        let _ = tokio::time::timeout(LIMIT, engine.stop(&name, Duration::ZERO)).await;
        if let Err(error) = engine.remove(&name).await {
            tracing::warn!(%error, "the workload that looked at GPUs stays for now");
        }
    };
    // One that a workbench left when it was killed.
    tidy().await;
    let log = directory.join("log");
    let making = directory.clone();
    let made = off_runtime(move || {
        match fs_err::remove_dir_all(&making) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs_err::create_dir_all(&making)
    });
    made.await.map_err(|error| error.to_string())?;
    let workload = workload(name.clone(), (image, digest), gpus, directory);
    engine.start(&workload).await.map_err(failed)?;
    let ended = tokio::time::timeout(LIMIT, engine.attend(&name, &log, Keep::All)).await;
    tidy().await;
    let exit = ended
        .map_err(|_| {
            format!(
                "a workload that looked at them did not end in {} s",
                LIMIT.as_secs()
            )
        })?
        .map_err(failed)?;
    let read = off_runtime(move || {
        let read = LogReader::open(&log).and_then(|mut log| log.read_to_end(OUTPUT_BYTES));
        read.map_err(io::Error::other)
    });
    match read.await {
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        // One that said nothing may have no log.
        Err(_) if exit.code == 0 => Ok(String::new()),
        Err(error) => Err(format!(
            "a workload that looked at them ended with {}, and what it said cannot be read: {error}",
            exit.code
        )),
    }
}

async fn find_image(engine: &dyn Engine) -> Result<(ImageRef, ImageDigest), String> {
    for name in IMAGES {
        let image: ImageRef = name.parse().expect("the names are well formed");
        if let Ok(answer) = engine.resolve_image(&image, PullPolicy::Never).await {
            return Ok((image, answer.digest));
        }
    }
    Err(format!(
        "no image to look from is on this machine; it takes one of {}",
        IMAGES.join(", ")
    ))
}

fn workload(
    name: WorkloadName,
    (image, digest): (ImageRef, ImageDigest),
    gpus: &[GpuUuid],
    directory: PathBuf,
) -> Workload {
    Workload {
        name,
        labels: BTreeMap::new(),
        image: WorkloadImage::Plain { image, digest },
        command: ["sh", "-c", SCRIPT].map(str::to_owned).to_vec(),
        args: Vec::new(),
        working_dir: None,
        environment: [("NVIDIA_DRIVER_CAPABILITIES", "compute,utility")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        mounts: Vec::new(),
        directory,
        cpu_request: None,
        cpu_limit: None,
        memory_limit: None,
        gpus: gpus.to_vec(),
        shared_memory: None,
        security: SecurityContext::default(),
        stdin: Stdin::Closed,
        tty: false,
        keep_log: Keep::All,
        sandbox: None,
    }
}

/// What the words of a workload mean. Every GPU that it was given has to be there, under its own name where `nvidia-smi`
/// could be asked.
fn judge(gpus: &[GpuUuid], said: &str) -> GpuCheck {
    let devices = said
        .lines()
        .filter(|line| line.starts_with("device "))
        .count();
    let listed: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("smi "))
        .collect();
    let has_libcuda = said.lines().any(|line| line == "libcuda");
    if devices == 0 {
        return not_verified("no device of a GPU is in a workload that was given them".to_owned());
    }
    if listed.is_empty() {
        return if has_libcuda {
            verified(format!(
                "{devices} devices and libcuda are in a workload that was given them"
            ))
        } else {
            not_verified(
                "neither nvidia-smi nor libcuda is in a workload that was given them".to_owned(),
            )
        };
    }
    let missing = gpus
        .iter()
        .find(|gpu| !listed.iter().any(|line| line.contains(gpu.as_str())));
    match missing {
        None => verified(format!(
            "nvidia-smi lists {} in a workload that was given them",
            if gpus.len() == 1 {
                "it".to_owned()
            } else {
                format!("all {}", gpus.len())
            }
        )),
        Some(gpu) => not_verified(format!(
            "nvidia-smi does not list `{gpu}` in a workload that was given it: {}",
            listed[0]
        )),
    }
}

fn verified(message: String) -> GpuCheck {
    GpuCheck {
        state: GpuCheckState::Verified,
        message,
    }
}

fn not_verified(message: String) -> GpuCheck {
    GpuCheck {
        state: GpuCheckState::NotVerified,
        message,
    }
}

#[cfg(test)]
mod tests {
    use coracle_host::clock::SystemClock;
    use coracle_host::fake::{Act, FakeEngine};
    use coracle_host::log::Stream;

    use super::*;

    const ONE: &str = "GPU-11111111-2222-3333-4444-555555555555";

    /// What is found on an engine whose workload says this.
    async fn found(gpus: &[&str], says: &'static str) -> GpuCheck {
        let gpus: Vec<GpuUuid> = gpus.iter().map(|uuid| (*uuid).into()).collect();
        let given = gpus.clone();
        let engine = FakeEngine::new(Arc::new(SystemClock::new()), move |workload| {
            assert_eq!(workload.gpus, given);
            Act::succeed().saying(Stream::Stdout, says)
        });
        let directory = tempfile::tempdir().unwrap();
        let check = look(&engine, &gpus, directory.path().join("gpu-check")).await;
        // Nothing of it stays, and a second look is another.
        assert!(engine.observe().await.unwrap().is_empty());
        assert_eq!(
            look(&engine, &gpus, directory.path().join("gpu-check")).await,
            check
        );
        check
    }

    #[tokio::test]
    async fn what_a_workload_lists_is_verified() {
        let says = "device /dev/nvidia0\nsmi GPU 0: NVIDIA H100 (UUID: GPU-11111111-2222-3333-4444-555555555555)\nlibcuda\n";
        let check = found(&[ONE], says).await;
        assert_eq!(check.state, GpuCheckState::Verified, "{}", check.message);
        let check = found(&[ONE], "device /dev/nvidia0\nlibcuda\n").await;
        assert_eq!(check.state, GpuCheckState::Verified, "{}", check.message);
    }

    #[tokio::test]
    async fn what_a_workload_does_not_see_is_not_verified_whatever_was_detected() {
        let other = "device /dev/nvidia0\nsmi GPU 0: NVIDIA H100 (UUID: GPU-99999999-2222-3333-4444-555555555555)\n";
        for (says, why) in [
            ("", "no device"),
            ("libcuda\n", "no device"),
            ("device /dev/nvidia0\n", "neither nvidia-smi nor libcuda"),
            (other, "does not list `GPU-11111111"),
            (
                "device /dev/nvidia0\nsmi Failed to initialize NVML: Driver/library version mismatch\nlibcuda\n",
                "version mismatch",
            ),
        ] {
            let check = found(&[ONE], says).await;
            assert_eq!(check.state, GpuCheckState::NotVerified, "{says}");
            assert!(check.message.contains(why), "{}", check.message);
        }
    }

    #[tokio::test]
    async fn an_engine_that_refuses_or_has_no_image_is_told() {
        let engine = FakeEngine::new(Arc::new(SystemClock::new()), |_| Act::succeed());
        for image in IMAGES {
            engine.take_image(&image.parse().unwrap());
        }
        let directory = tempfile::tempdir().unwrap();
        let check = look(&engine, &[ONE.into()], directory.path().to_owned()).await;
        assert_eq!(check.state, GpuCheckState::NotVerified);
        assert!(check.message.contains("python:3.11"), "{}", check.message);
    }

    #[test]
    fn nothing_is_claimed_before_somebody_has_looked() {
        assert_eq!(before(&[]), None);
        assert_eq!(before(&[ONE.into()]).unwrap().state, GpuCheckState::Pending);
    }
}
