//! The process that stands between the workbench and one command: it outlives the workbench, keeps the
//! command's log, measures it, ends its whole tree and tells how it ended.
//!
//! It is single-threaded and waits in one `poll` for output, for signals and for the next moment at which
//! something is due.
//!
//! ```text
//!   running ──main process ends──► what it left is killed ──nobody left──► rest of the log, exit.json
//!      │ ▲
//!      │ └─ memory over its limit, log cannot be kept: killed
//!      └─ SIGTERM: the tree is asked to end, and killed when the grace in `stop` is over
//! ```

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use coracle_model::AttemptUsage;
use jiff::Timestamp;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid, setsid};

use super::identity::ProcessIdentity;
use super::launch::{Answer, Launch, MARKER};
use super::memory::MemoryWatch;
use super::place::{Outcome, Place, Standing, is_disk_full};
use super::pump::Pump;
use super::tree::{self, Identity};
use crate::clock::{Clock, SystemClock};
use crate::engine::Exit;

/// How long a workload may take to end when the machine, and not the workbench, asks it to.
const GRACE_UNASKED: Duration = Duration::from_secs(5);

/// How soon a tree that is being killed is looked at again: somebody may have forked in between.
const KILL_AGAIN: Duration = Duration::from_millis(5);

/// How long a second supervisor waits for the first to say that it is there.
const CLAIM_SHOWS: Duration = Duration::from_secs(5);

/// Makes the kernel's choice, when the machine runs out of memory, fall on a step rather than on the workbench.
const FIRST_TO_GO: &str = "500";

/// Runs one workload to its end, as the process that watches over it; the exit code of that process.
///
/// The command line given as [`super::ProcessSettings::supervisor`], with the directory appended, must come to
/// this before it has started any thread. What to run is read from standard input.
pub fn supervise(directory: &Path) -> i32 {
    // A session of its own: closing the terminal or interrupting the workbench does not reach it.
    setsid().ok();
    match run(&Place::at(directory)) {
        Ok(()) => 0,
        Err(error) => {
            let answer = if is_disk_full(&error) {
                Answer::DiskFull {
                    message: error.to_string(),
                }
            } else {
                Answer::Refused {
                    message: error.to_string(),
                }
            };
            tell(&answer).ok();
            // Standard error is the supervisor's own log, and there is no other place left to complain.
            writeln!(
                io::stderr(),
                "the supervisor of `{}` failed: {error}",
                directory.display()
            )
            .ok();
            1
        }
    }
}

fn run(place: &Place) -> io::Result<()> {
    let launch: Launch = serde_json::from_reader(io::stdin().lock())?;
    let Some(_claim) = place.lock()? else {
        wait_until_begun(place)?;
        return tell(&Answer::Already);
    };
    let Standing::Unbegun = place.standing()? else {
        return tell(&Answer::Already);
    };
    let reserved = place.reserve_exit()?;
    prctl::set_child_subreaper(true)?;
    let signals = SigSet::from_iter([
        Signal::SIGCHLD,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
    ]);
    signals.thread_block()?;
    let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    place.write_supervisor(Identity::own()?)?;
    let outcome = match Supervision::begin(place, &launch, signals) {
        Ok(supervision) => {
            // The workbench may be gone by now; the workload goes on.
            tell(&Answer::Started).ok();
            supervision.run_to_end()
        }
        Err(outcome) => {
            crate::log::seal(&launch.log).ok();
            let answer = match outcome.clone() {
                Outcome::DiskFull { message } => Answer::DiskFull { message },
                Outcome::Refused { message } => Answer::Refused { message },
                Outcome::Exited(_) => Answer::Started,
            };
            tell(&answer).ok();
            outcome
        }
    };
    reserved.write(&outcome)
}

fn wait_until_begun(place: &Place) -> io::Result<()> {
    let until = Instant::now() + CLAIM_SHOWS;
    while matches!(place.standing()?, Standing::Unbegun) && Instant::now() < until {
        std::thread::sleep(KILL_AGAIN);
    }
    Ok(())
}

fn tell(answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    io::stdout().write_all(&line)
}

/// A command that runs.
struct Supervision<'a> {
    place: &'a Place,
    clock: SystemClock,
    main: Pid,
    pump: Pump,
    signals: SignalFd,
    memory: MemoryWatch,
    started_at: Timestamp,
    kernel_kills_before: u64,
    /// How and when the main process ended.
    ended: Option<(i64, Timestamp)>,
    /// When a tree that was asked to end is killed.
    kill_at: Option<Instant>,
    out_of_memory: bool,
}

impl<'a> Supervision<'a> {
    fn begin(place: &'a Place, launch: &Launch, signals: SignalFd) -> Result<Self, Outcome> {
        let clock = SystemClock::new();
        let kernel_kills_before = tree::kernel_kills();
        let started_at = clock.now();
        let mut child = spawn(launch).map_err(|error| Outcome::Refused {
            message: format!(
                "command `{}` cannot be run: {error}",
                launch.command.join(" ")
            ),
        })?;
        let main = Pid::from_raw(child.id().cast_signed());
        let ends = child
            .stdout
            .take()
            .zip(child.stderr.take())
            .expect("both were asked to be pipes");
        let pump = Pump::new(&launch.log, launch.keep_log, ends.0, ends.1).map_err(|error| {
            tree::signal_all(tree::descendants(), Signal::SIGKILL);
            Outcome::of_error(&error)
        })?;
        let memory = MemoryWatch::new(launch.memory_limit);
        Ok(Self {
            place,
            clock,
            main,
            pump,
            signals,
            memory,
            started_at,
            kernel_kills_before,
            ended: None,
            kill_at: None,
            out_of_memory: false,
        })
    }

    fn run_to_end(mut self) -> Outcome {
        while !self.reap() {
            self.act();
            self.wait();
            self.pump.read(&self.clock);
            self.pump.flush_due();
        }
        let (code, finished_at) = self.ended.unwrap_or((137, self.clock.now()));
        let kernel_kill = code == 137
            && self.kill_at.is_none()
            && tree::kernel_kills() > self.kernel_kills_before;
        let exit = Exit {
            code,
            out_of_memory: self.out_of_memory || kernel_kill,
            started_at: Some(self.started_at),
            // Somebody may have set the clock back in between.
            finished_at: Some(finished_at.max(self.started_at)),
            usage: usage(&self.memory),
        };
        // As in a container, nobody stays whom a session started.
        if self.place.had_sessions() {
            tree::signal_all(
                tree::marked(MARKER, self.place.directory().as_os_str()),
                Signal::SIGKILL,
            );
        }
        // A log that was not kept whole must not pass for a success.
        match self.pump.finish(&self.clock) {
            Ok(()) => Outcome::Exited(exit),
            Err(error) => Outcome::of_error(&error),
        }
    }

    /// Takes note of who ended; whether nobody is left.
    fn reap(&mut self) -> bool {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) if pid == self.main => self.end(code.into()),
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == self.main => {
                    self.end(128 + signal as i64);
                }
                Ok(WaitStatus::StillAlive) => return false,
                Ok(_) | Err(Errno::EINTR) => {}
                // No child is left.
                Err(_) => return true,
            }
        }
    }

    fn end(&mut self, code: i64) {
        // A later process of the tree may have got the number of the main one.
        if self.ended.is_none() {
            self.ended = Some((code, self.clock.now()));
        }
    }

    /// Does what is due.
    fn act(&mut self) {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if signal.ssi_signo == Signal::SIGTERM as u32 {
                self.ask_to_end();
            }
        }
        if self.ended.is_none() && self.memory.is_due() {
            self.out_of_memory |= self.memory.is_over(&tree::descendants());
        }
        if self.must_kill() {
            tree::signal_all(tree::descendants(), Signal::SIGKILL);
        }
    }

    fn ask_to_end(&mut self) {
        let grace = self.place.stop().ok().flatten().unwrap_or(GRACE_UNASKED);
        let kill_at = Instant::now().checked_add(grace);
        self.kill_at = self.kill_at.into_iter().chain(kill_at).min();
        tree::signal_all(tree::descendants(), Signal::SIGTERM);
        // One that was halted hears nothing until it goes on.
        tree::signal_all(tree::descendants(), Signal::SIGCONT);
    }

    /// Whether whoever is left must go now: as in a pod, nobody outlives the main process, unless it was asked
    /// to end, when all have until the grace is over.
    fn must_kill(&self) -> bool {
        let overdue = match (self.ended, self.kill_at) {
            (_, Some(kill_at)) => kill_at <= Instant::now(),
            (ended, None) => ended.is_some(),
        };
        overdue || self.out_of_memory || self.pump.has_failed()
    }

    /// Waits for output, a signal, or the next moment at which something is due.
    fn wait(&self) {
        let now = Instant::now();
        let again = self.must_kill().then(|| now + KILL_AGAIN);
        let sample = self.ended.is_none().then(|| self.memory.wake_at());
        let wake_at = [self.pump.wake_at(), self.kill_at, sample, again]
            .into_iter()
            .flatten()
            .min();
        // Rounded up: waking just before the moment would mean going around again.
        let timeout = wake_at.map_or(Ok(PollTimeout::NONE), |at| {
            PollTimeout::try_from(at.saturating_duration_since(now) + Duration::from_micros(999))
        });
        let mut sources: Vec<PollFd<'_>> = std::iter::once(self.signals.as_fd())
            .chain(self.pump.sources())
            .map(|source| PollFd::new(source, PollFlags::POLLIN))
            .collect();
        // Interrupted or not, everything is looked at next.
        poll(&mut sources, timeout.unwrap_or(PollTimeout::MAX)).ok();
    }
}

fn usage(memory: &MemoryWatch) -> AttemptUsage {
    let Ok(children) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return AttemptUsage {
            peak_memory_bytes: memory.peak(),
            cpu_seconds: None,
        };
    };
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    // The largest process, told exactly; the tree as a whole, by samples.
    let largest = u64::try_from(children.max_rss()).unwrap_or(0) * 1024;
    AttemptUsage {
        peak_memory_bytes: Some(memory.peak().unwrap_or(0).max(largest)),
        cpu_seconds: Some(seconds(children.user_time()) + seconds(children.system_time())),
    }
}

fn spawn(launch: &Launch) -> io::Result<Child> {
    #[expect(clippy::disallowed_methods, reason = "this is the process engine")]
    let mut command = Command::new(&launch.program);
    let (name, arguments) = launch
        .command
        .split_first()
        .ok_or(io::ErrorKind::InvalidInput)?;
    command
        .arg0(name)
        .args(arguments)
        .current_dir(&launch.working_directory);
    command.env_clear().envs(&launch.environment);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let identity = ProcessIdentity::of_launch(launch);
    let supervisor = Pid::this();
    let prepare = move || {
        setsid()?;
        identity.assume()?;
        // The main process does not outlive a supervisor that is killed.
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // What the supervisor reads for itself is blocked in it, and would be in what it starts.
        SigSet::empty().thread_set_mask()?;
        if getppid() == supervisor {
            Ok(())
        } else {
            Err(Errno::ESRCH.into())
        }
    };
    #[expect(
        unsafe_code,
        reason = "only system calls between fork and exec, none of which allocates or locks"
    )]
    // SAFETY: `prepare` makes system calls that are safe after a fork, and touches no memory that is not its own.
    unsafe {
        command.pre_exec(prepare);
    }
    let child = command.spawn()?;
    // Without it the choice is the kernel's alone.
    fs_err::write(format!("/proc/{}/oom_score_adj", child.id()), FIRST_TO_GO).ok();
    Ok(child)
}
