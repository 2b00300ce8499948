//! Files go from the desktop to the pages: the one thing that is said across, and only in this direction.
//!
//! ```text
//!   a file is opened ──► waits until a page is there ──► event `file` on `window.coracleDesktop` ──► the page offers to run it
//! ```
//!
//! Pages cannot call the desktop; `ui/src/api/desktop.ts` listens.

use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coracle_cli::Definition;
use tauri::{AppHandle, Manager};

use crate::window::{self, MAIN};

/// What a page finds when the desktop shows it, before its own scripts run.
pub(crate) const BRIDGE: &str =
    "Object.defineProperty(window, 'coracleDesktop', { value: new EventTarget() });";

/// Files on their way to a page.
#[derive(Default)]
pub(crate) struct HandOver(Mutex<State>);

#[derive(Default)]
struct State {
    /// Whether a page is there that listens.
    is_heard: bool,
    waiting: Vec<Definition>,
}

/// Shows the window and hands it a file.
pub(crate) fn give(app: &AppHandle, file: Definition) {
    with_state(app, |state| state.waiting.push(file));
    window::show(app);
    send(app);
}

/// A page is left for another, or loaded again.
pub(crate) fn page_began(app: &AppHandle) {
    with_state(app, |state| state.is_heard = false);
}

/// The scripts of a page have run.
pub(crate) fn page_is_there(app: &AppHandle) {
    with_state(app, |state| state.is_heard = true);
    send(app);
}

fn send(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let files = with_state(app, |state| {
        if state.is_heard {
            std::mem::take(&mut state.waiting)
        } else {
            Vec::new()
        }
    });
    for file in files {
        if let Err(error) = window.eval(script(&file)) {
            tracing::warn!(%error, name = file.file_name, "a file did not reach the page");
        }
    }
}

fn with_state<T>(app: &AppHandle, act: impl FnOnce(&mut State) -> T) -> T {
    let hand_over = app.state::<HandOver>();
    let mut state = hand_over.0.lock().expect("nothing panics while it is held");
    act(&mut state)
}

fn script(file: &Definition) -> String {
    let detail = serde_json::json!({
        "name": file.file_name,
        "content": STANDARD.encode(&file.bytes),
    });
    format!("window.coracleDesktop.dispatchEvent(new CustomEvent('file', {{ detail: {detail} }}));")
}
