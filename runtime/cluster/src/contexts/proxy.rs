//! Through which proxy a server is reached: the context's own, else the one that the environment names.
//!
//! As Go's clients decide: `proxy-url` of the kubeconfig counts whatever `NO_PROXY` says; `HTTPS_PROXY` counts unless
//! the server is this machine or `NO_PROXY` has it.

use std::net::IpAddr;

use http::Uri;

use super::files::Surroundings;

/// Why an address is no proxy's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ProxyError {
    /// The text is no address.
    #[error("`{0}` is no address of a proxy; write for example `http://proxy:3128`")]
    NotAnAddress(String),
    /// A kind of proxy that nobody here speaks to.
    #[error("a proxy is reached by `http`, `https` or `socks5`, not by `{0}`")]
    Scheme(String),
}

/// The proxy on the way to a server.
pub(super) fn for_server(
    server: &Uri,
    own: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Option<Uri>, ProxyError> {
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        return read(own).map(Some);
    }
    let Some(named) = surroundings.https_proxy.as_deref() else {
        return Ok(None);
    };
    let is_https = server.scheme_str() == Some("https");
    let (host, port) = (server.host().unwrap_or_default(), port(server));
    let passed_over = named.is_empty()
        || !is_https
        || is_here(host)
        || is_exempt(
            host,
            port,
            surroundings.no_proxy.as_deref().unwrap_or_default(),
        );
    if passed_over {
        Ok(None)
    } else if named.contains("://") {
        read(named).map(Some)
    } else {
        read(&format!("http://{named}")).map(Some)
    }
}

/// The address of a proxy.
pub(super) fn read(text: &str) -> Result<Uri, ProxyError> {
    let address: Uri = text
        .parse()
        .map_err(|_| ProxyError::NotAnAddress(text.to_owned()))?;
    match address.scheme_str() {
        // The name is looked up by the proxy either way.
        Some("http" | "https" | "socks5") => Ok(address),
        Some("socks5h") => text
            .replacen("socks5h", "socks5", 1)
            .parse()
            .map_err(|_| ProxyError::NotAnAddress(text.to_owned())),
        Some(other) => Err(ProxyError::Scheme(other.to_owned())),
        None => Err(ProxyError::NotAnAddress(text.to_owned())),
    }
}

fn port(server: &Uri) -> u16 {
    server.port_u16().unwrap_or(443)
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn is_here(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
}

/// Whether `NO_PROXY` has a host: `*`, an address, a block of addresses, a name with or without a leading dot; each
/// may have a port.
fn is_exempt(host: &str, port: u16, no_proxy: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let address = address(&host);
    no_proxy.split(',').map(str::trim).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        if entry == "*" {
            return true;
        }
        if let Some((network, bits)) = entry.split_once('/') {
            let parsed = network.parse().ok().zip(bits.parse().ok());
            return parsed
                .zip(address)
                .is_some_and(|((network, bits), address)| is_within(address, network, bits));
        }
        let (name, asked_port) = split_port(&entry);
        if name.is_empty() || asked_port.is_some_and(|asked| asked != port) {
            return false;
        }
        if let (Some(asked), Some(address)) = (self::address(name), address) {
            return asked == address;
        }
        match name.strip_prefix("*.").or_else(|| name.strip_prefix('.')) {
            // A leading dot leaves out the name itself.
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.')),
            None => {
                host == name
                    || host
                        .strip_suffix(name)
                        .is_some_and(|rest| rest.ends_with('.'))
            }
        }
    })
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    if entry.parse::<IpAddr>().is_ok() {
        return (entry, None);
    }
    match entry.rsplit_once(':') {
        Some((name, port)) => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        None => (entry, None),
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (address, network, length) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (
            u128::from(address.to_bits()),
            u128::from(network.to_bits()),
            32_u32,
        ),
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits(), network.to_bits(), 128_u32)
        }
        _ => return false,
    };
    let dropped = match length.checked_sub(bits) {
        None => return false,
        // All addresses; a shift by the whole width is none.
        Some(128) => return true,
        Some(dropped) => dropped,
    };
    (address >> dropped) == (network >> dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(server: &str, own: Option<&str>, https_proxy: &str, no_proxy: &str) -> Option<String> {
        let surroundings = Surroundings {
            https_proxy: Some(https_proxy.to_owned()),
            no_proxy: Some(no_proxy.to_owned()),
            ..Surroundings::default()
        };
        for_server(&server.parse().unwrap(), own, &surroundings)
            .unwrap()
            .map(|address| address.to_string())
    }

    #[test]
    fn the_contexts_own_proxy_counts_whatever_the_environment_says() {
        let own = proxy(
            "https://10.0.0.1",
            Some("socks5://own:1080"),
            "http://env:1",
            "*",
        );
        assert_eq!(own.as_deref(), Some("socks5://own:1080/"));
    }

    #[test]
    fn the_environments_proxy_is_passed_over_for_what_is_exempt() {
        // As golang.org/x/net/http/httpproxy documents `NO_PROXY`.
        let through = |server: &str, no_proxy: &str| {
            proxy(server, None, "http://env:3128", no_proxy).is_some()
        };
        assert!(through("https://api.example.com:6443", ""));
        assert!(!through("https://localhost:6443", ""));
        assert!(!through("https://127.0.0.1:6443", ""));
        assert!(!through("https://[::1]:6443", ""));
        assert!(!through("http://api.example.com", ""));
        assert!(!through("https://api.example.com", "example.com"));
        assert!(!through("https://example.com", "example.com"));
        assert!(through("https://example.com", ".example.com"));
        assert!(!through("https://api.example.com", ".example.com"));
        assert!(!through("https://api.example.com", "*.example.com"));
        assert!(through("https://notexample.com", "example.com"));
        assert!(!through("https://10.1.2.3:6443", "10.0.0.0/8"));
        assert!(through("https://11.1.2.3:6443", "10.0.0.0/8"));
        assert!(!through("https://[fd00::5]:6443", "fd00::/8"));
        assert!(!through("https://10.1.2.3", "0.0.0.0/0"));
        assert!(!through("https://10.1.2.3:6443", "10.1.2.3:6443"));
        assert!(through("https://10.1.2.3:6443", "10.1.2.3:443"));
        assert!(!through("https://api.example.com", "other.com, *"));
    }

    #[test]
    fn a_proxy_without_a_scheme_is_an_http_one() {
        let named = proxy("https://api.example.com", None, "env:3128", "");
        assert_eq!(named.as_deref(), Some("http://env:3128/"));
        assert_eq!(
            read("ftp://proxy"),
            Err(ProxyError::Scheme("ftp".to_owned()))
        );
        assert!(matches!(read("not one"), Err(ProxyError::NotAnAddress(_))));
    }
}
