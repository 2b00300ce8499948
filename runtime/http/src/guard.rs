//! Who may come in through a door.
//!
//! A browser of this machine also shows pages of others. Such a page can send requests to loopback, and with a
//! name of its own that resolves to loopback it can read the answers. So a request has to name the workbench by
//! an address that is its own, and a request that a page sends has to come from the workbench's own page.
//!
//! Other users of the machine reach loopback, too. The system tells whose a connection is, and theirs are refused.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use coracle_app::view::ErrorCode;
use coracle_app::{API_TOKEN, Visitors, Workbench};

use crate::error::Refusal;
use crate::peer::Peer;

/// Lets a request through, or refuses it.
pub(crate) async fn guard(
    State((workbench, visitors)): State<(Workbench, Visitors)>,
    request: Request,
    next: Next,
) -> Response {
    let admitted = match &visitors {
        Visitors::User { bound } => check_owner(&workbench, &request, *bound)
            .and_then(|()| check_user(request.uri(), request.headers(), *bound)),
        Visitors::Steps { bound, names } => {
            match check_step_host(request.uri(), request.headers(), *bound, names) {
                Ok(()) => check_token(&workbench, token(request.headers())).await,
                Err(refusal) => Err(refusal),
            }
        }
    };
    match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Keeps other users of the machine out. Whoever opens the door to a network means it, so there it is open to them, too.
fn check_owner(workbench: &Workbench, request: &Request, bound: SocketAddr) -> Result<(), Refusal> {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let owner = peer.and_then(|ConnectInfo(peer)| peer.owner);
    match owner.filter(|_| bound.ip().is_loopback()) {
        Some(user) if !workbench.serves(user) => {
            tracing::warn!(
                user,
                "a request of another user of this machine was refused"
            );
            let hint = "start a workbench of your own: `coracle serve`";
            Err(Refusal::new(
                ErrorCode::Forbidden,
                "this is the workbench of another user",
                hint,
            ))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_user(uri: &Uri, headers: &HeaderMap, bound: SocketAddr) -> Result<(), Refusal> {
    let host = host(uri, headers);
    if !is_own_host(host, bound) {
        let hint = "use `localhost`, `127.0.0.1` or the address that the workbench listens at";
        return Err(Refusal::new(
            ErrorCode::Forbidden,
            format!("the workbench is not `{host}`"),
            hint,
        ));
    }
    let origin = headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or("?"));
    match origin {
        Some(origin) if !is_own_origin(origin, host) => {
            let hint = "only the workbench's own pages may send requests to it";
            Err(Refusal::new(
                ErrorCode::Forbidden,
                format!("the page of `{origin}` may not ask this"),
                hint,
            ))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_step_host(
    uri: &Uri,
    headers: &HeaderMap,
    bound: SocketAddr,
    names: &[String],
) -> Result<(), Refusal> {
    let host = name_of(host(uri, headers));
    if names.iter().any(|name| name.eq_ignore_ascii_case(host)) || address(host) == Some(bound.ip())
    {
        return Ok(());
    }
    let hint = "use the address in `CORACLE_API_URL`";
    Err(Refusal::new(
        ErrorCode::Forbidden,
        format!("the workbench is not `{host}`"),
        hint,
    ))
}

async fn check_token(workbench: &Workbench, token: String) -> Result<(), Refusal> {
    if workbench.admits(&token).await?.is_some() {
        return Ok(());
    }
    let hint = format!(
        "send `Authorization: Bearer` with the value of `{API_TOKEN}`, while the run is open or the pod is there"
    );
    Err(Refusal::new(
        ErrorCode::Unauthorized,
        "the token of an open run or of a pod is needed here",
        hint,
    ))
}

fn token(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default()
        .to_owned()
}

/// The host that the request names, with its port.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    let named = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    named
        .or_else(|| uri.authority().map(axum::http::uri::Authority::as_str))
        .unwrap_or_default()
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    let end = if host.starts_with('[') {
        host.find(']').map(|end| end + 1)
    } else {
        host.find(':')
    };
    &host[..end.unwrap_or(host.len())]
}

fn address(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn is_own_host(host: &str, bound: SocketAddr) -> bool {
    let name = name_of(host);
    match address(name) {
        // An address cannot be made to mean another machine, so where all are listened at all will do.
        Some(address) => {
            address.is_loopback() || address == bound.ip() || bound.ip().is_unspecified()
        }
        None => name.eq_ignore_ascii_case("localhost"),
    }
}

fn is_own_origin(origin: &str, host: &str) -> bool {
    origin
        .strip_prefix("http://")
        .is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_workbenchs_own_or_foreign() {
        let loopback: SocketAddr = "127.0.0.1:8890".parse().unwrap();
        let own = |host: &str| is_own_host(host, loopback);
        for host in [
            "localhost",
            "LOCALHOST:8890",
            "127.0.0.1:1",
            "[::1]:8890",
            "127.0.0.1",
        ] {
            assert!(own(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:8890",
            "127.0.0.1.evil.example",
            "10.0.0.7",
        ] {
            assert!(!own(host), "{host}");
        }
        assert!(is_own_host("10.0.0.7:80", "10.0.0.7:80".parse().unwrap()));
        assert!(is_own_host("10.0.0.7:80", "0.0.0.0:80".parse().unwrap()));
        assert!(!is_own_host("box.lan:80", "0.0.0.0:80".parse().unwrap()));
    }

    #[test]
    fn a_page_may_ask_only_its_own_server() {
        assert!(is_own_origin("http://localhost:8890", "localhost:8890"));
        for origin in [
            "null",
            "http://localhost:3000",
            "https://localhost:8890",
            "http://evil.example",
        ] {
            assert!(!is_own_origin(origin, "localhost:8890"), "{origin}");
        }
    }
}
