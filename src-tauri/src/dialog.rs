//! Windows that say something or ask something. They wait for nobody: what is answered is told later.

use std::cell::Cell;

use coracle_cli::CommandError;
use gtk::prelude::*;
use tauri::AppHandle;

use crate::window;

/// What a dialog says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// What it is about, also as the title of the window.
    pub(crate) title: String,
    /// What there is to know.
    pub(crate) text: String,
}

impl Words {
    /// What went wrong, with what to try.
    pub(crate) fn of_error(title: String, error: &CommandError) -> Self {
        let hint = error.report.hint.iter().map(|hint| format!("\n\n{hint}"));
        Self {
            title,
            text: format!("{}{}", error.report.message, hint.collect::<String>()),
        }
    }
}

/// Says something; `then` comes when it was read.
pub(crate) fn tell(app: &AppHandle, words: Words, then: impl FnOnce(&AppHandle) + Send + 'static) {
    show(app, words, vec!["Close"], move |app, _| then(app));
}

/// Asks whether to do something; `then` comes when it was answered with `verb`.
pub(crate) fn ask(
    app: &AppHandle,
    words: Words,
    verb: &'static str,
    then: impl FnOnce(&AppHandle) + Send + 'static,
) {
    show(app, words, vec!["Cancel", verb], move |app, button| {
        if button == Some(1) {
            then(app);
        }
    });
}

/// The buttons are numbered from the left; the last is the one that Enter presses. Escape presses none.
fn show(
    app: &AppHandle,
    words: Words,
    buttons: Vec<&'static str>,
    answered: impl FnOnce(&AppHandle, Option<u16>) + Send + 'static,
) {
    let handle = app.clone();
    let shown = app.run_on_main_thread(move || {
        let parent = window::shown(&handle).and_then(|window| window.gtk_window().ok());
        let dialog = gtk::MessageDialog::new(
            parent.as_ref(),
            gtk::DialogFlags::DESTROY_WITH_PARENT,
            gtk::MessageType::Other,
            gtk::ButtonsType::None,
            &words.title,
        );
        dialog.set_title(&words.title);
        dialog.set_secondary_text(Some(&words.text));
        for (number, text) in (0..).zip(buttons) {
            dialog.add_button(text, gtk::ResponseType::Other(number));
            dialog.set_default_response(gtk::ResponseType::Other(number));
        }
        let answered = Cell::new(Some(answered));
        dialog.connect_response(move |dialog, response| {
            dialog.close();
            let button = match response {
                gtk::ResponseType::Other(number) => Some(number),
                _ => None,
            };
            if let Some(answered) = answered.take() {
                answered(&handle, button);
            }
        });
        dialog.show_all();
        dialog.present();
    });
    if let Err(error) = shown {
        tracing::warn!(%error, "a dialog cannot be shown");
    }
}
