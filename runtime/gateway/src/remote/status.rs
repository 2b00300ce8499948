//! How a command's end is told on the error channel.

use serde::Serialize;

use super::session::Exit;

/// How a protocol tells the end of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorFormat {
    /// In words, and nothing if all is well: before `v4.channel.k8s.io`.
    Text,
    /// As a `Status` of Kubernetes' API.
    Status,
}

#[derive(Serialize)]
struct Status<'a> {
    metadata: Metadata,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
}

#[derive(Serialize)]
struct Metadata {}

#[derive(Serialize)]
struct Details<'a> {
    causes: [Cause<'a>; 1],
}

#[derive(Serialize)]
struct Cause<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    message: &'a str,
}

/// The text that tells an end.
pub(super) fn render(exit: &Exit, format: ErrorFormat) -> String {
    let (message, cause) = match exit {
        Exit::Code(0) => return success(format),
        Exit::Code(code) => (
            format!("command terminated with non-zero exit code: exit code {code}"),
            code.to_string(),
        ),
        Exit::Failed(reason) => {
            let cause = format!("error executing command in container: {reason}");
            (format!("Internal error occurred: {cause}"), cause)
        }
    };
    if format == ErrorFormat::Text {
        return message;
    }
    let (reason, cause_reason, code) = match exit {
        Exit::Code(_) => ("NonZeroExitCode", Some("ExitCode"), None),
        Exit::Failed(_) => ("InternalError", None, Some(500)),
    };
    to_json(&Status {
        metadata: Metadata {},
        status: "Failure",
        message: Some(&message),
        reason: Some(reason),
        details: Some(Details {
            causes: [Cause {
                reason: cause_reason,
                message: &cause,
            }],
        }),
        code,
    })
}

fn success(format: ErrorFormat) -> String {
    match format {
        ErrorFormat::Text => String::new(),
        ErrorFormat::Status => to_json(&Status {
            metadata: Metadata {},
            status: "Success",
            message: None,
            reason: None,
            details: None,
            code: None,
        }),
    }
}

fn to_json(status: &Status<'_>) -> String {
    serde_json::to_string(status).expect("a status is plain text and numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_as_the_kubelet_tells_them() {
        let check = |exit: Exit, status: &str, text: &str| {
            assert_eq!(render(&exit, ErrorFormat::Status), status);
            assert_eq!(render(&exit, ErrorFormat::Text), text);
        };
        check(Exit::Code(0), r#"{"metadata":{},"status":"Success"}"#, "");
        check(
            Exit::Code(3),
            r#"{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#,
            "command terminated with non-zero exit code: exit code 3",
        );
        check(
            Exit::Failed("it is gone".to_owned()),
            r#"{"metadata":{},"status":"Failure","message":"Internal error occurred: error executing command in container: it is gone","reason":"InternalError","details":{"causes":[{"message":"error executing command in container: it is gone"}]},"code":500}"#,
            "Internal error occurred: error executing command in container: it is gone",
        );
    }
}
