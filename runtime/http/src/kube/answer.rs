//! Answers: objects in the form that was asked for, and refusals as `Status`.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use coracle_apiserver::Listing;
use coracle_model::Timestamp;
use coracle_objects::table::{self, Encoding, Extent, Form, IncludeObject, Listed, Representation};
use coracle_objects::{Details, Object, ObjectExt as _, Resource, Status};
use coracle_store::StoredObject;
use serde_json::{Value, json};

use super::query::Query;

/// A refusal on its way out.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Status);

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        Self(status)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> axum::response::Response {
        let code = StatusCode::from_u16(self.0.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json_answer(code, &self.0.to_json())
    }
}

/// How a request wants its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) representation: Representation,
    pub(super) include: IncludeObject,
    /// The time by which ages are told.
    pub(super) now: Timestamp,
}

impl Shape {
    /// Reads what was asked for.
    ///
    /// # Errors
    /// 406 for what cannot be given.
    pub(super) fn of(
        headers: &HeaderMap,
        query: &Query,
        resource: &Resource,
        extent: Extent,
        now: Timestamp,
    ) -> Result<Self, Status> {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok());
        Ok(Self {
            representation: table::negotiate(accept, resource, extent)?,
            include: IncludeObject::parse(query.get("includeObject"))?,
            now,
        })
    }

    /// One object.
    pub(super) fn object(&self, object: &Object, resource: &Resource) -> Value {
        match self.representation.form {
            Form::Whole | Form::MetadataList => Value::Object(object.clone()),
            Form::Metadata => table::partial(object, self.representation),
            Form::Table => {
                let listed = Listed {
                    resource_version: object.resource_version().to_owned(),
                    ..Listed::default()
                };
                let objects = std::slice::from_ref(object);
                self.table(objects, resource, &listed)
            }
        }
    }

    /// Many objects.
    pub(super) fn list(&self, listing: &Listing, resource: &Resource, version: &str) -> Value {
        let listed = Listed {
            resource_version: listing.version.to_string(),
            continue_token: listing.continue_token.clone(),
            remaining_item_count: listing.remaining,
        };
        let objects = bodies(&listing.objects);
        let api_version = api_version(resource, version);
        match self.representation.form {
            Form::Whole => table::list(&objects, resource, &api_version, &listed),
            Form::Metadata | Form::MetadataList => {
                table::partial_list(&objects, &listed, self.representation)
            }
            Form::Table => self.table(&objects, resource, &listed),
        }
    }

    fn table(&self, objects: &[Object], resource: &Resource, listed: &Listed) -> Value {
        let (include, representation) = (self.include, self.representation);
        table::table(objects, resource, listed, include, representation, self.now)
    }

    /// The answer with a body of that shape.
    pub(super) fn answer(&self, code: StatusCode, body: &Value) -> axum::response::Response {
        match self.representation.encoding {
            Encoding::Json => json_answer(code, body),
            Encoding::Yaml => match serde_saphyr::to_string(body) {
                Ok(text) => with_type(code, "application/yaml", text.into()),
                Err(error) => {
                    let message = format!("the answer cannot be written as YAML: {error}");
                    let status = Status::new(coracle_objects::Reason::InternalError, message);
                    Refused(status).into_response()
                }
            },
        }
    }
}

fn bodies(objects: &[Arc<StoredObject>]) -> Vec<Object> {
    objects.iter().map(|object| object.body.clone()).collect()
}

/// An object as a version of its group shows it.
pub(super) fn in_version(object: &Object, resource: &Resource, version: &str) -> Object {
    let mut object = object.clone();
    object.insert(
        "apiVersion".to_owned(),
        api_version(resource, version).into(),
    );
    object
}

/// `apiVersion` of a version of a resource's group.
pub(super) fn api_version(resource: &Resource, version: &str) -> String {
    match resource.group {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    }
}

/// The answer that something was done, with nothing to show for it.
pub(super) fn success(object: &Object, resource: &Resource) -> Value {
    let details = Details {
        uid: object.uid().to_owned(),
        ..Details::of(resource.group, resource.plural, object.name())
    };
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details.to_json(),
    })
}

/// A JSON answer.
pub(super) fn json_answer(code: StatusCode, body: &Value) -> axum::response::Response {
    let mut text = body.to_string();
    text.push('\n');
    with_type(code, "application/json", text.into())
}

fn with_type(code: StatusCode, kind: &'static str, body: Body) -> axum::response::Response {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Adds a `Warning` header for each text, as RFC 7234 has them: kubectl shows them.
pub(super) fn warn(response: &mut axum::response::Response, warnings: &[String]) {
    for warning in warnings {
        let plain: String = warning
            .chars()
            .filter(|letter| !letter.is_control())
            .flat_map(|letter| match letter {
                '"' | '\\' => vec!['\\', letter],
                letter => vec![letter],
            })
            .collect();
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{plain}\"")) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
}
