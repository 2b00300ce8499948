//! Credentials from a program that the kubeconfig names, by the protocol of `client.authentication.k8s.io`.
//!
//! It is told that nobody is there to answer questions, has a bounded time, and what it writes to its standard error
//! is told where it fails.

use std::process::{Output, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::config::{Cluster, ExecAuthCluster, ExecConfig};
use serde::Deserialize;
use serde_json::json;

use crate::error::ClusterError;

/// How long a plugin may take: as long as a slow login of a cloud, and no longer than somebody waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long before its end a credential is asked for anew.
const BEFORE_ITS_END: SignedDuration = SignedDuration::from_secs(60);

/// How many lines of a plugin's standard error are told.
const TOLD_LINES: usize = 8;

/// What a plugin gave.
#[derive(Clone)]
pub(super) struct Credential {
    /// A bearer token.
    pub(super) token: Option<String>,
    /// A certificate and its key, both as PEM.
    pub(super) certificate: Option<(String, String)>,
    expires: Option<Timestamp>,
}

impl Credential {
    /// Whether it is still good for a while.
    pub(super) fn is_fresh(&self) -> bool {
        self.expires
            .is_none_or(|expires| expires.duration_since(now()) > BEFORE_ITS_END)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the end of a credential is a time of the clock on the wall, and nothing else here needs one"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// What a plugin writes.
#[derive(Deserialize)]
struct ExecCredential {
    #[serde(rename = "apiVersion")]
    api_version: Option<String>,
    status: Option<CredentialStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialStatus {
    expiration_timestamp: Option<Timestamp>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs a plugin.
///
/// # Errors
/// A program that is missing, fails, takes too long or gives something else, each as [`ClusterError::Plugin`].
pub(super) async fn run(exec: &ExecConfig, cluster: &Cluster) -> Result<Credential, ClusterError> {
    run_within(PATIENCE, exec, cluster).await
}

async fn run_within(
    patience: Duration,
    exec: &ExecConfig,
    cluster: &Cluster,
) -> Result<Credential, ClusterError> {
    let command = exec.command.clone().unwrap_or_default();
    let failed = |what: String| ClusterError::Plugin {
        command: command.clone(),
        what,
        install_hint: None,
    };
    let mut spec = json!({ "interactive": false });
    if exec.provide_cluster_info {
        let told = ExecAuthCluster::try_from(cluster)
            .map_err(|error| failed(format!("cannot be told of the cluster: {error}")))?;
        spec["cluster"] = serde_json::to_value(told).map_err(|error| failed(error.to_string()))?;
    }
    let info = json!({ "kind": "ExecCredential", "apiVersion": exec.api_version, "spec": spec });
    #[expect(
        clippy::disallowed_methods,
        reason = "a plugin belongs to reading a kubeconfig: it is no workload, and ends with the question it answers"
    )]
    let mut process = tokio::process::Command::new(&command);
    for pair in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) {
            process.env(name, value);
        }
    }
    process
        .args(exec.args.iter().flatten())
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let output = match tokio::time::timeout(patience, process.output()).await {
        Err(_) => {
            let seconds = patience.as_secs_f32();
            return Err(failed(format!(
                "gave no credentials within {seconds} s; it may wait for an answer"
            )));
        }
        Ok(Err(error)) => {
            return Err(ClusterError::Plugin {
                what: format!("cannot be started: {error}"),
                command,
                install_hint: exec.install_hint.clone(),
            });
        }
        Ok(Ok(output)) => output,
    };
    if !output.status.success() {
        return Err(failed(format!(
            "failed ({}){}",
            output.status,
            told(&output)
        )));
    }
    read(&output, exec).map_err(failed)
}

fn read(output: &Output, exec: &ExecConfig) -> Result<Credential, String> {
    // Some plugins write YAML, which client-go takes as well.
    let credential: ExecCredential = std::str::from_utf8(&output.stdout)
        .ok()
        .and_then(|text| serde_saphyr::from_str(text).ok())
        .ok_or_else(|| format!("gave no ExecCredential{}", told(output)))?;
    if credential.api_version != exec.api_version {
        return Err(format!(
            "was asked for `{}` and gave `{}`",
            exec.api_version.as_deref().unwrap_or_default(),
            credential.api_version.as_deref().unwrap_or_default()
        ));
    }
    let status = credential
        .status
        .ok_or_else(|| format!("gave no credentials{}", told(output)))?;
    let certificate = match (status.client_certificate_data, status.client_key_data) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err("gave a certificate without its key, or a key alone".to_owned()),
    };
    let token = status.token.filter(|token| !token.is_empty());
    if token.is_none() && certificate.is_none() {
        return Err(format!(
            "gave neither a token nor a certificate{}",
            told(output)
        ));
    }
    Ok(Credential {
        token,
        certificate,
        expires: status.expiration_timestamp,
    })
}

/// The end of what it wrote to its standard error: `: no session, log in first`.
fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if lines.is_empty() {
        return ", and said nothing of why".to_owned();
    }
    let end = lines.len().saturating_sub(TOLD_LINES);
    format!(": {}", lines[end..].join("\n"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// A plugin that is a line of a shell.
    fn shell(line: &str) -> ExecConfig {
        ExecConfig {
            api_version: Some("client.authentication.k8s.io/v1".to_owned()),
            command: Some("sh".to_owned()),
            args: Some(vec!["-c".to_owned(), line.to_owned()]),
            ..ExecConfig::default()
        }
    }

    async fn what(exec: &ExecConfig) -> String {
        let cluster = Cluster::default();
        match run_within(Duration::from_millis(300), exec, &cluster).await {
            Err(ClusterError::Plugin { what, .. }) => what,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it gave credentials"),
        }
    }

    #[tokio::test]
    async fn a_plugin_is_told_the_protocol_and_its_environment() {
        let line = r#"printf '{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s-%s"}}' \
            "$NAME" "$(printf %s "$KUBERNETES_EXEC_INFO" | grep -c '"interactive":false')""#;
        let variable = [("name", "NAME"), ("value", "mine")];
        let variable = variable.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let exec = ExecConfig {
            env: Some(vec![HashMap::from(variable)]),
            ..shell(line)
        };
        let credential = run(&exec, &Cluster::default()).await.unwrap();
        assert_eq!(credential.token.as_deref(), Some("mine-1"));
        assert!(credential.is_fresh());
    }

    #[tokio::test]
    async fn a_credential_that_ends_soon_is_not_fresh() {
        let line = r#"echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t","expirationTimestamp":"2001-01-01T00:00:00Z"}}'"#;
        let credential = run(&shell(line), &Cluster::default()).await.unwrap();
        assert!(!credential.is_fresh());
    }

    #[tokio::test]
    async fn the_words_of_a_plugin_that_fails_are_told() {
        let said = what(&shell("echo 'no session, log in first' >&2; exit 3")).await;
        assert_eq!(said, "failed (exit status: 3): no session, log in first");
    }

    #[tokio::test]
    async fn a_plugin_that_waits_is_ended() {
        assert!(
            what(&shell("exec sleep 60"))
                .await
                .starts_with("gave no credentials within")
        );
    }

    #[tokio::test]
    async fn what_is_no_credential_is_refused() {
        let version = r#""apiVersion":"client.authentication.k8s.io/v1""#;
        for (written, expected) in [
            ("hello".to_owned(), "gave no ExecCredential"),
            (
                r#"{"apiVersion":"client.authentication.k8s.io/v1beta1"}"#.to_owned(),
                "was asked for",
            ),
            (format!("{{{version}}}"), "gave no credentials"),
            (
                format!(r#"{{{version},"status":{{"token":""}}}}"#),
                "gave neither",
            ),
            (
                format!(r#"{{{version},"status":{{"clientKeyData":"k"}}}}"#),
                "gave a certificate without",
            ),
        ] {
            let said = what(&shell(&format!("echo '{written}'"))).await;
            assert!(said.starts_with(expected), "{written}: {said}");
        }
    }

    #[tokio::test]
    async fn a_plugin_that_is_missing_is_told_with_the_kubeconfigs_hint() {
        let exec = ExecConfig {
            command: Some("/no/such/plugin".to_owned()),
            install_hint: Some("install it".to_owned()),
            ..shell("")
        };
        let Err(error) = run(&exec, &Cluster::default()).await else {
            panic!("it is not there");
        };
        assert_eq!(
            (error.code(), error.hint().as_str()),
            ("plugin-failed", "install it")
        );
    }
}
