//! The process that runs the kernel, seen from both sides.
//!
//! The parent starts this same program with the lease in `CUDA_VISIBLE_DEVICES`; the child runs the kernel on
//! the one device it then sees, and writes one JSON object. A driver that crashes or hangs takes only the child.

use std::io::Read;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use coracle_host::gpu::{self, Check, GpuUnit, KernelRun};
use coracle_model::GpuUuid;
use serde::{Deserialize, Serialize};

/// The argument that makes this program the child.
pub(crate) const ARGUMENT: &str = "--run-kernel";

/// What the child found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// The kernel that ran, or why none did.
    pub(crate) ran: Result<KernelRun, String>,
    /// How the driver refused a text that is no kernel, or that it did not.
    refusal: Result<String, String>,
}

/// Runs the kernels and writes the answer: the child's whole life.
pub(crate) fn serve(elements: u32) -> ExitCode {
    let answer = Answer {
        ran: gpu::run_vector_add(elements).map_err(|error| error.to_string()),
        refusal: gpu::refuses_a_broken_kernel().map_err(|error| error.to_string()),
    };
    match serde_json::to_writer(std::io::stdout(), &answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Runs the kernels in a child that sees this GPU alone.
#[expect(
    clippy::disallowed_methods,
    reason = "no engine is involved, and this function ends its child"
)]
pub(crate) fn run(lease: &GpuUuid, deadline: Duration) -> Result<Answer, String> {
    let program = std::env::current_exe()
        .map_err(|error| format!("this program cannot be found again: {error}"))?;
    let mut child = Command::new(program)
        .arg(ARGUMENT)
        .env("CUDA_VISIBLE_DEVICES", lease.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("no process can be started: {error}"))?;
    let text = output_within(&mut child, deadline);
    if text.is_none() {
        // It may have ended by itself just now; either way it is waited for below.
        let _ = child.kill();
    }
    let status = child
        .wait()
        .map_err(|error| format!("the kernel's process is lost: {error}"))?;
    let text = text.ok_or_else(|| {
        format!(
            "the kernel did not finish within {} s",
            deadline.as_secs_f32()
        )
    })?;
    serde_json::from_str(&text)
        .map_err(|_| format!("the kernel's process ended without an answer ({status})"))
}

/// Everything the child writes, if it ends its output in time.
fn output_within(child: &mut Child, deadline: Duration) -> Option<String> {
    let mut output = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = output.read_to_string(&mut text);
        // Nobody listens any more when the deadline has passed.
        let _ = sender.send(read.map(|_| text));
    });
    receiver.recv_timeout(deadline).ok()?.ok()
}

/// What must hold of the answer.
pub(crate) fn checks(lease: &GpuUnit, answer: &Result<Answer, String>) -> Vec<Check> {
    let ran = answer
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|answer| answer.ran.as_ref().map_err(Clone::clone));
    let refusal = answer
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|answer| answer.refusal.as_ref().map_err(Clone::clone));
    vec![
        Check::new(
            "a process given the lease sees that GPU alone",
            ran.clone().and_then(|ran| is_alone(lease, ran)),
        ),
        Check::new("the kernel's sums are right", ran.map(|_| ())),
        Check::new("a text that is no kernel is refused", refusal.map(|_| ())),
    ]
}

fn is_alone(lease: &GpuUnit, ran: &KernelRun) -> Result<(), String> {
    if ran.visible != 1 {
        return Err(format!("it sees {} GPUs", ran.visible));
    }
    // CUDA names a slice by the GPU it lies on, or by the slice's own number.
    let number = |uuid: &GpuUuid| {
        uuid.as_str()
            .split_once('-')
            .map(|(_, number)| number.to_owned())
    };
    let leased = ran.gpu == lease.gpu || number(&ran.gpu) == number(&lease.uuid);
    if leased {
        Ok(())
    } else {
        Err(format!("it runs on `{}`", ran.gpu))
    }
}
