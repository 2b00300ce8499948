//! Models that are made here, loaded from files, and asked as over a socket.

mod concurrency;
mod loading;
mod models;
mod v1;
mod v2;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use coracle_onnx::{LoadError, Model, Server};
use http::{Request, Response};
use prost::Message as _;
use serde_json::Value;
use tempfile::TempDir;
use tract_onnx::pb::ModelProto;

/// A directory with models, which goes with this.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, content).unwrap();
        path
    }
}

fn load(model: &ModelProto) -> Result<Model, LoadError> {
    let files = Files::new();
    files.write("model.onnx", &model.encode_to_vec());
    Model::load(files.path())
}

/// A server of the model `m`.
fn serve(model: &ModelProto) -> Server {
    Server::new("m", Arc::new(load(model).unwrap()))
}

fn ask(server: &Server, method: &str, path: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(path);
    server.answer(&request.body(body.into()).unwrap())
}

/// The status and the JSON of an answer.
fn told(answer: &Response<Bytes>) -> (u16, Value) {
    let body = serde_json::from_slice(answer.body()).unwrap();
    (answer.status().as_u16(), body)
}

fn get(server: &Server, path: &str) -> (u16, Value) {
    told(&ask(server, "GET", path, ""))
}

fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    told(&ask(server, "POST", path, body.to_string()))
}
