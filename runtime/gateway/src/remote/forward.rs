//! Port-forward.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use http::Request;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::asked::{Asked, grant_spdy, grant_websocket};
use super::protocol::{ForwardProtocol, SPDY_FORWARD, WEBSOCKET_FORWARD};
use super::refusal::Refusal;
use super::{Upgrade, over_spdy, over_websocket, query};
use crate::io::BoxIo;
use crate::pump::{PumpError, pump};

/// Reaches the ports of a pod.
#[async_trait]
pub trait Dial: Send + Sync + 'static {
    /// The pod's name, for what the client is told.
    fn pod(&self) -> &str;

    /// A new connection to a port of the pod.
    async fn dial(&self, port: u16) -> io::Result<BoxIo>;
}

/// Grants a request for port-forward.
pub fn forward<B>(request: &mut Request<B>, dial: Arc<dyn Dial>) -> Result<Upgrade, Refusal> {
    match Asked::read(request.headers())? {
        Asked::WebSocket { accept, protocols } => {
            let (response, protocol) = grant_websocket(&accept, &protocols, &WEBSOCKET_FORWARD)?;
            match protocol {
                ForwardProtocol::Tunnel => Ok(Upgrade::of(request, response, move |upgraded| {
                    over_spdy::forward(over_websocket::tunnel(TokioIo::new(upgraded)), dial)
                })),
                ForwardProtocol::Channels(framing) => {
                    let ports = query::ports(request.uri().query().unwrap_or_default())?;
                    Ok(Upgrade::of(request, response, move |upgraded| {
                        over_websocket::forward(TokioIo::new(upgraded), framing, ports, dial)
                    }))
                }
            }
        }
        Asked::Spdy { protocols } => {
            let (response, ()) = grant_spdy(&protocols, &SPDY_FORWARD)?;
            Ok(Upgrade::of(request, response, move |upgraded| {
                over_spdy::forward(TokioIo::new(upgraded), dial)
            }))
        }
    }
}

/// The client's side of one forwarded connection.
pub(super) struct Forwarded<Reader, Writer> {
    pub(super) port: u16,
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    pub(super) error: Writer,
}

/// Carries one connection until the pod has said all, or the client wants no more.
pub(super) async fn carry<Reader, Writer>(mut forwarded: Forwarded<Reader, Writer>, dial: &dyn Dial)
where
    Reader: AsyncRead + Unpin,
    Writer: AsyncWrite + Unpin,
{
    let ended = match dial.dial(forwarded.port).await {
        Ok(pod) => exchange(&mut forwarded, pod).await,
        Err(error) => {
            let (port, pod) = (forwarded.port, dial.pod());
            let text = format!("error forwarding port {port} to pod {pod}, uid : {error}");
            forwarded.fail(&text).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(
            ?error,
            port = forwarded.port,
            "a forwarded connection broke"
        );
    }
    // The client waits for the end of both before it closes its own connection.
    let _ = forwarded.error.shutdown().await;
    let _ = forwarded.writer.shutdown().await;
}

async fn exchange<Reader, Writer>(
    forwarded: &mut Forwarded<Reader, Writer>,
    pod: BoxIo,
) -> Result<(), PumpError>
where
    Reader: AsyncRead + Unpin,
    Writer: AsyncWrite + Unpin,
{
    let (mut from_pod, mut to_pod) = tokio::io::split(pod);
    let up = async {
        match pump(&mut forwarded.reader, &mut to_pod).await {
            // The client has said all, and still listens.
            Ok(()) => std::future::pending().await,
            Err(PumpError::Read(error)) => Err(PumpError::Read(error)),
            // A pod that does not listen any more may still have something to say.
            Err(PumpError::Write(_)) => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = up => ended,
        ended = pump(&mut from_pod, &mut forwarded.writer) => ended,
    }
}

impl<Reader, Writer: AsyncWrite + Unpin> Forwarded<Reader, Writer> {
    async fn fail(&mut self, text: &str) -> Result<(), PumpError> {
        let written = self.error.write_all(text.as_bytes()).await;
        written.map_err(PumpError::Write)
    }
}
