//! What is known of clusters, as it is shown.

use coracle_cluster::contexts::ContextEntry;
use coracle_cluster::{Finding, Severity};

use crate::view::{ClusterContext, ClusterFinding, FindingSeverity};

pub(super) fn context(entry: ContextEntry) -> ClusterContext {
    ClusterContext {
        is_usable: entry.is_usable(),
        file: entry.file.display().to_string(),
        problems: findings(&entry.problems),
        name: entry.name,
        cluster: entry.cluster,
        server: entry.server,
        user: entry.user,
        credentials: entry.credentials,
        namespace: entry.namespace,
        is_current: entry.is_current,
        is_insecure: entry.is_insecure,
        is_protected: entry.is_protected,
    }
}

pub(super) fn findings(findings: &[Finding]) -> Vec<ClusterFinding> {
    findings.iter().map(finding).collect()
}

fn finding(finding: &Finding) -> ClusterFinding {
    ClusterFinding {
        severity: match finding.severity {
            Severity::Error => FindingSeverity::Error,
            Severity::Warning => FindingSeverity::Warning,
            Severity::Note => FindingSeverity::Note,
        },
        code: finding.code.clone(),
        subject: finding.subject.clone(),
        message: finding.message.clone(),
        fix: finding.fix.clone(),
        command: finding.command.clone(),
    }
}
