//! A proxy that listens, and servers that say what a test has them say.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coracle_gateway::BoxIo;
use coracle_gateway::proxy::{Connector, Host, PathRewrite, Peer, Proxy, Route, Scheme, Upstream};
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The path below which the proxy passes requests on, as `/`.
pub(crate) const PREFIX: &str = "/notebook/me/one/";

type Tasks = Arc<Mutex<JoinSet<()>>>;

/// A proxy before one server.
pub(crate) struct Front {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    pub(crate) proxy: Proxy,
    pub(crate) upstream: Upstream,
    _tasks: Tasks,
}

/// How a server is reached.
pub(crate) enum Way {
    To(SocketAddr),
    Nowhere,
}

struct Reach {
    upstream: Upstream,
    way: Way,
}

#[async_trait]
impl Connector for Reach {
    fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    async fn connect(&self) -> io::Result<BoxIo> {
        match self.way {
            Way::To(address) => {
                let connection = TcpStream::connect(address).await?;
                connection.set_nodelay(true)?;
                Ok(Box::new(connection))
            }
            Way::Nowhere => std::future::pending().await,
        }
    }
}

fn route() -> Route {
    let mut set_headers = HeaderMap::new();
    set_headers.insert("x-root", HeaderValue::from_static("set"));
    Route {
        path: PathRewrite::Prefix {
            from: PREFIX.to_owned(),
            to: "/".to_owned(),
        },
        set_headers,
        host: Host::Keep,
        peer: Peer {
            address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            scheme: Scheme::Http,
        },
        connect_limit: Duration::from_millis(300),
    }
}

impl Front {
    /// Puts a proxy before a server.
    pub(crate) async fn before(way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tasks = Tasks::default();
        let spawned = tasks.clone();
        let proxy = Proxy::new(Arc::new(move |task| {
            spawned.lock().unwrap().spawn(task);
        }));
        let upstream = Upstream("one".to_owned());
        let reach = Arc::new(Reach {
            upstream: upstream.clone(),
            way,
        });
        let accepting = accept(listener, proxy.clone(), reach, tasks.clone());
        tasks.lock().unwrap().spawn(accepting);
        Self {
            address,
            proxy,
            upstream,
            _tasks: tasks,
        }
    }

    /// Says something to the proxy, and hears all until it hangs up.
    pub(crate) async fn say(&self, text: &str) -> String {
        let mut connection = TcpStream::connect(self.address).await.unwrap();
        connection.write_all(text.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let hearing = connection.read_to_end(&mut heard);
        let heard_all = tokio::time::timeout(Duration::from_secs(20), hearing).await;
        heard_all.expect("the proxy answers in time").unwrap();
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Asks for a path, on a connection of its own.
    pub(crate) async fn get(&self, path: &str) -> String {
        let head = format!("GET {PREFIX}{path} HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n");
        self.say(&head).await
    }
}

async fn accept(listener: TcpListener, proxy: Proxy, reach: Arc<Reach>, tasks: Tasks) {
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        connection.set_nodelay(true).unwrap();
        let (proxy, reach) = (proxy.clone(), reach.clone());
        tasks.lock().unwrap().spawn(async move {
            let service = service_fn(move |request| {
                let (proxy, reach) = (proxy.clone(), reach.clone());
                async move {
                    let response = match proxy.forward(request, &*reach, &route()).await {
                        Ok(response) => {
                            response.map(|body| UnsyncBoxBody::new(body.map_err(io::Error::other)))
                        }
                        Err(error) => {
                            let page = Full::new(Bytes::from(error.to_string()));
                            let mut response = Response::new(UnsyncBoxBody::new(
                                page.map_err(|never: Infallible| match never {}),
                            ));
                            *response.status_mut() = error.status();
                            response
                        }
                    };
                    Ok::<_, Infallible>(response)
                }
            });
            let serving = auto::Builder::new(TokioExecutor::new());
            let connection = TokioIo::new(connection);
            let _ = serving
                .serve_connection_with_upgrades(connection, service)
                .await;
        });
    }
}

/// A server whose connections a test serves itself.
pub(crate) async fn server() -> (TcpListener, Way) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, Way::To(address))
}

/// Reads the head of a request, and what of its body came with it.
pub(crate) async fn read_head(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = connection.read_buf(&mut head).await.unwrap();
        assert!(read > 0, "a head ends: {}", String::from_utf8_lossy(&head));
    }
    String::from_utf8(head).unwrap()
}

/// Says something.
pub(crate) async fn write(connection: &mut TcpStream, text: &str) {
    connection.write_all(text.as_bytes()).await.unwrap();
}
