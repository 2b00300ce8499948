//! Install prefixes: the part of a lightweight component's command that only installs packages.
//!
//! The `kfp` SDK compiles a Python function into `sh -c "<install> && "$0" "$@"" sh -ec "<run>" ...`. The install
//! text depends on nothing but itself, so it is run once for each base image and kept; a step then starts with
//! what follows it. A command of any other form runs as written.

use std::collections::BTreeMap;

use coracle_model::{EnvironmentKey, ImageDigest, ImageRef};
use sha2::{Digest, Sha256};

/// How the SDK hands over to the rest of the command.
const HAND_OVER: &str = r#"&& "$0" "$@""#;

/// An environment to prepare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentPlan {
    /// Its key.
    pub key: EnvironmentKey,
    /// The image it stands on.
    pub base: ImageRef,
    /// What that image is.
    pub digest: ImageDigest,
    /// The shell text that installs.
    pub install: String,
    /// Index settings for the installer.
    pub environment: BTreeMap<String, String>,
}

/// A command split into what installs and what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallPrefix {
    /// The shell text that installs.
    pub install: String,
    /// The command that follows.
    pub rest: Vec<String>,
}

impl InstallPrefix {
    /// Splits a command when it begins with an install prefix.
    ///
    /// An install text that reads placeholders, makes a virtual environment for this one process or sets
    /// variables for what follows would not leave the same behind, and is not split off.
    pub fn of(command: &[String]) -> Option<Self> {
        let [shell, flag, script, rest @ ..] = command else {
            return None;
        };
        let install = script.trim_end().strip_suffix(HAND_OVER)?.trim();
        let shell_form =
            matches!(shell.as_str(), "sh" | "bash" | "/bin/sh" | "/bin/bash") && flag == "-c";
        let installs = install.contains("pip install");
        let leaves_process_state = ["{{$", "$0", "$@", "activate", "export "]
            .iter()
            .any(|mark| install.contains(mark));
        (shell_form && installs && !leaves_process_state && !rest.is_empty()).then(|| Self {
            install: install.to_owned(),
            rest: rest.to_vec(),
        })
    }
}

impl EnvironmentPlan {
    /// The environment for an install text on an image.
    pub fn new(
        base: ImageRef,
        digest: ImageDigest,
        install: String,
        environment: BTreeMap<String, String>,
    ) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(digest.as_str());
        hasher.update([0]);
        hasher.update(&install);
        for (name, value) in &environment {
            hasher.update(format!("\0{name}={value}"));
        }
        let key = EnvironmentKey::from(hex::encode(hasher.finalize()));
        Self {
            key,
            base,
            digest,
            install,
            environment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(script: &str) -> Vec<String> {
        ["sh", "-c", script, "sh", "-ec", "run it"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn splits_what_the_sdk_compiles() {
        let prefix = InstallPrefix::of(&command(
            "\nif ! [ -x \"$(command -v pip)\" ]; then\n    python3 -m ensurepip\nfi\n\nPIP_DISABLE_PIP_VERSION_CHECK=1 \
             python3 -m pip install --quiet 'kfp==2.17.0' && \"$0\" \"$@\"\n",
        ))
        .unwrap();
        assert!(prefix.install.ends_with("'kfp==2.17.0'"));
        assert_eq!(prefix.rest, ["sh", "-ec", "run it"]);
    }

    #[test]
    fn leaves_other_commands_alone() {
        assert_eq!(
            InstallPrefix::of(&command("echo hello && \"$0\" \"$@\"")),
            None
        );
        assert_eq!(InstallPrefix::of(&command("pip install x")), None);
        assert_eq!(
            InstallPrefix::of(&command(
                "pip install {{$.inputs.parameters['x']}} && \"$0\" \"$@\""
            )),
            None
        );
        assert_eq!(
            InstallPrefix::of(&command(
                ". $tmp/bin/activate; pip install x && \"$0\" \"$@\""
            )),
            None
        );
        assert_eq!(InstallPrefix::of(&["sh".to_owned()]), None);
    }

    #[test]
    fn the_key_covers_image_text_and_index() {
        let plan = |digest: &str, text: &str, index: Option<&str>| {
            let environment = index
                .map(|url| ("PIP_INDEX_URL".to_owned(), url.to_owned()))
                .into_iter()
                .collect();
            EnvironmentPlan::new(
                "python:3.11".parse().unwrap(),
                digest.into(),
                text.into(),
                environment,
            )
            .key
        };
        let base = plan("sha256:1", "pip install a", None);
        assert_eq!(base, plan("sha256:1", "pip install a", None));
        assert_ne!(base, plan("sha256:2", "pip install a", None));
        assert_ne!(base, plan("sha256:1", "pip install b", None));
        assert_ne!(
            base,
            plan("sha256:1", "pip install a", Some("http://mirror"))
        );
    }
}
