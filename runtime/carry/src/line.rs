//! What the far end says and is told, a line of JSON each.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::error::{CarryError, Trouble};

/// What the far end says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// Something that is in the folder.
    Entry(Entry),
    /// A file, folder or link is where it belongs.
    Received {
        /// Its path.
        path: String,
    },
    /// It gave up.
    Failed {
        /// What to switch on.
        trouble: Trouble,
        /// In words.
        message: String,
    },
    /// It did all that it was asked. Without this line, what was said is not whole.
    Done,
}

impl Line {
    /// That it gave up for an error.
    pub fn failed(error: &CarryError) -> Self {
        let mut message = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        Self::Failed {
            trouble: error.trouble(),
            message,
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// Writes paths for [`read_paths`].
pub fn write_paths<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for path in paths {
        text.push_str(&serde_json::Value::from(path).to_string());
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Reads paths, a JSON string a line, up to an empty line: not every stream can be ended from one side.
///
/// # Errors
/// A line that is no path, and an end without an empty line.
pub fn read_paths(from: &mut impl BufRead) -> Result<Vec<String>, CarryError> {
    let mut paths = Vec::new();
    loop {
        let mut line = String::new();
        from.read_line(&mut line).map_err(CarryError::Stream)?;
        if line == "\n" {
            return Ok(paths);
        }
        let path = serde_json::from_str(&line);
        paths.push(path.map_err(|error| CarryError::Stream(error.into()))?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_as_they_were_written() {
        let paths = ["a\nb", "ä/\"", " "];
        let text = write_paths(paths);
        assert_eq!(read_paths(&mut text.as_bytes()).unwrap(), paths);
        let cut = &text[..text.len() - 1];
        assert!(read_paths(&mut cut.as_bytes()).is_err());
    }
}
