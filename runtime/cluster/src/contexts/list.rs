//! The contexts that there are, each with what is wrong with it.

use std::path::PathBuf;

use kube::config::AuthInfo;

use super::check;
use super::files::Kubeconfig;
use super::protected::Protected;
use super::target::namespace;
use crate::finding::{Finding, Severity};

/// A context of a kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextEntry {
    /// Its name.
    pub name: String,
    /// The file it stands in.
    pub file: PathBuf,
    /// The cluster that it names; empty where it names none.
    pub cluster: String,
    /// The address of the API server, where the cluster has one.
    pub server: Option<String>,
    /// The user that it names.
    pub user: Option<String>,
    /// How that one shows who it is: `client certificate`, `token`, `plugin aws`, `none`.
    pub credentials: String,
    /// Its namespace, `default` where it names none.
    pub namespace: String,
    /// Whether it is the user's current one.
    pub is_current: bool,
    /// Whether the server's certificate is not checked, or there is none.
    pub is_insecure: bool,
    /// Whether its name has to be typed before anything is changed there.
    pub is_protected: bool,
    /// What is wrong with it, and what is worth knowing.
    pub problems: Vec<Finding>,
}

impl ContextEntry {
    /// Whether nothing keeps it from being used, as far as can be told without asking the cluster.
    pub fn is_usable(&self) -> bool {
        self.problems
            .iter()
            .all(|problem| problem.severity != Severity::Error)
    }
}

impl Kubeconfig {
    /// All contexts, by name.
    pub fn contexts(&self, protected: &Protected) -> Vec<ContextEntry> {
        let entries = self.contexts.iter().map(|(name, entry)| {
            let context = entry.value.as_ref().ok();
            let cluster_name = context.map(|context| context.cluster.clone());
            let cluster_name = cluster_name.unwrap_or_default();
            let cluster = self.clusters.get(&cluster_name);
            let cluster = cluster.and_then(|entry| entry.value.as_ref().ok());
            let user_name = context.and_then(|context| context.user.clone());
            let user_name = user_name.filter(|user| !user.is_empty());
            let user = user_name.as_ref().and_then(|user| self.users.get(user));
            let user = user.and_then(|entry| entry.value.as_ref().ok());
            let problems = check::context(self, name, entry);
            ContextEntry {
                name: name.clone(),
                file: entry.file.clone(),
                server: cluster.and_then(|cluster| cluster.server.clone()),
                cluster: cluster_name,
                user: user_name,
                credentials: user.map_or_else(|| "none".to_owned(), credentials),
                namespace: namespace(context.and_then(|context| context.namespace.as_deref())),
                is_current: self.current() == Some(name.as_str()),
                is_insecure: problems.iter().any(|problem| {
                    [check::INSECURE, check::PLAIN].contains(&problem.code.as_str())
                }),
                is_protected: protected.matches(name),
                problems,
            }
        });
        entries.collect()
    }
}

/// How a user shows who it is; where there are several ways the one that counts.
fn credentials(user: &AuthInfo) -> String {
    let certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    let bearer = if let Some(provider) = &user.auth_provider {
        Some(format!("provider {}", provider.name))
    } else if user.username.is_some() {
        Some("password".to_owned())
    } else if user.token.is_some() {
        Some("token".to_owned())
    } else if user.token_file.is_some() {
        Some("token file".to_owned())
    } else {
        user.exec
            .as_ref()
            .map(|exec| format!("plugin {}", exec.command.as_deref().unwrap_or("?")))
    };
    match (certificate, bearer) {
        (true, None) => "client certificate".to_owned(),
        (true, Some(bearer)) => format!("client certificate, {bearer}"),
        (false, Some(bearer)) => bearer,
        (false, None) => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::of_texts;
    use super::*;

    #[test]
    fn contexts_are_told_by_name_with_what_they_lead_to() {
        let text = "current-context: dev\n\
            clusters:\n- name: c\n  cluster: {server: https://c:6443, insecure-skip-tls-verify: true}\n\
            users:\n- name: u\n  user: {token: secret}\n\
            contexts:\n- name: prod-eu\n  context: {cluster: c, user: u, namespace: team}\n\
            - name: dev\n  context: {cluster: c, user: u}\n- name: broken\n  context: {cluster: gone, user: u}\n";
        let (_kept, read) = of_texts(&[text]);
        let contexts = read.contexts(&Protected::of("prod*"));
        let names: Vec<_> = contexts
            .iter()
            .map(|context| context.name.as_str())
            .collect();
        assert_eq!(names, ["broken", "dev", "prod-eu"]);
        let [broken, dev, prod] = &contexts[..] else {
            panic!("three contexts");
        };
        assert!(!broken.is_usable() && broken.server.is_none());
        assert!(dev.is_usable() && dev.is_current && dev.is_insecure && !dev.is_protected);
        assert_eq!(
            (dev.namespace.as_str(), dev.credentials.as_str()),
            ("default", "token")
        );
        assert!(prod.is_protected && !prod.is_current);
        assert_eq!(prod.namespace, "team");
        let everything = format!("{contexts:?}");
        assert!(!everything.contains("secret"), "credentials are never told");
    }
}
