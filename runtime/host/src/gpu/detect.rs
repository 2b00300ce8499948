//! Runs the driver's calls on a thread of their own, so that a driver that hangs holds nobody else.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::survey::GpuSurvey;
use super::{cuda, merge, nvml};

/// How long a driver may take. Machines with many GPUs and no persistence daemon wake each one at the first
/// call, at one to two seconds a GPU.
pub const DETECT_DEADLINE: Duration = Duration::from_secs(30);

/// The threads that were given up on and still wait for the driver.
static STUCK: AtomicUsize = AtomicUsize::new(0);

/// The GPUs of this machine now. Blocks, at most for [`DETECT_DEADLINE`]: call it off the async runtime.
pub fn detect() -> GpuSurvey {
    detect_within(DETECT_DEADLINE)
}

/// The same with another deadline. A driver that does not answer in time is [`super::Driver::Broken`].
///
/// The thread that waits for such a driver cannot be ended, only left. While there is one, the driver is not
/// asked again, so that at most one thread for each caller is ever lost.
pub fn detect_within(deadline: Duration) -> GpuSurvey {
    if STUCK.load(Ordering::SeqCst) > 0 {
        return GpuSurvey::broken(
            "an earlier call to the driver has not returned; see whether `nvidia-smi` does"
                .to_owned(),
        );
    }
    // Without a buffer, an answer is either taken or refused to the thread: none is lost in between.
    let (sender, receiver) = mpsc::sync_channel(0);
    let spawned = thread::Builder::new()
        .name("gpu-detect".to_owned())
        .spawn(move || {
            let asked = panic::catch_unwind(|| merge::merge(cuda::ask(), nvml::ask()));
            let answer = asked.unwrap_or_else(|_| {
                GpuSurvey::broken("the driver's library is not whole".to_owned())
            });
            if sender.send(answer).is_err() {
                STUCK.fetch_sub(1, Ordering::SeqCst);
            }
        });
    if let Err(error) = spawned {
        return GpuSurvey::broken(format!(
            "the driver was not asked: no thread can be started ({error})"
        ));
    }
    match receiver.recv_timeout(deadline) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => {
            STUCK.fetch_add(1, Ordering::SeqCst);
            drop(receiver);
            let seconds = deadline.as_secs_f32();
            GpuSurvey::broken(format!(
                "the driver did not answer within {seconds} s; see whether `nvidia-smi` does"
            ))
        }
        Err(RecvTimeoutError::Disconnected) => {
            GpuSurvey::broken("the driver was asked and nobody answered".to_owned())
        }
    }
}
