//! Images of one static program each, which are imported from the workbench's own memory: no registry has them, and nothing
//! has to be compiled on the user's machine.

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;

use super::client::DockerEngine;
use super::error::{REQUEST_LIMIT, file_error, refusal, within};
use crate::engine::EngineError;

/// An image and the program that is all there is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProgramImage<'a> {
    /// Its name, with a tag that changes with the program.
    pub(super) name: &'a str,
    /// The program's path in it.
    pub(super) path: &'a str,
    /// The program.
    pub(super) program: &'a [u8],
}

impl ProgramImage<'_> {
    /// Makes the image when the engine does not have it.
    pub(super) async fn ensure(self, engine: &DockerEngine) -> Result<(), EngineError> {
        let name = self.name;
        if engine.find_image(name).await?.is_some() {
            return Ok(());
        }
        let action = format!("make the image `{name}`");
        let files = self
            .archive()
            .map_err(|error| file_error(&action, &error))?;
        let options = CreateImageOptionsBuilder::new()
            .from_src("-")
            // Podman passes a tag over that is given apart.
            .repo(name)
            .build();
        let body = bollard::body_full(files.into());
        let import = engine.docker.create_image(Some(options), Some(body), None);
        within(REQUEST_LIMIT, import.try_collect::<Vec<_>>())
            .await
            .map_err(refusal(action))?;
        Ok(())
    }

    /// The image's files.
    fn archive(self) -> std::io::Result<Vec<u8>> {
        let mut header = tar::Header::new_ustar();
        header.set_size(self.program.len() as u64);
        header.set_mode(0o755);
        header.set_entry_type(tar::EntryType::Regular);
        let mut archive = tar::Builder::new(Vec::new());
        archive.append_data(&mut header, self.path.trim_start_matches('/'), self.program)?;
        archive.into_inner()
    }
}
