//! Listening on the address of a container network's bridge.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// The connections that may wait to be taken up; what the standard library asks for too.
const BACKLOG: i32 = 128;

/// Listens on an address that the machine may not have yet: Podman's bridge is there only while a container is.
/// The listener is non-blocking, as an asynchronous one is made from it.
///
/// # Errors
/// When the port is taken, and on systems that cannot do this, when the address is not there.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    match address {
        SocketAddr::V4(_) => socket.set_freebind_v4(true)?,
        SocketAddr::V6(_) => socket.set_freebind_v6(true)?,
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_there_yet_can_be_listened_on() {
        // Kept for documentation: no machine has it.
        let address: SocketAddr = "192.0.2.1:0".parse().unwrap();
        assert!(TcpListener::bind(address).is_err());
        let listener = listen(address).unwrap();
        assert_eq!(listener.local_addr().unwrap().ip(), address.ip());
        let taken = listener.local_addr().unwrap();
        assert_eq!(listen(taken).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
