//! Uploads of packages: a file in a form, everything else in the query. Refusals have a form of their own.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use coracle_app::view::ErrorBody;
use coracle_app::{AppError, Package, Workbench};
use coracle_model::Severity;
use serde::Serialize;

use super::fault::{Code, Fault};
use super::pipelines::{self, Given, PipelineMessage};
use super::query::LooseQuery;
use super::versions::{self, VersionMessage};
use super::write::Message;

/// The name of the part that holds the file.
const PART: &str = "uploadfile";

/// The codes of what is wrong with the file rather than with the definition in it.
const FILE_CODES: [&str; 8] = [
    "climbing-definition",
    "climbing-archive",
    "file-too-large",
    "empty-file",
    "wrong-ending",
    "unknown-format",
    "not-utf8",
    "bad-archive",
];

/// The codes of what KFP's server sees as no definition at all.
const FORM_CODES: [&str; 8] = [
    "not-a-pipeline",
    "unknown-field",
    "missing-field",
    "missing-root",
    "wrong-type",
    "unknown-value",
    "key-not-text",
    "not-kfp2",
];

/// A refusal of an upload.
pub(super) enum Refusal {
    /// A file or form that cannot be read: JSON that calls itself text.
    Unreadable {
        /// What is wrong.
        message: String,
        /// The same at length.
        details: String,
    },
    /// A file that is not taken.
    Refused {
        /// The status.
        status: StatusCode,
        /// What is wrong.
        message: String,
        /// The same at length.
        details: String,
    },
    /// A sentence as plain text.
    TooLong(Fault),
}

#[derive(Serialize)]
struct Body<'a> {
    error_message: &'a str,
    error_details: &'a str,
}

impl Refusal {
    fn unreadable(message: &str) -> Self {
        Self::Unreadable {
            message: message.to_owned(),
            details: message.to_owned(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Unreadable { message, details } => {
                let body = Body {
                    error_message: &message,
                    error_details: &details,
                };
                let text = serde_json::to_string(&body).unwrap_or_default();
                let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
                (StatusCode::BAD_REQUEST, kind, text).into_response()
            }
            Self::Refused {
                status,
                message,
                details,
            } => {
                let body = Body {
                    error_message: &message,
                    error_details: &details,
                };
                (status, Json(body)).into_response()
            }
            Self::TooLong(fault) => {
                let headers = [
                    (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                ];
                let text = format!("Invalid input error: {}\n", fault.external());
                (fault.code().status(), headers, text).into_response()
            }
        }
    }
}

/// `/pipelines/upload`: a pipeline and its first version.
pub(super) async fn pipeline(
    State(workbench): State<Workbench>,
    query: LooseQuery,
    request: Request,
) -> Result<Response, Refusal> {
    let (bytes, file_name) = file(request, "Failed to read pipeline from file").await?;
    let given = named(&query, &file_name)?;
    given
        .check("Pipeline", pipelines::LONGEST_NAME)
        .map_err(Refusal::TooLong)?;
    let package = package(&query, bytes, file_name);
    let made = workbench.upload_pipeline(given.named(), package).await;
    let pipeline = made.map_err(|error| {
        refusal(
            error,
            "Failed to read a pipeline spec file",
            "Failed to create a pipeline and a pipeline version",
        )
    })?;
    Ok(Message(PipelineMessage::from(pipeline)).into_response())
}

/// `/pipelines/upload_version`: a version of a pipeline.
pub(super) async fn version(
    State(workbench): State<Workbench>,
    query: LooseQuery,
    request: Request,
) -> Result<Response, Refusal> {
    const FAILED: &str = "Failed to create a pipeline version";
    let (bytes, file_name) = file(request, FAILED).await?;
    let pipeline = query.text("pipelineid");
    if pipeline.is_empty() {
        return Err(Refusal::unreadable(FAILED));
    }
    let given = named(&query, &file_name)?;
    given
        .check("PipelineVersion", versions::LONGEST_NAME)
        .map_err(Refusal::TooLong)?;
    let package = package(&query, bytes, file_name);
    let made = workbench
        .upload_pipeline_version(pipeline, given.named(), package)
        .await;
    let version = made.map_err(|error| refusal(error, FAILED, FAILED))?;
    Ok(Message(VersionMessage::from(version)).into_response())
}

/// The file of a form, and its name without any folder.
async fn file(request: Request, otherwise: &str) -> Result<(Vec<u8>, String), Refusal> {
    let unreadable = || Refusal::unreadable(otherwise);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| unreadable())?;
    while let Some(part) = form.next_field().await.map_err(|_| unreadable())? {
        if part.name() != Some(PART) {
            continue;
        }
        let name = part.file_name().unwrap_or_default();
        let name = name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_owned();
        if name.is_empty() {
            return Err(unreadable());
        }
        let bytes = part.bytes().await.map_err(|_| unreadable())?;
        return Ok((bytes.to_vec(), name));
    }
    Err(unreadable())
}

fn named(query: &LooseQuery, file_name: &str) -> Result<Given, Refusal> {
    let given = Given {
        name: query.text("name"),
        display_name: query.text("display_name"),
        description: query.text("description"),
        namespace: query.text("namespace"),
        tags: tags(&query.text("tags"))?,
        clears_tags: false,
    };
    if given.name.is_empty() && given.display_name.is_empty() {
        return Ok(Given {
            name: file_name.to_owned(),
            ..given
        });
    }
    Ok(given)
}

fn tags(text: &str) -> Result<BTreeMap<String, String>, Refusal> {
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let problem =
        "Failed to parse tags query parameter. Expected JSON object with string keys and values";
    serde_json::from_str(text).map_err(|_| Refusal::unreadable(problem))
}

fn package(query: &LooseQuery, bytes: Vec<u8>, file_name: String) -> Package {
    Package {
        bytes,
        file_name,
        code_source_url: query.text("code_source_url"),
        url: String::new(),
    }
}

/// A refusal in the words of KFP's server; behind its first line stands everything that the workbench knows.
fn refusal(error: AppError, unreadable: &str, failed: &str) -> Refusal {
    let body = error.body();
    let fault = Fault::from(error);
    let errors = body.diagnostics.iter();
    let mut errors = errors.filter(|found| found.severity == Severity::Error);
    let Some(first) = errors.next() else {
        let (status, message) = match fault.code() {
            // The pipeline that a version is to be of.
            Code::NotFound => return Refusal::unreadable(failed),
            Code::AlreadyExists => (StatusCode::CONFLICT, failed),
            Code::InvalidArgument => (StatusCode::BAD_REQUEST, fault.external()),
            Code::FailedPrecondition
            | Code::Aborted
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable => (fault.code().status(), failed),
        };
        return Refusal::Refused {
            status,
            message: message.to_owned(),
            details: format!("{message}\n{}", body.message),
        };
    };
    let message = if FILE_CODES.contains(&first.code.as_ref()) {
        unreadable.to_owned()
    } else if FORM_CODES.contains(&first.code.as_ref()) {
        "unknown template format".to_owned()
    } else {
        first.message.clone()
    };
    let details = format!("{message}\n{}", at_length(&body));
    if FILE_CODES.contains(&first.code.as_ref()) {
        return Refusal::Unreadable { message, details };
    }
    Refusal::Refused {
        status: StatusCode::BAD_REQUEST,
        message,
        details,
    }
}

/// All that was found in a definition, one line each.
fn at_length(body: &ErrorBody) -> String {
    let lines = body.diagnostics.iter().map(|found| {
        let place = found
            .span
            .map(|span| format!("line {}, column {}: ", span.line, span.column));
        let help = found.help.as_ref().map(|help| format!("; {help}"));
        format!(
            "{}{}{}",
            place.unwrap_or_default(),
            found.message,
            help.unwrap_or_default()
        )
    });
    lines.collect::<Vec<String>>().join("\n")
}
