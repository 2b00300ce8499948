//! What is known of clusters, as it is shown.

use coracle_cluster::contexts::ContextEntry;
use coracle_cluster::preflight::{Device, Report};
use coracle_cluster::{Finding, Severity};

use crate::view::{
    ClusterContext, ClusterDevice, ClusterFinding, ClusterPart, FindingSeverity, PreflightReport,
};

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

/// All but what only the workbench knows.
pub(super) fn report(report: Report) -> PreflightReport {
    let parts = report.parts.into_iter().map(|part| ClusterPart {
        name: part.name,
        is_there: part.is_there,
        versions: part.versions,
        service: part.service,
    });
    let devices = |devices: Vec<Device>| {
        let devices = devices.into_iter().map(|device| ClusterDevice {
            resource: device.resource,
            total: device.total,
            most_of_a_node: device.most_of_a_node,
            nodes: device.nodes,
        });
        devices.collect()
    };
    PreflightReport {
        is_fine: report
            .findings
            .iter()
            .all(|finding| finding.severity != Severity::Error),
        findings: findings(&report.findings),
        context: report.context,
        server: report.server,
        namespace: report.namespace,
        is_protected: false,
        version: report.version,
        user: report.user,
        objects: 0,
        parts: parts.collect(),
        devices: report.devices.map(devices),
        asked_devices: report.asked_devices.into_iter().collect(),
        took_ms: 0,
    }
}
