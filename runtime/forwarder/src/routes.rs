//! The table of routes, and how it is written.
//!
//! ```text
//!   80 10.96.4.2:8080 10.96.4.3:8080
//!   443 10.96.4.2:8443
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// Where connections to each port go. A port that leads nowhere is not in it, and refuses them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes(BTreeMap<u16, Vec<SocketAddr>>);

impl Routes {
    /// Adds a place to which connections to a port go.
    pub fn add(&mut self, port: u16, destination: SocketAddr) {
        let destinations = self.0.entry(port).or_default();
        if !destinations.contains(&destination) {
            destinations.push(destination);
        }
    }

    /// The ports that lead somewhere.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        self.0.keys().copied()
    }

    /// Where connections to a port go; nothing for a port that leads nowhere.
    pub fn of(&self, port: u16) -> &[SocketAddr] {
        self.0.get(&port).map(Vec::as_slice).unwrap_or_default()
    }
}

impl fmt::Display for Routes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (port, destinations) in &self.0 {
            write!(formatter, "{port}")?;
            for destination in destinations {
                write!(formatter, " {destination}")?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

/// A line that is none of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRoutes {
    /// The line.
    pub line: String,
}

impl fmt::Display for BadRoutes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "`{}` is not a port with its destinations",
            self.line
        )
    }
}

impl std::error::Error for BadRoutes {}

impl FromStr for Routes {
    type Err = BadRoutes;

    fn from_str(text: &str) -> Result<Self, BadRoutes> {
        let mut routes = Self::default();
        for line in text.lines() {
            let bad = || BadRoutes {
                line: line.to_owned(),
            };
            let (port, destinations) = line.split_once(' ').ok_or_else(bad)?;
            let port = port.parse().map_err(|_| bad())?;
            for destination in destinations.split(' ') {
                routes.add(port, destination.parse().map_err(|_| bad())?);
            }
        }
        Ok(routes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Routes {
        let mut routes = Routes::default();
        for (port, destination) in [
            (443, "10.0.0.2:8443"),
            (80, "10.0.0.2:8080"),
            (80, "10.0.0.3:8080"),
            (80, "10.0.0.2:8080"),
        ] {
            routes.add(port, destination.parse().unwrap());
        }
        routes
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let text = table().to_string();
        assert_eq!(text, "80 10.0.0.2:8080 10.0.0.3:8080\n443 10.0.0.2:8443\n");
        assert_eq!(text.parse(), Ok(table()));
        assert_eq!("".parse(), Ok(Routes::default()));
        assert_eq!(table().of(81), []);
    }

    #[test]
    fn what_is_no_table_is_refused_whole() {
        for line in [
            "80",
            "80 ",
            "x 10.0.0.2:80",
            "80 10.0.0.2",
            "70000 10.0.0.2:80",
        ] {
            let text = format!("443 10.0.0.2:8443\n{line}\n");
            let line = line.to_owned();
            assert_eq!(text.parse::<Routes>(), Err(BadRoutes { line }));
        }
    }
}
