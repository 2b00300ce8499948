//! What is known of images without a pull: from where they come, and whether they stay what they are.

use std::collections::BTreeMap;

use super::super::sent::{items, text};
use super::Case;
use crate::finding::Finding;

/// Registries that let anybody pull what is public there.
const OPEN: [&str; 6] = [
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "public.ecr.aws",
    "quay.io",
    "registry.k8s.io",
];

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut images: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for pods in case.pods {
        let has_credentials = items(&pods.spec, "/imagePullSecrets").next().is_some();
        for container in pods.containers() {
            let image = text(container, "/image");
            if !image.is_empty() {
                images
                    .entry(image)
                    .or_insert((&pods.subject, has_credentials));
            }
        }
    }
    let of_each = images
        .into_iter()
        .flat_map(|(image, (subject, has_credentials))| {
            judge_one(
                image,
                subject,
                has_credentials,
                case.local_images.contains(image),
            )
        });
    of_each.collect()
}

fn judge_one(image: &str, subject: &str, has_credentials: bool, is_local: bool) -> Vec<Finding> {
    let (registry, is_pinned, tag) = parts(image);
    let host = registry.split(':').next().unwrap_or_default();
    if is_local {
        let message = format!("the image `{image}` is on this machine only");
        return vec![
            Finding::error("image-local", subject, message)
                .fix("push it to a registry that the cluster can reach"),
        ];
    }
    if ["localhost", "127.0.0.1", "[", "host.docker.internal"].contains(&host) {
        let message = format!(
            "the registry of the image `{image}` is this machine, which to a node is itself"
        );
        return vec![
            Finding::error("registry-local", subject, message)
                .fix("push it to a registry that the cluster can reach"),
        ];
    }
    let mut findings = Vec::new();
    if !is_pinned && (tag.is_none() || tag == Some("latest")) {
        let message = format!("the image `{image}` is whatever is newest when a node pulls it");
        findings.push(
            Finding::warning("image-not-pinned", subject, message)
                .fix("name a tag, or better a digest"),
        );
    }
    let message = if OPEN.contains(&registry) {
        format!("whether the nodes can pull `{image}` from {registry} is known when they try")
    } else if has_credentials {
        format!("`{image}` comes from {registry}, with the pull secrets of its pods")
    } else {
        let message = format!(
            "`{image}` comes from {registry} and its pods name no pull secret: a registry that asks who pulls refuses"
        );
        findings.push(
            Finding::warning("image-credentials", subject, message)
                .fix("name a secret under `imagePullSecrets`, unless the nodes or the service account have credentials"),
        );
        return findings;
    };
    findings.push(Finding::note("image-unpulled", subject, message));
    findings
}

/// The registry, whether a digest is named, and the tag.
fn parts(image: &str) -> (&str, bool, Option<&str>) {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    let (registry, path) = match name.split_once('/') {
        // As Docker reads names: what has a dot or a port is a registry.
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (first, path),
        _ => ("docker.io", name),
    };
    let tag = path.rsplit_once(':').map(|(_, tag)| tag);
    (registry, digest.is_some(), tag)
}
