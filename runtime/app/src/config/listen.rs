//! Where the workbench listens.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// The port of `coracle serve` when none is named.
const DEFAULT_PORT: u16 = 8890;

/// An address to listen at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListenAddress(SocketAddr);

/// A text that is no address to listen at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address to listen at; write for example `127.0.0.1:8890` or `localhost:0`")]
pub struct ListenError(String);

impl ListenAddress {
    /// Loopback, at the usual port.
    pub fn usual() -> Self {
        Self(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT))
    }

    /// Loopback, at whatever port is free.
    pub fn any_port() -> Self {
        Self(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))
    }

    /// The address.
    pub fn socket(self) -> SocketAddr {
        self.0
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for ListenAddress {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |rest: &str| {
            Some(SocketAddr::new(
                Ipv4Addr::LOCALHOST.into(),
                rest.parse().ok()?,
            ))
        };
        let local = text
            .strip_prefix("localhost:")
            .or_else(|| text.strip_prefix(':'))
            .and_then(named);
        let bare = || {
            text.parse::<IpAddr>()
                .ok()
                .map(|address| SocketAddr::new(address, DEFAULT_PORT))
        };
        local
            .or_else(|| text.parse().ok())
            .or_else(bare)
            .map(Self)
            .ok_or_else(|| ListenError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let read = |text: &str| {
            text.parse::<ListenAddress>()
                .map(|address| address.to_string())
        };
        assert_eq!(read("127.0.0.1:9000").unwrap(), "127.0.0.1:9000");
        assert_eq!(read("localhost:0").unwrap(), "127.0.0.1:0");
        assert_eq!(read(":9000").unwrap(), "127.0.0.1:9000");
        assert_eq!(read("[::1]:9000").unwrap(), "[::1]:9000");
        assert_eq!(read("0.0.0.0").unwrap(), "0.0.0.0:8890");
        for text in [
            "",
            "localhost",
            "example.com:80",
            "127.0.0.1:70000",
            "127.0.0.1:",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
