//! Notifications of the system. Where nobody shows them they are lost, as they are on any such desktop.

use std::path::Path;

use notify_rust::Notification;
use tauri::AppHandle;

use crate::notices::Notice;
use crate::window;

/// What a click on the notification itself is called.
const CLICK: &str = "default";

/// Tells of a run; a click shows it.
pub(crate) fn tell_of_run(app: &AppHandle, notice: Notice) {
    let Notice { run, title, text } = notice;
    show(app, title, text, move |app| {
        window::show_page(app, &format!("/runs/{run}"));
    });
}

/// Tells where a download is; a click opens its folder.
pub(crate) fn tell_of_download(app: &AppHandle, file: Option<&Path>) {
    let Some((name, folder)) = file.and_then(|file| Some((file.file_name()?, file.parent()?)))
    else {
        return;
    };
    let (title, text) = (
        format!("{} is saved", name.to_string_lossy()),
        folder.display().to_string(),
    );
    let folder = folder.to_owned();
    show(app, title, text, move |_| {
        if let Err(error) = open::that_detached(&folder) {
            tracing::warn!(%error, "the folder cannot be shown");
        }
    });
}

fn show(
    app: &AppHandle,
    title: String,
    text: String,
    clicked: impl FnOnce(&AppHandle) + Send + 'static,
) {
    let app = app.clone();
    // It waits for the click.
    tauri::async_runtime::spawn_blocking(move || {
        let shown = Notification::new()
            .appname("Coracle")
            .icon("coracle")
            .summary(&title)
            .body(&escaped(&text))
            .action(CLICK, "Open")
            .show();
        match shown {
            Ok(notification) => notification.wait_for_action(|action| {
                if action == CLICK {
                    clicked(&app);
                }
            }),
            Err(error) => tracing::info!(%error, title, "nobody shows notifications"),
        }
    });
}

/// A text that says itself where markup is understood.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_markup() {
        assert_eq!(escaped("a<b> & c"), "a&lt;b&gt; &amp; c");
    }
}
