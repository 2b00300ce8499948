//! The GPUs of this machine: what there is, what can be leased, and a small kernel that proves it runs.
//!
//! Two libraries of the NVIDIA driver are asked, each found at run time: `libcuda` (what a program can compute
//! on) and `libnvidia-ml` (what the machine has and how busy it is). Either may be missing or broken; what the
//! other says is then still used, with a reason. A machine without a driver is a normal machine.
//!
//! ```text
//!   libcuda ──► cuda ──┐
//!                      ├──► merge (pure) ──► GpuSurvey ──► units: what a step can lease
//!   libnvidia-ml ► nvml┘
//!            on a thread of their own, under a deadline (detect)
//! ```
//!
//! It is an inventory: who gets which GPU is decided elsewhere.

mod checks;
mod cuda;
mod detect;
mod kernel;
mod merge;
mod nvml;
mod survey;

pub use checks::{Check, Outcome, check_inventory, check_stable};
pub use detect::{DETECT_DEADLINE, detect, detect_within};
pub use kernel::{KernelError, KernelRun, refuses_a_broken_kernel, run_vector_add};
pub use survey::{
    ComputeCapability, CudaVersion, Driver, Gpu, GpuSurvey, GpuUnit, MigSlice, Utilization,
};
