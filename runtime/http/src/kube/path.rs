//! What a path of the Kubernetes API names.

use coracle_objects::{Resource, Scope};
use percent_encoding::percent_decode_str;

/// What a path below `/api` or `/apis` names.
#[derive(Debug)]
pub(super) enum Place {
    /// `/api`: the versions of the core group.
    CoreVersions,
    /// `/apis`: the groups.
    Groups,
    /// `/apis/batch`: a group with its versions.
    Group(&'static str),
    /// `/api/v1`, `/apis/batch/v1`: the resources of a group and version.
    Resources {
        group: &'static str,
        version: &'static str,
    },
    /// Objects, or one of them, or a part of one.
    Objects(Target),
    /// A group and version that is served, and a resource that is not.
    NoResource,
    /// Nothing.
    Nothing,
}

/// Objects of a resource.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The resource.
    pub(super) resource: &'static Resource,
    /// The version under which it was asked for.
    pub(super) version: &'static str,
    /// The namespace; none for all of them, and for what belongs to none.
    pub(super) namespace: Option<String>,
    /// The object's name; none for all of them.
    pub(super) name: Option<String>,
    /// The part of the object that is meant: `status`, `log`.
    pub(super) subresource: Option<String>,
}

impl Place {
    /// Reads a path.
    pub(super) fn of(path: &str) -> Self {
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["apis", group] => served_group(group).map_or(Self::Nothing, Self::Group),
            ["api", version, rest @ ..] => Self::below("", version, rest),
            ["apis", group, version, rest @ ..] => Self::below(group, version, rest),
            _ => Self::Nothing,
        }
    }

    fn below(group: &str, version: &str, rest: &[&str]) -> Self {
        let served = coracle_objects::kind::group_versions();
        let Some(found) = served
            .into_iter()
            .find(|served| served.group == group && served.version == version)
        else {
            return Self::Nothing;
        };
        if rest.is_empty() {
            return Self::Resources {
                group: found.group,
                version: found.version,
            };
        }
        Self::objects(found.group, found.version, rest).unwrap_or(Self::NoResource)
    }

    fn objects(group: &'static str, version: &'static str, rest: &[&str]) -> Option<Self> {
        let find = |plural: &str| coracle_objects::kind::find(group, version, plural);
        // A namespace is an object, too: `namespaces/team` and `namespaces/team/status` are parts of it.
        let (namespace, rest) = match rest {
            ["namespaces", namespace, plural, rest @ ..]
                if group.is_empty() && is_part_of_namespace(plural) =>
            {
                return Some(Self::Objects(Target {
                    resource: find("namespaces")?,
                    version,
                    namespace: None,
                    name: Some((*namespace).to_owned()),
                    subresource: Some([&[*plural], rest].concat().join("/")),
                }));
            }
            ["namespaces", namespace, plural, rest @ ..] => {
                (Some((*namespace).to_owned()), [&[*plural], rest].concat())
            }
            rest => (None, rest.to_vec()),
        };
        let (plural, rest) = rest.split_first()?;
        let resource = find(plural)?;
        let name = rest.first().map(|name| (*name).to_owned());
        let subresource = (rest.len() > 1).then(|| rest[1..].join("/"));
        let fits = match resource.scope {
            Scope::Namespaced => namespace.is_some() || name.is_none(),
            Scope::Cluster => namespace.is_none(),
        };
        fits.then_some(Self::Objects(Target {
            resource,
            version,
            namespace,
            name,
            subresource,
        }))
    }
}

fn is_part_of_namespace(plural: &str) -> bool {
    matches!(plural, "status" | "finalize")
}

fn served_group(group: &str) -> Option<&'static str> {
    let mut served = coracle_objects::kind::group_versions().into_iter();
    served
        .find(|served| served.group == group)
        .map(|served| served.group)
}
