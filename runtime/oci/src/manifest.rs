//! Which config and which layers an image is made of, and the manifest that says so to a registry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::archive::{Documents, Packing};
use crate::digest::Digest;
use crate::error::PushError;

/// What the archive says of the images in it.
const CONTENTS: &str = "manifest.json";

/// Where archives in OCI's layout keep what they have, by digest.
const BLOBS: &str = "blobs/sha256/";

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const OCI_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// A layer of an archive as it goes to the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredLayer {
    /// How it came.
    pub(crate) came: Packing,
    /// Its digest when it is plain, where it came so.
    pub(crate) plain: Option<Digest>,
    /// Its digest as it goes.
    pub(crate) digest: Digest,
    /// Its size as it goes, in bytes.
    pub(crate) size: u64,
}

/// The layers of an archive by their paths.
pub(crate) type StoredLayers = BTreeMap<String, StoredLayer>;

/// An image, ready to be named at a registry once its layers and its config are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// The paths of its layers, from the lowest.
    pub(crate) layers: Vec<String>,
    /// The config, whose digest is the image's id.
    pub(crate) config: Vec<u8>,
    /// What the manifest is.
    pub(crate) media_type: String,
    /// The manifest.
    pub(crate) manifest: Vec<u8>,
}

/// An entry of the archive's table of contents.
#[derive(Deserialize)]
struct Content {
    #[serde(rename = "Config")]
    config: String,
    #[serde(rename = "Layers", default)]
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<Digest>,
}

/// A manifest; OCI's and Docker's differ in their media types alone.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    media_type: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: Digest,
    size: u64,
}

impl Image {
    /// The one image of an archive. A manifest that came with it goes as it is, when the layers that it names do; otherwise one is
    /// made, of the kind that came, or Docker's.
    ///
    /// # Errors
    /// When the archive has no image or several, something of it is missing, or is not what its digest says.
    pub(crate) fn find(documents: &Documents, stored: &StoredLayers) -> Result<Self, PushError> {
        let content = content(documents)?;
        let config_path = documents.follow(&content.config);
        let config = documents
            .get(config_path)
            .ok_or_else(|| missing(&content.config))?;
        let config_digest = Digest::of(config);
        named(config_path, &config_digest, "the config")?;
        let layers = content.layers.iter().map(|path| {
            let path = documents.follow(path);
            let layer = stored.get(path).ok_or_else(|| missing(path))?;
            Ok((path, layer))
        });
        let layers: Vec<_> = layers.collect::<Result<_, PushError>>()?;
        check(config, &layers)?;
        let came = came_with(documents, &config_digest)?;
        let goes_as_it_is = came.as_ref().is_some_and(|(_, manifest)| {
            let digests = manifest.layers.iter().map(|layer| &layer.digest);
            digests.eq(layers.iter().map(|(_, layer)| &layer.digest))
        });
        let (media_type, manifest) = match came {
            Some((bytes, manifest)) if goes_as_it_is => {
                let media_type = manifest
                    .media_type
                    .unwrap_or_else(|| OCI_MANIFEST.to_owned());
                (media_type, bytes.to_vec())
            }
            came => {
                let is_docker = came.is_none_or(|(_, manifest)| {
                    manifest.media_type.as_deref() == Some(DOCKER_MANIFEST)
                });
                let stored: Vec<_> = layers.iter().map(|(_, layer)| *layer).collect();
                write(is_docker, (&config_digest, config), &stored)
            }
        };
        Ok(Self {
            layers: layers.iter().map(|(path, _)| (*path).to_owned()).collect(),
            config: config.to_vec(),
            media_type,
            manifest,
        })
    }
}

fn content(documents: &Documents) -> Result<Content, PushError> {
    let contents = documents.get(CONTENTS).ok_or_else(|| missing(CONTENTS))?;
    let contents: Vec<Content> = serde_json::from_slice(contents)
        .map_err(|error| PushError::archive(format!("`{CONTENTS}`: {error}")))?;
    let count = contents.len();
    let mut contents = contents.into_iter();
    match (contents.next(), contents.next()) {
        (Some(content), None) => Ok(content),
        _ => Err(PushError::archive(format!(
            "{count} images are in it instead of one"
        ))),
    }
}

/// Compares the layers with what the config says of them.
fn check(config: &[u8], layers: &[(&str, &StoredLayer)]) -> Result<(), PushError> {
    let Config { rootfs } = serde_json::from_slice(config)
        .map_err(|error| PushError::archive(format!("its config: {error}")))?;
    if rootfs.diff_ids.len() != layers.len() {
        return Err(PushError::archive(format!(
            "its config tells of {} layers, and it has {}",
            rootfs.diff_ids.len(),
            layers.len()
        )));
    }
    for (number, (expected, (path, layer))) in rootfs.diff_ids.iter().zip(layers).enumerate() {
        let what = format!("layer {}", number + 1);
        match &layer.plain {
            Some(found) if found != expected => {
                return Err(PushError::Damaged {
                    what,
                    expected: expected.clone(),
                    found: found.clone(),
                });
            }
            Some(_) => {}
            None => named(path, &layer.digest, &what)?,
        }
    }
    Ok(())
}

/// Compares a digest with the one that a path ends with, where it ends with one.
fn named(path: &str, found: &Digest, what: &str) -> Result<(), PushError> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let digits = name.split('.').next().unwrap_or_default();
    match Digest::from_hex(digits) {
        Some(expected) if expected != *found => Err(PushError::Damaged {
            what: what.to_owned(),
            expected,
            found: found.clone(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// The manifest for this config that came with the archive.
fn came_with<'a>(
    documents: &'a Documents,
    config: &Digest,
) -> Result<Option<(&'a [u8], Manifest)>, PushError> {
    let blobs = documents.iter().filter(|(path, _)| path.starts_with(BLOBS));
    for (path, bytes) in blobs {
        // Configs, lists of manifests and attestations lie there too, which are no such manifest.
        let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else {
            continue;
        };
        if manifest.config.digest == *config {
            named(path, &Digest::of(bytes), "the manifest")?;
            return Ok(Some((bytes, manifest)));
        }
    }
    Ok(None)
}

fn write(
    is_docker: bool,
    (config_digest, config): (&Digest, &[u8]),
    layers: &[&StoredLayer],
) -> (String, Vec<u8>) {
    // Docker's manifest has no word for Zstandard.
    let is_docker = is_docker && layers.iter().all(|layer| layer.came != Packing::Zstd);
    let media_type = |layer: &StoredLayer| match (layer.came, is_docker) {
        (Packing::Zstd, _) => OCI_ZSTD,
        (Packing::Plain | Packing::Gzip, true) => DOCKER_GZIP,
        (Packing::Plain | Packing::Gzip, false) => OCI_GZIP,
    };
    let (manifest_type, config_type) = match is_docker {
        true => (DOCKER_MANIFEST, DOCKER_CONFIG),
        false => (OCI_MANIFEST, OCI_CONFIG),
    };
    let layers = layers.iter().map(|layer| Descriptor {
        media_type: media_type(layer).to_owned(),
        digest: layer.digest.clone(),
        size: layer.size,
    });
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(manifest_type.to_owned()),
        config: Descriptor {
            media_type: config_type.to_owned(),
            digest: config_digest.clone(),
            size: config.len() as u64,
        },
        layers: layers.collect(),
    };
    let bytes = serde_json::to_vec(&manifest).expect("it has only texts and numbers");
    (manifest_type.to_owned(), bytes)
}

fn missing(path: &str) -> PushError {
    PushError::archive(format!("`{path}` is missing"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::archive::{self, tests::tar_of};

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn layer(plain: &str, came: Packing) -> StoredLayer {
        StoredLayer {
            came,
            plain: (came == Packing::Plain).then(|| digest(plain)),
            digest: digest(&format!("{plain} packed")),
            size: 9,
        }
    }

    fn config(layers: &[&str]) -> String {
        let ids: Vec<_> = layers.iter().map(|layer| digest(layer)).collect();
        json!({"architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": ids}}).to_string()
    }

    fn hex(digest: &Digest) -> &str {
        &digest.as_str()[7..]
    }

    fn documents(files: &[(&str, &str)]) -> Documents {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (*path, text.as_bytes()))
            .collect();
        archive::read(tar_of(&files).as_slice(), |_, _, _, _| Ok(())).unwrap()
    }

    #[test]
    fn an_archive_of_docker_becomes_a_manifest_of_docker() {
        let config = config(&["one", "two", "one"]);
        let path = format!("{}.json", hex(&digest(&config)));
        let contents = json!([{"Config": path, "RepoTags": ["a:1"], "Layers": ["1/layer.tar", "2/layer.tar", "1/layer.tar"]}]);
        let documents = documents(&[(&path, &config), (CONTENTS, &contents.to_string())]);
        let stored = StoredLayers::from([
            ("1/layer.tar".to_owned(), layer("one", Packing::Plain)),
            ("2/layer.tar".to_owned(), layer("two", Packing::Plain)),
        ]);
        let image = Image::find(&documents, &stored).unwrap();
        let one = json!({"mediaType": DOCKER_GZIP, "digest": digest("one packed"), "size": 9});
        let two = json!({"mediaType": DOCKER_GZIP, "digest": digest("two packed"), "size": 9});
        let expected = json!({
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": {"mediaType": DOCKER_CONFIG, "digest": digest(&config), "size": config.len()},
            "layers": [one.clone(), two, one],
        });
        let found: Value = serde_json::from_slice(&image.manifest).unwrap();
        assert_eq!(
            (found, image.media_type.as_str()),
            (expected, DOCKER_MANIFEST)
        );
        assert_eq!(image.config, config.as_bytes());
        assert_eq!(image.layers, ["1/layer.tar", "2/layer.tar", "1/layer.tar"]);
    }

    /// An archive in OCI's layout with one layer, which came so.
    fn layout(came: Packing) -> (Result<Image, PushError>, String) {
        let stored = layer("one", came);
        let config = config(&["one"]);
        let (named, mentioned) = match came {
            Packing::Plain => (digest("one"), digest("one")),
            Packing::Gzip | Packing::Zstd => (stored.digest.clone(), stored.digest.clone()),
        };
        let layer_path = format!("{BLOBS}{}", hex(&named));
        let config_path = format!("{BLOBS}{}", hex(&digest(&config)));
        let manifest = json!({
            "schemaVersion": 2,
            "config": {"mediaType": OCI_CONFIG, "digest": digest(&config), "size": config.len()},
            "layers": [{"mediaType": "as it is", "digest": mentioned, "size": 9, "annotations": {"a": "b"}}],
        })
        .to_string();
        let manifest_path = format!("{BLOBS}{}", hex(&digest(&manifest)));
        let contents = json!([{"Config": config_path, "Layers": [layer_path]}]).to_string();
        let documents = documents(&[
            (&config_path, &config),
            (&manifest_path, &manifest),
            (CONTENTS, &contents),
        ]);
        (
            Image::find(&documents, &[(layer_path, stored)].into()),
            manifest,
        )
    }

    #[test]
    fn a_manifest_that_came_goes_as_it_is_when_its_layers_do() {
        for came in [Packing::Gzip, Packing::Zstd] {
            let (image, manifest) = layout(came);
            let image = image.unwrap();
            assert_eq!(
                (image.manifest, image.media_type.as_str()),
                (manifest.into_bytes(), OCI_MANIFEST)
            );
        }
        let (image, _) = layout(Packing::Plain);
        let image = image.unwrap();
        assert_eq!(image.media_type, OCI_MANIFEST);
        let written: Manifest = serde_json::from_slice(&image.manifest).unwrap();
        let layer = &written.layers[0];
        assert_eq!(
            (layer.media_type.as_str(), &layer.digest),
            (OCI_GZIP, &digest("one packed"))
        );
    }

    #[test]
    fn what_is_missing_or_damaged_is_said() {
        let error = |config: &str, config_path: &str, stored: StoredLayers| {
            let contents = json!([{"Config": "c.json", "Layers": ["1/layer.tar"]}]).to_string();
            let contents = contents.replace("c.json", config_path);
            let documents = documents(&[(config_path, config), (CONTENTS, &contents)]);
            Image::find(&documents, &stored).unwrap_err().to_string()
        };
        let stored =
            |plain| StoredLayers::from([("1/layer.tar".to_owned(), layer(plain, Packing::Plain))]);
        let wanted = config(&["one"]);
        assert!(error(&wanted, "c.json", StoredLayers::new()).contains("`1/layer.tar` is missing"));
        let text = error(&wanted, "c.json", stored("other"));
        assert_eq!(
            text,
            format!(
                "layer 1 of the image is damaged: its digest is {} instead of {}",
                digest("other"),
                digest("one")
            )
        );
        let elsewhere = format!("{}.json", hex(&digest("else")));
        assert!(
            error(&wanted, &elsewhere, stored("one"))
                .starts_with("the config of the image is damaged")
        );
        let text = error(&config(&["one", "two"]), "c.json", stored("one"));
        assert!(
            text.ends_with("its config tells of 2 layers, and it has 1"),
            "{text}"
        );
    }

    #[test]
    fn one_image_is_pushed_and_no_other_number() {
        for (contents, count) in [("[]", 0), (r#"[{"Config": "a"}, {"Config": "b"}]"#, 2)] {
            let documents = documents(&[(CONTENTS, contents)]);
            let error = Image::find(&documents, &StoredLayers::new()).unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with(&format!("{count} images are in it instead of one"))
            );
        }
    }
}
