//! Whether the desktop starts when its user logs in: one file, as the XDG autostart specification has it.

use std::io;
use std::path::{Path, PathBuf};

/// The file that has it started.
#[derive(Debug)]
pub(crate) struct AtLogin {
    file: PathBuf,
    program: PathBuf,
}

impl AtLogin {
    /// Of a user's configuration directory, and of the program that is to start.
    pub(crate) fn new(configuration: &Path, program: PathBuf) -> Self {
        Self {
            file: configuration.join("autostart/coracle.desktop"),
            program,
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.file.exists()
    }

    pub(crate) fn switch(&self, on: bool) -> io::Result<()> {
        if !on {
            return match fs_err::remove_file(&self.file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        if let Some(folder) = self.file.parent() {
            fs_err::create_dir_all(folder)?;
        }
        fs_err::write(&self.file, entry(&self.program))
    }
}

fn entry(program: &Path) -> String {
    format!(
        "[Desktop Entry]\nType=Application\nName=Coracle\nIcon=coracle\nTerminal=false\nExec={} --hidden\n",
        quoted(&program.to_string_lossy())
    )
}

/// An argument as `Exec` takes it: a `%` would be a field, and within quotes four characters need a backslash. That
/// backslash is itself written twice, since the value is a string of the file's.
fn quoted(argument: &str) -> String {
    let mut text = String::from("\"");
    for character in argument.chars() {
        match character {
            '%' => text.push_str("%%"),
            '\\' => text.push_str("\\\\\\\\"),
            '"' | '`' | '$' => {
                text.push_str("\\\\");
                text.push(character);
            }
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_switched_on_and_off() {
        let folder = tempfile::tempdir().unwrap();
        let login = AtLogin::new(folder.path(), "/usr/bin/coracle-desktop".into());
        assert!(!login.is_on());
        login.switch(false).unwrap();
        login.switch(true).unwrap();
        assert!(login.is_on());
        let text = fs_err::read_to_string(folder.path().join("autostart/coracle.desktop")).unwrap();
        assert!(
            text.contains("\nExec=\"/usr/bin/coracle-desktop\" --hidden\n"),
            "{text}"
        );
        login.switch(false).unwrap();
        assert!(!login.is_on());
    }

    #[test]
    fn a_program_may_be_called_anything() {
        assert_eq!(quoted("/a b/100%"), r#""/a b/100%%""#);
        assert_eq!(quoted(r"a\b"), r#""a\\\\b""#);
        assert_eq!(quoted("$x"), r#""\\$x""#);
    }
}
