//! Discovery: which groups, versions and resources there are, in the old form and in the aggregated one.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use coracle_objects::{GroupVersion, Resource, Scope, Subresource, Verb, api_version, kind};
use serde_json::{Value, json};

use super::answer::json_answer;

/// The aggregated form, as an `Accept` header names it: version 2, and the one before it.
const AGGREGATED: [(&str, &str); 2] = [
    (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "apidiscovery.k8s.io/v2",
    ),
    (
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "apidiscovery.k8s.io/v2beta1",
    ),
];

/// `/api`: the versions of the core group.
pub(super) fn core(headers: &HeaderMap) -> Response {
    if let Some(form) = aggregated_form(headers) {
        return aggregated(form, str::is_empty);
    }
    let body = json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": host(headers) }],
    });
    json_answer(StatusCode::OK, &body)
}

/// `/apis`: all other groups.
pub(super) fn groups(headers: &HeaderMap) -> Response {
    if let Some(form) = aggregated_form(headers) {
        return aggregated(form, |group| !group.is_empty());
    }
    let groups: Vec<Value> = names()
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| group_body(name, &versions(name)))
        .collect();
    let body = json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups });
    json_answer(StatusCode::OK, &body)
}

/// `/apis/{group}`: one group. Its alpha versions are served and listed with all groups, and not named here.
pub(super) fn group(name: &str) -> Response {
    let mut versions = versions(name);
    versions.retain(|version| !version.version.contains("alpha"));
    let mut body = group_body(name, &versions);
    body["kind"] = "APIGroup".into();
    body["apiVersion"] = "v1".into();
    json_answer(StatusCode::OK, &body)
}

/// `/api/v1`, `/apis/{group}/{version}`: the resources of a version.
pub(super) fn resources(group: &str, version: &str) -> Response {
    let mut listed = Vec::new();
    for resource in served(group, version) {
        listed.push(resource_body(resource));
        let parts = resource.subresources.iter();
        listed.extend(parts.map(|part| part_body(resource, part)));
    }
    let body = json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version(group, version),
        "resources": listed,
    });
    json_answer(StatusCode::OK, &body)
}

fn resource_body(resource: &Resource) -> Value {
    let mut body = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.scope == Scope::Namespaced,
        "kind": resource.kind,
        "verbs": words(resource.verbs),
    });
    if !resource.short_names.is_empty() {
        body["shortNames"] = resource.short_names.into();
    }
    if !resource.categories.is_empty() {
        body["categories"] = resource.categories.into();
    }
    body
}

fn part_body(resource: &Resource, part: &Subresource) -> Value {
    let mut body = json!({
        "name": format!("{}/{}", resource.plural, part.name),
        "singularName": "",
        "namespaced": resource.scope == Scope::Namespaced,
        "kind": part.kind,
        "verbs": words(part.verbs),
    });
    if let Some(GroupVersion { group, version }) = part.group_version {
        body["group"] = group.into();
        body["version"] = version.into();
    }
    body
}

fn group_body(name: &str, versions: &[GroupVersion]) -> Value {
    let one = |version: &GroupVersion| json!({ "groupVersion": version.to_string(), "version": version.version });
    let versions: Vec<Value> = versions.iter().map(one).collect();
    json!({ "name": name, "preferredVersion": versions.first(), "versions": versions })
}

fn aggregated_form(headers: &HeaderMap) -> Option<(&'static str, &'static str)> {
    let accept = headers.get(header::ACCEPT)?.to_str().ok()?;
    let wanted = accept.split(',').map(|kind| kind.replace(' ', ""));
    wanted
        .filter_map(|kind| AGGREGATED.into_iter().find(|(form, _)| *form == kind))
        .next()
}

fn aggregated(form: (&'static str, &'static str), wanted: impl Fn(&str) -> bool) -> Response {
    let (content_type, api_version) = form;
    let items: Vec<Value> = names()
        .into_iter()
        .filter(|name| wanted(name))
        .map(aggregated_group)
        .collect();
    let body = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": api_version,
        "metadata": {},
        "items": items,
    });
    let mut response = json_answer(StatusCode::OK, &body);
    let kind = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn aggregated_group(name: &'static str) -> Value {
    let version = |found: GroupVersion| {
        let resources: Vec<Value> = served(found.group, found.version)
            .map(|resource| aggregated_resource(resource, found))
            .collect();
        json!({ "version": found.version, "resources": resources, "freshness": "Current" })
    };
    let versions: Vec<Value> = versions(name).into_iter().map(version).collect();
    let metadata = match name {
        "" => json!({ "creationTimestamp": null }),
        name => json!({ "name": name, "creationTimestamp": null }),
    };
    json!({ "metadata": metadata, "versions": versions })
}

fn aggregated_resource(resource: &Resource, at: GroupVersion) -> Value {
    let kind = |group_version: GroupVersion, kind: &str| json!({ "group": group_version.group, "version": group_version.version, "kind": kind });
    let scope = match resource.scope {
        Scope::Namespaced => "Namespaced",
        Scope::Cluster => "Cluster",
    };
    let part = |part: &Subresource| {
        json!({
            "subresource": part.name,
            "responseKind": kind(part.group_version.unwrap_or(at), part.kind),
            "verbs": words(part.verbs),
        })
    };
    let mut body = json!({
        "resource": resource.plural,
        "responseKind": kind(at, resource.kind),
        "scope": scope,
        "singularResource": resource.singular,
        "verbs": words(resource.verbs),
    });
    if !resource.short_names.is_empty() {
        body["shortNames"] = resource.short_names.into();
    }
    if !resource.categories.is_empty() {
        body["categories"] = resource.categories.into();
    }
    if !resource.subresources.is_empty() {
        body["subresources"] = resource.subresources.iter().map(part).collect();
    }
    body
}

fn words(verbs: &[Verb]) -> Vec<&'static str> {
    verbs.iter().map(|verb| verb.as_str()).collect()
}

/// The groups, the core group first.
fn names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = kind::group_versions()
        .into_iter()
        .map(|served| served.group)
        .collect();
    names.dedup();
    names
}

fn versions(group: &str) -> Vec<GroupVersion> {
    let mut versions = kind::group_versions();
    versions.retain(|served| served.group == group);
    versions
}

fn served(group: &str, version: &str) -> impl Iterator<Item = &'static Resource> {
    let all = kind::resources().iter().copied();
    all.filter(move |resource| resource.is_served(group, version))
}

fn host(headers: &HeaderMap) -> &str {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default()
}
