//! The window with the workbench's pages, and those that its pages open.

use std::sync::RwLock;

use tauri::webview::{DownloadEvent, NewWindowFeatures, NewWindowResponse, PageLoadEvent};
use tauri::{
    AppHandle, DragDropEvent, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    WindowEvent, Wry,
};

use crate::addresses::{Lead, lead, page};
use crate::hand_over::{self, BRIDGE};
use crate::places::Places;
use crate::{closing, notify, opening};

/// The label of the one window that is there all the time.
pub(crate) const MAIN: &str = "main";

/// Where pages begin.
const HOME: &str = "/";

/// As large as most screens allow and pages are drawn for.
const SIZE: (f64, f64) = (1280.0, 820.0);

/// Pages fold to one column below; less than this nobody can read.
const LEAST: (f64, f64) = (420.0, 320.0);

/// Where the workbench is.
pub(crate) struct Workbench(RwLock<Url>);

impl Workbench {
    pub(crate) fn at(url: Url) -> Self {
        Self(RwLock::new(url))
    }

    pub(crate) fn of(app: &AppHandle) -> Url {
        let known = app.state::<Self>();
        let url = known.0.read().expect("nothing panics while it is held");
        url.clone()
    }
}

/// The window, where it can be seen.
pub(crate) fn shown(app: &AppHandle) -> Option<WebviewWindow> {
    app.get_webview_window(MAIN)
        .filter(|window| window.is_visible().unwrap_or(false))
}

/// Whether the window is what its user looks at.
pub(crate) fn is_in_front(app: &AppHandle) -> bool {
    shown(app).is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// Hides the window; its page stays as it is.
pub(crate) fn hide(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        told(window.hide());
    }
}

/// Shows the window as it is, and makes it where there is none.
pub(crate) fn show(app: &AppHandle) {
    match app.get_webview_window(MAIN) {
        Some(window) => told(bring_forward(&window)),
        None => told(create(app, HOME)),
    }
}

/// Shows one of the pages.
pub(crate) fn show_page(app: &AppHandle, path: &str) {
    match app.get_webview_window(MAIN) {
        Some(window) => told(
            window
                .navigate(page(&Workbench::of(app), path))
                .and_then(|()| bring_forward(&window)),
        ),
        None => told(create(app, path)),
    }
}

/// The workbench is somewhere else now: the window goes there, to the page that it shows.
pub(crate) fn follow(app: &AppHandle, workbench: &Url) {
    let known = app.state::<Workbench>();
    let before = {
        let mut url = known.0.write().expect("nothing panics while it is held");
        std::mem::replace(&mut *url, workbench.clone())
    };
    if before.origin() == workbench.origin() {
        return;
    }
    if let Some(window) = app.get_webview_window(MAIN) {
        let shown = window.url();
        told(
            shown.and_then(|url| window.navigate(page(workbench, url.fragment().unwrap_or(HOME)))),
        );
    }
}

fn create(app: &AppHandle, path: &str) -> tauri::Result<()> {
    let url = page(&Workbench::of(app), path);
    let window = pages(app, MAIN, url)
        .title("Coracle")
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(LEAST.0, LEAST.1)
        .initialization_script(BRIDGE)
        .on_page_load(|window, load| {
            let app = window.app_handle();
            match load.event() {
                PageLoadEvent::Started => hand_over::page_began(app),
                PageLoadEvent::Finished => hand_over::page_is_there(app),
            }
        })
        .build()?;
    let app = app.clone();
    window.on_window_event(move |event| match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            closing::close(&app);
        }
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            opening::open_dropped(&app, paths);
        }
        _ => {}
    });
    Ok(())
}

/// What a page opens in a window of its own, such as a notebook. Others' pages go to the browser.
fn open_another(app: &AppHandle, url: Url, features: NewWindowFeatures) -> NewWindowResponse<Wry> {
    if !leads_here(app, &url) {
        return NewWindowResponse::Deny;
    }
    let free = (1..).map(|number: u32| format!("page-{number}"));
    let label = free
        .into_iter()
        .find(|label| app.get_webview_window(label).is_none())
        .expect("there are fewer windows than numbers");
    let opened = pages(app, &label, url)
        .title("Coracle")
        .inner_size(SIZE.0, SIZE.1)
        .disable_drag_drop_handler()
        .window_features(features)
        .build();
    match opened {
        Ok(window) => NewWindowResponse::Create { window },
        Err(error) => {
            tracing::warn!(%error, "a window cannot be opened");
            NewWindowResponse::Deny
        }
    }
}

/// A window that shows pages of the workbench and nothing else.
fn pages<'a>(
    app: &'a AppHandle,
    label: &str,
    url: Url,
) -> WebviewWindowBuilder<'a, Wry, AppHandle> {
    let (navigating, opening) = (app.clone(), app.clone());
    WebviewWindowBuilder::new(app, label, WebviewUrl::External(url))
        .data_directory(app.state::<Places>().webview.clone())
        .on_document_title_changed(|window, title| told(window.set_title(&title)))
        .on_navigation(move |url| leads_here(&navigating, url))
        .on_new_window(move |url, features| open_another(&opening, url, features))
        .on_download(|webview, event| {
            if let DownloadEvent::Finished {
                path,
                success: true,
                ..
            } = event
            {
                notify::tell_of_download(webview.app_handle(), path.as_deref());
            }
            true
        })
}

/// Whether an address is shown here; the browser is asked to show what it shows instead.
fn leads_here(app: &AppHandle, url: &Url) -> bool {
    match lead(url, &Workbench::of(app)) {
        Lead::Here => true,
        Lead::Browser => {
            if let Err(error) = open::that_detached(url.as_str()) {
                tracing::warn!(%error, "the browser cannot be started");
            }
            false
        }
        Lead::Nowhere => false,
    }
}

fn bring_forward(window: &WebviewWindow) -> tauri::Result<()> {
    window.show()?;
    window.unminimize()?;
    window.set_focus()
}

/// A window system that refuses something is no reason to end.
fn told(done: tauri::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, "the window cannot be shown as it should");
    }
}
