//! What is wrong with a context, as far as its entries and files tell.
//!
//! What client-go refuses before it asks a cluster (`validation.go` and `TLSConfigFor`) is an error here too; what it
//! passes over in silence is said.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use kube::config::{AuthInfo, Cluster, Context, ExecConfig, ExecInteractiveMode};

use super::files::{Entry, Kubeconfig};
use super::proxy;
use crate::finding::Finding;

/// The server's certificate is not checked.
pub(super) const INSECURE: &str = "insecure";
/// There is no certificate at all.
pub(super) const PLAIN: &str = "plain-http";

/// The versions of the protocol that credential plugins speak.
pub(super) const PLUGIN_VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// All that is wrong with a context or worth knowing of it, in the order of its entries.
pub(super) fn context(kubeconfig: &Kubeconfig, name: &str, entry: &Entry<Context>) -> Vec<Finding> {
    let mut found = Found {
        subject: format!("context {name}"),
        findings: Vec::new(),
    };
    let context = match &entry.value {
        Ok(context) => context,
        Err(error) => {
            found.error(
                "context-unreadable",
                format!("its entry cannot be read: {error}"),
            );
            return found.findings;
        }
    };
    match kubeconfig.clusters.get(&context.cluster) {
        _ if context.cluster.is_empty() => found.error("cluster-missing", "it names no cluster"),
        None => found.error(
            "cluster-missing",
            format!("its cluster `{}` is not in the kubeconfig", context.cluster),
        ),
        Some(Entry {
            value: Ok(cluster), ..
        }) => check_cluster(cluster, &mut found),
        Some(Entry {
            value: Err(error), ..
        }) => found.error(
            "cluster-unreadable",
            format!("its cluster `{}` cannot be read: {error}", context.cluster),
        ),
    }
    let user = context.user.as_deref().filter(|user| !user.is_empty());
    match user.map(|user| (user, kubeconfig.users.get(user))) {
        None => found.warning("anonymous", "it names no user: requests are anonymous"),
        Some((user, None)) => found.warning(
            "anonymous",
            format!("its user `{user}` is not in the kubeconfig: requests are anonymous"),
        ),
        Some((
            _,
            Some(Entry {
                value: Ok(user), ..
            }),
        )) => check_user(user, &mut found),
        Some((
            user,
            Some(Entry {
                value: Err(error), ..
            }),
        )) => found.error(
            "user-unreadable",
            format!("its user `{user}` cannot be read: {error}"),
        ),
    }
    found.findings
}

/// What was found so far.
struct Found {
    subject: String,
    findings: Vec<Finding>,
}

impl Found {
    fn error(&mut self, code: &str, message: impl Into<String>) {
        let finding = Finding::error(code, self.subject.clone(), message);
        self.findings
            .push(finding.fix("mend its entry in the kubeconfig"));
    }

    fn warning(&mut self, code: &str, message: impl Into<String>) {
        self.findings
            .push(Finding::warning(code, self.subject.clone(), message));
    }

    fn note(&mut self, code: &str, message: impl Into<String>) {
        self.findings
            .push(Finding::note(code, self.subject.clone(), message));
    }
}

fn check_cluster(cluster: &Cluster, found: &mut Found) {
    let insecure = cluster.insecure_skip_tls_verify == Some(true);
    match cluster
        .server
        .as_deref()
        .filter(|server| !server.is_empty())
    {
        None => found.error("server-missing", "its cluster has no server"),
        Some(server) => match server_address(server) {
            Err(reason) => found.error(
                "server-unreadable",
                format!("its server `{server}` {reason}"),
            ),
            Ok(address) => {
                if address.scheme_str() == Some("http") {
                    found.warning(
                        PLAIN,
                        format!("`{server}` is reached without TLS: whoever is on the way reads and changes everything"),
                    );
                } else if insecure {
                    found.warning(
                        INSECURE,
                        format!(
                            "the certificate of `{server}` is not checked (insecure-skip-tls-verify): whoever is on the \
                             way can be the cluster, and gets the credentials"
                        ),
                    );
                }
            }
        },
    }
    if let Some(proxy) = cluster
        .proxy_url
        .as_deref()
        .filter(|proxy| !proxy.is_empty())
        && let Err(error) = proxy::read(proxy)
    {
        found.error(
            "proxy-unreadable",
            format!("its proxy-url cannot be used: {error}"),
        );
    }
    let (data, file) = (
        cluster.certificate_authority_data.as_deref(),
        cluster.certificate_authority.as_deref(),
    );
    check_both(
        found,
        "certificate-authority",
        data.is_some(),
        file.is_some(),
    );
    if insecure && (data.is_some() || file.is_some()) {
        found.error(
            "insecure-with-authority",
            "its cluster has both a certificate-authority and insecure-skip-tls-verify, of which one has to go",
        );
    }
    if let Err(reason) = authority(cluster) {
        found.error("authority-unreadable", reason);
    }
}

fn check_user(user: &AuthInfo, found: &mut Found) {
    let certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    let key = user.client_key.is_some() || user.client_key_data.is_some();
    if certificate != key {
        let (there, missing) = if certificate {
            ("client-certificate", "client-key")
        } else {
            ("client-key", "client-certificate")
        };
        found.error(
            "certificate-half",
            format!("its user has a {there} and no {missing}"),
        );
    }
    check_both(
        found,
        "client-certificate",
        user.client_certificate_data.is_some(),
        user.client_certificate.is_some(),
    );
    check_both(
        found,
        "client-key",
        user.client_key_data.is_some(),
        user.client_key.is_some(),
    );
    if let Some(data) = &user.client_certificate_data
        && let Err(reason) = pem_of(data)
    {
        found.error(
            "certificate-unreadable",
            format!("its client-certificate-data {reason}"),
        );
    }
    for (what, file, shadowed) in [
        (
            "client-certificate",
            &user.client_certificate,
            user.client_certificate_data.is_some(),
        ),
        (
            "client-key",
            &user.client_key,
            user.client_key_data.is_some(),
        ),
        ("tokenFile", &user.token_file, user.token.is_some()),
    ] {
        if let Some(file) = file
            && !shadowed
            && let Err(error) = fs_err::File::open(file)
        {
            found.error(
                "file-unreadable",
                format!("its {what} cannot be read: {error}"),
            );
        }
    }
    let token = user.token.is_some() || user.token_file.is_some();
    if token && user.username.is_some() {
        found.error(
            "credentials-ambiguous",
            "its user has both a token and a name with a password, of which one has to go",
        );
    }
    if user.username.is_some() && user.password.is_none() {
        found.warning(
            "password-missing",
            "its user has a name and no password: requests are anonymous",
        );
    }
    match (&user.exec, &user.auth_provider) {
        (Some(_), Some(_)) => found.error(
            "credentials-ambiguous",
            "its user has both exec and auth-provider, of which one has to go",
        ),
        (Some(exec), None) => check_plugin(exec, found),
        (None, Some(provider)) if !["oidc", "gcp"].contains(&provider.name.as_str()) => found.error(
            "provider-unknown",
            format!(
                "its auth-provider `{}` is no longer supported, here as in kubectl: use its credential plugin",
                provider.name
            ),
        ),
        (None, _) => {}
    }
    let acts_more = user.impersonate_groups.is_some()
        || user.impersonate_uid.is_some()
        || user.impersonate_user_extra.is_some();
    match user.impersonate.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => found.note("impersonates", format!("requests act as `{name}`")),
        None if acts_more => found.error(
            "impersonates-nobody",
            "its user says as which groups to act and not as whom (`as`)",
        ),
        None => {}
    }
}

fn check_plugin(exec: &ExecConfig, found: &mut Found) {
    let command = exec.command.as_deref().unwrap_or_default();
    if command.is_empty() {
        found.error("plugin-unreadable", "its credential plugin has no command");
    }
    let version = exec.api_version.as_deref().unwrap_or_default();
    if !PLUGIN_VERSIONS.contains(&version) {
        found.error(
            "plugin-unreadable",
            format!(
                "its credential plugin speaks `{version}`; known are {}",
                PLUGIN_VERSIONS.join(" and ")
            ),
        );
    }
    match exec.interactive_mode {
        Some(ExecInteractiveMode::Always) => found.error(
            "plugin-interactive",
            format!(
                "its credential plugin `{command}` wants to ask questions (interactiveMode: Always), and nobody is there to \
                 answer them: log in with it in a terminal, or use a token"
            ),
        ),
        None if version == PLUGIN_VERSIONS[0] => found.error(
            "plugin-unreadable",
            "its credential plugin does not say its interactiveMode, which v1 requires",
        ),
        Some(ExecInteractiveMode::Never | ExecInteractiveMode::IfAvailable) | None => {}
    }
}

fn check_both(found: &mut Found, what: &str, data: bool, file: bool) {
    if data && file {
        let message =
            format!("it has both {what}-data and {what}: the data counts, and kubectl refuses it");
        found.warning("data-and-file", message);
    }
}

/// The address of an API server.
pub(super) fn server_address(server: &str) -> Result<Uri, String> {
    // As kubectl does, a host without a scheme is taken for one that speaks plain HTTP.
    let text = if server.contains("://") {
        server.to_owned()
    } else {
        format!("http://{server}")
    };
    let address: Uri = text
        .parse()
        .map_err(|error| format!("is no address: {error}"))?;
    match address.scheme_str() {
        Some("http" | "https") if address.host().is_some_and(|host| !host.is_empty()) => {
            Ok(address)
        }
        _ => Err("is no address: write for example `https://host:6443`".to_owned()),
    }
}

/// The certificates that a cluster names, as DER; none where the system's own count.
pub(super) fn authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, String> {
    let text = match (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    ) {
        (Some(data), _) if !data.is_empty() => {
            pem_of(data).map_err(|reason| format!("its certificate-authority-data {reason}"))?
        }
        (_, Some(file)) => fs_err::read_to_string(Path::new(file))
            .map_err(|error| format!("its certificate-authority cannot be read: {error}"))?,
        _ => return Ok(None),
    };
    let certificates = certificates(&text);
    if certificates.is_empty() {
        return Err("its certificate-authority holds no certificate".to_owned());
    }
    Ok(Some(certificates))
}

/// The text of PEM that stands in base64.
fn pem_of(data: &str) -> Result<String, String> {
    let bytes = BASE64_STANDARD
        .decode(data.trim())
        .map_err(|error| format!("is no base64: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "is no PEM".to_owned())?;
    if text.contains("-----BEGIN ") {
        Ok(text)
    } else {
        Err("is no PEM".to_owned())
    }
}

fn certificates(pem: &str) -> Vec<Vec<u8>> {
    let sections = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    let bodies = sections.filter_map(|section| section.split_once("-----END CERTIFICATE-----"));
    let decoded = bodies.filter_map(|(body, _)| {
        let body: String = body.split_whitespace().collect();
        BASE64_STANDARD.decode(body).ok()
    });
    decoded.collect()
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::of_texts;
    use super::*;

    /// The codes of what is wrong with a context of this cluster and user.
    fn codes(cluster: &str, user: &str) -> Vec<String> {
        let text = format!(
            "clusters:\n- name: c\n  cluster: {cluster}\nusers:\n- name: u\n  user: {user}\n\
             contexts:\n- name: x\n  context: {{cluster: c, user: u}}\n"
        );
        let (_kept, read) = of_texts(&[&text]);
        let found = context(&read, "x", &read.contexts["x"]);
        found.into_iter().map(|finding| finding.code).collect()
    }

    const GOOD: &str = "{server: 'https://c'}";

    #[test]
    fn a_sound_context_has_nothing_wrong() {
        assert_eq!(codes(GOOD, "{token: t}"), [""; 0]);
    }

    #[test]
    fn clusters_are_judged() {
        for (cluster, expected) in [
            ("{}", "server-missing"),
            ("{server: 'ftp://c'}", "server-unreadable"),
            ("{server: 'https://'}", "server-unreadable"),
            ("{server: 'http://c'}", PLAIN),
            ("{server: c}", PLAIN),
            (
                "{server: 'https://c', insecure-skip-tls-verify: true}",
                INSECURE,
            ),
            (
                "{server: 'https://c', proxy-url: 'gopher://p'}",
                "proxy-unreadable",
            ),
            (
                "{server: 'https://c', certificate-authority-data: '%%'}",
                "authority-unreadable",
            ),
            (
                "{server: 'https://c', certificate-authority-data: aGVsbG8=}",
                "authority-unreadable",
            ),
            (
                "{server: 'https://c', certificate-authority: gone.crt}",
                "authority-unreadable",
            ),
            ("{server: [1]}", "cluster-unreadable"),
        ] {
            assert_eq!(codes(cluster, "{token: t}"), [expected], "{cluster}");
        }
        let both = "{server: 'https://c', insecure-skip-tls-verify: true, certificate-authority-data: aGVsbG8=}";
        assert!(codes(both, "{token: t}").contains(&"insecure-with-authority".to_owned()));
    }

    #[test]
    fn users_are_judged() {
        let plugin = |rest: &str| {
            format!("{{exec: {{command: p, apiVersion: client.authentication.k8s.io/v1, {rest}}}}}")
        };
        let old = "{exec: {command: p, apiVersion: client.authentication.k8s.io/v1alpha1}}";
        let beta = "{exec: {command: p, apiVersion: client.authentication.k8s.io/v1beta1}}";
        for (user, expected) in [
            (
                "{client-certificate-data: LS0tLS1CRUdJTiA=}",
                Some("certificate-half"),
            ),
            ("{client-key: gone.key}", Some("certificate-half")),
            ("{tokenFile: gone}", Some("file-unreadable")),
            (
                "{token: t, username: u, password: p}",
                Some("credentials-ambiguous"),
            ),
            ("{username: u}", Some("password-missing")),
            ("{token: t, as: boss}", Some("impersonates")),
            ("{token: t, as-groups: [g]}", Some("impersonates-nobody")),
            ("{auth-provider: {name: azure}}", Some("provider-unknown")),
            (old, Some("plugin-unreadable")),
            (beta, None),
            (&plugin("interactiveMode: Never"), None),
            (
                &plugin("interactiveMode: Always"),
                Some("plugin-interactive"),
            ),
            (&plugin("args: []"), Some("plugin-unreadable")),
            ("{token: [1]}", Some("user-unreadable")),
        ] {
            let found = codes(GOOD, user);
            assert!(
                expected.map_or(found.is_empty(), |code| found
                    .iter()
                    .any(|found| found == code)),
                "{user}: {found:?}"
            );
        }
    }

    #[test]
    fn what_a_context_names_has_to_be_there() {
        let text = "contexts:\n- name: a\n  context: {cluster: gone, user: gone}\n- name: b\n  context: {user: u}\n- name: c\n";
        let (_kept, read) = of_texts(&[text]);
        let codes = |name: &str| -> Vec<String> {
            let found = context(&read, name, &read.contexts[name]);
            found.into_iter().map(|finding| finding.code).collect()
        };
        assert_eq!(codes("a"), ["cluster-missing", "anonymous"]);
        assert_eq!(codes("b"), ["context-unreadable"]);
        assert_eq!(codes("c"), ["cluster-missing", "anonymous"]);
    }
}
