//! A file that was opened or dropped becomes an offer to run it.

use std::path::{Path, PathBuf};

use coracle_cli::{CommandError, Context, Definition};
use tauri::{AppHandle, Manager};

use crate::dialog::{self, Words};
use crate::hand_over;

/// Endings of what holds a pipeline; what else is dropped is not for us.
const ENDINGS: [&str; 8] = ["yaml", "yml", "json", "zip", "gz", "tgz", "py", "ipynb"];

/// Opens what was dropped, as far as it can hold a pipeline.
pub(crate) fn open_dropped(app: &AppHandle, paths: &[PathBuf]) {
    for path in paths.iter().filter(|path| can_hold_a_pipeline(path)) {
        open(app, path.clone());
    }
}

/// Reads a file and hands it to the pages. Where reading it runs it, that is asked first: a click on a file is no
/// word that its code may run.
pub(crate) fn open(app: &AppHandle, file: PathBuf) {
    if Definition::is_run_to_be_read(&file) {
        dialog::ask(app, question(&file), "Compile", move |app| {
            read(app, file);
        });
    } else {
        read(app, file);
    }
}

fn read(app: &AppHandle, file: PathBuf) {
    let app = app.clone();
    let context = app.state::<Context>().inner().clone();
    tauri::async_runtime::spawn(async move {
        match Definition::read(&context, &file, None).await {
            Ok(definition) => hand_over::give(&app, definition),
            Err(error) => dialog::tell(&app, refusal(&file, &error), |_| {}),
        }
    });
}

fn can_hold_a_pipeline(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

fn question(file: &Path) -> Words {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Words {
        title: format!("Compile {name}?"),
        text: format!(
            "Its pipeline is what its code makes with your Python's kfp. Compiling runs that code, as you:\n{}",
            file.display()
        ),
    }
}

fn refusal(file: &Path, error: &CommandError) -> Words {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Words::of_error(format!("{name} cannot be opened"), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_hold_a_pipeline_is_taken() {
        for name in ["a.yaml", "a.YML", "a.tar.gz", "b.py", "c.ipynb"] {
            assert!(can_hold_a_pipeline(Path::new(name)), "{name}");
        }
        for name in ["a.csv", "yaml", "Makefile", "b.pyc"] {
            assert!(!can_hold_a_pipeline(Path::new(name)), "{name}");
        }
    }
}
