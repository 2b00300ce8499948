//! Files go from the desktop to the pages: the one thing that is said across, and only in this direction.
//!
//! ```text
//!   a file is opened ──► waits until a page is there ──► window.coracleDesktop ──► the page offers to run it
//! ```
//!
//! Pages cannot call the desktop. They find what they were handed in `window.coracleDesktop.files`, whether their own
//! scripts have run by then or not, and hear of more by its event `file`; see `ui/src/api/desktop.ts`.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coracle_cli::Definition;
use tauri::{AppHandle, Manager};

use crate::window::{self, MAIN, Workbench};

/// What a page finds when the desktop shows it, before its own scripts run.
pub(crate) const BRIDGE: &str = "Object.defineProperty(window, 'coracleDesktop', \
    { value: Object.assign(new EventTarget(), { files: [] }) });";

/// Files on their way to a page.
#[derive(Default)]
pub(crate) struct HandOver(Mutex<State>);

#[derive(Default)]
struct State {
    /// Whether a page has been loaded and not left.
    is_there: bool,
    /// In the order in which they were opened, each until a page of the workbench has it.
    waiting: Vec<Arc<Definition>>,
}

/// Shows the window and hands it a file.
pub(crate) fn give(app: &AppHandle, file: Definition) {
    with_state(app, |state| state.waiting.push(Arc::new(file)));
    window::show(app);
    send(app);
}

/// A page is left for another, or loaded again.
pub(crate) fn page_began(app: &AppHandle) {
    with_state(app, |state| state.is_there = false);
}

/// A page was loaded.
pub(crate) fn page_is_there(app: &AppHandle) {
    with_state(app, |state| state.is_there = true);
    send(app);
}

fn send(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let workbench = Workbench::of(app).origin().ascii_serialization();
    let files = with_state(app, |state| {
        if state.is_there {
            state.waiting.clone()
        } else {
            Vec::new()
        }
    });
    for file in files {
        let app = app.clone();
        let script = script(&file, &workbench);
        let sent = window.eval_with_callback(script, move |is_given| {
            tracing::debug!(
                is_given,
                name = file.file_name,
                "a file is handed to a page"
            );
            if is_given == "true" {
                with_state(&app, |state| {
                    state.waiting.retain(|waiting| !Arc::ptr_eq(waiting, &file));
                });
            }
        });
        if let Err(error) = sent {
            tracing::warn!(%error, "a file did not reach the page");
        }
    }
}

fn with_state<T>(app: &AppHandle, act: impl FnOnce(&mut State) -> T) -> T {
    let hand_over = app.state::<HandOver>();
    let mut state = hand_over.0.lock().expect("nothing panics while it is held");
    act(&mut state)
}

/// Gives the file to the page and is `true`, where it is a page of the workbench: a window may begin with an empty one.
fn script(file: &Definition, workbench: &str) -> String {
    let file = serde_json::json!({
        "name": file.file_name,
        "content": STANDARD.encode(&file.bytes),
    });
    let workbench = serde_json::Value::from(workbench);
    format!(
        "location.origin === {workbench} && (window.coracleDesktop.files.push({file}), \
         window.coracleDesktop.dispatchEvent(new Event('file')))"
    )
}
