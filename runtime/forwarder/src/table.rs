//! The table as the file says it now.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::routes::Routes;

/// The routes in a file, read again whenever it is another. A file that cannot be read leaves them as they were.
pub(crate) struct Table {
    file: PathBuf,
    read: Mutex<(Option<Version>, Arc<Routes>)>,
}

/// What tells one content of the file from the next, each of which is a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    inode: u64,
    changed: (i64, i64),
}

impl Table {
    pub(crate) fn of_file(file: PathBuf) -> Self {
        Self {
            file,
            read: Mutex::default(),
        }
    }

    /// The routes as they are now.
    pub(crate) fn now(&self) -> Arc<Routes> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match look(&self.file, read.0) {
            Ok(None) => {}
            Ok(Some((version, routes))) => *read = (Some(version), Arc::new(routes)),
            Err(error) => eprintln!("the routes cannot be read: {error}"),
        }
        Arc::clone(&read.1)
    }
}

/// The content of the file, unless it is that of `known`.
fn look(file: &Path, known: Option<Version>) -> io::Result<Option<(Version, Routes)>> {
    let found = std::fs::metadata(file)?;
    let version = Version {
        inode: found.ino(),
        changed: (found.mtime(), found.mtime_nsec()),
    };
    if known == Some(version) {
        return Ok(None);
    }
    let routes = std::fs::read_to_string(file)?.parse();
    Ok(Some((version, routes.map_err(io::Error::other)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_follows_its_file_and_outlives_it() {
        let directory = std::env::temp_dir().join(format!("coracle-table-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("routes");
        let write = |text: &str| {
            let next = directory.join("next");
            std::fs::write(&next, text).unwrap();
            std::fs::rename(&next, &file).unwrap();
        };
        let table = Table::of_file(file.clone());
        assert_eq!(*table.now(), Routes::default());
        for text in ["80 10.0.0.2:80\n", "80 10.0.0.3:80\n"] {
            write(text);
            assert_eq!(table.now().to_string(), text);
        }
        write("half a line");
        assert_eq!(table.now().to_string(), "80 10.0.0.3:80\n");
        std::fs::remove_dir_all(&directory).unwrap();
        assert_eq!(table.now().to_string(), "80 10.0.0.3:80\n");
    }
}
