//! One command's dealings with a workbench.

use std::sync::Arc;
use std::time::Duration;

use coracle_app::config::{Config, ListenAddress};
use coracle_app::view::Health;
use coracle_app::{App, SystemClock, Workbench};
use coracle_model::EventKind;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use super::background;
use super::find::{Found, check_engine, find};
use super::own::{Own, refused};
use crate::client::{Call, Client, EventQuery, Events};
use crate::command_error::CommandError;
use crate::context::Context;
use crate::follow::Interrupts;
use crate::output::{Output, count};

/// How long a workbench that has the home may take until it answers, or to come back when it went away.
const PATIENCE: Duration = Duration::from_secs(5);

/// How soon it is looked for again.
const AGAIN: Duration = Duration::from_millis(50);

/// Where a workbench is made when none runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// In this process, until the command ends.
    Here,
    /// In this process and at the usual address, for all who look for one.
    Open,
    /// In a process of its own, which stays.
    Background,
}

/// A workbench to talk to, and what of it is in this process.
pub struct Session {
    client: Client,
    held: Held,
    context: Context,
    /// What takes its place when it goes away.
    next: Wanted,
}

/// What is in this process.
enum Held {
    /// Nothing that has to end.
    Nothing,
    /// The home, so that what is stored can be changed; nothing works on runs.
    Home(Box<App>),
    /// A workbench at work.
    Workbench(Own),
}

impl Session {
    /// For commands that look at what is stored, or change files: a workbench that runs, else none.
    pub(crate) async fn look(context: &Context) -> Result<Self, CommandError> {
        let config = context.config()?;
        let client = match find(&config).await {
            Some(found) => found.client,
            None => reader(config).await?,
        };
        Ok(Self {
            client,
            held: Held::Nothing,
            context: context.clone(),
            next: Wanted::Here,
        })
    }

    /// For commands that change what is stored: a workbench that runs, else the home is taken meanwhile.
    pub(crate) async fn change(context: &Context) -> Result<Self, CommandError> {
        Self::found_or_made(context, Wanted::Here, async |config| {
            let config = Config {
                listen: ListenAddress::any_port(),
                ..config.clone()
            };
            let app = App::build(config).await.map_err(|error| refused(&error))?;
            Ok((
                in_process(app.workbench().clone()),
                Held::Home(Box::new(app)),
            ))
        })
        .await
    }

    /// For those who have work done: a workbench that runs, else a new one.
    ///
    /// # Errors
    /// What keeps a workbench from beginning, or one that uses another engine than was asked for.
    pub async fn work(context: &Context, wanted: Wanted) -> Result<Self, CommandError> {
        let next = match wanted {
            Wanted::Open => Wanted::Open,
            Wanted::Here | Wanted::Background => Wanted::Here,
        };
        Self::found_or_made(context, next, async |config| match wanted {
            Wanted::Here => Ok(held(
                Own::start(Config {
                    listen: ListenAddress::any_port(),
                    ..config.clone()
                })
                .await?,
            )),
            Wanted::Open => Ok(held(Own::start_at_usual(config.clone()).await?)),
            Wanted::Background => Ok((background::start(context).await?.client, Held::Nothing)),
        })
        .await
    }

    async fn found_or_made(
        context: &Context,
        next: Wanted,
        make: impl AsyncFn(&Config) -> Result<(Client, Held), CommandError>,
    ) -> Result<Self, CommandError> {
        let config = context.config()?;
        let begun = tokio::time::Instant::now();
        loop {
            if let Some(Found { client, health }) = find(&config).await {
                check_engine(&config, &health)?;
                return Ok(Self {
                    client,
                    held: Held::Nothing,
                    context: context.clone(),
                    next,
                });
            }
            match make(&config).await {
                Ok((client, held)) => {
                    return Ok(Self {
                        client,
                        held,
                        context: context.clone(),
                        next,
                    });
                }
                // Another command is about to be the workbench, or about to be none any more.
                Err(error) if error.report.code == "home_locked" && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// How to talk to the workbench.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether the workbench is in this process.
    pub fn is_own(&self) -> bool {
        matches!(self.held, Held::Workbench(_))
    }

    /// Says so when runs are open and nothing works on them, which their states do not show.
    pub(crate) fn note_idle(&self, open: bool, output: &Output) {
        if open && self.client.url().is_none() {
            output.note("nothing works on open runs now; `coracle serve` goes on with them");
        }
    }

    /// Asks for work to be done. A workbench that ends just then is followed by another one.
    pub(crate) async fn ask_once_more<T: DeserializeOwned>(
        &mut self,
        call: Call,
    ) -> Result<T, CommandError> {
        match self.client.ask(call.clone()).await {
            Err(error) if ["unreachable", "stopping"].contains(&error.report.code.as_str()) => {
                self.find_again().await?;
                self.client.ask(call).await
            }
            answered => answered,
        }
    }

    /// The workbench went away: waits for it to come back, and otherwise goes on as one.
    ///
    /// # Errors
    /// What keeps this process from being one.
    pub async fn find_again(&mut self) -> Result<(), CommandError> {
        if self.is_own() {
            return Err(CommandError::failed(
                "stopping",
                "the workbench in this process has ended",
            ));
        }
        let config = self.context.config()?;
        let gone = tokio::time::Instant::now();
        while gone.elapsed() < PATIENCE {
            // First, so that an answer that always breaks off is not asked for without pause.
            tokio::time::sleep(AGAIN).await;
            if let Some(found) = find(&config).await {
                self.client = found.client;
                return Ok(());
            }
        }
        self.context
            .output
            .note("the workbench went away; this command goes on as one");
        *self = Self::work(&self.context, self.next).await?;
        Ok(())
    }

    /// A workbench in this process stays for as long as others need it.
    pub(crate) async fn finish_other_runs(&self, output: &Output, interrupts: &mut Interrupts) {
        if !self.is_own() {
            return;
        }
        // Both are cancel-safe.
        tokio::select! {
            () = interrupts.next() => {}
            // Where it cannot be asked there is nothing to wait for.
            _ = self.no_open_runs(output) => {}
        }
    }

    /// Ends the workbench in this process, if it is one.
    pub async fn close(self) {
        match self.held {
            Held::Nothing => {}
            Held::Home(app) => drop(app),
            Held::Workbench(own) => own.close().await,
        }
    }

    async fn no_open_runs(&self, output: &Output) -> Result<(), CommandError> {
        let mut told = false;
        loop {
            let health: Health = self.client.ask(Call::health()).await?;
            if health.open_runs == 0 {
                return Ok(());
            }
            let query = EventQuery {
                run: None,
                after: health.last_event,
            };
            let mut events: Events = Events::new(
                self.client
                    .stream(Call::get(["events"]).query(&query))
                    .await?,
            );
            if !std::mem::replace(&mut told, true) {
                let runs = count(
                    usize::try_from(health.open_runs).unwrap_or(usize::MAX),
                    "other run",
                );
                output.note(&format!(
                    "{runs} still at work here; Ctrl-C leaves them to the next workbench"
                ));
            }
            while let Some(event) = events.next().await? {
                if matches!(event.what, EventKind::Run { state, .. } if state.is_final()) {
                    break;
                }
            }
        }
    }
}

fn held(own: Own) -> (Client, Held) {
    (Client::at(&own.url()), Held::Workbench(own))
}

/// What is stored, looked at in this process.
async fn reader(config: Config) -> Result<Client, CommandError> {
    let opened = Workbench::read_only(config, Arc::new(SystemClock::new())).await;
    Ok(in_process(opened.map_err(|error| refused(&error))?))
}

fn in_process(workbench: Workbench) -> Client {
    let router = coracle_http::router(workbench);
    Client::of_router(move |request| {
        let answer = router.clone().oneshot(request);
        async move {
            Ok(answer
                .await?
                .map(|body| body.map_err(Into::into).boxed_unsync()))
        }
    })
}
