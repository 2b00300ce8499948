//! Files to a claim and back.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use coracle_carry::{CarryError, Content, Entry, Line, Trouble, is_same, write_paths};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time;

use super::account::{Account, Stopped};
use super::compare::{Existing, Missing, counts, missing};
use super::error::CarrierError;
use super::exec::{Exited, exec};
use super::open::Carrier;
use super::pieces::{BETWEEN, Lines, PieceReader, PieceWriter};
use super::pod::DATA;

/// How soon after a program's last line it is told how it ended.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Codes above it are those of programs that a signal ended.
const SIGNALLED: i32 = 128;

impl Carrier {
    /// What is in a folder of the claim, with checksums, by path. The claim's own folder is `""`.
    ///
    /// # Errors
    /// A folder that is not there or cannot be read, and a pod or connection that is lost.
    pub async fn list(&self, folder: &str) -> Result<Vec<Entry>, CarrierError> {
        self.listed(&["list", "--in", &inside(folder)], Vec::new())
            .await
    }

    /// Has a folder of the claim hold what a folder here holds: what is missing there is sent, and what was sent is listed there again.
    /// What else is there stays.
    ///
    /// # Errors
    /// Why it stopped, with what had gone over by then. The same call again sends only what is still missing.
    pub async fn put(
        &self,
        here: &Path,
        there: &str,
        existing: Existing,
    ) -> Result<Account, Stopped> {
        let local = list_here(here).await?;
        let remote = self.list_if_there(there).await?;
        let Missing { send, account, .. } =
            chosen(&local, &remote, existing).map_err(|stopped| *stopped)?;
        let mut account = account;
        if send.is_empty() {
            return Ok(account);
        }
        if let Err(why) = self.send(here, there, &send, &mut account).await {
            return Err(Stopped { why, account });
        }
        let asked = write_paths(send.iter().map(|entry| entry.path.as_str()));
        let words = ["list", "--in", &inside(there), "--paths", "stdin"];
        let arrived = self.listed(&words, asked.into_bytes()).await;
        match arrived.and_then(|arrived| equal(&send, &arrived)) {
            Ok(()) => Ok(account),
            Err(why) => Err(Stopped { why, account }),
        }
    }

    /// Has a folder here hold what a folder of the claim holds, as [`Carrier::put`] the other way.
    ///
    /// # Errors
    /// Why it stopped, with what had come by then.
    pub async fn get(
        &self,
        there: &str,
        here: &Path,
        existing: Existing,
    ) -> Result<Account, Stopped> {
        let remote = self.list(there).await?;
        let local = match here.exists() {
            true => list_here(here).await?,
            false => Vec::new(),
        };
        let Missing { send, account, .. } =
            chosen(&remote, &local, existing).map_err(|stopped| *stopped)?;
        let mut account = account;
        if send.is_empty() {
            return Ok(account);
        }
        if let Err(why) = self.fetch(there, here, &send, &mut account).await {
            return Err(Stopped { why, account });
        }
        let folder = here.to_owned();
        let paths: Vec<_> = send.iter().map(|entry| entry.path.clone()).collect();
        let arrived = off_runtime(move || {
            let looked = paths.iter().map(|path| coracle_carry::look(&folder, path));
            let found: Result<Vec<_>, _> = looked.collect();
            Ok(found?.into_iter().flatten().collect::<Vec<_>>())
        })
        .await;
        let arrived = arrived.map_err(|error| CarrierError::here(&error));
        match arrived.and_then(|arrived| equal(&send, &arrived)) {
            Ok(()) => Ok(account),
            Err(why) => Err(Stopped { why, account }),
        }
    }

    async fn list_if_there(&self, folder: &str) -> Result<Vec<Entry>, CarrierError> {
        match self.list(folder).await {
            Err(CarrierError::Volume {
                trouble: Trouble::Missing,
                ..
            }) => Ok(Vec::new()),
            other => other,
        }
    }

    async fn listed(&self, words: &[&str], asked: Vec<u8>) -> Result<Vec<Entry>, CarrierError> {
        let (to_program, input) = mpsc::channel::<Bytes>(1);
        let (output, mut told) = mpsc::channel::<Bytes>(BETWEEN);
        // There is room for one.
        drop(to_program.try_send(Bytes::from(asked)));
        let mut entries = Vec::new();
        let mut heard = Heard::default();
        let reading = async {
            while let Some(piece) = told.recv().await {
                heard.take(&piece, |line| {
                    if let Line::Entry(entry) = line {
                        entries.push(entry);
                    }
                });
                if heard.is_over() {
                    break;
                }
            }
        };
        let path = self.pod_path().await?;
        let running = async move {
            let ended = exec(&self.connection, &path, words, input, output).await;
            drop(to_program);
            ended
        };
        let ended = until_over(running, reading).await;
        match heard.verdict(ended) {
            Ok(()) => Ok(entries),
            Err(error) => Err(self.explain(error).await),
        }
    }

    async fn send(
        &self,
        here: &Path,
        there: &str,
        entries: &[&Entry],
        account: &mut Account,
    ) -> Result<(), CarrierError> {
        let (pieces, input) = mpsc::channel::<Bytes>(BETWEEN);
        let (output, mut told) = mpsc::channel::<Bytes>(BETWEEN);
        let folder = here.to_owned();
        let paths: Vec<_> = entries.iter().map(|entry| entry.path.clone()).collect();
        let packing = off_runtime(move || {
            let paths = paths.iter().map(String::as_str);
            coracle_carry::send(&folder, paths, PieceWriter::new(pieces))
        });
        let mut heard = Heard::default();
        let mut expected = entries.iter();
        let reading = async {
            while let Some(piece) = told.recv().await {
                heard.take(&piece, |line| {
                    // They come in the order in which they are sent.
                    if let (Line::Received { .. }, Some(entry)) = (line, expected.next()) {
                        account.files += u64::from(counts(entry));
                        account.bytes += entry.content.bytes();
                    }
                });
                if heard.is_over() {
                    break;
                }
            }
        };
        let path = self.pod_path().await?;
        let to = inside(there);
        let words = ["receive", "--to", &to];
        let running = exec(&self.connection, &path, &words, input, output);
        let (packed, ended) = tokio::join!(packing, until_over(running, reading));
        let verdict = heard.verdict(ended);
        match packed {
            // The stream broke: the other end knows why.
            Ok(()) | Err(CarryError::Stream(_)) => {}
            Err(error) => return Err(CarrierError::here(&error)),
        }
        match verdict {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explain(error).await),
        }
    }

    async fn fetch(
        &self,
        there: &str,
        here: &Path,
        entries: &[&Entry],
        account: &mut Account,
    ) -> Result<(), CarrierError> {
        let (to_program, input) = mpsc::channel::<Bytes>(1);
        let (output, pieces) = mpsc::channel::<Bytes>(BETWEEN);
        let asked = write_paths(entries.iter().map(|entry| entry.path.as_str()));
        drop(to_program.try_send(Bytes::from(asked)));
        let (folder, sizes) = (here.to_owned(), sizes(entries));
        let unpacking = off_runtime(move || {
            let (mut sizes, mut files, mut bytes) = (sizes.into_iter(), 0, 0);
            let received = coracle_carry::receive(&folder, PieceReader::new(pieces), &mut |_| {
                if let Some((counts, size)) = sizes.next() {
                    files += u64::from(counts);
                    bytes += size;
                }
                Ok(())
            });
            Ok((received.map(drop), files, bytes))
        });
        let path = self.pod_path().await?;
        let from = inside(there);
        let words = ["send", "--in", &from, "--paths", "stdin"];
        let running = async {
            let ended = exec(&self.connection, &path, &words, input, output).await;
            drop(to_program);
            ended
        };
        let (ended, unpacked) = tokio::join!(running, unpacking);
        let here = |error: &CarryError| CarrierError::here(error);
        let (received, files, bytes) = unpacked.map_err(|error| here(&error))?;
        account.files += files;
        account.bytes += bytes;
        let ended = match ended {
            Ok(Exited { code: 0, .. }) => Ok(()),
            Ok(Exited { said, .. }) => Err(CarrierError::Volume {
                trouble: Trouble::Other,
                message: said,
            }),
            Err(error) => Err(self.explain(error).await),
        };
        match received {
            // It broke because the other end did.
            Ok(()) | Err(CarryError::Stream(_)) if ended.is_err() => ended,
            Err(error) => Err(here(&error)),
            Ok(()) => ended,
        }
    }
}

/// What a program in the pod said, line by line.
#[derive(Default)]
struct Heard {
    lines: Lines,
    is_done: bool,
    failed: Option<CarrierError>,
}

impl Heard {
    fn take(&mut self, piece: &[u8], mut take: impl FnMut(Line)) {
        self.lines.push(piece);
        while let Some(line) = self.lines.next() {
            match serde_json::from_slice(&line) {
                Ok(Line::Done) => self.is_done = true,
                Ok(Line::Failed { trouble, message }) => {
                    self.failed = Some(CarrierError::Volume { trouble, message });
                }
                Ok(line) => take(line),
                Err(error) => {
                    let said = format!("it said something else: {error}");
                    self.failed.get_or_insert(CarrierError::NotTheProgram(said));
                }
            }
        }
    }

    /// Whether the program's last line came.
    fn is_over(&self) -> bool {
        self.is_done || self.failed.is_some()
    }

    /// Whether the program did all of it.
    fn verdict(self, ended: Result<Exited, CarrierError>) -> Result<(), CarrierError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let ended = ended?;
        match (ended.code, self.is_done) {
            (0, true) => Ok(()),
            // A signal ended it, as happens to all that is in a pod that goes.
            (code, false) if code > SIGNALLED => Err(CarrierError::Lost(format!(
                "a signal ended the program in it (code {code})"
            ))),
            (code, _) => Err(CarrierError::NotTheProgram(match ended.said.as_str() {
                "" => format!("it ended with {code}"),
                said => said.to_owned(),
            })),
        }
    }
}

/// How a program ended. Its last line may be all that comes: where it gave up, what it no longer reads stands in the way of the rest.
async fn until_over(
    running: impl Future<Output = Result<Exited, CarrierError>>,
    reading: impl Future<Output = ()>,
) -> Result<Exited, CarrierError> {
    let (mut running, mut reading) = (pin!(running), pin!(reading));
    tokio::select! {
        ended = &mut running => {
            reading.await;
            ended
        }
        () = &mut reading => match time::timeout(ENDS_WITHIN, running).await {
            Ok(ended) => ended,
            Err(_) => Err(CarrierError::Lost("how the program ended was not told".to_owned())),
        },
    }
}

fn inside(folder: &str) -> String {
    match folder.trim_matches('/') {
        "" => DATA.to_owned(),
        folder => format!("{DATA}/{folder}"),
    }
}

fn sizes(entries: &[&Entry]) -> Vec<(bool, u64)> {
    let sizes = entries
        .iter()
        .map(|entry| (counts(entry), entry.content.bytes()));
    sizes.collect()
}

/// What goes over, unless that would replace what may not be.
fn chosen<'a>(
    from: &'a [Entry],
    to: &[Entry],
    existing: Existing,
) -> Result<Missing<'a>, Box<Stopped>> {
    let missing = missing(from, to);
    if existing == Existing::Keep && !missing.different.is_empty() {
        return Err(Box::new(Stopped {
            why: CarrierError::Different {
                paths: missing.different,
            },
            account: missing.account,
        }));
    }
    Ok(missing)
}

/// What arrived has to be what was listed before it was sent.
fn equal(sent: &[&Entry], arrived: &[Entry]) -> Result<(), CarrierError> {
    let arrived: std::collections::HashMap<&str, &Content> = arrived
        .iter()
        .map(|entry| (entry.path.as_str(), &entry.content))
        .collect();
    let is_there = |entry: &Entry| {
        let found = arrived.get(entry.path.as_str());
        found.is_some_and(|found| is_same(&entry.content, found))
    };
    let unequal: Vec<_> = sent
        .iter()
        .filter(|entry| !is_there(entry))
        .map(|entry| entry.path.clone())
        .collect();
    match unequal.is_empty() {
        true => Ok(()),
        false => Err(CarrierError::Unequal { paths: unequal }),
    }
}

async fn list_here(folder: &Path) -> Result<Vec<Entry>, CarrierError> {
    let folder = folder.to_owned();
    let listed = off_runtime(move || {
        let mut entries = Vec::new();
        coracle_carry::list(&folder, &mut |entry| {
            entries.push(entry);
            Ok(())
        })?;
        Ok(entries)
    });
    listed.await.map_err(|error| CarrierError::here(&error))
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CarryError> + Send + 'static,
) -> Result<T, CarryError> {
    let worked = spawn_blocking(work).await;
    worked.map_err(|error| CarryError::Stream(std::io::Error::other(error)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever serves requests works on them on any thread.
    #[test]
    fn transfers_go_from_thread_to_thread() {
        fn goes<T: Send>(_: T) {}
        let _ = |carrier: &Carrier| {
            goes(carrier.put(Path::new(""), "", Existing::Keep));
            goes(carrier.get("", Path::new(""), Existing::Keep));
        };
    }

    #[test]
    fn what_was_said_in_the_end_counts_more_than_how_the_program_ended() {
        let lost = || Err(CarrierError::Lost("it was closed".to_owned()));
        let mut heard = Heard::default();
        heard.take(
            b"{\"failed\": {\"trouble\": \"no-space\", \"message\": \"m\"}}\n",
            drop,
        );
        assert_eq!(heard.verdict(lost()).unwrap_err().code(), "volume-full");
        let mut heard = Heard::default();
        heard.take(b"\"done\"\n", drop);
        assert_eq!(heard.verdict(lost()).unwrap_err().code(), "connection-lost");
        let said = "coracle-step: `list` is no verb of this program".to_owned();
        let ended = Ok(Exited { code: 3, said });
        let verdict = Heard::default().verdict(ended);
        assert_eq!(verdict.unwrap_err().code(), "wrong-image");
        let killed = Ok(Exited {
            code: 137,
            said: String::new(),
        });
        let verdict = Heard::default().verdict(killed);
        assert_eq!(verdict.unwrap_err().code(), "connection-lost");
    }
}
