//! What the proxy costs, on loopback: large bodies through it and past it, and the delay it adds to each message of a
//! WebSocket.
//!
//! `cargo run --release -p coracle-gateway --example loopback [PORT PROXY]`
//!
//! With a port for the server and the address of another proxy that stands before it, such as nginx, that one is measured
//! beside it: what it reaches is about what can be reached on the machine.
//!
//! Client, proxy and server are a thread each, and the client and the server do as little as they can, so the proxy has
//! nothing to hide behind. Real servers are slower, and the share it takes is smaller then.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use coracle_gateway::BoxIo;
use coracle_gateway::proxy::{Connector, Host, PathRewrite, Peer, Proxy, Route, Scheme, Upstream};
use http::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

const BODY_BYTES: usize = 200 * 1024 * 1024;
const ROUNDS: usize = 7;
const MESSAGES: usize = 20_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(0, |port| port.parse().unwrap());
    let server = serve(port);
    let mut proxies = vec![("proxied", put_before(server))];
    proxies.extend(
        arguments
            .next()
            .map(|other| ("by the other", other.parse().unwrap())),
    );
    for (what, measure) in [
        ("download", download as fn(SocketAddr) -> Duration),
        ("upload", upload),
    ] {
        // In turns, so that what else the machine does hits both.
        let mut direct = Vec::new();
        let mut proxied = vec![Vec::new(); proxies.len()];
        for _ in 0..ROUNDS {
            direct.push(measure(server));
            for (times, (_, proxy)) in proxied.iter_mut().zip(&proxies) {
                times.push(measure(*proxy));
            }
        }
        let direct = middle(&mut direct);
        let rate = |time: Duration| BODY_BYTES as f64 / time.as_secs_f64() / 1e6;
        say(&format!(
            "{what} of 200 MiB: direct {:.0} MB/s",
            rate(direct)
        ));
        for (times, (how, _)) in proxied.iter_mut().zip(&proxies) {
            let time = middle(times);
            let share = 100.0 * direct.as_secs_f64() / time.as_secs_f64();
            say(&format!("  {how} {:.0} MB/s, {share:.0} %", rate(time)));
        }
    }
    let direct = middle(&mut echo(server));
    say(&format!("echo of 64 bytes, p50: direct {direct:?}"));
    for (how, proxy) in proxies {
        let time = middle(&mut echo(proxy));
        let added = time.saturating_sub(direct);
        say(&format!("  {how} {time:?}, added {added:?}"));
    }
}

#[expect(clippy::print_stdout, reason = "the numbers are what it is run for")]
fn say(text: &str) {
    println!("{text}");
}

fn middle(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

// === the proxy ===

struct Reach {
    upstream: Upstream,
    address: SocketAddr,
}

#[async_trait]
impl Connector for Reach {
    fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    async fn connect(&self) -> io::Result<BoxIo> {
        let connection = tokio::net::TcpStream::connect(self.address).await?;
        connection.set_nodelay(true)?;
        Ok(Box::new(connection))
    }
}

fn put_before(address: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(proxy(listener, address));
    });
    own
}

#[expect(clippy::disallowed_methods, reason = "an example has no supervisor")]
async fn proxy(listener: TcpListener, address: SocketAddr) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let proxy = Proxy::new(Arc::new(|task| drop(tokio::spawn(task))));
    let reach = Arc::new(Reach {
        upstream: Upstream("server".to_owned()),
        address,
    });
    loop {
        let (connection, peer) = listener.accept().await.unwrap();
        connection.set_nodelay(true).unwrap();
        let (proxy, reach) = (proxy.clone(), reach.clone());
        let route = Route {
            path: PathRewrite::Keep,
            set_headers: HeaderMap::new(),
            host: Host::Keep,
            peer: Peer {
                address: Some(peer.ip()),
                scheme: Scheme::Http,
            },
            connect_limit: Duration::from_secs(1),
        };
        tokio::spawn(async move {
            let service = service_fn(|request| async {
                let response = proxy.forward(request, &*reach, &route).await.unwrap();
                Ok::<_, Infallible>(response)
            });
            let serving = http1::Builder::new().serve_connection(TokioIo::new(connection), service);
            let _ = serving.with_upgrades().await;
        });
    }
}

// === the server ===

fn serve(port: u16) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let connection = connection.unwrap();
            connection.set_nodelay(true).unwrap();
            thread::spawn(move || while answer(&connection).is_ok() {});
        }
    });
    address
}

fn answer(mut connection: &TcpStream) -> io::Result<()> {
    let (head, rest) = read_head(connection)?;
    if head.starts_with("GET /echo ") {
        write!(
            connection,
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
        )?;
        let mut buffer = [0; 4096];
        loop {
            let length = connection.read(&mut buffer)?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            connection.write_all(&buffer[..length])?;
        }
    }
    if head.starts_with("PUT ") {
        discard(connection, BODY_BYTES - rest)?;
        return write!(connection, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }
    write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-length: {BODY_BYTES}\r\n\r\n"
    )?;
    write_body(connection)
}

// === the client ===

fn download(address: SocketAddr) -> Duration {
    let mut connection = connect(address);
    let began = Instant::now();
    write!(connection, "GET / HTTP/1.1\r\nhost: me\r\n\r\n").unwrap();
    let (_, rest) = read_head(&connection).unwrap();
    discard(&connection, BODY_BYTES - rest).unwrap();
    began.elapsed()
}

fn upload(address: SocketAddr) -> Duration {
    let mut connection = connect(address);
    let began = Instant::now();
    write!(
        connection,
        "PUT / HTTP/1.1\r\nhost: me\r\ncontent-length: {BODY_BYTES}\r\n\r\n"
    )
    .unwrap();
    write_body(&connection).unwrap();
    read_head(&connection).unwrap();
    began.elapsed()
}

fn echo(address: SocketAddr) -> Vec<Duration> {
    let mut connection = connect(address);
    write!(
        connection,
        "GET /echo HTTP/1.1\r\nhost: me\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    )
    .unwrap();
    read_head(&connection).unwrap();
    let mut message = [7; 64];
    let times = (0..MESSAGES).map(|_| {
        let began = Instant::now();
        connection.write_all(&message).unwrap();
        connection.read_exact(&mut message).unwrap();
        began.elapsed()
    });
    times.collect()
}

fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_nodelay(true).unwrap();
    connection
}

/// The head, and how many bytes of the body came with it.
fn read_head(mut connection: &TcpStream) -> io::Result<(String, usize)> {
    let mut heard = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        let read = connection.read(&mut heard[length..])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        length += read;
        if let Some(end) = heard[..length]
            .windows(4)
            .position(|end| end == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&heard[..end]).into_owned();
            return Ok((head, length - end - 4));
        }
    }
}

fn discard(mut connection: &TcpStream, mut length: usize) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    while length > 0 {
        let most = buffer.len().min(length);
        let read = connection.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        length -= read;
    }
    Ok(())
}

fn write_body(mut connection: &TcpStream) -> io::Result<()> {
    let chunk = vec![b'x'; 256 * 1024];
    for _ in 0..BODY_BYTES / chunk.len() {
        connection.write_all(&chunk)?;
    }
    Ok(())
}
