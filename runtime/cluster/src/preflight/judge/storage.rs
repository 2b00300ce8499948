//! Whether claims find a storage class that can give what they ask for.

use serde_json::Value;

use super::super::sent::{items, text};
use super::{Case, known};
use crate::finding::Finding;

/// Provisioners whose volumes are of one node at a time.
const OF_ONE_NODE: [&str; 10] = [
    "docker.io/hostpath",
    "disk.csi.azure.com",
    "ebs.csi.aws.com",
    "k8s.io/minikube-hostpath",
    "kubernetes.io/aws-ebs",
    "kubernetes.io/azure-disk",
    "kubernetes.io/gce-pd",
    "openebs.io/local",
    "pd.csi.storage.gke.io",
    "rancher.io/local-path",
];

/// Provisioners whose volumes many nodes can write.
const OF_MANY_NODES: [&str; 6] = [
    "cephfs.csi.ceph.com",
    "efs.csi.aws.com",
    "file.csi.azure.com",
    "filestore.csi.storage.gke.io",
    "nfs.csi.k8s.io",
    "rook-ceph.cephfs.csi.ceph.com",
];

/// The mark of the class that counts where a claim names none.
const IS_DEFAULT: &str = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let claims: Vec<(String, &Value)> = case
        .objects
        .iter()
        .enumerate()
        .filter(|(number, _)| !case.facts.is_there(*number))
        .flat_map(|(_, object)| {
            let own = (object.kind == "PersistentVolumeClaim").then_some(&object.body);
            let of_pods = items(&object.body, "/spec/volumeClaimTemplates");
            let claims = own.into_iter().chain(of_pods);
            claims.map(|claim| (object.subject(), claim))
        })
        .collect();
    if claims.is_empty() {
        return findings;
    }
    let what = "which storage classes the cluster has";
    let Some(classes) = known(&case.facts.storage_classes, "", what, &mut findings) else {
        return findings;
    };
    for (subject, claim) in claims {
        findings.extend(judge_one(&subject, claim, classes));
    }
    findings
}

fn judge_one(subject: &str, claim: &Value, classes: &[Value]) -> Option<Finding> {
    if !text(claim, "/spec/volumeName").is_empty() {
        return None;
    }
    let named = claim
        .pointer("/spec/storageClassName")
        .and_then(Value::as_str);
    let names: Vec<&str> = classes
        .iter()
        .map(|class| text(class, "/metadata/name"))
        .collect();
    let class = match named {
        // It waits for a volume that somebody makes.
        Some("") => {
            let message =
                "it names no storage class on purpose: it waits until a volume is made by hand";
            return Some(Finding::note("storage-by-hand", subject, message));
        }
        Some(name) => {
            let found = classes
                .iter()
                .find(|class| text(class, "/metadata/name") == name);
            let Some(class) = found else {
                let message = format!(
                    "there is no storage class `{name}`; there are {}",
                    listed(&names)
                );
                return Some(
                    Finding::error("storage-class-missing", subject, message)
                        .fix("name one of these as `storageClassName`"),
                );
            };
            class
        }
        None => {
            let found = classes
                .iter()
                .find(|class| text(class, IS_DEFAULT) == "true");
            let Some(class) = found else {
                let message = format!(
                    "it names no storage class, and none of the cluster's is the default; there are {}",
                    listed(&names)
                );
                return Some(
                    Finding::error("storage-class-missing", subject, message)
                        .fix("name one as `storageClassName`"),
                );
            };
            class
        }
    };
    let modes: Vec<&str> = items(claim, "/spec/accessModes")
        .filter_map(Value::as_str)
        .collect();
    let is_shared = modes
        .iter()
        .any(|mode| ["ReadWriteMany", "ReadOnlyMany"].contains(mode));
    let (name, provisioner) = (text(class, "/metadata/name"), text(class, "/provisioner"));
    if !is_shared || OF_MANY_NODES.contains(&provisioner) {
        return None;
    }
    let wanted = modes.join(", ");
    Some(if OF_ONE_NODE.contains(&provisioner) {
        let message = format!(
            "it asks for {wanted}, and volumes of `{name}` ({provisioner}) are of one node"
        );
        Finding::error("access-mode", subject, message)
            .fix("ask for ReadWriteOnce, or name a class of a shared file system")
    } else {
        let message =
            format!("it asks for {wanted}; whether `{name}` ({provisioner}) has that is not known");
        Finding::warning("access-mode-unknown", subject, message)
            .fix("see the documentation of that storage, or ask whoever runs the cluster")
    })
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "none at all".to_owned()
    } else {
        names.join(", ")
    }
}
