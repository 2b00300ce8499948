//! One command's dealings with a workbench.

use std::sync::Arc;
use std::time::Duration;

use coracle_app::config::{Config, ListenAddress};
use coracle_app::view::Health;
use coracle_app::{SystemClock, Workbench};
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
pub(crate) enum Wanted {
    /// In this process, until the command ends.
    Here,
    /// In a process of its own, which stays.
    Background,
}

/// A workbench to talk to, and the one that this process is, if it is one.
pub(crate) struct Session {
    client: Client,
    own: Option<Own>,
    context: Context,
}

impl Session {
    /// For commands that look at what is stored, or change files: a workbench that runs, else none.
    pub(crate) async fn look(context: &Context) -> Result<Self, CommandError> {
        let config = context.config()?;
        let client = match find(&config).await {
            Some(found) => found.client,
            None => reader(config).await?,
        };
        Ok(Self { client, own: None, context: context.clone() })
    }

    /// For commands that have work done: a workbench that runs, else a new one.
    pub(crate) async fn work(context: &Context, wanted: Wanted) -> Result<Self, CommandError> {
        let config = context.config()?;
        let begun = tokio::time::Instant::now();
        loop {
            if let Some(Found { client, health }) = find(&config).await {
                check_engine(&config, &health)?;
                return Ok(Self { client, own: None, context: context.clone() });
            }
            let made = match wanted {
                Wanted::Here => here(&config).await,
                Wanted::Background => background::start(context).await.map(|found| (found.client, None)),
            };
            match made {
                Ok((client, own)) => return Ok(Self { client, own, context: context.clone() }),
                // Another command is about to be the workbench, or about to be none any more.
                Err(error) if error.report.code == "home_locked" && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// How to talk to the workbench.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether this process is the workbench.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Asks for work to be done. A workbench that ends just then is followed by another one.
    pub(crate) async fn ask_once_more<T: DeserializeOwned>(&mut self, call: Call) -> Result<T, CommandError> {
        match self.client.ask(call.clone()).await {
            Err(error) if ["unreachable", "stopping"].contains(&error.report.code.as_str()) => {
                self.find_again().await?;
                self.client.ask(call).await
            }
            answered => answered,
        }
    }

    /// The workbench went away: waits for it to come back, and otherwise goes on as one.
    pub(crate) async fn find_again(&mut self) -> Result<(), CommandError> {
        if self.own.is_some() {
            return Err(CommandError::failed("stopping", "the workbench in this process has ended"));
        }
        let config = self.context.config()?;
        let gone = tokio::time::Instant::now();
        while gone.elapsed() < PATIENCE {
            if let Some(found) = find(&config).await {
                self.client = found.client;
                return Ok(());
            }
            tokio::time::sleep(AGAIN).await;
        }
        self.context.output.note("the workbench went away; this command goes on as one");
        *self = Self::work(&self.context, Wanted::Here).await?;
        Ok(())
    }

    /// A workbench in this process stays for as long as others need it.
    pub(crate) async fn finish_other_runs(&self, output: &Output, interrupts: &mut Interrupts) {
        if self.own.is_none() {
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
    pub(crate) async fn close(self) {
        if let Some(own) = self.own {
            own.close().await;
        }
    }

    async fn no_open_runs(&self, output: &Output) -> Result<(), CommandError> {
        let mut told = false;
        loop {
            let health: Health = self.client.ask(Call::health()).await?;
            if health.open_runs == 0 {
                return Ok(());
            }
            let query = EventQuery { run: None, after: health.last_event };
            let mut events = Events::new(self.client.stream(Call::get(["events"]).query(&query)).await?);
            if !std::mem::replace(&mut told, true) {
                let runs = count(usize::try_from(health.open_runs).unwrap_or(usize::MAX), "other run");
                output.note(&format!("{runs} still at work here; Ctrl-C leaves them to the next workbench"));
            }
            while let Some(event) = events.next().await? {
                if matches!(event.what, EventKind::Run { state, .. } if state.is_final()) {
                    break;
                }
            }
        }
    }
}

async fn here(config: &Config) -> Result<(Client, Option<Own>), CommandError> {
    let config = Config { listen: ListenAddress::any_port(), ..config.clone() };
    let own = Own::start(config).await?;
    Ok((Client::at(&own.url()), Some(own)))
}

/// What is stored, looked at in this process.
async fn reader(config: Config) -> Result<Client, CommandError> {
    let opened = Workbench::read_only(config, Arc::new(SystemClock::new())).await;
    let router = coracle_http::router(opened.map_err(|error| refused(&error))?);
    Ok(Client::of_router(move |request| {
        let answer = router.clone().oneshot(request);
        async move { Ok(answer.await?.map(|body| body.map_err(Into::into).boxed_unsync())) }
    }))
}
