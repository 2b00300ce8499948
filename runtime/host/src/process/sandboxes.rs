//! Sandboxes of processes: no more than names, since all processes share the machine's network.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use tokio::net::TcpStream;

use super::place::ignore_missing;
use super::workloads::is_name;
use crate::engine::{
    Connection, EngineError, Opening, PublishedPort, SandboxName, SandboxProgram, SandboxRequest,
    SandboxStatus,
};

/// The address of every sandbox.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The files `sandboxes/NAME` under an engine's root, one for each that is open.
#[derive(Debug)]
pub(super) struct Sandboxes {
    directory: PathBuf,
}

impl Sandboxes {
    pub(super) fn under(root: &Path) -> Self {
        Self {
            directory: root.join("sandboxes"),
        }
    }

    pub(super) fn open(&self, request: &SandboxRequest) -> Result<Opening, EngineError> {
        let name = &request.name;
        let failed =
            |error: io::Error| EngineError::of_file(format!("make the sandbox `{name}`"), &error);
        if let SandboxProgram::Forwarder { .. } = request.program {
            return Err(EngineError::Unsupported {
                message: "processes of this machine are not found by the names of Services"
                    .to_owned(),
            });
        }
        request.published.iter().try_for_each(check_published)?;
        let file = self.file(name)?;
        fs_err::create_dir_all(&self.directory).map_err(failed)?;
        match fs_err::File::create_new(file) {
            Ok(_) => Ok(Opening::Made),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Opening::Found),
            Err(error) => Err(failed(error)),
        }
    }

    pub(super) fn status(&self, name: &SandboxName) -> Result<Option<SandboxStatus>, EngineError> {
        let status = || SandboxStatus {
            running: true,
            address: Some(ADDRESS),
            published: Vec::new(),
        };
        Ok(self.file(name)?.exists().then(status))
    }

    pub(super) fn close(&self, name: &SandboxName) -> Result<(), EngineError> {
        ignore_missing(fs_err::remove_file(self.file(name)?))
            .map_err(|error| EngineError::of_file(format!("remove the sandbox `{name}`"), &error))
    }

    pub(super) async fn connect(
        &self,
        name: &SandboxName,
        port: u16,
    ) -> Result<Box<dyn Connection>, EngineError> {
        if self.status(name)?.is_none() {
            return Err(EngineError::NoSandbox { name: name.clone() });
        }
        let connecting = TcpStream::connect((ADDRESS, port)).await;
        let connected = connecting
            .and_then(|connection| connection.set_nodelay(true).map(|()| connection))
            .map_err(|error| EngineError::NotListening {
                sandbox: name.clone(),
                port,
                message: error.to_string(),
            })?;
        Ok(Box::new(connected))
    }

    fn file(&self, name: &SandboxName) -> Result<PathBuf, EngineError> {
        if is_name(&name.0) {
            return Ok(self.directory.join(&name.0));
        }
        Err(EngineError::Refused {
            action: format!("use the name `{name}`"),
            message: "a name has letters, digits, `-`, `_` and `.` only".to_owned(),
        })
    }
}

/// A process listens on the machine's own ports, and nowhere else.
fn check_published(port: &PublishedPort) -> Result<(), EngineError> {
    match port.host_port.filter(|host| *host != port.container_port) {
        None => Ok(()),
        Some(host) => Err(EngineError::Unsupported {
            message: format!(
                "port {host} cannot lead to port {} of a process of this machine; run it on Docker",
                port.container_port
            ),
        }),
    }
}
