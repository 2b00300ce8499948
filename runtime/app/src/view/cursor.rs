//! Where a reader of the event stream is, as one text.
//!
//! ```text
//! 1250                         after event 1250
//! 1250~1201:5120,1210:77-40    the same, with 5,120 bytes sent of what the attempt wrote that event 1201 began,
//!                              and 77 bytes of the standard output and 40 of the standard error of another
//! ```
//!
//! Readers keep it and give it back; what stands in it is nobody's business but the workbench's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use coracle_model::EventCursor;
use serde::{Deserialize, Serialize};

/// A place in the event stream of a run: the last event, and how far the logs of attempts at work were sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StreamCursor {
    /// The last event.
    pub event: EventCursor,
    /// What was sent of logs, by the event with which the attempt began. What an attempt wrote that is over by
    /// then was sent; of one at work that does not stand here, nothing was.
    pub logs: BTreeMap<EventCursor, LogPosition>,
}

/// How much of an attempt's log was sent as lines. Both are places in one file, which holds both streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogPosition {
    /// What stands before this of standard output was sent.
    pub stdout: u64,
    /// What stands before this of standard error was sent.
    pub stderr: u64,
}

impl LogPosition {
    /// Where reading goes on: what stands before this was sent, whichever stream it is of.
    pub(crate) fn start(self) -> u64 {
        self.stdout.min(self.stderr)
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no cursor of the event stream")]
pub struct NotACursor;

impl From<EventCursor> for StreamCursor {
    fn from(event: EventCursor) -> Self {
        Self {
            event,
            logs: BTreeMap::new(),
        }
    }
}

impl fmt::Display for StreamCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event.0.fmt(formatter)?;
        for (number, (attempt, position)) in self.logs.iter().enumerate() {
            let before = if number == 0 { '~' } else { ',' };
            let LogPosition { stdout, stderr } = position;
            write!(formatter, "{before}{}:{stdout}", attempt.0)?;
            if stderr != stdout {
                write!(formatter, "-{stderr}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for StreamCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let Some((event, logs)) = text.split_once('~') else {
            return Ok(Self::from(EventCursor(number(text)?)));
        };
        Ok(Self {
            event: EventCursor(number(event)?),
            logs: logs.split(',').map(log).collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<String> for StreamCursor {
    type Error = NotACursor;

    fn try_from(text: String) -> Result<Self, NotACursor> {
        text.parse()
    }
}

impl From<StreamCursor> for String {
    fn from(cursor: StreamCursor) -> Self {
        cursor.to_string()
    }
}

fn log(text: &str) -> Result<(EventCursor, LogPosition), NotACursor> {
    let (attempt, position) = text.split_once(':').ok_or(NotACursor)?;
    let (stdout, stderr) = position.split_once('-').unwrap_or((position, position));
    let position = LogPosition {
        stdout: number(stdout)?,
        stderr: number(stderr)?,
    };
    Ok((EventCursor(number(attempt)?), position))
}

fn number<T: FromStr>(text: &str) -> Result<T, NotACursor> {
    text.parse().map_err(|_| NotACursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let cursor = StreamCursor {
            event: EventCursor(1250),
            logs: BTreeMap::from([
                (
                    EventCursor(1201),
                    LogPosition {
                        stdout: 5120,
                        stderr: 5120,
                    },
                ),
                (
                    EventCursor(1210),
                    LogPosition {
                        stdout: 77,
                        stderr: 40,
                    },
                ),
            ]),
        };
        assert_eq!(cursor.to_string(), "1250~1201:5120,1210:77-40");
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!("7".parse(), Ok(StreamCursor::from(EventCursor(7))));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "", "x", "1~", "1~2", "1~2:", "1~2:x", "1~2:3-", "1~2:3,", "~2:3", "1~2:-3",
        ] {
            assert_eq!(text.parse::<StreamCursor>(), Err(NotACursor), "{text}");
        }
    }
}
