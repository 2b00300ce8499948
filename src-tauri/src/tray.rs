//! The sign in the tray, and the menu on it.

use std::sync::Mutex;

use tauri::image::Image;
use tauri::menu::{CheckMenuItemBuilder, Menu, MenuBuilder, MenuItemBuilder};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Wry, include_image};

use crate::closing;
use crate::login::AtLogin;
use crate::places::Places;
use crate::seen::Seen;
use crate::settings::Remembered;
use crate::tray_menu::{Choice, Line, Switches, lines};
use crate::window;

const QUIET: Image<'_> = include_image!("./icons/tray.png");
const AT_WORK: Image<'_> = include_image!("./icons/tray-at-work.png");

/// The sign and what it shows now.
pub(crate) struct Tray {
    sign: TrayIcon,
    shown: Mutex<Shown>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    lines: Vec<Line>,
    is_at_work: bool,
}

impl Tray {
    /// Puts the sign into the tray.
    pub(crate) fn put(app: &AppHandle) -> tauri::Result<()> {
        let sign = TrayIconBuilder::with_id("coracle")
            .icon(QUIET)
            .title("Coracle")
            .temp_dir_path(&app.state::<Places>().runtime)
            .on_menu_event(|app, event| chosen(app, Choice::of_word(event.id().as_ref())))
            .build(app)?;
        app.manage(Self {
            sign,
            shown: Mutex::default(),
        });
        Self::refresh(app);
        Ok(())
    }

    /// Shows what was seen last and what is set.
    pub(crate) fn refresh(app: &AppHandle) {
        let this = app.state::<Self>();
        let activity = app.state::<Seen>().activity();
        let now = Shown {
            lines: lines(&activity, switches(app)),
            is_at_work: activity.is_at_work(),
        };
        let mut shown = this.shown.lock().expect("nothing panics while it is held");
        if let Err(error) = this.show(app, &shown, &now) {
            tracing::warn!(%error, "the tray shows something older");
            return;
        }
        *shown = now;
    }

    fn show(&self, app: &AppHandle, before: &Shown, now: &Shown) -> tauri::Result<()> {
        if before.lines != now.lines {
            self.sign.set_menu(Some(menu(app, &now.lines)?))?;
        }
        if before.is_at_work != now.is_at_work {
            let icon = if now.is_at_work { AT_WORK } else { QUIET };
            self.sign.set_icon(Some(icon))?;
        }
        Ok(())
    }
}

fn switches(app: &AppHandle) -> Switches {
    let remembered = app.state::<Mutex<Remembered>>();
    let remembered = remembered.lock().expect("nothing panics while it is held");
    Switches {
        notifies: remembered.settings().notifies,
        at_login: app.state::<AtLogin>().is_on(),
    }
}

fn menu(app: &AppHandle, lines: &[Line]) -> tauri::Result<Menu<Wry>> {
    let mut menu = MenuBuilder::new(app);
    for line in lines {
        menu = match line {
            Line::Text(text) => menu.item(
                &MenuItemBuilder::new(plain(text))
                    .enabled(false)
                    .build(app)?,
            ),
            Line::Choice(choice, text) => {
                menu.item(&MenuItemBuilder::with_id(choice.word(), plain(text)).build(app)?)
            }
            Line::Switch(choice, text, on) => menu.item(
                &CheckMenuItemBuilder::with_id(choice.word(), text)
                    .checked(*on)
                    .build(app)?,
            ),
            Line::Between => menu.separator(),
        };
    }
    menu.build()
}

/// A text in which no letter is a key.
fn plain(text: &str) -> String {
    text.replace('&', "&&")
}

fn chosen(app: &AppHandle, choice: Option<Choice>) {
    match choice {
        Some(Choice::Show) => window::show(app),
        Some(Choice::Run(run)) => window::show_page(app, &format!("/runs/{run}")),
        Some(Choice::NewRun) => window::show_page(app, "/new-run"),
        Some(Choice::Notify) => {
            let remembered = app.state::<Mutex<Remembered>>();
            let mut remembered = remembered.lock().expect("nothing panics while it is held");
            remembered.change(|settings| settings.notifies = !settings.notifies);
            drop(remembered);
            Tray::refresh(app);
        }
        Some(Choice::Login) => {
            let login = app.state::<AtLogin>();
            if let Err(error) = login.switch(!login.is_on()) {
                tracing::warn!(%error, "starting at login cannot be switched");
            }
            Tray::refresh(app);
        }
        Some(Choice::Quit) => closing::quit(app),
        None => {}
    }
}
