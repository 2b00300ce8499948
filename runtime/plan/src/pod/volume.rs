//! What a pod's volumes are on the disk: which files, with which modes and content.

use std::path::PathBuf;

use coracle_spec::kind::pod::{
    Amount, DownwardItem, DownwardSource, KeyItem, KeyedSource, Pod, Projection, Volume,
    VolumeSource,
};

use super::fields::PodFacts;
use super::objects::{ClaimState, Entries, PodObjects, PodSetting};
use super::step::{VolumeFile, VolumeKind, VolumeWork};

/// Kubernetes' default for files of volumes.
const DEFAULT_MODE: u32 = 0o644;

/// What there is to be done for a volume; none when the engine makes it.
///
/// # Errors
/// In a kubelet's words, when it cannot be made as things stand.
pub(super) fn volume_work(
    facts: PodFacts<'_>,
    volume: &Volume,
    objects: &PodObjects,
) -> Result<Option<VolumeWork>, String> {
    let directory = directory(facts.setting, volume);
    let files = |files| VolumeKind::Files {
        directory: directory.clone(),
        files,
    };
    let what = match &volume.source {
        VolumeSource::EmptyDir(_) if is_in_memory(facts.pod, volume) => return Ok(None),
        VolumeSource::EmptyDir(empty) => VolumeKind::Empty {
            directory,
            limit: empty.size_limit.as_ref().and_then(Amount::memory),
        },
        VolumeSource::ConfigMap(keyed) => files(config_map(keyed, None, objects)?),
        VolumeSource::Secret(keyed) => files(secret(keyed, None, objects)?),
        VolumeSource::Downward {
            items,
            default_mode,
        } => files(downward(facts, items, *default_mode)?),
        VolumeSource::Projected {
            sources,
            default_mode,
        } => {
            let mut all = Vec::new();
            for source in sources {
                all.extend(projection(facts, source, *default_mode, objects)?);
            }
            files(all)
        }
        VolumeSource::Claim { name, .. } => VolumeKind::Claim {
            claim: name.clone(),
        },
        VolumeSource::HostPath(host) => VolumeKind::HostPath {
            path: PathBuf::from(&host.path),
            kind: host.kind,
        },
        VolumeSource::Other(kind) => {
            return Err(format!(
                "no volume plugin on this machine offers volumes of the kind {kind}"
            ));
        }
    };
    if let VolumeKind::Files { files, .. } = &what {
        files.iter().try_for_each(|file| check_path(&file.path))?;
    }
    let fs_group = facts.pod.spec.security_context.fs_group;
    // The machine's own files keep their owners, as on a cluster.
    let fs_group = fs_group.filter(|_| !matches!(what, VolumeKind::HostPath { .. }));
    Ok(Some(VolumeWork {
        volume: volume.name.clone(),
        what,
        fs_group,
    }))
}

/// What keeps a pod from being scheduled because of its claims, in the scheduler's words.
pub(super) fn unbound_claim(pod: &Pod, objects: &PodObjects) -> Option<String> {
    let claims = pod
        .spec
        .volumes
        .iter()
        .filter_map(|volume| match &volume.source {
            VolumeSource::Claim { name, .. } => Some(name),
            VolumeSource::EmptyDir(_)
            | VolumeSource::ConfigMap(_)
            | VolumeSource::Secret(_)
            | VolumeSource::Downward { .. }
            | VolumeSource::Projected { .. }
            | VolumeSource::HostPath(_)
            | VolumeSource::Other(_) => None,
        });
    claims
        .map(|claim| (claim, objects.claims.get(claim)))
        .find_map(|(claim, state)| match state {
            None => Some(format!("persistentvolumeclaim {claim:?} not found")),
            Some(ClaimState::Pending) => {
                Some("pod has unbound immediate PersistentVolumeClaims".to_owned())
            }
            Some(ClaimState::Bound) => None,
        })
}

/// Where a volume's files are.
pub(super) fn directory(setting: &PodSetting, volume: &Volume) -> PathBuf {
    setting.directory.join("volumes").join(volume.name.as_str())
}

/// Whether the engine makes it, in memory. That of an engine is one container's, so what several containers share, or
/// parts of which are mounted, is a directory.
pub(super) fn is_in_memory(pod: &Pod, volume: &Volume) -> bool {
    let VolumeSource::EmptyDir(empty) = &volume.source else {
        return false;
    };
    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    let mut mounts = containers
        .flat_map(|container| &container.volume_mounts)
        .filter(|mount| mount.name == volume.name);
    let only = mounts.next();
    let whole =
        only.is_some_and(|mount| mount.sub_path.is_empty() && mount.sub_path_expr.is_empty());
    empty.medium == "Memory" && whole && mounts.next().is_none()
}

/// Checks that a path of a volume's file or part stays in the volume.
///
/// # Errors
/// In a kubelet's words.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    if path.starts_with('/') {
        return Err(format!("invalid path: must be relative path: {path}"));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(format!("invalid path: must not contain '..': {path}"));
    }
    if path.contains('\0') || path.split('/').all(|part| part.is_empty() || part == ".") {
        return Err(format!("invalid path: must name a file: {path}"));
    }
    Ok(())
}

fn projection(
    facts: PodFacts<'_>,
    source: &Projection,
    default_mode: Option<u32>,
    objects: &PodObjects,
) -> Result<Vec<VolumeFile>, String> {
    match source {
        Projection::ConfigMap(keyed) => config_map(keyed, default_mode, objects),
        Projection::Secret(keyed) => secret(keyed, default_mode, objects),
        Projection::Downward(items) => downward(facts, items, default_mode),
        Projection::Token(token) => {
            let account = &facts.pod.spec.service_account_name;
            let content = objects.tokens.get(&token.audience).ok_or_else(|| {
                format!("failed to fetch token: serviceaccounts {account:?} not found")
            })?;
            Ok(vec![VolumeFile {
                path: token.path.clone(),
                content: content.clone().into_bytes(),
                mode: default_mode.unwrap_or(DEFAULT_MODE),
            }])
        }
        Projection::Other(kind) => Err(format!(
            "no volume plugin on this machine projects a {kind}"
        )),
    }
}

fn config_map(
    keyed: &KeyedSource,
    default_mode: Option<u32>,
    objects: &PodObjects,
) -> Result<Vec<VolumeFile>, String> {
    let found = objects.config_maps.get(&keyed.name);
    files_of(keyed, found, default_mode, ["configmap", "config"])
}

fn secret(
    keyed: &KeyedSource,
    default_mode: Option<u32>,
    objects: &PodObjects,
) -> Result<Vec<VolumeFile>, String> {
    let found = objects.secrets.get(&keyed.name);
    files_of(keyed, found, default_mode, ["secret", "secret"])
}

fn files_of(
    keyed: &KeyedSource,
    found: Option<&Entries>,
    default_mode: Option<u32>,
    [object, key_word]: [&str; 2],
) -> Result<Vec<VolumeFile>, String> {
    let entries = match found {
        Some(entries) => entries,
        None if keyed.optional => return Ok(Vec::new()),
        None => return Err(format!("{object} {:?} not found", keyed.name)),
    };
    let default_mode = keyed.default_mode.or(default_mode).unwrap_or(DEFAULT_MODE);
    if keyed.items.is_empty() {
        let all = entries.data.iter().chain(&entries.binary);
        return Ok(all
            .map(|(key, content)| VolumeFile {
                path: key.clone(),
                content: content.clone(),
                mode: default_mode,
            })
            .collect());
    }
    let mut files = Vec::new();
    for KeyItem { key, path, mode } in &keyed.items {
        match entries.data.get(key).or_else(|| entries.binary.get(key)) {
            Some(content) => files.push(VolumeFile {
                path: path.clone(),
                content: content.clone(),
                mode: mode.unwrap_or(default_mode),
            }),
            None if keyed.optional => {}
            None => {
                return Err(format!(
                    "{object} references non-existent {key_word} key: {key}"
                ));
            }
        }
    }
    Ok(files)
}

fn downward(
    facts: PodFacts<'_>,
    items: &[DownwardItem],
    default_mode: Option<u32>,
) -> Result<Vec<VolumeFile>, String> {
    let file = |item: &DownwardItem| {
        let value = match &item.source {
            DownwardSource::Field(field) => {
                let path = &field.field_path;
                let value = facts.field(path);
                value.ok_or_else(|| format!("unsupported fieldPath: {path}"))?
            }
            DownwardSource::Resource(resource) => facts.resource(resource, None)?,
        };
        Ok(VolumeFile {
            path: item.path.clone(),
            content: value.into_bytes(),
            mode: item.mode.or(default_mode).unwrap_or(DEFAULT_MODE),
        })
    };
    items.iter().map(file).collect()
}
