//! Which files objects make, and what is in them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::yaml;
use crate::key::{NotAnObject, ObjectKey};

/// The first line of every exported object and of `kustomization.yaml`: how folders and files of ours are told from others'.
pub(super) const MARK: &str =
    "# Written by `coracle export`. It is written again by the next export.";

/// The file that `kubectl apply -k` begins with.
pub(super) const KUSTOMIZATION: &str = "kustomization.yaml";

/// An image that the objects run, and which bytes it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LockedImage {
    /// As the objects name it.
    pub image: String,
    /// `sha256:...`; none where it is not known.
    pub digest: Option<String>,
}

/// What becomes of Secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// They are left out; the README says how to create them.
    LeftOut,
    /// They are written with their values: somebody agreed.
    Written,
}

/// Files by name, and what was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Each file's bytes by its name in the folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Secrets that have to be created otherwise.
    pub left_out: Vec<ObjectKey>,
}

/// The folder of some objects. Their order is the one they are applied in.
pub fn lay_out(
    objects: &[Value],
    images: &BTreeSet<LockedImage>,
    secrets: Secrets,
) -> Result<Layout, NotAnObject> {
    let mut layout = Layout {
        files: BTreeMap::new(),
        left_out: Vec::new(),
    };
    let mut resources = Vec::new();
    let mut missing = Vec::new();
    for object in objects {
        let key = ObjectKey::of(object)?;
        if key.is_secret() && secrets == Secrets::LeftOut {
            missing.push(object);
            layout.left_out.push(key);
            continue;
        }
        let name = file_name(&key, &layout.files);
        layout.files.insert(name.clone(), marked(object));
        resources.push(name);
    }
    let readme = readme(&resources, &missing);
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
    });
    layout
        .files
        .insert(KUSTOMIZATION.to_owned(), marked(&kustomization));
    layout
        .files
        .insert("images.lock".to_owned(), lock(images).into_bytes());
    layout
        .files
        .insert("README.md".to_owned(), readme.into_bytes());
    Ok(layout)
}

fn marked(value: &Value) -> Vec<u8> {
    format!("{MARK}\n{}", yaml::write(value)).into_bytes()
}

/// `notebook-iris.yaml`; with the namespace, the group and a number where others have that name.
fn file_name(key: &ObjectKey, taken: &BTreeMap<String, Vec<u8>>) -> String {
    let kind = key.kind.to_lowercase();
    let namespace = key.namespace.as_deref().unwrap_or("cluster");
    let short = format!("{kind}-{}", key.name);
    let long = format!("{kind}-{namespace}-{}", key.name);
    let longest = format!("{kind}.{}-{namespace}-{}", key.group(), key.name);
    let mut names = [short, long, longest.clone()]
        .into_iter()
        .chain((2_u32..).map(|number| format!("{longest}-{number}")))
        .map(|name| format!("{}.yaml", safe(&name)));
    // Numbers do not end before files do.
    names
        .find(|name| !taken.contains_key(name))
        .unwrap_or(longest)
}

fn safe(name: &str) -> String {
    let keep = |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
    name.chars()
        .map(|character| if keep(character) { character } else { '-' })
        .collect()
}

fn lock(images: &BTreeSet<LockedImage>) -> String {
    let lines = images.iter().map(|locked| {
        let digest = locked.digest.as_deref().unwrap_or("unknown");
        format!("{} {digest}\n", locked.image)
    });
    let head = "# image digest\n".to_owned();
    std::iter::once(head).chain(lines).collect()
}

fn readme(resources: &[String], missing: &[&Value]) -> String {
    let mut text = String::from(
        "# Objects for a Kubernetes cluster\n\nTo send them to the current context of `kubectl`:\n\n```console\n$ kubectl apply -k .\n```\n\n\
         `images.lock` names the images that these objects run, and which bytes they were where this was known.\n",
    );
    text.push_str("\n## Files\n\n");
    text.extend(resources.iter().map(|name| format!("- `{name}`\n")));
    if missing.is_empty() {
        return text;
    }
    text.push_str("\n## Secrets that are not here\n\nTheir values are not written to files. Create them before anything else:\n\n```console\n");
    text.extend(missing.iter().map(|secret| command(secret)));
    text.push_str("```\n");
    text
}

/// How to create a Secret of these keys, without its values.
fn command(secret: &Value) -> String {
    let text = |pointer: &str| {
        secret
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let kind = match text("/type") {
        "" => "Opaque",
        other => other,
    };
    let namespace = match text("/metadata/namespace") {
        "" => String::new(),
        namespace => format!(" -n {namespace}"),
    };
    let keys: BTreeSet<_> = ["data", "stringData"]
        .into_iter()
        .filter_map(|field| secret[field].as_object())
        .flat_map(|values| values.keys())
        .collect();
    let keys: String = keys
        .iter()
        .map(|key| format!(" --from-file={key}=FILE"))
        .collect();
    let name = text("/metadata/name");
    format!("$ kubectl create secret generic {name}{namespace} --type={kind}{keys}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(layout: &Layout, name: &str) -> String {
        String::from_utf8(layout.files[name].clone()).unwrap()
    }

    #[test]
    fn secrets_are_left_out_unless_somebody_agreed() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"},
            "data": {"password": "aHVudGVyMg=="}});
        let left = lay_out(
            std::slice::from_ref(&secret),
            &BTreeSet::new(),
            Secrets::LeftOut,
        )
        .unwrap();
        assert_eq!(left.left_out.len(), 1);
        assert!(
            left.files
                .values()
                .all(|file| !String::from_utf8_lossy(file).contains("aHVudGVyMg"))
        );
        assert!(text(&left, "README.md").contains(
            "kubectl create secret generic s -n n --type=Opaque --from-file=password=FILE"
        ));
        let written = lay_out(&[secret], &BTreeSet::new(), Secrets::Written).unwrap();
        assert!(text(&written, "secret-s.yaml").contains("aHVudGVyMg=="));
    }

    #[test]
    fn files_of_one_name_are_told_apart() {
        let of = |api_version: &str, namespace: &str| {
            json!({"apiVersion": api_version, "kind": "Service",
            "metadata": {"name": "a", "namespace": namespace}})
        };
        let objects = [
            of("v1", "x"),
            of("v1", "y"),
            of("serving.knative.dev/v1", "y"),
        ];
        let layout = lay_out(&objects, &BTreeSet::new(), Secrets::LeftOut).unwrap();
        let names: Vec<_> = layout
            .files
            .keys()
            .filter(|name| name.starts_with("service"))
            .collect();
        assert_eq!(
            names,
            [
                "service-a.yaml",
                "service-y-a.yaml",
                "service.serving.knative.dev-y-a.yaml"
            ]
        );
        assert!(text(&layout, KUSTOMIZATION).ends_with(
            "resources:\n- service-a.yaml\n- service-y-a.yaml\n- service.serving.knative.dev-y-a.yaml\n"
        ));
    }

    #[test]
    fn images_are_locked_by_digest_where_it_is_known() {
        let images = BTreeSet::from([
            LockedImage {
                image: "b:1".to_owned(),
                digest: None,
            },
            LockedImage {
                image: "a:1".to_owned(),
                digest: Some("sha256:00".to_owned()),
            },
        ]);
        let layout = lay_out(&[], &images, Secrets::LeftOut).unwrap();
        assert_eq!(
            text(&layout, "images.lock"),
            "# image digest\na:1 sha256:00\nb:1 unknown\n"
        );
    }
}
