//! From a context to a desktop at work, and to its end.

use std::process::ExitCode;
use std::sync::Mutex;

use coracle_cli::{CommandError, Context, Interrupts};
use tauri::async_runtime;
use tauri::{App, AppHandle, Manager, RunEvent};
use tauri_plugin_window_state::StateFlags;

use crate::arguments::Wish;
use crate::dialog::{self, Words};
use crate::follow::Following;
use crate::hand_over::HandOver;
use crate::instance::{First, Instance};
use crate::login::AtLogin;
use crate::places::Places;
use crate::seen::Seen;
use crate::settings::Remembered;
use crate::tray::Tray;
use crate::window::{self, MAIN, Workbench};
use crate::{closing, opening};

/// Is the desktop of this home until somebody ends it, or tells the one there is what is wished.
pub(crate) fn run(context: Context, wishes: &[Wish]) -> Result<ExitCode, CommandError> {
    let config = context.config()?;
    let places = Places::of(&config);
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        CommandError::failed("desktop", format!("failed to {what}: {error}"))
    };
    let claimed = Instance::claim(&places.runtime, wishes)
        .map_err(|error| failed("find out whether a desktop runs", &error))?;
    let Instance::First(first) = claimed else {
        return Ok(ExitCode::SUCCESS);
    };
    if wishes == [Wish::Quit] {
        return Ok(ExitCode::SUCCESS);
    }
    gtk::init().map_err(|_| {
        CommandError::failed("no_display", "there is no display to show a window on")
            .with_hint("`coracle serve` needs none")
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(coracle_cli::WORKERS)
        .enable_all()
        .build()
        .map_err(|error| failed("start threads", &error))?;
    async_runtime::set(runtime.handle().clone());
    // GTK begins meanwhile.
    let (following, beginning) = Following::begin(runtime.handle().clone(), context.clone())
        .map_err(|error| failed("start threads", &error))?;
    let app = build(context, places).map_err(|error| failed("begin", &error))?;
    match beginning.workbench.blocking_recv() {
        Ok(Ok(url)) => {
            begin(&app, &url, first, wishes)
                .map_err(|error| failed("show the workbench", &error))?;
            // It waits for this, for as long as it lives.
            let _ = beginning.app.send(app.handle().clone());
        }
        Ok(Err(error)) => cannot_begin(app.handle(), &error),
        Err(error) => return Err(failed("begin", &error)),
    }
    let code = app.run_return(|_, event| {
        // A desktop without a window is in the tray.
        if let RunEvent::ExitRequested {
            code: None, api, ..
        } = event
        {
            api.prevent_exit();
        }
    });
    following.end();
    // What still blocks a thread, such as a notification that nobody clicks, is not worth waiting for.
    runtime.shutdown_background();
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn build(context: Context, places: Places) -> tauri::Result<App> {
    let window_state = tauri_plugin_window_state::Builder::new()
        .with_filename(places.window.to_string_lossy())
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .with_filter(|label| label == MAIN)
        .build();
    let configuration = context.surroundings.configuration_directory();
    let login = AtLogin::new(&configuration, context.surroundings.program().to_owned());
    #[expect(
        clippy::disallowed_methods,
        reason = "what is generated ends the process where a thread for it cannot be started"
    )]
    let generated = tauri::generate_context!();
    tauri::Builder::default()
        .plugin(window_state)
        .manage(Mutex::new(Remembered::of(&places.data)))
        .manage(login)
        .manage(Seen::default())
        .manage(HandOver::default())
        .manage(places)
        .manage(context)
        .build(generated)
}

/// Shows what is wished, once there is a workbench.
fn begin(
    app: &App,
    workbench: &str,
    first: First,
    wishes: &[Wish],
) -> Result<(), Box<dyn std::error::Error>> {
    let app = app.handle();
    app.manage(Workbench::at(workbench.parse()?));
    Tray::put(app)?;
    wishes.iter().for_each(|wish| carry_out(app, wish.clone()));
    let handle = app.clone();
    first.listen(move |wish| {
        let inner = handle.clone();
        // Windows are made on the thread that shows them.
        let asked = handle.run_on_main_thread(move || carry_out(&inner, wish));
        if let Err(error) = asked {
            tracing::warn!(%error, "a wish is lost");
        }
    })?;
    app.manage(first);
    let handle = app.clone();
    async_runtime::spawn(async move {
        match Interrupts::listen() {
            Ok(mut interrupts) => {
                interrupts.next().await;
                handle.exit(0);
            }
            Err(error) => tracing::warn!(error = error.report.message, "signals end at once"),
        }
    });
    Ok(())
}

fn carry_out(app: &AppHandle, wish: Wish) {
    match wish {
        Wish::Show => window::show(app),
        Wish::Hide => {}
        Wish::Run(run) => window::show_page(app, &format!("/runs/{run}")),
        Wish::File(file) => {
            window::show(app);
            opening::open(app, file);
        }
        Wish::Quit => closing::quit(app),
    }
}

fn cannot_begin(app: &AppHandle, error: &CommandError) {
    let words = Words::of_error("Coracle cannot begin".to_owned(), error);
    dialog::tell(app, words, |app| app.exit(1));
}
