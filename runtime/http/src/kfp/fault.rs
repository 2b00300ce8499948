//! Refusals in the form of KFP's server: a message for whoever keeps the server, and one for whoever asked.

use std::fmt::Display;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use coracle_app::AppError;
use coracle_app::view::ErrorCode;
use serde::Serialize;

/// The codes of gRPC that occur, each with its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    InvalidArgument,
    NotFound,
    AlreadyExists,
    FailedPrecondition,
    Aborted,
    Unimplemented,
    Internal,
    Unavailable,
}

impl Code {
    fn number(self) -> u8 {
        match self {
            Self::InvalidArgument => 3,
            Self::NotFound => 5,
            Self::AlreadyExists => 6,
            Self::FailedPrecondition => 9,
            Self::Aborted => 10,
            Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Unavailable => 14,
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists | Self::Aborted => StatusCode::CONFLICT,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A refusal on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    code: Code,
    message: String,
    /// What is said to whoever asked; none when the request did not get as far as the server proper.
    external: Option<String>,
}

/// The body of a refusal.
#[derive(Serialize)]
struct Body<'a> {
    code: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<[Detail<'a>; 1]>,
}

/// A `google.rpc.Status` inside of another.
#[derive(Serialize)]
struct Detail<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    code: u8,
    message: &'a str,
}

impl Fault {
    fn plain(code: Code, message: String) -> Self {
        Self {
            code,
            message,
            external: None,
        }
    }

    fn told(code: Code, message: String, external: String) -> Self {
        Self {
            code,
            message,
            external: Some(external),
        }
    }

    /// A request that could not be read.
    pub(super) fn parsing(message: String) -> Self {
        Self::plain(Code::InvalidArgument, message)
    }

    /// The same, when protobuf's reader says it.
    pub(super) fn parsing_proto(self) -> Self {
        Self {
            message: format!("proto: {}", self.message),
            ..self
        }
    }

    /// A path that leads nowhere.
    pub(super) fn no_path() -> Self {
        Self::plain(Code::NotFound, "Not Found".to_owned())
    }

    /// A path that does not take the method or the verb.
    pub(super) fn no_method() -> Self {
        Self::plain(Code::Unimplemented, "Method Not Allowed".to_owned())
    }

    /// Something that the caller has to write otherwise.
    pub(super) fn invalid(external: impl Into<String>) -> Self {
        let external = external.into();
        Self::told(
            Code::InvalidArgument,
            format!("Invalid input error: {external}"),
            external,
        )
    }

    /// The same, with what is behind it.
    pub(super) fn invalid_because(external: impl Into<String>, cause: impl Display) -> Self {
        let external = external.into();
        Self::told(
            Code::InvalidArgument,
            format!("InvalidInputError: {external}: {cause}"),
            external,
        )
    }

    /// A value of a kind that this API does not have.
    pub(super) fn unknown_version(what: &str, kind: &str) -> Self {
        let external = format!("Error using {what} with {kind}");
        Self::told(
            Code::InvalidArgument,
            format!("UnknownApiVersionError: {external}"),
            external,
        )
    }

    /// Something that is not there.
    pub(super) fn not_found(kind: &str, name: &str) -> Self {
        let external = format!("{kind} {name} not found");
        Self::told(
            Code::NotFound,
            format!("ResourceNotFoundError: {external}"),
            external,
        )
    }

    /// A name that is taken.
    pub(super) fn taken(external: impl Into<String>) -> Self {
        let external = external.into();
        Self::told(
            Code::AlreadyExists,
            format!("Already exist error: {external}"),
            external,
        )
    }

    /// Something that cannot be done to what it is asked for.
    pub(super) fn conflict(external: impl Into<String>, cause: impl Display) -> Self {
        let external = external.into();
        Self::told(
            Code::Aborted,
            format!("BadRequestError: {external}: {cause}"),
            external,
        )
    }

    /// Something that has to be done first.
    pub(super) fn precondition(external: impl Into<String>, cause: impl Display) -> Self {
        let external = external.into();
        Self::told(
            Code::FailedPrecondition,
            format!("FailedPreconditionError: {external}: {cause}"),
            external,
        )
    }

    /// Says what was being done, before what there is.
    #[must_use]
    pub(super) fn wrap(self, doing: impl Display) -> Self {
        Self {
            message: format!("{doing}: {}", self.message),
            ..self
        }
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    #[cfg(test)]
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// What is said to whoever asked.
    pub(super) fn external(&self) -> &str {
        self.external.as_deref().unwrap_or(&self.message)
    }
}

/// How KFP's server calls what the workbench calls otherwise.
fn kind(what: &str) -> &str {
    match what {
        "experiment" => "Experiment",
        "pipeline" => "Pipeline",
        "pipeline version" => "PipelineVersion",
        "run" => "Run",
        "recurring run" => "Job",
        other => other,
    }
}

impl From<AppError> for Fault {
    /// The refusal, in KFP's words where it has any. What was being done is said by [`Fault::wrap`].
    fn from(error: AppError) -> Self {
        match &error {
            AppError::NotFound { what, name, .. } => Self::not_found(kind(what), name),
            AppError::Definition { diagnostics, .. } | AppError::Parameters { diagnostics, .. } => {
                let mut errors = diagnostics.iter().filter(|found| found.is_error());
                let first = errors.next().map(|found| found.message.clone());
                Self::invalid(first.unwrap_or_else(|| error.to_string()))
            }
            AppError::Tags(problem) | AppError::Fetch(problem) => Self::invalid(problem),
            AppError::NameTaken { what, name } => Self::taken(format!(
                "Failed to create a new {what}. The name {name} already exist. Please specify a new name"
            )),
            AppError::NoSuchField { noun, field, to } => Self::invalid(match *to {
                "sort by" => format!("Invalid sorting field: {field:?} on listable type {noun}"),
                _ => format!("no support for filtering on unrecognized field {field:?}"),
            }),
            AppError::OtherPipeline {
                version,
                pipeline,
                asked,
            } => Self::invalid(format!(
                "Pipeline version {version} belongs to pipeline {pipeline} (not {asked})"
            )),
            _ => of_code(&error),
        }
    }
}

/// What has no words of its own: told as the workbench tells it.
fn of_code(error: &AppError) -> Fault {
    let body = error.body();
    let message = match body.hint {
        Some(hint) => format!("{}; {hint}", body.message),
        None => body.message,
    };
    match body.code {
        ErrorCode::InvalidDefinition
        | ErrorCode::InvalidParameters
        | ErrorCode::InvalidRequest
        | ErrorCode::Ambiguous
        | ErrorCode::Forbidden
        | ErrorCode::Unauthorized
        | ErrorCode::TooLarge => Fault::invalid(message),
        ErrorCode::NotFound => Fault::told(Code::NotFound, message.clone(), message),
        ErrorCode::WrongState | ErrorCode::HomeLocked => {
            Fault::told(Code::Aborted, message.clone(), message)
        }
        ErrorCode::NoEngine
        | ErrorCode::NoWorkbench
        | ErrorCode::Stopping
        | ErrorCode::Engine
        | ErrorCode::Cluster
        | ErrorCode::Registry
        | ErrorCode::DiskFull => Fault::told(Code::Unavailable, message.clone(), message),
        ErrorCode::ReadOnly | ErrorCode::Database | ErrorCode::Internal => {
            tracing::error!(error = message, "a request failed");
            Fault::told(Code::Internal, message, "Internal Server Error".to_owned())
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let code = self.code.number();
        let details = self.external.as_deref().map(|message| {
            [Detail {
                kind: "type.googleapis.com/google.rpc.Status",
                code,
                message,
            }]
        });
        let body = Body {
            code,
            message: &self.message,
            details,
        };
        (self.code.status(), Json(body)).into_response()
    }
}
