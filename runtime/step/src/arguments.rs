//! What the program is told by its command line, and where things are inside a pod: what whoever writes the pods and the
//! program itself agree on.

use std::collections::BTreeMap;

/// Where the program lies in its own image.
pub const PROGRAM: &str = "/coracle-step";

/// Where an init container puts the program, for the containers of users' images.
pub const INSTALLED: &str = "/coracle/bin/coracle-step";

/// The folder of [`INSTALLED`].
pub const PROGRAM_FOLDER: &str = "/coracle/bin";

/// The folder of the files that the engine reads as outputs of a pod.
pub const TOLD_FOLDER: &str = "/coracle/told";

/// Where the volume is that all pods of a run see, unless they share a bucket.
pub const STORE_FOLDER: &str = "/coracle/store";

/// Where a step writes its output parameters.
pub const OUTPUTS_FOLDER: &str = "/tmp/kfp/outputs";

/// Where the stores of artifacts are for user code.
pub const TREES: [&str; 3] = ["/minio", "/s3", "/gcs"];

/// Files in [`TOLD_FOLDER`], which are outputs of the pod under the same names.
pub mod told {
    /// The task's record, as JSON; too long ones are left out.
    pub const RECORD: &str = "record";
    /// Whether the DAG or step that was decided on is to run: `true` or `false`.
    pub const GO: &str = "go";
    /// The indexes of a loop's iterations, as a JSON list.
    pub const ITERATIONS: &str = "iterations";
    /// What the pod of a step has that follows from its inputs, as a strategic merge patch.
    pub const PATCH: &str = "patch";
    /// What the pipeline returns, as JSON.
    pub const OUTPUTS: &str = "outputs";
}

/// Variables that say as whom a bucket is asked. A step's own program does not see them.
pub mod variables {
    /// The key's id.
    pub const KEY_ID: &str = "CORACLE_STORE_KEY_ID";
    /// The key.
    pub const SECRET: &str = "CORACLE_STORE_SECRET";
    /// Certificates in PEM that the store's own is signed by, where no public authority signed it.
    pub const AUTHORITY: &str = "CORACLE_STORE_AUTHORITY";
    /// All of them.
    pub const ALL: [&str; 3] = [KEY_ID, SECRET, AUTHORITY];
}

/// The largest output that is told to the engine, in bytes: a workflow's status holds those of all its pods.
pub const LONGEST_TOLD: usize = 16 << 10;

/// How the program ends.
pub mod exit {
    /// The task has succeeded, or is not to run.
    pub const DONE: u8 = 0;
    /// The attempt has failed; another may succeed.
    pub const FAILED: u8 = 1;
    /// The task has failed, and would again.
    pub const DECIDED: u8 = 2;
    /// The program could not do its work: its store, its command line.
    pub const FAULT: u8 = 3;
}

/// What a command line says: a verb and named values, of which a name may have several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// What is to be done.
    pub verb: String,
    named: BTreeMap<String, Vec<String>>,
}

/// Why a command line is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// There is nothing.
    #[error("no verb was given")]
    NoVerb,
    /// A word that is no name stands where one is expected.
    #[error("`{0}` stands where a name such as `--run` is expected")]
    NotAName(String),
    /// A name stands at the end.
    #[error("`--{0}` has no value")]
    NoValue(String),
    /// What is needed is not there.
    #[error("`--{0}` is missing")]
    Missing(&'static str),
    /// A value is not of the form that it has to have.
    #[error("the value of `--{name}` is not {expected}")]
    Malformed {
        /// The name.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

impl Arguments {
    /// Reads the words after the program's own name.
    ///
    /// # Errors
    /// When they are not a verb and pairs of a name and a value.
    pub fn read(words: impl IntoIterator<Item = String>) -> Result<Self, ArgumentError> {
        let mut words = words.into_iter();
        let verb = words.next().ok_or(ArgumentError::NoVerb)?;
        let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                return Err(ArgumentError::NotAName(word));
            };
            let value = words
                .next()
                .ok_or_else(|| ArgumentError::NoValue(name.to_owned()))?;
            named.entry(name.to_owned()).or_default().push(value);
        }
        Ok(Self { verb, named })
    }

    /// The value of a name that has to be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn one(&self, name: &'static str) -> Result<&str, ArgumentError> {
        self.maybe(name).ok_or(ArgumentError::Missing(name))
    }

    /// The value of a name that may be there.
    pub fn maybe(&self, name: &str) -> Option<&str> {
        self.named.get(name)?.last().map(String::as_str)
    }

    /// All values of a name.
    pub fn all(&self, name: &str) -> &[String] {
        self.named.get(name).map_or(&[], Vec::as_slice)
    }

    /// The value of a name, read as what it stands for.
    ///
    /// # Errors
    /// When it is missing or is not one.
    pub fn parsed<T: std::str::FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<T, ArgumentError> {
        let malformed = |_| ArgumentError::Malformed { name, expected };
        self.one(name)?.parse().map_err(malformed)
    }
}

/// A text as a JSON string whose characters mean nothing to Kubernetes, which replaces `$(NAME)`, nor to Argo, which replaces
/// `{{name}}`.
pub fn inert(json: &str) -> String {
    // Outside of strings JSON has no `$`, and no `{` after another.
    let mut text = String::with_capacity(json.len());
    let mut last = ' ';
    for character in json.chars() {
        match character {
            '$' => text.push_str("\\u0024"),
            '{' if last == '{' => text.push_str("\\u007b"),
            other => text.push(other),
        }
        last = character;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, ArgumentError> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_command_line_is_a_verb_and_named_values() {
        let arguments = read("run --task a/b --part 1 --part 2").unwrap();
        assert_eq!(arguments.verb, "run");
        assert_eq!(arguments.one("task"), Ok("a/b"));
        assert_eq!(arguments.all("part"), ["1", "2"]);
        assert_eq!(arguments.one("run"), Err(ArgumentError::Missing("run")));
        assert_eq!(read(""), Err(ArgumentError::NoVerb));
        assert_eq!(read("run x"), Err(ArgumentError::NotAName("x".into())));
        assert_eq!(read("run --x"), Err(ArgumentError::NoValue("x".into())));
    }

    #[test]
    fn inert_json_reads_back_as_it_was() {
        let value = serde_json::json!({"a": "{{$.x}} $(HOME) {{{", "b": [{"c": {}}]});
        let text = inert(&value.to_string());
        assert!(!text.contains("{{") && !text.contains('$'), "{text}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }
}
