//! Tokens, as Docker's registries have them given out: for a name and a password, for an identity token, or to everybody.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use ureq::http::{Method, StatusCode, Uri};

use super::challenge::Challenge;
use super::request::{Ask, Registry};
use crate::credentials::Login;
use crate::destination::is_loopback;
use crate::error::PushError;

/// As whom the workbench names itself where identity tokens are exchanged.
const CLIENT: &str = "coracle";

/// The most that is read of a token's answer.
const LONGEST_TOKEN: u64 = 1 << 20;

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

impl Registry<'_> {
    /// What to answer a challenge with, as an `Authorization`; none when there is nobody to name.
    ///
    /// # Errors
    /// When no token is given out.
    pub(super) fn answer(&self, challenge: &Challenge) -> Result<Option<String>, PushError> {
        match challenge {
            Challenge::Basic => Ok(self.login.as_ref().and_then(basic)),
            Challenge::Bearer {
                realm,
                service,
                scope,
            } => {
                let scopes = self.scopes(scope.as_deref());
                let token = self.token(realm, service.as_deref(), &scopes)?;
                Ok(Some(format!("Bearer {token}")))
            }
        }
    }

    /// What a token has to allow: what was asked for, what a push needs, and reading where layers are taken from.
    fn scopes(&self, asked: Option<&str>) -> BTreeSet<String> {
        let mut scopes: BTreeSet<_> = asked
            .into_iter()
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect();
        let own = format!("repository:{}:", self.destination.repository());
        // One of the two actions alone is what a request needs, and a push needs both.
        scopes.retain(|scope| !scope.starts_with(&own));
        scopes.insert(format!("{own}pull,push"));
        let sources = self.sources();
        scopes.extend(
            sources
                .iter()
                .map(|source| format!("repository:{source}:pull")),
        );
        scopes
    }

    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scopes: &BTreeSet<String>,
    ) -> Result<String, PushError> {
        let refused = |reason: &str| PushError::Credentials {
            registry: self.destination.registry().to_owned(),
            reason: format!("tokens are given out at `{realm}`, which {reason}"),
        };
        let uri: Uri = realm.parse().map_err(|_| refused("is no URL"))?;
        let is_safe = uri.scheme_str() == Some("https")
            || (uri.scheme_str() == Some("http")
                && uri
                    .authority()
                    .is_some_and(|host| is_loopback(host.as_str())));
        if !is_safe {
            return Err(refused("would be told secrets without TLS"));
        }
        let action = format!("give out a token at `{realm}`");
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(service.map(|service| ("service", service)));
        let ask = match &self.login {
            Some(Login::IdentityToken(token)) => {
                // This form has one scope, with spaces in it.
                let scope = Vec::from_iter(scopes.iter().map(String::as_str)).join(" ");
                form.append_pair("scope", &scope)
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", CLIENT)
                    .append_pair("refresh_token", token);
                let form = form.finish().into_bytes();
                Ask::new(Method::POST, realm, action.as_str())
                    .header("content-type", "application/x-www-form-urlencoded")
                    .bytes(form)
            }
            login => {
                form.extend_pairs(scopes.iter().map(|scope| ("scope", scope)));
                if let Some(Login::Password { name, .. }) = login {
                    form.append_pair("account", name);
                }
                let mark = if uri.query().is_some() { '&' } else { '?' };
                let url = format!("{realm}{mark}{}", form.finish());
                let ask = Ask::new(Method::GET, url, action.as_str());
                match login.as_ref().and_then(basic) {
                    Some(basic) => ask.header("authorization", basic),
                    None => ask,
                }
            }
        };
        let answer = self.send_plainly(&ask)?;
        if answer.status() != StatusCode::OK {
            return Err(self.refusal(&action, answer));
        }
        let text = answer
            .into_body()
            .with_config()
            .limit(LONGEST_TOKEN)
            .read_to_string();
        let given: Option<Given> = text.ok().and_then(|text| serde_json::from_str(&text).ok());
        given
            .map(|given| match given.token.is_empty() {
                true => given.access_token,
                false => given.token,
            })
            .filter(|token| !token.is_empty())
            .ok_or_else(|| refused("answered with something that is no token"))
    }
}

/// A name and a password as an `Authorization`; none for an identity token, which is no password.
fn basic(login: &Login) -> Option<String> {
    match login {
        Login::Password { name, password } => Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{name}:{password}"))
        )),
        Login::IdentityToken(_) => None,
    }
}
