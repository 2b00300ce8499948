//! The verbs on objects: which one a request means, and what it answers.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use coracle_apiserver::{ApiServer, PatchRequest, Place, Written};
use coracle_app::Workbench;
use coracle_objects::decode::Body;
use coracle_objects::meta::DeleteOptions;
use coracle_objects::scale::{SCALE, scale_of};
use coracle_objects::table::Extent;
use coracle_objects::{Object, Reason, Scope, Status, Verb};

use super::answer::{Refused, Shape, in_version, success, warn};
use super::path::Target;
use super::query::Query;
use super::{parts, review, watch};

/// The largest body of an object: etcd's limit of 1.5 MiB with room for what surrounds it, as API servers have it.
const LARGEST_OBJECT: usize = 3 << 20;

/// Everything about a request but its body.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) target: Target,
    pub(super) query: Query,
    pub(super) shape: Shape,
    pub(super) content_type: Option<String>,
    pub(super) user_agent: Option<String>,
}

impl Asked {
    /// The object, or the place of objects, that is meant.
    pub(super) fn place(&self) -> Place<'_> {
        Place {
            resource: self.target.resource,
            version: self.target.version,
            namespace: self.target.namespace.as_deref().unwrap_or_default(),
            name: self.target.name.as_deref().unwrap_or_default(),
            subresource: self.target.subresource.as_deref().unwrap_or_default(),
        }
    }

    /// What is answered of an object: the part that was asked for, where that has a form of its own.
    fn part_of(&self, object: &Object) -> Object {
        match self.target.subresource.as_deref() {
            Some(SCALE) => scale_of(object),
            _ => in_version(object, self.target.resource, self.target.version),
        }
    }

    pub(super) fn body<'a>(&'a self, bytes: &'a [u8]) -> Body<'a> {
        Body {
            content_type: self.content_type.as_deref(),
            bytes,
        }
    }
}

/// Answers a request about objects.
pub(super) async fn answer(
    workbench: &Workbench,
    target: Target,
    request: Request,
) -> Result<Response, Refused> {
    let api = workbench.kubernetes().clone();
    let verb = verb(&target, request.method(), &Query::of(request.uri()))?;
    if let Some(part) = &target.subresource
        && parts::is_connection(target.resource, part)
    {
        return parts::answer(workbench, target, request).await;
    }
    let query = Query::of(request.uri());
    let asked = Asked {
        shape: Shape::of(
            request.headers(),
            &query,
            target.resource,
            extent(verb),
            api.now(),
        )?,
        content_type: text(request.headers(), &header::CONTENT_TYPE),
        user_agent: text(request.headers(), &header::USER_AGENT),
        query,
        target,
    };
    match verb {
        Verb::Watch => return watch::answer(workbench, &asked),
        Verb::Get => return get(&api, &asked),
        Verb::List => return list(&api, &asked),
        Verb::Create | Verb::Update | Verb::Patch | Verb::Delete | Verb::DeleteCollection => {}
    }
    let bytes = read(request).await?;
    // Writing waits for the disk.
    let written = tokio::task::spawn_blocking(move || write(&api, verb, &asked, &bytes)).await;
    written.unwrap_or_else(|error| {
        let message = format!("the request was given up: {error}");
        Err(Status::new(Reason::InternalError, message).into())
    })
}

fn write(api: &ApiServer, verb: Verb, asked: &Asked, bytes: &Bytes) -> Result<Response, Refused> {
    let place = asked.place();
    let options = |kind| asked.query.write_options(kind, asked.user_agent.as_deref());
    let body = asked.body(bytes);
    match verb {
        Verb::Create if review::is_one(place.resource) => review::answer(api, asked, body),
        Verb::Create => {
            let written = api.create(&place, body, &options("CreateOptions")?)?;
            Ok(shown(asked, &written))
        }
        Verb::Update => {
            let written = api.update(&place, body, &options("UpdateOptions")?)?;
            Ok(shown(asked, &written))
        }
        Verb::Patch => {
            let kind = api.patch_kind(&place, asked.content_type.as_deref())?;
            let patch = PatchRequest { kind, body };
            let written = api.patch(&place, patch, &options("PatchOptions")?)?;
            Ok(shown(asked, &written))
        }
        Verb::Delete => delete(api, asked, body),
        Verb::DeleteCollection => delete_collection(api, asked, body),
        Verb::Get | Verb::List | Verb::Watch => Err(method_not_allowed().into()),
    }
}

/// What a verb answers with.
fn extent(verb: Verb) -> Extent {
    match verb {
        Verb::List | Verb::DeleteCollection => Extent::List,
        Verb::Watch => Extent::Watch,
        Verb::Create | Verb::Delete | Verb::Get | Verb::Patch | Verb::Update => Extent::One,
    }
}

/// What a method on a place means.
fn verb(target: &Target, method: &Method, query: &Query) -> Result<Verb, Status> {
    let watching = query.is_on("watch");
    let wanted = match (method.as_str(), &target.name) {
        ("GET" | "HEAD", None) if watching => Verb::Watch,
        ("GET" | "HEAD", None) => Verb::List,
        ("GET" | "HEAD", Some(_)) => Verb::Get,
        ("POST", _) => Verb::Create,
        ("PUT", Some(_)) => Verb::Update,
        ("PATCH", Some(_)) => Verb::Patch,
        ("DELETE", Some(_)) => Verb::Delete,
        ("DELETE", None) => Verb::DeleteCollection,
        _ => return Err(method_not_allowed()),
    };
    let verbs = match &target.subresource {
        None => target.resource.verbs,
        Some(part) => {
            target
                .resource
                .subresource(part)
                .ok_or_else(no_resource)?
                .verbs
        }
    };
    // One is made among its kind, in a namespace where it stands in one.
    let misplaced = wanted == Verb::Create
        && target.subresource.is_none()
        && (target.name.is_some()
            || target.resource.scope == Scope::Namespaced && target.namespace.is_none());
    if misplaced || !verbs.contains(&wanted) {
        return Err(method_not_allowed());
    }
    Ok(wanted)
}

fn get(api: &ApiServer, asked: &Asked) -> Result<Response, Refused> {
    let resource = asked.target.resource;
    let found = api.get(&asked.place())?;
    let object = asked.part_of(&found.body);
    Ok(asked.shape.one(StatusCode::OK, &object, resource))
}

fn list(api: &ApiServer, asked: &Asked) -> Result<Response, Refused> {
    let resource = asked.target.resource;
    let options = asked.query.list_options(resource)?;
    let listing = api.list(resource, asked.target.namespace.as_deref(), &options)?;
    Ok(asked.shape.many(&listing, resource, asked.target.version))
}

fn delete(api: &ApiServer, asked: &Asked, body: Body<'_>) -> Result<Response, Refused> {
    let resource = asked.target.resource;
    let options = DeleteOptions::read(body, &asked.query.pairs())?;
    let deleted = api.delete(&asked.place(), &options)?;
    if deleted.gone && !resource.strategy.answers_deleted() {
        let answer = success(&deleted.object.body, resource);
        return Ok(asked.shape.write(StatusCode::OK, &answer));
    }
    let object = in_version(&deleted.object.body, resource, asked.target.version);
    Ok(asked.shape.one(StatusCode::OK, &object, resource))
}

fn delete_collection(api: &ApiServer, asked: &Asked, body: Body<'_>) -> Result<Response, Refused> {
    let resource = asked.target.resource;
    let options = DeleteOptions::read(body, &asked.query.pairs())?;
    let list = asked.query.list_options(resource)?;
    let listing = api.delete_collection(&asked.place(), &list, &options)?;
    Ok(asked.shape.many(&listing, resource, asked.target.version))
}

fn shown(asked: &Asked, written: &Written) -> Response {
    let resource = asked.target.resource;
    let object = asked.part_of(&written.object.body);
    let code = if written.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let mut response = asked.shape.one(code, &object, resource);
    warn(&mut response, &written.warnings);
    response
}

async fn read(request: Request) -> Result<Bytes, Status> {
    axum::body::to_bytes(request.into_body(), LARGEST_OBJECT)
        .await
        .map_err(|_| {
            let message = format!("Request entity too large: limit is {LARGEST_OBJECT}");
            Status::new(Reason::RequestEntityTooLarge, message)
        })
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// The refusal of a resource that a group does not have.
pub(super) fn no_resource() -> Status {
    Status::new(
        Reason::NotFound,
        "the server could not find the requested resource",
    )
    .with_details(Default::default())
}

/// The refusal of a method that a place does not have.
pub(super) fn method_not_allowed() -> Status {
    let message = "the server does not allow this method on the requested resource";
    Status::new(Reason::MethodNotAllowed, message).with_details(Default::default())
}
