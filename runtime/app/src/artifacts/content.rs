//! The bytes of an artifact: a file, or a part of it, or a folder as a tar archive.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use coracle_model::ArtifactId;
use coracle_store::{Home, Store};
use futures_util::stream::{BoxStream, StreamExt};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::archive;
use super::list::stored;
use super::media::{self, HEAD};
use super::place::{Below, OpenFile, Opened, Place, unreadable};
use crate::error::AppError;
use crate::view::ContentQuery;
use crate::workbench::Workbench;

/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;

/// Bytes on their way.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// What an artifact holds.
pub enum Content {
    /// A file.
    File(FileContent),
    /// A folder, as a tar archive.
    Archive(ArchiveContent),
}

/// A file of an artifact.
#[derive(Debug)]
pub struct FileContent {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Whether a browser that shows it runs what is in it.
    pub active: bool,
    /// Bytes in it.
    pub size: u64,
    file: File,
}

/// A folder of an artifact.
pub struct ArchiveContent {
    /// The name of the archive.
    pub name: String,
    /// Its bytes.
    pub bytes: ByteStream,
}

impl Workbench {
    /// The bytes of an artifact, or of a file in it.
    ///
    /// # Errors
    /// When there is no such artifact or file, a path that leads out of the artifact, a folder that was not asked
    /// for as an archive, and one with too many files for it.
    pub async fn artifact_content(
        &self,
        id: ArtifactId,
        query: ContentQuery,
    ) -> Result<Content, AppError> {
        let home = self.home().clone();
        self.ask_store(move |store| content(store, &home, id, &query))
            .await
    }
}

impl FileContent {
    /// A part of the file: so many bytes from a place on. Breaks off when the file is shorter by then.
    pub fn part(self, start: u64, length: u64) -> ByteStream {
        let mut file = self.file;
        if let Err(error) = file.seek(SeekFrom::Start(start)) {
            return futures_util::stream::once(async { Err(error) }).boxed();
        }
        let part = tokio::fs::File::from_std(file).take(length);
        ReaderStream::with_capacity(part, PIECE).boxed()
    }
}

fn content(
    store: &Store,
    home: &Home,
    id: ArtifactId,
    query: &ContentQuery,
) -> Result<Content, AppError> {
    let below = Below::read(query.path.as_deref())?;
    let artifact = stored(store, id)?.artifact;
    let place = Place::of(home, &artifact)?;
    let title = artifact.artifact_type.schema_title.as_str();
    content_of(place, &below, query.download, Some(title))
}

/// What is at a place, or below it. `title` is what the whole of it is said to be.
pub(crate) fn content_of(
    place: Place,
    below: &Below,
    download: bool,
    title: Option<&str>,
) -> Result<Content, AppError> {
    match place.open(below)? {
        Opened::File(file) => {
            let title = title.filter(|_| below.is_all());
            let content = file_content(file, title);
            let content = content.map_err(|error| unreadable(below.as_path(), error))?;
            Ok(Content::File(content))
        }
        Opened::Folder(folder) if download => {
            Ok(Content::Archive(archive::of(place, &folder, below)?))
        }
        Opened::Folder(_) => Err(AppError::request(
            "this is a folder",
            "name a file in it with `?path=`, or ask for all of it with `?download=true`",
        )),
    }
}

fn file_content(mut open: OpenFile, title: Option<&str>) -> io::Result<FileContent> {
    let mut head = Vec::with_capacity(HEAD);
    open.file
        .by_ref()
        .take(HEAD as u64)
        .read_to_end(&mut head)?;
    let media_type = media::media_type(title, &open.name, &head);
    Ok(FileContent {
        media_type,
        active: media::is_active(media_type),
        name: open.name,
        size: open.size,
        file: open.file,
    })
}
