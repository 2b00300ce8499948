//! Closing the window and ending the desktop, and what is said or asked before.

use std::sync::Mutex;

use tauri::{AppHandle, Manager};

use crate::dialog::{self, Words};
use crate::seen::Seen;
use crate::settings::Remembered;
use crate::window;

/// Hides the window. That it is not the end is said the first time.
pub(crate) fn close(app: &AppHandle) {
    let remembered = app.state::<Mutex<Remembered>>();
    let mut remembered = remembered.lock().expect("nothing panics while it is held");
    if remembered.settings().has_told_of_tray {
        window::hide(app);
        return;
    }
    remembered.change(|settings| settings.has_told_of_tray = true);
    dialog::tell(app, going_on(), window::hide);
}

/// Ends the desktop; where the workbench is in it and works, that is asked first.
pub(crate) fn quit(app: &AppHandle) {
    match question(&app.state::<Seen>()) {
        Some(words) => dialog::ask(app, words, "Quit", |app| app.exit(0)),
        None => app.exit(0),
    }
}

fn going_on() -> Words {
    Words {
        title: "Coracle goes on in the tray".to_owned(),
        text: "Closing the window does not stop the workbench. Its sign in the tray shows what runs, and ends it \
            with Quit. Where there is no tray, starting Coracle again shows the window, and `coracle-desktop --quit` ends it."
            .to_owned(),
    }
}

fn question(seen: &Seen) -> Option<Words> {
    let count = seen.open_runs_here();
    let runs = match count {
        0 => return None,
        1 => "1 run is at work".to_owned(),
        count => format!("{count} runs are at work"),
    };
    Some(Words {
        title: "Quit Coracle?".to_owned(),
        text: format!(
            "{runs}. Steps that run now go on by themselves; their next ones wait until Coracle or `coracle serve` is started again."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Activity;
    use crate::seen::Where;

    #[test]
    fn it_is_asked_only_where_quitting_stops_work() {
        let text = |open_count, place| {
            let seen = Seen::default();
            let activity = Activity {
                open_count,
                ..Activity::default()
            };
            seen.keep(activity, place);
            question(&seen).map(|words| words.text)
        };
        assert_eq!(text(0, Where::Here), None);
        assert_eq!(text(2, Where::Elsewhere), None);
        assert!(
            text(1, Where::Here)
                .unwrap()
                .starts_with("1 run is at work.")
        );
        assert!(
            text(2, Where::Here)
                .unwrap()
                .starts_with("2 runs are at work.")
        );
    }
}
