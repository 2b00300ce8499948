//! Who is at the other end of a connection on this machine.
//!
//! Linux tells the owner of a TCP socket to whoever asks by `sock_diag` (`man 7 sock_diag`), in a few microseconds however
//! many sockets there are. Other systems do not tell, and neither does Linux for a peer in another network namespace,
//! such as a container.

use std::net::{IpAddr, SocketAddr};

/// The user who holds the other end of a connection, by number; none when that cannot be told.
pub fn owner(own: SocketAddr, peer: SocketAddr) -> Option<u32> {
    let request = request(plain(peer), plain(own))?;
    let answer = ask(&request)?;
    read(&answer)
}

/// An address of version 4 as such, also where it came in the clothes of version 6.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The length of the header of a message.
const HEADER: usize = 16;

/// The type of a request for the socket of a family, and of its answer.
const BY_FAMILY: u16 = 20;

/// A message that is a request.
const IS_REQUEST: u16 = 1;

/// The protocol TCP.
const TCP: u8 = 6;

/// Where the user stands in an answer: after the header, four bytes, the 48 of the socket's id, and three numbers.
const USER: usize = HEADER + 4 + 48 + 12;

/// A request for the one socket with these ends.
fn request(near: SocketAddr, far: SocketAddr) -> Option<Vec<u8>> {
    let family: u8 = match (near.ip(), far.ip()) {
        (IpAddr::V4(_), IpAddr::V4(_)) => 2,
        (IpAddr::V6(_), IpAddr::V6(_)) => 10,
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return None,
    };
    let mut body = vec![family, TCP, 0, 0];
    // Any state.
    body.extend_from_slice(&u32::MAX.to_ne_bytes());
    body.extend_from_slice(&near.port().to_be_bytes());
    body.extend_from_slice(&far.port().to_be_bytes());
    body.extend_from_slice(&words(near.ip()));
    body.extend_from_slice(&words(far.ip()));
    // Any interface, and no cookie.
    body.extend_from_slice(&0_u32.to_ne_bytes());
    body.extend_from_slice(&[u8::MAX; 8]);
    let length = u32::try_from(HEADER + body.len()).ok()?;
    let mut message = Vec::with_capacity(HEADER + body.len());
    message.extend_from_slice(&length.to_ne_bytes());
    message.extend_from_slice(&BY_FAMILY.to_ne_bytes());
    message.extend_from_slice(&IS_REQUEST.to_ne_bytes());
    // The number of the message and its sender, which the kernel fills in.
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&body);
    Some(message)
}

/// An address in the four words that there are for it.
fn words(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let mut words = [0; 16];
            words[..4].copy_from_slice(&ip.octets());
            words
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// The user in an answer; none in one that says that there is no such socket.
fn read(answer: &[u8]) -> Option<u32> {
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    let user = u32::from_ne_bytes(answer.get(USER..USER + 4)?.try_into().ok()?);
    (kind == BY_FAMILY).then_some(user)
}

#[cfg(target_os = "linux")]
fn ask(request: &[u8]) -> Option<Vec<u8>> {
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto,
        socket,
    };

    let kernel = NetlinkAddr::new(0, 0);
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkSockDiag,
    )
    .ok()?;
    sendto(socket.as_raw_fd(), request, &kernel, MsgFlags::empty()).ok()?;
    let mut answer = vec![0; 4096];
    // The kernel has answered by the time the request was taken.
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::MSG_DONTWAIT).ok()?;
    answer.truncate(length);
    Some(answer)
}

#[cfg(not(target_os = "linux"))]
fn ask(_: &[u8]) -> Option<Vec<u8>> {
    None
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn we_hold_our_own_connections() {
        for listen in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(listen) else {
                continue;
            };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (accepted, peer) = listener.accept().unwrap();
            let found = owner(accepted.local_addr().unwrap(), peer);
            let us = nix::unistd::getuid().as_raw();
            assert_eq!(found, Some(us), "{client:?}");
        }
    }

    #[test]
    fn nobody_holds_what_is_not_there() {
        let (own, peer) = (
            "127.0.0.1:1".parse().unwrap(),
            "127.0.0.1:2".parse().unwrap(),
        );
        assert_eq!(owner(own, peer), None);
        assert_eq!(read(&[0; 20]), None);
    }
}
