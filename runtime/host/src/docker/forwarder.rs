//! Forwarders: sandboxes in which the workbench's own program passes connections on.

use std::path::Path;
use std::sync::LazyLock;

use bollard::models::{HostConfig, MountType, RestartPolicy, RestartPolicyNameEnum};
use coracle_model::ImageRef;
use sha2::{Digest, Sha256};

use super::client::DockerEngine;
use super::program_image::ProgramImage;
use crate::engine::{EngineError, ROUTES};
use crate::programs::FORWARDER;

/// The program's path in its image.
const PROGRAM: &str = "/forwarder";

/// Where the directory with the routes stands inside.
const INSIDE: &str = "/routes";

/// How many digits of the program's digest are the tag.
const TAG_LENGTH: usize = 12;

/// The image, whose tag is made of the program.
static IMAGE: LazyLock<ImageRef> = LazyLock::new(|| {
    let digest = hex::encode(Sha256::digest(FORWARDER));
    let name = format!("coracle/forwarder:{}", &digest[..TAG_LENGTH]);
    name.parse().expect("a digest is a tag")
});

/// The image for machines of this architecture, in Go's words; none where the workbench has no program for them.
pub(super) fn image(architecture: &str) -> Option<&'static ImageRef> {
    let built_for = match std::env::consts::ARCH {
        "x86_64" => ["amd64", "x86_64"],
        "aarch64" => ["arm64", "aarch64"],
        _ => return None,
    };
    (built_for.contains(&architecture) && !FORWARDER.is_empty()).then(|| &*IMAGE)
}

/// What is run in the image.
pub(super) fn command() -> Vec<String> {
    vec![PROGRAM.to_owned(), format!("{INSIDE}/{ROUTES}")]
}

/// The image's name.
pub(super) fn image_of(engine: &DockerEngine) -> Result<&'static ImageRef, EngineError> {
    image(&engine.engine.architecture).ok_or_else(|| EngineError::Unsupported {
        message: "this workbench was built without the program that stands for Services".to_owned(),
    })
}

/// Makes the image when the engine does not have it.
pub(super) async fn ensure(engine: &DockerEngine) -> Result<(), EngineError> {
    let image = ProgramImage {
        name: image_of(engine)?.as_str(),
        path: PROGRAM,
        program: FORWARDER,
    };
    image.ensure(engine).await
}

/// What it needs beside what every sandbox does. `labelled` says that the machine's files are labelled for who may touch
/// them.
pub(super) fn configure(config: &mut HostConfig, directory: &Path, labelled: bool) {
    config.mounts = Some(vec![bollard::models::Mount {
        source: Some(directory.display().to_string()),
        target: Some(INSIDE.to_owned()),
        typ: Some(MountType::BIND),
        read_only: Some(true),
        ..Default::default()
    }]);
    // A Service may have any port.
    config.cap_add = Some(vec!["NET_BIND_SERVICE".to_owned()]);
    config.restart_policy = Some(RestartPolicy {
        name: Some(RestartPolicyNameEnum::UNLESS_STOPPED),
        maximum_retry_count: None,
    });
    if labelled {
        let options = config.security_opt.get_or_insert_default();
        options.push("label=disable".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_program_for_this_machine_and_for_no_other() {
        assert_eq!(image("riscv64"), None);
        let Some(ours) = image(std::env::consts::ARCH) else {
            // The build has said that it could not be built.
            return assert!(FORWARDER.is_empty());
        };
        assert!(ours.as_str().starts_with("coracle/forwarder:"), "{ours}");
        assert_eq!(&FORWARDER[..4], b"\x7fELF");
    }
}
