//! Headers on their way: which of them end here, and which are added.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use super::route::{Host, Route, Scheme};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Those that are said to the next hop only (RFC 9110, 7.6.1), and those of proxies themselves.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
];

/// Whether a header says how bytes stand on a connection.
pub(super) fn is_of_the_connection(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(name)
        || [header::CONTENT_LENGTH, header::EXPECT, header::HOST].contains(name)
}

/// Takes out what is said to the next hop only, but for an upgrade, which is returned.
pub(super) fn take_hop_by_hop(headers: &mut HeaderMap) -> Option<HeaderValue> {
    let named: Vec<_> = headers
        .get_all(header::CONNECTION)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .collect();
    let upgrade = headers
        .get(header::UPGRADE)
        .filter(|_| named.contains(&header::UPGRADE))
        .cloned();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    upgrade
}

/// Asks for an upgrade, or grants it.
pub(super) fn set_upgrade(headers: &mut HeaderMap, upgrade: HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, upgrade);
}

/// Adds what the server is to know.
pub(super) fn add_forwarded(headers: &mut HeaderMap, uri: &Uri, route: &Route) {
    if !headers.contains_key(header::HOST)
        && let Some(authority) = uri.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        headers.insert(header::HOST, host);
    }
    // What a proxy in front of this one has said of the client is nearer to the truth.
    if let Some(host) = headers.get(header::HOST).cloned() {
        headers.entry(FORWARDED_HOST).or_insert(host);
    }
    let scheme = match route.peer.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    headers
        .entry(FORWARDED_PROTO)
        .or_insert(HeaderValue::from_static(scheme));
    if let Some(address) = route.peer.address {
        let before: Vec<_> = headers
            .get_all(&FORWARDED_FOR)
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .map(str::to_owned)
            .chain([address.to_string()])
            .collect();
        let value = HeaderValue::try_from(before.join(", ")).expect("header texts make another");
        headers.insert(FORWARDED_FOR, value);
    }
    if let Some(prefix) = route.path.hidden_prefix()
        && let Ok(prefix) = HeaderValue::from_str(prefix)
    {
        headers.insert(FORWARDED_PREFIX, prefix);
    }
    if let Host::Set(host) = &route.host {
        headers.insert(header::HOST, host.clone());
    }
    // This side has said that it goes on when it asks for the body.
    headers.remove(header::EXPECT);
    for (name, value) in &route.set_headers {
        headers.insert(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::proxy::{PathRewrite, Peer};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_is_said_to_the_next_hop_ends_here() {
        let mut said = headers(&[
            ("connection", "close, X-Mine"),
            ("connection", "te"),
            ("x-mine", "1"),
            ("te", "trailers"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("set-cookie", "a=b"),
            ("set-cookie", "c=d"),
            ("location", "http://localhost/notebook/a/"),
        ]);
        assert_eq!(take_hop_by_hop(&mut said), None);
        let expected = headers(&[
            ("set-cookie", "a=b"),
            ("set-cookie", "c=d"),
            ("location", "http://localhost/notebook/a/"),
        ]);
        assert_eq!(said, expected);
    }

    #[test]
    fn an_upgrade_that_is_asked_for_is_kept() {
        let mut said = headers(&[
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
        ]);
        let upgrade = take_hop_by_hop(&mut said);
        assert_eq!(upgrade, Some(HeaderValue::from_static("websocket")));
        assert_eq!(said, HeaderMap::new());
    }

    #[test]
    fn the_server_learns_of_the_client() {
        let route = Route {
            path: PathRewrite::Prefix {
                from: "/notebook/me/one/".to_owned(),
                to: "/".to_owned(),
            },
            set_headers: headers(&[("x-rstudio-root-path", "/notebook/me/one/")]),
            host: Host::Set(HeaderValue::from_static("one.local")),
            peer: Peer {
                address: Some([127, 0, 0, 1].into()),
                scheme: Scheme::Http,
            },
            connect_limit: Duration::from_secs(1),
        };
        let mut said = headers(&[
            ("host", "localhost:8890"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-rstudio-root-path", "/evil"),
            ("expect", "100-continue"),
        ]);
        add_forwarded(&mut said, &Uri::from_static("/notebook/me/one/"), &route);
        let expected = headers(&[
            ("host", "one.local"),
            ("x-forwarded-for", "10.0.0.1, 127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "localhost:8890"),
            ("x-forwarded-prefix", "/notebook/me/one"),
            ("x-rstudio-root-path", "/notebook/me/one/"),
        ]);
        assert_eq!(said, expected);
    }
}
