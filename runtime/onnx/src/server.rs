//! One model under one name, and what it answers.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use crate::model::Model;
use crate::refusal::Refusal;
use crate::route::{Route, V2Wanted, json_response};
use crate::{v1, v2};

/// What this server calls itself.
const NAME: &str = "coracle-onnx";

/// A model that is served. Clones serve the same model.
#[derive(Debug, Clone)]
pub struct Server {
    name: Arc<str>,
    model: Arc<Model>,
}

/// One is another where it has another model, or that under another name.
impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.model, &other.model)
    }
}

impl Eq for Server {}

impl Server {
    /// Serves a model under a name.
    pub fn new(name: &str, model: Arc<Model>) -> Self {
        Self {
            name: name.into(),
            model,
        }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Answers a request. It takes as long as the model does: whoever calls has a thread for that.
    pub fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        self.answered(request)
            .unwrap_or_else(|refusal| refusal.response())
    }

    fn answered(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
        let model = &*self.model;
        let answer = match Route::of(request.method(), request.uri().path())? {
            Route::Alive => json!({ "status": "alive" }),
            Route::V1Models | Route::V2Models => json!({ "models": [self.name] }),
            Route::V1Model(name) => {
                self.is_called(&name)?;
                json!({ "name": self.name, "ready": true })
            }
            Route::V1Predict(name) => {
                self.is_called(&name)?;
                return v1::predict(model, request.body());
            }
            Route::V1Explain(name) => {
                self.is_called(&name)?;
                return Err(Refusal::NotImplemented("Explain is not implemented."));
            }
            Route::V2Server => json!({
                "name": NAME,
                "version": env!("CARGO_PKG_VERSION"),
                "extensions": ["binary_tensor_data"],
            }),
            Route::V2Live => json!({ "live": true }),
            Route::V2Ready => json!({ "ready": true }),
            Route::V2Model {
                model: name,
                version,
                wanted,
            } => {
                self.is_called(&name)?;
                self.is_of_version(version)?;
                match wanted {
                    V2Wanted::Metadata => {
                        return Ok(json_response(&v2::metadata(&self.name, model.metadata())));
                    }
                    V2Wanted::Ready => json!({ "name": self.name, "ready": true }),
                    V2Wanted::Infer => return v2::infer(&self.name, model, request),
                }
            }
        };
        Ok(json_response(&answer))
    }

    fn is_called(&self, name: &str) -> Result<(), Refusal> {
        if *self.name == *name {
            Ok(())
        } else {
            Err(Refusal::NoModel(name.to_owned()))
        }
    }

    fn is_of_version(&self, version: Option<String>) -> Result<(), Refusal> {
        match version {
            Some(version) if version != self.model.metadata().version.to_string() => {
                Err(Refusal::NoVersion {
                    model: self.name.to_string(),
                    version,
                })
            }
            _ => Ok(()),
        }
    }
}
