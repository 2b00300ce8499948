//! One desktop for each home: the first holds a lock and listens, every further one tells it what is wished and ends.
//!
//! ```text
//!   first:    lock ──► socket ──► wishes of others
//!   further:  no lock ──► socket ──► its wishes ──► exit
//! ```
//!
//! It needs no session bus, and a workbench with a home of its own has a desktop of its own.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::arguments::Wish;

/// How long the first may take from its lock to its socket, or to take what it is told.
const PATIENCE: Duration = Duration::from_secs(5);

/// How soon the socket of the first is tried again.
const AGAIN: Duration = Duration::from_millis(20);

/// The longest message: paths on a command line.
const LONGEST: u64 = 1 << 20;

/// What the first says when it has understood.
const UNDERSTOOD: &[u8] = b"understood";

/// What this process is among those of one home.
pub(crate) enum Instance {
    /// The desktop.
    First(First),
    /// One that had something to tell, and has told it.
    Further,
}

/// Being the desktop of a home, for as long as this lives.
pub(crate) struct First {
    _lock: fs_err::File,
    listener: UnixListener,
}

impl Instance {
    /// Becomes the desktop of the home whose runtime directory this is, or tells the one that there is.
    pub(crate) fn claim(runtime: &Path, wishes: &[Wish]) -> io::Result<Self> {
        fs_err::create_dir_all(runtime)?;
        let lock = fs_err::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(runtime.join("desktop.lock"))?;
        let socket = runtime.join("desktop.sock");
        let begun = Instant::now();
        loop {
            if lock.try_lock().is_ok() {
                let listener = listen(&socket)?;
                return Ok(Self::First(First {
                    _lock: lock,
                    listener,
                }));
            }
            match tell(&socket, wishes) {
                Ok(()) => return Ok(Self::Further),
                // It is about to listen, or about to end.
                Err(_) if begun.elapsed() < PATIENCE => std::thread::sleep(AGAIN),
                Err(error) => return Err(error),
            }
        }
    }
}

impl First {
    /// Takes what others wish, for as long as the process lives.
    pub(crate) fn listen(&self, carry_out: impl Fn(Wish) + Send + 'static) -> io::Result<()> {
        let listener = self.listener.try_clone()?;
        std::thread::Builder::new()
            .name("wishes".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    match hear(stream) {
                        Ok(wishes) => wishes.into_iter().for_each(&carry_out),
                        Err(error) => tracing::debug!(%error, "a wish was not understood"),
                    }
                }
            })?;
        Ok(())
    }
}

fn listen(socket: &Path) -> io::Result<UnixListener> {
    // Whoever holds the lock is alone: a socket that is there was left behind.
    match fs_err::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    fs_err::set_permissions(socket, PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

fn tell(socket: &Path, wishes: &[Wish]) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&serde_json::to_vec(wishes)?)?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if answer == UNDERSTOOD {
        Ok(())
    } else {
        Err(io::Error::other(
            "the desktop that runs does not understand this one",
        ))
    }
}

fn hear(mut stream: UnixStream) -> io::Result<Vec<Wish>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = Vec::new();
    (&mut stream).take(LONGEST).read_to_end(&mut text)?;
    let wishes = serde_json::from_slice(&text)?;
    stream.write_all(UNDERSTOOD)?;
    Ok(wishes)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_second_tells_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let Instance::First(first) = Instance::claim(folder.path(), &[Wish::Show]).unwrap() else {
            panic!("nobody was there before");
        };
        let (sender, wished) = mpsc::channel();
        first
            .listen(move |wish| sender.send(wish).unwrap())
            .unwrap();
        let wish = Wish::File("/a b.yaml".into());
        let second = Instance::claim(folder.path(), std::slice::from_ref(&wish)).unwrap();
        assert!(matches!(second, Instance::Further));
        assert_eq!(wished.recv_timeout(PATIENCE).unwrap(), wish);
    }

    #[test]
    fn what_one_that_was_killed_left_behind_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        drop(UnixListener::bind(folder.path().join("desktop.sock")).unwrap());
        let next = Instance::claim(folder.path(), &[Wish::Show]).unwrap();
        assert!(matches!(next, Instance::First(_)));
    }

    #[test]
    fn what_is_no_wish_harms_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let Instance::First(first) = Instance::claim(folder.path(), &[]).unwrap() else {
            panic!("nobody was there before");
        };
        let (sender, wished) = mpsc::channel();
        first
            .listen(move |wish| sender.send(wish).unwrap())
            .unwrap();
        let mut stream = UnixStream::connect(folder.path().join("desktop.sock")).unwrap();
        stream.write_all(b"[\"Format\"]").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.is_empty());
        assert!(matches!(
            Instance::claim(folder.path(), &[Wish::Quit]).unwrap(),
            Instance::Further
        ));
        assert_eq!(wished.recv_timeout(PATIENCE).unwrap(), Wish::Quit);
    }
}
