//! What a scripted workload does.

use std::time::Duration;

use coracle_model::AttemptUsage;

use crate::log::Stream;

/// How long a workload is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// So long on the engine's clock; nothing at all when zero.
    For(Duration),
    /// Until [`super::FakeEngine::release`] or a stop.
    UntilReleased,
}

/// What a workload does once it is started, and how it ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// Why it cannot be started.
    pub refusal: Option<String>,
    /// Whether the caller of `start` hears that the engine is gone although the workload was started.
    pub start_unanswered: bool,
    /// How long it is at work.
    pub lasts: Lasts,
    /// Its exit code.
    pub code: i64,
    /// Whether it ends for want of memory.
    pub out_of_memory: bool,
    /// What it says, all at its end. Without a word no log is made, which saves two files a step.
    pub log: Vec<(Stream, Vec<u8>)>,
    /// The files it writes at its end, by their absolute path inside. Those below a mount come to lie on the
    /// machine; the others can be copied out.
    pub files: Vec<(String, Vec<u8>)>,
    /// What it is said to have used.
    pub usage: AttemptUsage,
}

impl Act {
    /// Ends at once with success.
    pub fn succeed() -> Self {
        Self {
            refusal: None,
            start_unanswered: false,
            lasts: Lasts::For(Duration::ZERO),
            code: 0,
            out_of_memory: false,
            log: Vec::new(),
            files: Vec::new(),
            usage: AttemptUsage::default(),
        }
    }

    /// Ends at once with a code.
    pub fn fail(code: i64) -> Self {
        Self {
            code,
            ..Self::succeed()
        }
    }

    /// Ends at once, killed for its memory.
    pub fn out_of_memory() -> Self {
        Self {
            out_of_memory: true,
            ..Self::fail(137)
        }
    }

    /// Cannot be started.
    pub fn refuse(reason: impl Into<String>) -> Self {
        Self {
            refusal: Some(reason.into()),
            ..Self::succeed()
        }
    }

    /// The same, taking so long on the engine's clock.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Self {
        Self {
            lasts: Lasts::For(duration),
            ..self
        }
    }

    /// The same, at work until it is released or stopped.
    #[must_use]
    pub fn until_released(self) -> Self {
        Self {
            lasts: Lasts::UntilReleased,
            ..self
        }
    }

    /// The same, and it is started although the caller hears that the engine is gone.
    #[must_use]
    pub fn start_unanswered(self) -> Self {
        Self {
            start_unanswered: true,
            ..self
        }
    }

    /// The same, saying something more.
    #[must_use]
    pub fn saying(mut self, stream: Stream, text: impl Into<Vec<u8>>) -> Self {
        self.log.push((stream, text.into()));
        self
    }

    /// The same, writing one more file.
    #[must_use]
    pub fn writing(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.into(), content.into()));
        self
    }
}
