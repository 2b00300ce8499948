//! Refusals as answers: the one place that knows which status an error has.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use coracle_app::AppError;
use coracle_app::view::{ErrorBody, ErrorCode};

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: ErrorBody,
}

impl Refusal {
    /// A refusal that no use case made.
    pub(crate) fn new(
        code: ErrorCode,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let body = ErrorBody {
            code,
            message: message.into(),
            hint: Some(hint.into()),
            diagnostics: Vec::new(),
        };
        Self {
            status: status(code),
            body,
        }
    }

    /// A request that cannot be understood.
    pub(crate) fn request(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message, hint)
    }

    /// A method that a route does not have.
    pub(crate) fn method() -> Self {
        let refusal = Self::request(
            "this route does not take that method",
            "see the list of routes in the documentation",
        );
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..refusal
        }
    }

    /// A part of a file that begins after its end.
    pub(crate) fn range(size: u64) -> Self {
        let refusal = Self::request(
            format!("the file has {size} bytes, and the range begins after them"),
            "ask for a range that begins before the end, or for all of it",
        );
        Self {
            status: StatusCode::RANGE_NOT_SATISFIABLE,
            ..refusal
        }
    }

    /// A route that is not there.
    pub(crate) fn route(path: &str) -> Self {
        let hint = "the workbench's own API is below `/apis/coracle/v1`";
        Self::new(
            ErrorCode::NotFound,
            format!("there is no route `{path}`"),
            hint,
        )
    }
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        let body = error.body();
        let status = status(body.code);
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = body.message, "a request failed");
        }
        Self { status, body }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer"),
            );
        }
        response
    }
}

fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidDefinition | ErrorCode::InvalidParameters => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::InvalidRequest | ErrorCode::Ambiguous => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::WrongState | ErrorCode::HomeLocked => StatusCode::CONFLICT,
        ErrorCode::NoEngine | ErrorCode::NoWorkbench | ErrorCode::Stopping => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::Engine | ErrorCode::Cluster | ErrorCode::Registry => StatusCode::BAD_GATEWAY,
        ErrorCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::ReadOnly | ErrorCode::Database | ErrorCode::Internal => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
