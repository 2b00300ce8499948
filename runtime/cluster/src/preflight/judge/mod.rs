//! Findings, made of what is to be sent and what is known of the cluster. Pure.

mod access;
mod devices;
mod images;
mod kinds;
mod limits;
mod namespaces;
mod parts;
mod quota;
mod references;
mod requests;
mod security;
mod storage;

use std::collections::BTreeSet;

use super::facts::{Facts, Known};
use super::sent::{Pods, SentObject};
use crate::error::ClusterError;
use crate::finding::Finding;

pub(super) use devices::{devices, extended_resources};
pub(super) use parts::parts;

/// What is judged.
pub(super) struct Case<'a> {
    pub(super) context: &'a str,
    pub(super) objects: &'a [SentObject],
    pub(super) pods: &'a [Pods],
    /// Images that are on this machine only.
    pub(super) local_images: &'a BTreeSet<String>,
    pub(super) facts: &'a Facts,
}

/// All findings, in an order that does not depend on what was answered first.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(kinds::judge(case));
    findings.extend(namespaces::judge(case));
    findings.extend(access::judge(case));
    findings.extend(references::judge(case));
    findings.extend(security::judge(case));
    findings.extend(limits::judge(case));
    findings.extend(quota::judge(case));
    findings.extend(storage::judge(case));
    findings.extend(devices::judge(case));
    findings.extend(images::judge(case));
    findings.sort();
    findings.dedup();
    findings
}

/// Says that something could not be found out, so that it is not taken for well.
fn unknown(subject: impl Into<String>, what: &str, error: &ClusterError) -> Finding {
    let message = format!("{what} is not known: {error}");
    let fix = match error {
        ClusterError::Forbidden { .. } => {
            "ask whoever runs the cluster, or for the permission to look".to_owned()
        }
        other => other.hint(),
    };
    Finding::warning("unknown", subject, message).fix(fix)
}

/// What is known, or a finding that says that it is not.
fn known<'a, T>(
    value: &'a Known<T>,
    subject: &str,
    what: &str,
    findings: &mut Vec<Finding>,
) -> Option<&'a T> {
    match value {
        Ok(value) => Some(value),
        Err(error) => {
            findings.push(unknown(subject, what, error));
            None
        }
    }
}

#[cfg(test)]
mod tests;
