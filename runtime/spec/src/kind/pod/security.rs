//! What containers may do, and as whom they run.

use serde::Deserialize;

/// What holds for all containers of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSecurity {
    /// The user.
    pub run_as_user: Option<u32>,
    /// The group.
    pub run_as_group: Option<u32>,
    /// Whether the user may not be root.
    pub run_as_non_root: Option<bool>,
    /// The group that the volumes' files belong to.
    pub fs_group: Option<u32>,
    /// More groups.
    pub supplemental_groups: Vec<u32>,
}

/// What holds for one container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Security {
    /// The user.
    pub run_as_user: Option<u32>,
    /// The group.
    pub run_as_group: Option<u32>,
    /// Whether the user may not be root.
    pub run_as_non_root: Option<bool>,
    /// Whether it may do what the machine's root may.
    pub privileged: bool,
    /// Whether a program in it may gain more than its parent had.
    pub allow_privilege_escalation: Option<bool>,
    /// Whether it can write to its image's files.
    pub read_only_root_filesystem: bool,
    /// What it may do beyond, or less than, the engine's default.
    pub capabilities: Capabilities,
}

/// Capabilities of the kernel, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Given.
    pub add: Vec<String>,
    /// Taken; `ALL` takes every one.
    pub drop: Vec<String>,
}
