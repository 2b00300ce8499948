//! Following one run: events in, lines out, until it ends or somebody presses Ctrl-C.

use std::collections::BTreeMap;
use std::time::Duration;

use coracle_app::view::{Event, LogQuery, Run};
use coracle_model::{EventCursor, RunId, TaskPath, TaskState};
use jiff::SignedDuration;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::display::Display;
use super::progress::{News, Progress, Tiding};
use super::signals::Interrupts;
use crate::client::{Call, EventQuery, Events};
use crate::command_error::{CommandError, Exit};
use crate::output::{Output, count};
use crate::workbench::Session;

/// How often the live part of a terminal moves.
const FRAME: Duration = Duration::from_millis(100);

/// How often it is asked what steps wait for; nothing records that, since it changes with every step that ends.
const ROUND: Duration = Duration::from_secs(2);

/// The most steps that are told one by one when they begin to wait; the many of a loop are told together.
const MOST_WAITING: usize = 3;

/// How many of the last lines of a failed step are shown.
const LAST_LINES: usize = 10;

/// What came of following a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watched {
    /// How it ended.
    pub(crate) ending: Ending,
    /// How long the run took while it was followed.
    pub(crate) took: SignedDuration,
}

/// How following a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The run is over.
    Over,
    /// Somebody asked for its end, and it is over.
    Cancelled,
    /// Somebody asked twice, and did not want to wait.
    Left,
}

impl Ending {
    /// What a command that followed the run ends with, when nobody interrupted it.
    pub(crate) fn exit(self, of_run: Exit) -> Exit {
        match self {
            Self::Over => of_run,
            Self::Cancelled | Self::Left => Exit::Interrupted,
        }
    }
}

/// Follows a run from what comes after an event to its end.
pub(crate) async fn watch(
    session: &mut Session,
    run: RunId,
    after: EventCursor,
    output: &Output,
    interrupts: &mut Interrupts,
) -> Result<Watched, CommandError> {
    let display = Display::on_stderr(output.stderr);
    let (progress, waiting) = (Progress::default(), BTreeMap::new());
    let mut watching = Watching {
        run,
        last: after,
        output,
        display,
        progress,
        waiting,
    };
    let ending = watching.follow(session, interrupts).await;
    watching.display.finish();
    Ok(Watched {
        ending: ending?,
        took: watching.progress.took(),
    })
}

struct Watching<'a> {
    run: RunId,
    /// The last event that was told.
    last: EventCursor,
    output: &'a Output,
    display: Display,
    progress: Progress,
    waiting: BTreeMap<TaskPath, String>,
}

/// What can happen next.
enum Turn {
    Event(Result<Option<Event>, CommandError>),
    Interrupt,
    Frame,
    Round,
}

impl Watching<'_> {
    async fn follow(
        &mut self,
        session: &mut Session,
        interrupts: &mut Interrupts,
    ) -> Result<Ending, CommandError> {
        let (mut frames, mut rounds) = (ticks(FRAME), ticks(ROUND));
        let mut events = self.listen(session).await?;
        let mut ending = Ending::Over;
        loop {
            let live = self.display.is_live();
            // All of them are cancel-safe.
            let turn = tokio::select! {
                event = events.next() => Turn::Event(event),
                () = interrupts.next() => Turn::Interrupt,
                _ = frames.tick(), if live => Turn::Frame,
                _ = rounds.tick() => Turn::Round,
            };
            match turn {
                Turn::Event(Ok(Some(event))) => {
                    self.tell(session, &event).await;
                    if self
                        .progress
                        .state()
                        .is_some_and(coracle_model::RunState::is_final)
                    {
                        return Ok(ending);
                    }
                }
                Turn::Event(Ok(None) | Err(_)) => {
                    session.find_again().await?;
                    events = self.listen(session).await?;
                }
                Turn::Interrupt if ending == Ending::Over => {
                    ending = Ending::Cancelled;
                    self.cancel(session).await?;
                }
                Turn::Interrupt => return Ok(Ending::Left),
                Turn::Frame => {
                    let now = self.output.clock();
                    self.display.draw(&self.progress, now, self.waiting.len());
                }
                Turn::Round => self.ask_what_waits(session).await,
            }
        }
    }

    async fn listen(&self, session: &Session) -> Result<Events, CommandError> {
        let query = EventQuery {
            run: Some(self.run),
            after: self.last,
        };
        Ok(Events::new(
            session
                .client()
                .stream(Call::get(["events"]).query(&query))
                .await?,
        ))
    }

    async fn cancel(&self, session: &Session) -> Result<(), CommandError> {
        self.display
            .line("cancelling the run; interrupt once more to leave it to itself");
        let id = self.run.to_string();
        match session
            .client()
            .tell(Call::post(["runs", &id]).action("cancel"))
            .await
        {
            // It ended by itself meanwhile, and the events say so.
            Err(error) if error.report.code == "wrong_state" => Ok(()),
            told => told,
        }
    }

    async fn tell(&mut self, session: &Session, event: &Event) {
        self.last = event.cursor;
        let Some(tiding) = self.progress.apply(event) else {
            return;
        };
        self.display.line(&self.display.look.tiding(&tiding));
        if let News::Ended {
            path,
            state: TaskState::Failed,
            reason,
            ..
        } = &tiding.news
        {
            if self.progress.has_log(path) {
                self.show_last_lines(session, path).await;
            }
            if let Some(hint) = reason.as_ref().and_then(|reason| reason.hint.as_ref()) {
                self.display.line(&self.display.look.hint(hint));
            }
        }
        if let Tiding {
            news: News::Ended { path, .. },
            ..
        } = &tiding
        {
            self.waiting.remove(path);
        }
    }

    async fn show_last_lines(&self, session: &Session, path: &TaskPath) {
        let query = LogQuery {
            step: Some(path.to_string()),
            tail: Some(LAST_LINES),
            ..LogQuery::default()
        };
        let id = self.run.to_string();
        // The failure has been told; where its log cannot be read, `coracle logs` says why.
        let Ok(text) = session
            .client()
            .text(Call::get(["runs", &id, "log"]).query(&query))
            .await
        else {
            return;
        };
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            self.display.line(&self.display.look.excerpt(line));
        }
    }

    async fn ask_what_waits(&mut self, session: &Session) {
        let id = self.run.to_string();
        // Only for show; the events tell when the workbench has gone.
        let Ok(run) = session.client().ask::<Run>(Call::get(["runs", &id])).await else {
            return;
        };
        let at = self
            .progress
            .began_at()
            .map_or(SignedDuration::ZERO, |began_at| {
                self.output.clock().duration_since(began_at)
            });
        let waiting: BTreeMap<_, _> = run
            .waiting
            .into_iter()
            .map(|waiting| (waiting.task, waiting.reason))
            .collect();
        let new: Vec<_> = waiting
            .iter()
            .filter(|(path, _)| !self.waiting.contains_key(*path))
            .collect();
        match new.as_slice() {
            [(_, reason), ..] if new.len() > MOST_WAITING => {
                let subject = count(new.len(), "step");
                self.display
                    .line(&self.display.look.waiting(at, &subject, reason));
            }
            few => {
                for (path, reason) in few {
                    self.display
                        .line(&self.display.look.waiting(at, path.as_str(), reason));
                }
            }
        }
        self.waiting = waiting;
    }
}

fn ticks(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
