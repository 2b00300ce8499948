//! GPUs from end to end: the `gpu-check` program against stub drivers, and against whatever this machine has.
//!
//! The stubs are built here with `cc`, and loaded by the program as the real libraries would be. The stub
//! `libcuda` computes on the CPU, so that the kernel's whole path is gone through.
#![expect(
    clippy::disallowed_methods,
    reason = "what is tested is a program, run as a user runs it"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use coracle_host::gpu::{Check, Driver, GpuSurvey, GpuUnit, KernelRun};
use coracle_model::Memory;
use serde::Deserialize;
use tempfile::TempDir;

const GPU_0: &str = "GPU-a0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a0a0a0";
const GPU_1: &str = "GPU-a1a1a1a1-a1a1-a1a1-a1a1-a1a1a1a1a1a1";
const SLICE_0: &str = "MIG-00000001-0000-0000-0000-000000000000";
const SLICE_1: &str = "MIG-00000002-0000-0000-0000-000000000000";
const GIB: u64 = 1 << 30;

#[derive(Debug, Deserialize)]
struct Report {
    survey: GpuSurvey,
    leased: Option<GpuUnit>,
    ran: Option<KernelRun>,
    checks: Vec<Check>,
}

impl Report {
    fn failures(&self) -> Vec<&str> {
        self.checks
            .iter()
            .filter(|check| !check.passed())
            .map(|check| check.name.as_str())
            .collect()
    }

    fn units(&self) -> Vec<String> {
        self.survey
            .units()
            .into_iter()
            .map(|unit| unit.uuid.to_string())
            .collect()
    }

    fn leased(&self) -> Option<&str> {
        self.leased.as_ref().map(|unit| unit.uuid.as_str())
    }

    fn why_broken(&self) -> &str {
        match &self.survey.driver {
            Driver::Broken { why } => why,
            Driver::Absent { .. } | Driver::Present { .. } => panic!("{:?}", self.survey.driver),
        }
    }
}

/// A machine with stub libraries: a directory that the loader looks into first.
struct StubMachine(TempDir);

/// The names under which the loader is asked for the two libraries.
const CUDA: &str = "libcuda.so.1";
const NVML: &str = "libnvidia-ml.so.1";

impl StubMachine {
    /// A machine with libraries built from these sources with these definitions, and no other libraries.
    fn with(libraries: &[(&str, &str, &[&str])]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // What is not built is an empty file, which the loader refuses: a real driver of this machine stays out.
        for library in [CUDA, NVML] {
            fs_err::write(directory.path().join(library), "").unwrap();
        }
        // cudarc asks for this name first.
        fs_err::os::unix::fs::symlink(CUDA, directory.path().join("libcuda.so")).unwrap();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stub");
        for (library, source, definitions) in libraries {
            let status = Command::new("cc")
                .args([
                    "-std=gnu11",
                    "-Wall",
                    "-Werror",
                    "-Wno-unused-function",
                    "-shared",
                    "-fPIC",
                    "-O1",
                    "-o",
                ])
                .arg(directory.path().join(library))
                .args(definitions.iter().map(|name| format!("-D{name}")))
                .arg(sources.join(source))
                .status()
                .expect("a C compiler is needed to build the stub libraries: install `gcc`");
            assert!(status.success(), "`{source}` does not compile");
        }
        Self(directory)
    }

    fn whole() -> Self {
        Self::with(&[(CUDA, "cuda.c", &[]), (NVML, "nvml.c", &[])])
    }

    fn check(&self, environment: &[(&str, &str)]) -> (Report, Output) {
        let mut command = gpu_check();
        command
            .args(["--json", "--deadline", "20"])
            .env("LD_LIBRARY_PATH", self.0.path())
            .envs(environment.to_vec());
        report(&mut command)
    }
}

fn gpu_check() -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_gpu-check")));
    command.env_remove("CUDA_VISIBLE_DEVICES");
    command
}

fn report(command: &mut Command) -> (Report, Output) {
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (report, output)
}

#[test]
fn two_gpus_are_found_leased_and_computed_on() {
    let (report, output) = StubMachine::whole().check(&[]);
    assert_eq!(report.failures(), Vec::<&str>::new());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(report.units(), [GPU_0, GPU_1]);
    assert_eq!(report.survey.notices, Vec::<String>::new());
    let Driver::Present {
        version,
        cuda_version,
    } = &report.survey.driver
    else {
        panic!("{report:?}")
    };
    assert_eq!(version.as_deref(), Some("550.54.15"));
    assert_eq!(cuda_version.unwrap().to_string(), "12.8");

    let first = &report.survey.devices[0];
    assert_eq!((first.index, first.name.as_str()), (0, "Stub GPU 0"));
    assert_eq!(
        (first.memory_total, first.memory_used),
        (Some(Memory(8 * GIB)), Some(Memory(GIB)))
    );
    assert_eq!(first.compute_capability.unwrap().to_string(), "8.6");
    assert_eq!(first.utilization.unwrap().compute, 40);
    assert_eq!(
        (first.processes, report.survey.devices[1].processes),
        (Some(3), Some(0))
    );

    assert_eq!(
        report.leased(),
        Some(GPU_1),
        "the one with less memory in use"
    );
    let ran = report.ran.unwrap();
    assert_eq!(
        (ran.gpu.as_str(), ran.name.as_str(), ran.visible),
        (GPU_1, "Stub GPU 1", 1)
    );
}

#[test]
fn a_partitioned_gpu_is_leased_slice_by_slice() {
    let (report, _) = StubMachine::whole().check(&[("STUB_MIG", "1")]);
    assert_eq!(report.failures(), Vec::<&str>::new());
    assert_eq!(report.units(), [SLICE_0, SLICE_1, GPU_1]);
    let slices = report.survey.devices[0].mig.as_ref().unwrap();
    assert_eq!(
        slices.iter().map(|slice| slice.index).collect::<Vec<_>>(),
        [0, 2],
        "places, not counted"
    );
    assert_eq!(slices[0].memory_total, Some(Memory(4 * GIB)));
    assert_eq!(report.survey.devices[0].memory_total, Some(Memory(8 * GIB)));
    assert_eq!(report.leased(), Some(SLICE_1));
    assert_eq!(report.ran.unwrap().gpu.as_str(), GPU_0);
}

#[test]
fn nvml_alone_still_names_the_gpus() {
    let machine = StubMachine::with(&[(CUDA, "cuda.c", &["WITHOUT_INIT"]), (NVML, "nvml.c", &[])]);
    let (report, output) = machine.check(&[]);
    assert_eq!(report.units(), [GPU_0, GPU_1]);
    assert!(
        report
            .survey
            .notices
            .iter()
            .any(|notice| notice.contains("`cuInit`")),
        "{:?}",
        report.survey.notices
    );
    // A lease that nothing can compute on is told, not passed over.
    assert!(report.failures().contains(&"the kernel's sums are right"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn cuda_alone_still_names_the_gpus() {
    let machine = StubMachine::with(&[(CUDA, "cuda.c", &[])]);
    let (report, _) = machine.check(&[]);
    assert_eq!(report.failures(), Vec::<&str>::new());
    assert_eq!(report.units(), [GPU_1, GPU_0], "in CUDA's order");
    assert_eq!(
        report.survey.devices[0].memory_total,
        Some(Memory(16 * GIB))
    );
    assert_eq!(report.survey.devices[0].memory_used, None);
    assert!(
        report.survey.notices[0].contains("no `libnvidia-ml`"),
        "{:?}",
        report.survey.notices
    );
    assert!(report.ran.is_some());
}

#[test]
fn an_old_driver_leaves_open_what_it_does_not_know() {
    let machine = StubMachine::with(&[(CUDA, "cuda.c", &[]), (NVML, "nvml.c", &["OLD_DRIVER"])]);
    let (report, _) = machine.check(&[]);
    assert_eq!(report.failures(), Vec::<&str>::new());
    let first = &report.survey.devices[0];
    assert_eq!(
        (first.memory_used, first.utilization, first.processes),
        (None, None, None)
    );
    assert_eq!(
        first.memory_total,
        Some(Memory(8 * GIB)),
        "from CUDA, which lists this GPU last"
    );
}

#[test]
fn a_gpu_that_fell_off_the_bus_is_left_out_and_named() {
    let (report, _) = StubMachine::whole().check(&[("STUB_LOST", "1")]);
    assert_eq!(report.units(), [GPU_0]);
    assert!(
        report
            .survey
            .notices
            .iter()
            .any(|notice| notice.starts_with("GPU 1")),
        "{:?}",
        report.survey.notices
    );
}

#[test]
fn broken_drivers_say_what_they_said() {
    let machine = StubMachine::whole();
    // 999 is CUDA's unknown error; 18 is NVML's word for a library of another version than the kernel's driver.
    let (report, output) = machine.check(&[("STUB_CUDA_INIT", "999"), ("STUB_NVML_INIT", "18")]);
    assert!(
        report.why_broken().contains("CUDA_ERROR_UNKNOWN"),
        "{}",
        report.why_broken()
    );
    assert!(
        report.why_broken().contains("version mismatch"),
        "{}",
        report.why_broken()
    );
    assert_eq!((report.leased(), output.status.code()), (None, Some(1)));
}

#[test]
fn libraries_without_a_device_are_no_driver() {
    // 100 is CUDA's "no device"; 9 is NVML's "driver not loaded".
    let (report, output) =
        StubMachine::whole().check(&[("STUB_CUDA_INIT", "100"), ("STUB_NVML_INIT", "9")]);
    assert!(
        matches!(report.survey.driver, Driver::Absent { .. }),
        "{:?}",
        report.survey.driver
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_driver_that_hangs_holds_nobody() {
    let machine = StubMachine::whole();
    let mut command = gpu_check();
    command
        .args(["--json", "--deadline", "0.3"])
        .env("LD_LIBRARY_PATH", machine.0.path())
        .env("STUB_HANG", "1");
    let began = Instant::now();
    let (report, _) = report(&mut command);
    assert!(
        report.why_broken().contains("did not answer within 0.3 s"),
        "{}",
        report.why_broken()
    );
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_kernel_that_computes_wrongly_is_found_out() {
    let machine = StubMachine::whole();
    for fault in ["STUB_WRONG_SUM", "STUB_LAZY", "STUB_CRASH"] {
        let (report, output) = machine.check(&[(fault, "1")]);
        assert!(
            report.failures().contains(&"the kernel's sums are right"),
            "{fault}: {report:?}"
        );
        assert!(report.ran.is_none(), "{fault}");
        assert_eq!(output.status.code(), Some(1), "{fault}");
    }
}

#[test]
fn a_required_gpu_that_is_not_there_is_an_error() {
    let machine = StubMachine::whole();
    let run = |arguments: &[&str]| {
        let mut command = gpu_check();
        command
            .args(arguments)
            .env("LD_LIBRARY_PATH", machine.0.path());
        command
            .env("STUB_CUDA_INIT", "100")
            .env("STUB_NVML_INIT", "9");
        command.output().unwrap()
    };
    let asked = run(&[]);
    assert_eq!(asked.status.code(), Some(0));
    assert!(
        String::from_utf8_lossy(&asked.stdout).contains("no GPU"),
        "{asked:?}"
    );
    assert_eq!(run(&["--require"]).status.code(), Some(1));
    assert_eq!(run(&["--requires"]).status.code(), Some(2));
    assert_eq!(run(&["--deadline", "-1"]).status.code(), Some(2));
}

#[test]
fn this_machine_as_it_is_passes_its_own_checks() {
    let (report, output) = report(gpu_check().arg("--json"));
    assert_eq!(report.failures(), Vec::<&str>::new(), "{report:?}");
    assert_eq!(output.status.code(), Some(0));
    match &report.survey.driver {
        Driver::Absent { why } => {
            eprintln!("skipped: no kernel was run on a real GPU: {why}");
            assert!(!why.is_empty() && report.ran.is_none() && report.survey.devices.is_empty());
        }
        Driver::Broken { why } => panic!("{why}"),
        Driver::Present { .. } => assert_eq!(report.ran.is_some(), report.leased.is_some()),
    }
}
