//! Answers: objects in the form that was asked for, and refusals as `Status`.

use std::iter;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use coracle_apiserver::Listing;
use coracle_model::Timestamp;
use coracle_objects::table::{
    self, Encoding, Extent, Form, IncludeObject, List, Listed, Partial, PartialList,
    Representation, Table,
};
use coracle_objects::{Details, Object, ObjectExt as _, Resource, Status, api_version};
use serde::Serialize;
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
    fn into_response(self) -> Response {
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

    /// The answer with one object.
    pub(super) fn one(&self, code: StatusCode, object: &Object, resource: &Resource) -> Response {
        let representation = self.representation;
        match representation.form {
            Form::Whole | Form::MetadataList => self.write(code, object),
            Form::Metadata => self.write(
                code,
                &Partial {
                    object,
                    representation,
                },
            ),
            Form::Table => {
                let listed = Listed {
                    resource_version: object.resource_version().to_owned(),
                    ..Listed::default()
                };
                self.write(code, &self.table(iter::once(object), resource, &listed))
            }
        }
    }

    /// The answer with many objects.
    pub(super) fn many(&self, listing: &Listing, resource: &Resource, version: &str) -> Response {
        let listed = Listed {
            resource_version: listing.version.to_string(),
            continue_token: listing.continue_token.clone(),
            remaining_item_count: listing.remaining,
        };
        let listed = &listed;
        let objects = listing.objects.iter().map(|object| &object.body);
        let (code, representation) = (StatusCode::OK, self.representation);
        match representation.form {
            Form::Whole => {
                let api_version = &api_version(resource.group, version);
                self.write(
                    code,
                    &List {
                        objects,
                        resource,
                        api_version,
                        listed,
                    },
                )
            }
            Form::Metadata | Form::MetadataList => self.write(
                code,
                &PartialList {
                    objects,
                    listed,
                    representation,
                },
            ),
            Form::Table => self.write(code, &self.table(objects, resource, listed)),
        }
    }

    /// One object as it stands in an event of a watch.
    pub(super) fn value(&self, object: &Object, resource: &Resource) -> Value {
        let representation = self.representation;
        let shown = match representation.form {
            Form::Whole | Form::MetadataList => return Value::Object(object.clone()),
            Form::Metadata => serde_json::to_value(Partial {
                object,
                representation,
            }),
            Form::Table => {
                let listed = Listed {
                    resource_version: object.resource_version().to_owned(),
                    ..Listed::default()
                };
                serde_json::to_value(self.table(iter::once(object), resource, &listed))
            }
        };
        shown.expect("objects are JSON, and so is what is shown of them")
    }

    fn table<'a, Objects>(
        &self,
        objects: Objects,
        resource: &'a Resource,
        listed: &'a Listed,
    ) -> Table<'a, Objects> {
        Table {
            objects,
            resource,
            listed,
            include: self.include,
            representation: self.representation,
            now: self.now,
        }
    }

    /// The answer with a body of that shape.
    pub(super) fn write(&self, code: StatusCode, body: &impl Serialize) -> Response {
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

/// An object as a version of its group shows it.
pub(super) fn in_version(object: &Object, resource: &Resource, version: &str) -> Object {
    let mut object = object.clone();
    object.insert(
        "apiVersion".to_owned(),
        api_version(resource.group, version).into(),
    );
    object
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
pub(super) fn json_answer(code: StatusCode, body: &impl Serialize) -> Response {
    let mut text = serde_json::to_vec(body).expect("what is answered is JSON");
    text.push(b'\n');
    with_type(code, "application/json", text.into())
}

fn with_type(code: StatusCode, kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Adds a `Warning` header for each text, as RFC 7234 has them: kubectl shows them.
pub(super) fn warn(response: &mut Response, warnings: &[String]) {
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
