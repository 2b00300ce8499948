//! The program that stands for a Service: it takes connections to the Service's ports and passes them on to its pods.
//!
//! ```text
//!   workbench ──► file of routes ──► which ports are open
//!                        │
//!   client ──► port ─────┴──► one pod after another ──► carried both ways until both sides have ended
//! ```
//!
//! The file is looked at several times a second, for ports that come and go, and more often while it leads nowhere: somebody
//! may be waiting for the first pod. It is read before each connection as well, so that none goes where the table leads no more. It is replaced whole, by a rename. Connections that are under way stay as they are,
//! whatever the table says.
#![forbid(unsafe_code)]

mod carry;
mod port;
#[expect(unreachable_pub, reason = "it is the library's as well")]
mod routes;
mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use port::OpenPort;
use table::Table;

/// How long a port that is new in the table stays closed at most.
const LOOK: Duration = Duration::from_millis(200);

/// The same while no port is open.
const FIRST_LOOK: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1) else {
        eprintln!("the file with the routes is not named");
        return ExitCode::FAILURE;
    };
    let table = Arc::new(Table::of_file(file.into()));
    let mut open: BTreeMap<u16, OpenPort> = BTreeMap::new();
    loop {
        let routes = table.now();
        open.retain(|port, _| !routes.of(*port).is_empty());
        for port in routes.ports() {
            if open.contains_key(&port) {
                continue;
            }
            match OpenPort::open(port, Arc::clone(&table)) {
                Ok(listening) => drop(open.insert(port, listening)),
                Err(error) => eprintln!("port {port} cannot be listened on: {error}"),
            }
        }
        sleep(if open.is_empty() { FIRST_LOOK } else { LOOK });
    }
}
