//! A folder of an artifact as a tar archive, made while it is sent: neither the archive nor a file of it is ever
//! held as a whole.

use std::io::{self, Read, Write};
use std::path::Path;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

use super::content::ArchiveContent;
use super::files::{Found, list};
use super::place::{Below, Opened, Place};
use crate::error::AppError;
use crate::workbench::off_runtime;

/// The most files that are put into an archive.
const MOST: usize = 100_000;

/// Bytes that are sent on at once.
const PIECE: usize = 256 * 1024;

/// Pieces that wait to be sent.
const WAITING: usize = 4;

/// The archive of a folder. Names in it begin with the folder's own.
///
/// # Errors
/// When the folder cannot be read, or has too many files.
pub(super) fn of(place: Place, folder: &Path, below: &Below) -> Result<ArchiveContent, AppError> {
    let listing = list(&place, folder, below, MOST)?;
    if listing.truncated {
        return Err(AppError::TooLarge {
            message: format!("the folder has more than {MOST} files"),
            hint: format!("copy it from `{}`", folder.display()),
        });
    }
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let (sender, receiver) = mpsc::channel(WAITING);
    let root = name.clone();
    let prefix = below.clone();
    let writing = off_runtime(move || {
        let pipe = Pipe {
            sender: sender.clone(),
            piece: Vec::with_capacity(PIECE),
        };
        if let Err(error) = write(pipe, &place, &root, &prefix, &listing.files) {
            // Nobody reads any more when this fails.
            let _ = sender.blocking_send(Err(error));
        }
        Ok(())
    });
    let pieces = stream::unfold(receiver, |mut receiver| async {
        Some((receiver.recv().await?, receiver))
    });
    // Writing is polled beside what it writes, and ends when nobody reads any more.
    let written = stream::once(writing).filter_map(|ended: Result<(), AppError>| async {
        ended.err().map(|error| Err(io::Error::other(error)))
    });
    Ok(ArchiveContent {
        name: format!("{name}.tar"),
        bytes: stream::select(pieces, written).boxed(),
    })
}

fn write(pipe: Pipe, place: &Place, root: &str, prefix: &Below, files: &[Found]) -> io::Result<()> {
    let mut archive = Builder::new(pipe);
    for found in files {
        let Ok(Opened::File(open)) = place.open_real(&found.real) else {
            // It went away, or is another thing by now.
            continue;
        };
        let mut header = Header::new_gnu();
        header.set_metadata(&open.file.metadata()?);
        header.set_entry_type(EntryType::Regular);
        header.set_size(open.size);
        let path = found
            .path
            .strip_prefix(prefix.as_path())
            .unwrap_or(&found.path);
        let mut content = Exactly {
            file: open.file,
            left: open.size,
        };
        archive.append_data(&mut header, Path::new(root).join(path), &mut content)?;
    }
    archive.into_inner()?.flush()
}

/// As many bytes of a file as its header says: a file that is written to meanwhile must not spoil the archive.
struct Exactly {
    file: std::fs::File,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let read = (&self.file).take(self.left).read(buffer)?;
        if read == 0 {
            let message = "a file of the folder became shorter while it was read";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Collects what is written into pieces and sends them on, as fast as they are read.
struct Pipe {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        self.sender
            .blocking_send(Ok(piece))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
