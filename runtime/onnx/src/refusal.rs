//! Requests that are not answered, with the codes and words of KServe's server where it has some.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::route::json_response;

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// What was sent cannot be given to the model.
    InvalidInput(String),
    /// No model of this name is served.
    NoModel(String),
    /// The model is served in another version.
    NoVersion { model: String, version: String },
    /// The model was run and failed.
    Inference(String),
    /// Something that no model here does.
    NotImplemented(&'static str),
    /// Nothing stands at this path.
    NoRoute,
    /// Something stands at this path, for this method.
    Method(Method),
}

impl Refusal {
    /// The body is not what the protocol says.
    pub(crate) fn format(error: &serde_json::Error) -> Self {
        Self::InvalidInput(format!("Unrecognized request format: {error}"))
    }

    /// The same, of an input's elements.
    pub(crate) fn of_input(self, name: &str) -> Self {
        match self {
            Self::InvalidInput(why) => Self::InvalidInput(format!("the input `{name}`: {why}")),
            other => other,
        }
    }

    pub(crate) fn response(&self) -> Response<Bytes> {
        let mut response = json_response(&self.body());
        *response.status_mut() = self.status();
        if let Self::Method(allowed) = self
            && let Ok(allowed) = HeaderValue::from_str(allowed.as_str())
        {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        response
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidInput(_) => StatusCode::BAD_REQUEST,
            Self::NoModel(_) | Self::NoVersion { .. } | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::Inference(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn body(&self) -> Value {
        let error = match self {
            Self::InvalidInput(why) | Self::Inference(why) => why.clone(),
            Self::NoModel(name) => format!("Model with name {name} does not exist."),
            Self::NoVersion { model, version } => {
                format!("Model with name {model} and version {version} does not exist.")
            }
            Self::NotImplemented(why) => (*why).to_owned(),
            // As the framework of KServe's server answers, before that server is asked.
            Self::NoRoute => return json!({ "detail": "Not Found" }),
            Self::Method(_) => return json!({ "detail": "Method Not Allowed" }),
        };
        json!({ "error": error })
    }
}
