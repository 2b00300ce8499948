//! gRPC goes through as it came: over HTTP/2, with its trailers, and all requests over one connection to the server.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::{Front, PREFIX, server};

/// Answers with the path and what it was sent, and with trailers; takes one connection alone.
async fn echo(listener: TcpListener) {
    let (connection, _) = listener.accept().await.unwrap();
    let service = service_fn(|request: Request<Incoming>| async {
        assert_eq!(request.headers()["te"], "trailers");
        assert_eq!(request.headers()["x-root"], "set");
        let path = request.uri().path().to_owned();
        let asked = request.into_body().collect().await.unwrap().to_bytes();
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let frames = [
            Frame::data(Bytes::from(path)),
            Frame::data(asked),
            Frame::trailers(trailers),
        ];
        let frames = frames.map(Ok::<_, Infallible>);
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let mut response = Response::new(body);
        let kind = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", kind);
        Ok::<_, Infallible>(response)
    });
    let serving = http2::Builder::new(TokioExecutor::new());
    let _ = serving
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

#[tokio::test]
async fn requests_share_a_connection_and_keep_their_trailers() {
    let (listener, way) = server().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(echo(listener));
    let front = Front::before(way).await;
    let connection = TcpStream::connect(front.address).await.unwrap();
    let (sender, carrying) = client::handshake(TokioExecutor::new(), TokioIo::new(connection))
        .await
        .unwrap();
    tasks.spawn(async { drop(carrying.await) });
    let requests: FuturesUnordered<_> = (0..3)
        .map(|number| {
            let mut sender = sender.clone();
            let request = Request::post(format!("http://me{PREFIX}inference.Service/Infer"))
                .header("content-type", "application/grpc+proto")
                .body(Full::new(Bytes::from(format!(" {number}"))))
                .unwrap();
            async move {
                let response = sender.send_request(request).await.unwrap();
                assert_eq!(response.headers()["content-type"], "application/grpc");
                let body = response.into_body().collect().await.unwrap();
                assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
                let expected = format!("/inference.Service/Infer {number}");
                assert_eq!(body.to_bytes(), expected.as_bytes());
            }
        })
        .collect();
    assert_eq!(requests.count().await, 3);
}
