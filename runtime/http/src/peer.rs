//! Who is at the other end of a connection, looked at once when it is made.

use std::io;
use std::net::{IpAddr, SocketAddr};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use coracle_app::owner_of_peer;
use tokio::net::{TcpListener, TcpStream};

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) address: IpAddr,
    /// The user of this machine who holds it; none when the system does not tell.
    pub(crate) owner: Option<u32>,
}

/// The socket of a door.
pub(crate) struct DoorListener(pub(crate) TcpListener);

impl Listener for DoorListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        // Waits and tries again by itself when the system has no more sockets.
        let (connection, peer) = Listener::accept(&mut self.0).await;
        // Answers are written in small pieces, and each is waited for.
        drop(connection.set_nodelay(true));
        (connection, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, DoorListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, DoorListener>) -> Self {
        let own = stream.io().local_addr().ok();
        let peer = *stream.remote_addr();
        Self {
            address: peer.ip(),
            owner: own.and_then(|own| owner_of_peer(own, peer)),
        }
    }
}
