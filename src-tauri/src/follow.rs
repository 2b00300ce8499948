//! Looking on at the workbench: what changes there is told over one connection, and the tray and notices follow from it.
//!
//! The connection is that of the pages, `GET /changes`, whether the workbench is in this process or in another.

use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use coracle_app::view::{Changes, Health, RunList, RunQuery};
use coracle_cli::{Call, Client, CommandError, Context, Events, Session, Wanted};
use tauri::{AppHandle, Manager};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::activity::{Activity, SHOWN};
use crate::dialog::{self, Words};
use crate::notices::Notices;
use crate::notify;
use crate::seen::{Seen, Where};
use crate::settings::Remembered;
use crate::tray::Tray;
use crate::window;

/// States of runs that have not ended, and of those that have.
const OPEN: &str = "PENDING,RUNNING,CANCELING";
const ENDED: &str = "SUCCEEDED,FAILED";

/// Runs that may end between two looks, which are tens of milliseconds apart while much happens.
const ENDED_AT_ONCE: usize = 50;

/// How long a connection that broke is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Has a workbench, and looks on at it, on a thread of its own.
pub(crate) struct Following {
    thread: JoinHandle<()>,
    stop: CancellationToken,
}

/// What is still to come of one who follows.
pub(crate) struct Beginning {
    /// Where the workbench is, once there is one.
    pub(crate) workbench: oneshot::Receiver<Result<String, CommandError>>,
    /// To be given what there is to show what is seen.
    pub(crate) app: oneshot::Sender<AppHandle>,
}

impl Following {
    /// Begins: finds a workbench or becomes one, and looks on as soon as there is something to show it.
    pub(crate) fn begin(runtime: Handle, context: Context) -> std::io::Result<(Self, Beginning)> {
        let (told, workbench) = oneshot::channel();
        let (app, given) = oneshot::channel();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let thread = std::thread::Builder::new()
            .name("workbench".to_owned())
            .spawn(move || runtime.block_on(have(&context, told, given, &stopping)))?;
        Ok((Self { thread, stop }, Beginning { workbench, app }))
    }

    /// Ends the workbench, if it is in this process, and waits for that.
    pub(crate) fn end(self) {
        self.stop.cancel();
        if self.thread.join().is_err() {
            tracing::error!("the workbench did not end in order");
        }
    }
}

async fn have(
    context: &Context,
    told: oneshot::Sender<Result<String, CommandError>>,
    app: oneshot::Receiver<AppHandle>,
    stop: &CancellationToken,
) {
    let mut session = match Session::work(context, Wanted::Open).await {
        Ok(session) => session,
        Err(error) => {
            // Where nobody listens any more the desktop has ended.
            let _ = told.send(Err(error));
            return;
        }
    };
    let _ = told.send(Ok(session.client().url().unwrap_or_default().to_owned()));
    // Nobody is given where the desktop could not be begun. A look that is left can be dropped: the next one sees all again.
    if let Ok(app) = app.await {
        tokio::select! {
            () = stop.cancelled() => {}
            gone = look_on(&mut session, &app) => no_workbench(&app, &gone),
        }
    }
    session.close().await;
}

/// Looks on for as long as there is a workbench, or there can be one here.
async fn look_on(session: &mut Session, app: &AppHandle) -> CommandError {
    let mut notices = Notices::default();
    loop {
        let place = if session.is_own() {
            Where::Here
        } else {
            Where::Elsewhere
        };
        if let Err(error) = watch(session.client(), app, place, &mut notices).await {
            tracing::info!(
                error = error.report.message,
                "the workbench is out of sight"
            );
        }
        // Before it is asked, so that a connection that always breaks is not made without pause.
        tokio::time::sleep(PAUSE).await;
        if session.client().ask::<Health>(Call::health()).await.is_ok() {
            continue;
        }
        if let Err(error) = session.find_again().await {
            return error;
        }
        if let Some(url) = session.client().url().and_then(|url| url.parse().ok()) {
            window::follow(app, &url);
        }
    }
}

/// Looks whenever something changed, until the connection ends.
async fn watch(
    client: &Client,
    app: &AppHandle,
    place: Where,
    notices: &mut Notices,
) -> Result<(), CommandError> {
    let mut changes: Events<Changes> = Events::new(client.stream(Call::get(["changes"])).await?);
    let mut is_first = true;
    while let Some(changed) = changes.next().await? {
        if std::mem::take(&mut is_first) || concerns_us(&changed) {
            let activity = look(client).await?;
            let news = notices.of(&activity.ended);
            app.state::<Seen>().keep(activity, place);
            Tray::refresh(app);
            let remembered = app.state::<Mutex<Remembered>>();
            let notifies = remembered
                .lock()
                .expect("nothing panics while it is held")
                .settings()
                .notifies;
            if notifies && !window::is_in_front(app) {
                for notice in news {
                    notify::tell_of_run(app, notice);
                }
            }
        }
    }
    Ok(())
}

fn concerns_us(changed: &Changes) -> bool {
    ["runs", "health"]
        .iter()
        .any(|topic| changed.topics.contains(*topic))
}

async fn look(client: &Client) -> Result<Activity, CommandError> {
    let runs = async |state: &str, sort: Option<&str>, limit| {
        let query = RunQuery {
            state: Some(state.to_owned()),
            sort: sort.map(str::to_owned),
            archived: Some(false),
            limit: Some(limit),
            ..RunQuery::default()
        };
        client
            .ask::<RunList>(Call::get(["runs"]).query(&query))
            .await
    };
    let health: Health = client.ask(Call::health()).await?;
    let open = runs(OPEN, None, SHOWN).await?;
    let ended = runs(ENDED, Some("-finished"), ENDED_AT_ONCE).await?;
    Ok(Activity {
        trouble: health.engine.is_none().then_some(health.engine_summary),
        open: open.runs,
        open_count: open.total,
        ended: ended.runs,
    })
}

fn no_workbench(app: &AppHandle, error: &CommandError) {
    let words = Words::of_error("The workbench has gone".to_owned(), error);
    dialog::tell(app, words, |app| app.exit(1));
}
