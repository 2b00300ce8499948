//! Kubeconfig files, merged as kubectl merges them: of each entry and of the current context the first one counts.
//!
//! Unlike kubectl, which refuses a file for one entry that cannot be read, each entry is read by itself.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::io;
use std::path::{Path, PathBuf};

use kube::config::{AuthInfo, Cluster, Context};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::finding::Finding;

/// What the user's shell and machine say about clusters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// The files of `KUBECONFIG`, absolute, in their order; none where it is not set.
    pub files: Vec<PathBuf>,
    /// The user's home directory, in which `.kube/config` stands where `KUBECONFIG` is not set.
    pub home: Option<PathBuf>,
    /// `HTTPS_PROXY`.
    pub https_proxy: Option<String>,
    /// `NO_PROXY`.
    pub no_proxy: Option<String>,
}

/// An entry of a kubeconfig, or why it cannot be read.
#[derive(Debug, Clone)]
pub(super) struct Entry<T> {
    pub(super) value: Result<T, String>,
    /// The file it stands in.
    pub(super) file: PathBuf,
}

/// What the files say together.
#[derive(Debug, Clone, Default)]
pub struct Kubeconfig {
    pub(super) contexts: BTreeMap<String, Entry<Context>>,
    pub(super) clusters: BTreeMap<String, Entry<Cluster>>,
    pub(super) users: BTreeMap<String, Entry<AuthInfo>>,
    /// The user's current context.
    pub(super) current: Option<String>,
    pub(super) surroundings: Surroundings,
    problems: Vec<Finding>,
}

impl Kubeconfig {
    /// Reads the files. One that is not there is passed over, as kubectl does; what is wrong with others is kept.
    pub fn read(surroundings: &Surroundings) -> Self {
        let usual = surroundings
            .home
            .as_ref()
            .map(|home| home.join(".kube/config"));
        let (files, named) = if surroundings.files.is_empty() {
            (usual.into_iter().collect(), false)
        } else {
            (surroundings.files.clone(), true)
        };
        let mut read = Self {
            surroundings: surroundings.clone(),
            ..Self::default()
        };
        let mut found = 0_usize;
        for file in &files {
            match fs_err::read(file) {
                Ok(bytes) => {
                    found += 1;
                    read.take(file, &bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => read.problem("kubeconfig-unreadable", file, &error.to_string()),
            }
        }
        if found == 0 && named {
            let names: Vec<_> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            let message = format!("there is no kubeconfig at {}", names.join(", "));
            read.problems.push(Finding::warning(
                "kubeconfig-missing",
                "kubeconfig",
                message,
            ));
        }
        read
    }

    /// What is wrong with the files, apart from the contexts.
    pub fn problems(&self) -> &[Finding] {
        &self.problems
    }

    /// The name of the current context.
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    fn take(&mut self, file: &Path, bytes: &[u8]) {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return self.problem("kubeconfig-unreadable", file, &error.to_string()),
        };
        let documents: Vec<Value> = match serde_saphyr::from_multiple(text) {
            Ok(documents) => documents,
            Err(error) => {
                let message = error.to_string();
                // What follows shows the lines, and in them there may be a secret.
                let first = message.lines().next().unwrap_or_default();
                return self.problem("kubeconfig-unreadable", file, first);
            }
        };
        if documents.len() > 1 {
            let message = "it holds more than one document, of which kubectl reads the first";
            self.problem("kubeconfig-documents", file, message);
        }
        match documents.into_iter().next() {
            None | Some(Value::Null) => {}
            Some(Value::Object(fields)) => {
                if let Some(current) = fields.get("current-context").and_then(Value::as_str)
                    && !current.is_empty()
                {
                    self.current.get_or_insert_with(|| current.to_owned());
                }
                let of = |list: &str| fields.get(list).cloned().unwrap_or_default();
                let mut problems = merge(
                    &mut self.contexts,
                    file,
                    "context",
                    of("contexts"),
                    absolute_context,
                );
                problems.extend(merge(
                    &mut self.clusters,
                    file,
                    "cluster",
                    of("clusters"),
                    absolute_cluster,
                ));
                problems.extend(merge(
                    &mut self.users,
                    file,
                    "user",
                    of("users"),
                    absolute_user,
                ));
                for problem in problems {
                    self.problem("kubeconfig-entry", file, &problem);
                }
            }
            Some(_) => self.problem("kubeconfig-unreadable", file, "it is no kubeconfig"),
        }
    }

    fn problem(&mut self, code: &str, file: &Path, message: &str) {
        let message = format!("`{}`: {message}", file.display());
        self.problems.push(
            Finding::warning(code, "kubeconfig", message)
                .fix("mend the file; the others count all the same"),
        );
    }
}

/// Takes the entries of a list that are not there yet; answers what is wrong with the list.
fn merge<T: DeserializeOwned + Default>(
    into: &mut BTreeMap<String, Entry<T>>,
    file: &Path,
    noun: &str,
    list: Value,
    make_absolute: fn(&mut T, &Path),
) -> Vec<String> {
    let entries = match list {
        Value::Null => return Vec::new(),
        Value::Array(entries) => entries,
        _ => return vec![format!("its {noun}s are no list")],
    };
    let mut problems = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let Some(name) = entry.get("name").and_then(Value::as_str) else {
            problems.push(format!("{noun} number {} has no name", index + 1));
            continue;
        };
        let body = entry.get(noun).cloned().unwrap_or_default();
        match into.entry(name.to_owned()) {
            Slot::Occupied(before) => {
                if before.get().file == file {
                    problems.push(format!("the {noun} `{name}` stands twice; the first one counts, and kubectl refuses the file"));
                }
            }
            Slot::Vacant(slot) => {
                let value = match body {
                    Value::Null => Ok(T::default()),
                    body => serde_json::from_value(body).map_err(|error| error.to_string()),
                };
                let directory = file.parent().unwrap_or(Path::new("/"));
                let value = value.map(|mut value| {
                    make_absolute(&mut value, directory);
                    value
                });
                let file = file.to_owned();
                slot.insert(Entry { value, file });
            }
        }
    }
    problems
}

fn absolute_context(_: &mut Context, _: &Path) {}

fn absolute_cluster(cluster: &mut Cluster, directory: &Path) {
    absolute(&mut cluster.certificate_authority, directory);
}

fn absolute_user(user: &mut AuthInfo, directory: &Path) {
    absolute(&mut user.client_certificate, directory);
    absolute(&mut user.client_key, directory);
    absolute(&mut user.token_file, directory);
    // A bare word is looked for in `PATH`, as client-go does.
    if let Some(exec) = &mut user.exec
        && exec
            .command
            .as_ref()
            .is_some_and(|command| command.contains(std::path::MAIN_SEPARATOR))
    {
        absolute(&mut exec.command, directory);
    }
}

/// Paths are relative to the file that names them; an empty one counts as not set.
fn absolute(path: &mut Option<String>, directory: &Path) {
    *path = path
        .take()
        .filter(|path| !path.is_empty())
        .map(|path| directory.join(path).to_string_lossy().into_owned());
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A kubeconfig of these texts, each a file of its own in a directory that stays.
    pub(in crate::contexts) fn of_texts(texts: &[&str]) -> (tempfile::TempDir, Kubeconfig) {
        let directory = tempfile::tempdir().unwrap();
        let files = texts.iter().enumerate().map(|(number, text)| {
            let file = directory.path().join(format!("config-{number}"));
            fs_err::write(&file, text).unwrap();
            file
        });
        let surroundings = Surroundings {
            files: files.collect(),
            ..Surroundings::default()
        };
        let read = Kubeconfig::read(&surroundings);
        (directory, read)
    }

    fn server<'a>(read: &'a Kubeconfig, cluster: &str) -> Option<&'a str> {
        let cluster = read.clusters[cluster].value.as_ref().ok()?;
        cluster.server.as_deref()
    }

    #[test]
    fn the_first_file_that_sets_an_entry_wins_whole() {
        // The rules of "Organizing Cluster Access": an entry of a later file adds nothing to one of the same name.
        let first =
            "current-context: a\nclusters:\n- name: red\n  cluster: {server: https://first}\n";
        let second = "current-context: b\nclusters:\n- name: red\n  cluster: {server: https://second, tls-server-name: x}\n\
            - name: blue\n  cluster: {server: https://blue}\n";
        let (_kept, read) = of_texts(&[first, second]);
        assert_eq!(read.current(), Some("a"));
        assert_eq!(server(&read, "red"), Some("https://first"));
        let red = read.clusters["red"].value.as_ref().unwrap();
        assert_eq!(red.tls_server_name, None);
        assert_eq!(server(&read, "blue"), Some("https://blue"));
        assert_eq!(read.problems(), []);
    }

    #[test]
    fn a_current_context_that_is_empty_leaves_it_to_the_next_file() {
        let (_kept, read) = of_texts(&["current-context: \"\"\n", "current-context: b\n"]);
        assert_eq!(read.current(), Some("b"));
    }

    #[test]
    fn files_that_are_missing_are_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let there = directory.path().join("there");
        fs_err::write(&there, "current-context: c\n").unwrap();
        let missing = directory.path().join("missing");
        let read = |files: Vec<PathBuf>| {
            Kubeconfig::read(&Surroundings {
                files,
                ..Surroundings::default()
            })
        };
        let both = read(vec![missing.clone(), there]);
        assert_eq!((both.current(), both.problems()), (Some("c"), &[][..]));
        assert_eq!(read(vec![missing]).problems()[0].code, "kubeconfig-missing");
    }

    #[test]
    fn the_usual_place_counts_where_nothing_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs_err::create_dir(home.path().join(".kube")).unwrap();
        fs_err::write(home.path().join(".kube/config"), "current-context: mine\n").unwrap();
        let surroundings = Surroundings {
            home: Some(home.path().to_owned()),
            ..Surroundings::default()
        };
        assert_eq!(Kubeconfig::read(&surroundings).current(), Some("mine"));
    }

    #[test]
    fn a_file_that_cannot_be_read_hides_no_other() {
        let good = "clusters:\n- name: red\n  cluster: {server: https://red}\n";
        let (_kept, read) = of_texts(&["users: [unclosed\n", "just a word\n", good]);
        assert_eq!(server(&read, "red"), Some("https://red"));
        let codes: Vec<_> = read.problems().iter().map(|p| p.code.as_str()).collect();
        assert_eq!(codes, ["kubeconfig-unreadable", "kubeconfig-unreadable"]);
    }

    #[test]
    fn an_entry_that_cannot_be_read_hides_no_other() {
        let text = "clusters:\n- name: bad\n  cluster: {server: [1]}\n- cluster: {server: https://nameless}\n\
            - name: good\n  cluster: {server: https://good}\n- name: good\n  cluster: {server: https://again}\n";
        let (_kept, read) = of_texts(&[text]);
        assert!(read.clusters["bad"].value.is_err());
        assert_eq!(server(&read, "good"), Some("https://good"));
        let problems: Vec<_> = read.problems().iter().map(|p| p.message.as_str()).collect();
        assert!(
            problems[0].ends_with("cluster number 2 has no name"),
            "{problems:?}"
        );
        assert!(
            problems[1].contains("the cluster `good` stands twice"),
            "{problems:?}"
        );
    }

    #[test]
    fn paths_are_relative_to_their_file() {
        let text = "clusters:\n- name: c\n  cluster: {certificate-authority: pki/ca.crt}\n\
            users:\n- name: u\n  user: {client-certificate: ../u.crt, tokenFile: /abs/token, exec: {command: ./plugin}}\n\
            - name: v\n  user: {exec: {command: aws}}\n";
        let (directory, read) = of_texts(&[text]);
        let below = |name: &str| Some(directory.path().join(name).display().to_string());
        let cluster = read.clusters["c"].value.as_ref().unwrap();
        assert_eq!(cluster.certificate_authority, below("pki/ca.crt"));
        let user = read.users["u"].value.as_ref().unwrap();
        assert_eq!(user.client_certificate, below("../u.crt"));
        assert_eq!(user.token_file.as_deref(), Some("/abs/token"));
        assert_eq!(user.exec.as_ref().unwrap().command, below("./plugin"));
        let other = read.users["v"].value.as_ref().unwrap();
        assert_eq!(other.exec.as_ref().unwrap().command.as_deref(), Some("aws"));
    }
}
