//! A push: layers as they come from the engine, several at once to the registry; then the config, then the manifest.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::archive::{self, Documents, Packing};
use crate::cancel::Cancel;
use crate::credentials::DockerConfig;
use crate::destination::Destination;
use crate::digest::Digest;
use crate::error::PushError;
use crate::manifest::{Image, StoredLayer, StoredLayers};
use crate::memory::Memory;
use crate::progress::{LayerState, Progress, STEP, Tell};
use crate::registry::{Arrival, Registry};
use crate::spool::Blob;

/// How many layers are sent at once, as Docker does it by default less two: the others are still being packed.
const AT_ONCE: usize = 3;

/// What a push is told.
pub struct Push<'a> {
    /// Where the image goes.
    pub destination: &'a Destination,
    /// Where it is looked up as whom to ask.
    pub config: &'a DockerConfig,
    /// A folder for temporary files, in which the packed image has to fit.
    pub folder: &'a Path,
    /// What earlier pushes left.
    pub memory: &'a Memory,
    /// Ends it early. It is said by the push itself too when something fails, so that it serves one push.
    pub cancel: &'a Cancel,
    /// Is told how far it is, from several threads.
    pub tell: Tell<'a>,
}

/// An image that is at a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of its manifest.
    pub digest: Digest,
    /// Its id: the digest of its config.
    pub id: Digest,
    /// How many different layers it has.
    pub layers: usize,
    /// How many of them were there, or came from another repository.
    pub layers_there: usize,
    /// Bytes that went over the wire for layers and config.
    pub bytes_sent: u64,
}

/// A layer on its way.
struct Parcel {
    number: usize,
    blob: Blob,
}

/// Pushes the image that an archive has, as `docker save` writes it. The archive is opened once the registry has answered.
///
/// # Errors
/// When the image cannot be read, and when the registry refuses or cannot be reached. What arrived stays there.
pub fn push<R: Read>(push: &Push<'_>, open: impl FnOnce() -> R) -> Result<Pushed, PushError> {
    let registry = Registry::reach(push.destination, push.config, push.cancel)?;
    let sending = Sending {
        push,
        registry: &registry,
        failure: Mutex::default(),
        tally: Mutex::default(),
    };
    let (sender, receiver) = channel();
    let receiver = Mutex::new(receiver);
    let read = thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| sending.send_all(&receiver));
        }
        // Whoever waits for layers learns by its end that there are no more.
        let sender = sender;
        let read = sending.read(open(), &sender);
        read.map_err(|error| sending.fail(error)).ok()
    });
    let image = match (sending.failure(), read) {
        (None, Some(image)) => image,
        (failure, _) => return Err(failure.unwrap_or(PushError::Cancelled)),
    };
    let config = Blob::of(image.config.clone());
    sending.send(&Parcel {
        number: 0,
        blob: config,
    })?;
    let digest = registry.name(&image)?;
    let tally = sending
        .tally
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let layers: BTreeSet<_> = image.layers.iter().collect();
    Ok(Pushed {
        digest,
        id: Digest::of(&image.config),
        layers: layers.len(),
        layers_there: tally.there,
        bytes_sent: tally.bytes,
    })
}

#[derive(Default)]
struct Tally {
    there: usize,
    bytes: u64,
}

/// What the threads of a push share.
struct Sending<'a> {
    push: &'a Push<'a>,
    registry: &'a Registry<'a>,
    /// What failed first.
    failure: Mutex<Option<PushError>>,
    tally: Mutex<Tally>,
}

impl Sending<'_> {
    /// Notes why the push fails, and has all that is under way for it end.
    fn fail(&self, error: PushError) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        // What ends because something else failed says nothing new.
        if matches!(&*failure, None | Some(PushError::Cancelled)) {
            *failure = Some(error);
        }
        drop(failure);
        self.push.cancel.cancel();
    }

    fn failure(&self) -> Option<PushError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Reads the archive, and hands layers on. Plain ones go at once, since only the image's own are plain; packed ones wait until it is
    /// known which of them the image has: archives may have those of other platforms too.
    fn read(&self, archive: impl Read, sender: &Sender<Parcel>) -> Result<Image, PushError> {
        let mut stored = StoredLayers::new();
        let mut waiting = Vec::new();
        let folder = self.push.folder;
        let documents: Documents = archive::read(archive, |path, packing, size, layer| {
            let number = stored.len() + 1;
            let layer = self.watched(layer, number, size);
            let (blob, plain) = match packing {
                Packing::Plain => {
                    Blob::packed(layer, size, folder).map(|(blob, plain)| (blob, Some(plain)))
                }
                Packing::Gzip | Packing::Zstd => {
                    Blob::copied(layer, size, folder).map(|blob| (blob, None))
                }
            }?;
            stored.insert(
                path.to_owned(),
                StoredLayer {
                    came: packing,
                    plain,
                    digest: blob.digest.clone(),
                    size: blob.size,
                },
            );
            let parcel = Parcel { number, blob };
            match packing {
                Packing::Plain => self.hand_on(sender, parcel)?,
                Packing::Gzip | Packing::Zstd => waiting.push((path.to_owned(), parcel)),
            }
            self.push.cancel.check()
        })
        .map_err(|error| match self.push.cancel.is_cancelled() {
            true => PushError::Cancelled,
            false => error,
        })?;
        let image = Image::find(&documents, &stored)?;
        let own = waiting
            .into_iter()
            .filter(|(path, _)| image.layers.contains(path));
        for (_, parcel) in own {
            self.hand_on(sender, parcel)?;
        }
        Ok(image)
    }

    fn hand_on(&self, sender: &Sender<Parcel>, parcel: Parcel) -> Result<(), PushError> {
        // Nobody takes them any more once something failed, which is told then.
        sender.send(parcel).map_err(|_| PushError::Cancelled)
    }

    fn send_all(&self, parcels: &Mutex<Receiver<Parcel>>) {
        loop {
            let parcel = parcels
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok(parcel) = parcel else { return };
            if let Err(error) = self.send(&parcel) {
                return self.fail(error);
            }
        }
    }

    fn send(&self, parcel: &Parcel) -> Result<(), PushError> {
        let Parcel { number, blob } = parcel;
        let Push {
            destination,
            memory,
            tell,
            ..
        } = self.push;
        let digest = || blob.digest.clone();
        let tell = |state| {
            tell(Progress {
                layer: *number,
                state,
            });
        };
        let passed = in_steps(|bytes| {
            tell(LayerState::Sending {
                digest: digest(),
                bytes,
                total: blob.size,
            });
        });
        let arrival = self.registry.ensure(blob, memory, &passed)?;
        memory.keep_layer(destination, &blob.digest);
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let is_layer = usize::from(*number > 0);
        match arrival {
            Arrival::There => {
                tally.there += is_layer;
                tell(LayerState::There { digest: digest() });
            }
            Arrival::Mounted { from } => {
                tally.there += is_layer;
                tell(LayerState::Mounted {
                    digest: digest(),
                    from,
                });
            }
            Arrival::Sent { bytes } => {
                tally.bytes += bytes;
                tell(LayerState::Sent {
                    digest: digest(),
                    bytes,
                });
            }
        }
        Ok(())
    }

    /// A layer that tells how far it is, and ends when the push does.
    fn watched<'r>(&'r self, layer: &'r mut dyn Read, number: usize, total: u64) -> impl Read + 'r {
        let tell = in_steps(move |bytes| {
            let state = LayerState::Reading { bytes, total };
            (self.push.tell)(Progress {
                layer: number,
                state,
            });
        });
        Watched {
            layer,
            cancel: self.push.cancel,
            read: 0,
            tell,
        }
    }
}

struct Watched<'a, F> {
    layer: &'a mut dyn Read,
    cancel: &'a Cancel,
    read: u64,
    tell: F,
}

impl<F: Fn(u64)> Read for Watched<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("the push was cancelled"));
        }
        let count = self.layer.read(buffer)?;
        self.read += count as u64;
        (self.tell)(self.read);
        Ok(count)
    }
}

/// Tells where something stands each time that it has gone on by a step, or back.
fn in_steps(tell: impl Fn(u64)) -> impl Fn(u64) {
    let told = std::cell::Cell::new(None);
    move |bytes: u64| {
        if told.get() != Some(bytes / STEP) {
            told.set(Some(bytes / STEP));
            tell(bytes);
        }
    }
}
