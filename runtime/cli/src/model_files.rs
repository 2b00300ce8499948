//! A trained model on this machine: of which format it is, and where its server is to find it.
//!
//! The format is told by the names of files, and by how they begin where a name says too little.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::command_error::CommandError;

/// Where servers look for models.
const MODELS: &str = "/mnt/models";

/// How much of a file tells its format.
const BEGINNING: u64 = 64;

/// The formats that are known by their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ModelFormat {
    Sklearn,
    Xgboost,
    Lightgbm,
    Mlflow,
    Onnx,
    Tensorflow,
    Huggingface,
}

/// What serves a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServedBy {
    /// The workbench itself, with any engine, from where the model lies.
    Workbench,
    /// An image, whose program is another user.
    Container,
}

/// A model that can be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelFiles {
    /// Its format.
    pub(crate) format: ModelFormat,
    /// The file or the directory.
    pub(crate) path: PathBuf,
    /// Where its server finds it.
    pub(crate) target: Target,
}

/// Where a server finds a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Its path is what servers take as their storage.
    Whole,
    /// It lies there, below the directory of models.
    At(String),
}

impl ModelFormat {
    /// What KServe calls it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sklearn => "sklearn",
            Self::Xgboost => "xgboost",
            Self::Lightgbm => "lightgbm",
            Self::Mlflow => "mlflow",
            Self::Onnx => "onnx",
            Self::Tensorflow => "tensorflow",
            Self::Huggingface => "huggingface",
        }
    }

    /// Who serves models of it.
    pub(crate) fn server(self) -> ServedBy {
        match self {
            Self::Onnx => ServedBy::Workbench,
            Self::Sklearn
            | Self::Xgboost
            | Self::Lightgbm
            | Self::Mlflow
            | Self::Tensorflow
            | Self::Huggingface => ServedBy::Container,
        }
    }

    /// The endings by which its server knows a model of one file, the usual one first; none for whole directories.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Sklearn => &["joblib", "pkl", "pickle"],
            Self::Xgboost => &["ubj", "bst", "json"],
            Self::Lightgbm => &["bst"],
            Self::Onnx => &["onnx"],
            Self::Mlflow | Self::Tensorflow | Self::Huggingface => &[],
        }
    }

    fn is_one_file(self) -> bool {
        !self.endings().is_empty()
    }
}

impl ModelFiles {
    /// Looks at what is there. A format that is named is not guessed.
    pub(crate) fn find(path: PathBuf, named: Option<ModelFormat>) -> Result<Self, CommandError> {
        let shown = path.display();
        let kind = fs_err::metadata(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                CommandError::not_found(format!("there is no model `{shown}`"))
            }
            _ => CommandError::usage(error.to_string()),
        })?;
        if kind.is_dir() {
            return in_directory(path, named);
        }
        let format = match named {
            Some(format) if !format.is_one_file() => {
                let format = format.as_str();
                return Err(CommandError::usage(format!(
                    "a model of the format {format} is a directory, and `{shown}` is a file"
                )));
            }
            Some(format) => format,
            None => format_of(&path)?.ok_or_else(|| {
                CommandError::usage(format!("nothing tells of which format `{shown}` is"))
                    .with_hint("say it with `--format`")
            })?,
        };
        Ok(of_file(path, format))
    }

    /// A file that only its owner may read is closed to servers in containers, which are somebody else.
    pub(crate) fn check_readable(&self) -> Result<(), CommandError> {
        use std::os::unix::fs::PermissionsExt as _;
        if self.format.server() == ServedBy::Workbench {
            return Ok(());
        }
        let mode = fs_err::metadata(&self.path)
            .map_err(|error| CommandError::usage(error.to_string()))?
            .permissions()
            .mode();
        if mode & 0o004 != 0 {
            return Ok(());
        }
        let shown = self.path.display();
        Err(CommandError::usage(format!(
            "`{shown}` may be read by its owner alone, and its server runs as another user"
        ))
        .with_hint(format!("`chmod -R o+rX {shown}` lets it")))
    }
}

fn in_directory(path: PathBuf, named: Option<ModelFormat>) -> Result<ModelFiles, CommandError> {
    let failed = |error: std::io::Error| CommandError::usage(error.to_string());
    let entries = fs_err::read_dir(&path).map_err(failed)?;
    let mut inside = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(failed)?;
    inside.sort();
    if let Some((format, target)) = as_a_whole(&inside)
        && named.is_none_or(|named| named == format)
    {
        return Ok(ModelFiles {
            format,
            path,
            target,
        });
    }
    if let Some(format) = named.filter(|format| !format.is_one_file()) {
        return Ok(ModelFiles {
            format,
            path,
            target: Target::Whole,
        });
    }
    let mut models = Vec::new();
    for file in inside.iter().filter(|file| file.is_file()) {
        if let Some(format) = format_of(file)?
            && named.is_none_or(|named| named == format)
        {
            models.push((file, format));
        }
    }
    match models.as_slice() {
        [(file, format)] => Ok(of_file((*file).clone(), *format)),
        [] => Err(no_model(&path, &inside, named)),
        several => {
            let files = several.iter().map(|(file, _)| file_name(file));
            Err(CommandError::usage(format!(
                "there are several models in `{}`: {}",
                path.display(),
                files.collect::<Vec<_>>().join(", ")
            ))
            .with_hint("name the file"))
        }
    }
}

/// The format of a directory that is one model.
fn as_a_whole(inside: &[PathBuf]) -> Option<(ModelFormat, Target)> {
    let has = |wanted: &str| inside.iter().any(|path| file_name(path) == wanted);
    let is_version = |path: &PathBuf| file_name(path).bytes().all(|byte| byte.is_ascii_digit());
    let has_version_of = |file: &str| {
        inside
            .iter()
            .any(|path| is_version(path) && path.join(file).is_file())
    };
    if has("MLmodel") {
        Some((ModelFormat::Mlflow, Target::Whole))
    } else if has("saved_model.pb") {
        // Its server expects a directory for each version.
        Some((ModelFormat::Tensorflow, Target::At("1".to_owned())))
    } else if has_version_of("saved_model.pb") {
        Some((ModelFormat::Tensorflow, Target::Whole))
    } else if has_version_of("model.onnx") {
        Some((ModelFormat::Onnx, Target::Whole))
    } else if has("config.json") && inside.iter().any(|path| ending(path) == "safetensors") {
        Some((ModelFormat::Huggingface, Target::Whole))
    } else {
        None
    }
}

/// A model of one file, under a name by which its server knows it.
fn of_file(path: PathBuf, format: ModelFormat) -> ModelFiles {
    let known = format.endings();
    let usual = known.first().copied().unwrap_or_default();
    let found = ending(&path);
    let ending = known
        .iter()
        .find(|known| **known == found)
        .unwrap_or(&usual);
    let target = match format.server() {
        ServedBy::Workbench => Target::Whole,
        ServedBy::Container => Target::At(format!("model.{ending}")),
    };
    ModelFiles {
        format,
        path,
        target,
    }
}

/// Of which format a model of one file is, if it is one.
fn format_of(path: &Path) -> Result<Option<ModelFormat>, CommandError> {
    let mut beginning = Vec::new();
    fs_err::File::open(path)
        .and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning))
        .map_err(|error| CommandError::usage(error.to_string()))?;
    let is_lightgbm = beginning.starts_with(b"tree\n");
    let is_xgboost =
        beginning.starts_with(b"{") && beginning.windows(7).any(|part| part == b"learner");
    Ok(match ending(path) {
        "joblib" | "pkl" | "pickle" => Some(ModelFormat::Sklearn),
        "onnx" => Some(ModelFormat::Onnx),
        "bst" | "txt" | "" if is_lightgbm => Some(ModelFormat::Lightgbm),
        // Those of older versions begin in many ways.
        "bst" | "ubj" => Some(ModelFormat::Xgboost),
        "json" | "" if is_xgboost => Some(ModelFormat::Xgboost),
        // A pickle, as artifacts of pipelines are without an ending.
        "" if beginning.starts_with(b"\x80") => Some(ModelFormat::Sklearn),
        _ => None,
    })
}

fn no_model(path: &Path, inside: &[PathBuf], named: Option<ModelFormat>) -> CommandError {
    let looked_for = match named {
        Some(format) => {
            let endings = format.endings().iter().map(|ending| format!(".{ending}"));
            format!(
                "a file {} ({})",
                endings.collect::<Vec<_>>().join(", "),
                format.as_str()
            )
        }
        None => ".joblib, .pkl, .pickle (sklearn), .ubj, .bst, .json (xgboost), .bst, .txt (lightgbm), MLmodel (mlflow), \
                 .onnx (onnx), saved_model.pb (tensorflow), config.json with .safetensors (huggingface)"
            .to_owned(),
    };
    let found: Vec<&str> = inside.iter().map(|path| file_name(path)).collect();
    let found = if found.is_empty() {
        "nothing".to_owned()
    } else {
        found.join(", ")
    };
    CommandError::usage(format!(
        "there is no model in `{}`: looked for {looked_for}; found {found}",
        path.display()
    ))
}

impl Target {
    /// The path in the server's container.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Whole => MODELS.to_owned(),
            Self::At(place) => format!("{MODELS}/{place}"),
        }
    }
}

fn file_name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

fn ending(path: &Path) -> &str {
    path.extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    type Files<'a> = &'a [(&'a str, &'a [u8])];

    /// A directory with these files.
    fn directory(files: Files<'_>) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (file, content) in files {
            let path = directory.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, content).unwrap();
        }
        directory
    }

    fn find(directory: &TempDir, named: Option<ModelFormat>) -> Result<ModelFiles, CommandError> {
        ModelFiles::find(directory.path().to_owned(), named)
    }

    #[test]
    fn a_directory_tells_its_format() {
        let ubj = b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{";
        let cases: [(Files<'_>, &str, &str); 11] = [
            (
                &[("model.pkl", b"\x80"), ("notes.txt", b"x")],
                "sklearn",
                "/mnt/models/model.pkl",
            ),
            (
                &[("model", b"\x80\x04")],
                "sklearn",
                "/mnt/models/model.joblib",
            ),
            (
                &[("a.bst", b"binf"), ("b.json", b"{}")],
                "xgboost",
                "/mnt/models/model.bst",
            ),
            (&[("model", ubj)], "xgboost", "/mnt/models/model.ubj"),
            (
                &[("model.txt", b"tree\nversion=v4\n")],
                "lightgbm",
                "/mnt/models/model.bst",
            ),
            (
                &[("MLmodel", b""), ("model.pkl", b"")],
                "mlflow",
                "/mnt/models",
            ),
            (&[("net.onnx", b"")], "onnx", "/mnt/models"),
            (&[("2/model.onnx", b"")], "onnx", "/mnt/models"),
            (&[("saved_model.pb", b"")], "tensorflow", "/mnt/models/1"),
            (&[("3/saved_model.pb", b"")], "tensorflow", "/mnt/models"),
            (
                &[("config.json", b"{}"), ("a.safetensors", b"")],
                "huggingface",
                "/mnt/models",
            ),
        ];
        for (files, format, target) in cases {
            let found = find(&directory(files), None).unwrap();
            let found = (found.format.as_str(), found.target.path());
            assert_eq!(found, (format, target.to_owned()));
        }
    }

    #[test]
    fn a_format_that_is_named_is_not_guessed() {
        let both = directory(&[("MLmodel", b""), ("model.pkl", b"\x80")]);
        let found = find(&both, Some(ModelFormat::Sklearn)).unwrap();
        assert_eq!(found.path, both.path().join("model.pkl"));
        let odd = directory(&[("model.bin", b"?")]);
        let file = odd.path().join("model.bin");
        let found = ModelFiles::find(file.clone(), Some(ModelFormat::Xgboost)).unwrap();
        assert_eq!(found.target, Target::At("model.ubj".to_owned()));
        assert!(ModelFiles::find(file, None).is_err());
    }

    #[test]
    fn what_is_no_model_says_what_was_looked_for() {
        let said = |files, named| find(&directory(files), named).unwrap_err().report.message;
        let none = said(&[("notes.txt", b"tree of life" as &[u8])], None);
        assert!(
            none.contains("MLmodel (mlflow)") && none.ends_with("found notes.txt"),
            "{none}"
        );
        let several = said(&[("a.pkl", b""), ("b.joblib", b"")], None);
        assert!(several.ends_with("a.pkl, b.joblib"), "{several}");
        let other = said(&[("a.pkl", b"")], Some(ModelFormat::Onnx));
        assert!(other.contains("looked for a file .onnx (onnx)"), "{other}");
        let absent = ModelFiles::find(PathBuf::from("/nowhere"), None).unwrap_err();
        assert_eq!(absent.exit, crate::command_error::Exit::NotFound);
    }
}
