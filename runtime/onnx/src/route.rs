//! What a path asks for.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::refusal::Refusal;

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/`: whether anything answers.
    Alive,
    /// `/v1/models`
    V1Models,
    /// `/v1/models/{model}`
    V1Model(String),
    /// `/v1/models/{model}:predict`
    V1Predict(String),
    /// `/v1/models/{model}:explain`
    V1Explain(String),
    /// `/v2`: what this server is.
    V2Server,
    /// `/v2/health/live`
    V2Live,
    /// `/v2/health/ready`
    V2Ready,
    /// `/v2/models`
    V2Models,
    /// `/v2/models/{model}` and what is below it, with `/versions/{version}` between the two or without.
    V2Model {
        model: String,
        version: Option<String>,
        wanted: V2Wanted,
    },
}

/// What is asked of a model by the Open Inference Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum V2Wanted {
    Metadata,
    Ready,
    Infer,
}

impl Route {
    /// What a request asks for.
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, Refusal> {
        let route = Self::of_path(method, path).ok_or(Refusal::NoRoute)?;
        let allowed = route.method();
        if *method == allowed {
            Ok(route)
        } else {
            Err(Refusal::Method(allowed))
        }
    }

    fn of_path(method: &Method, path: &str) -> Option<Self> {
        let segments: Option<Vec<String>> = path.strip_prefix('/')?.split('/').map(text).collect();
        let segments = segments?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(match segments.as_slice() {
            [""] => Self::Alive,
            ["v1", "models"] => Self::V1Models,
            ["v1", "models", model] => Self::of_v1(method, model),
            ["v2"] => Self::V2Server,
            ["v2", "health", "live"] => Self::V2Live,
            ["v2", "health", "ready"] => Self::V2Ready,
            ["v2", "models"] => Self::V2Models,
            ["v2", "models", model, "versions", version, rest @ ..] => Self::V2Model {
                model: (*model).to_owned(),
                version: Some((*version).to_owned()),
                wanted: V2Wanted::of(rest)?,
            },
            ["v2", "models", model, rest @ ..] => Self::V2Model {
                model: (*model).to_owned(),
                version: None,
                wanted: V2Wanted::of(rest)?,
            },
            _ => return None,
        })
    }

    /// A name may itself have a colon, so a verb is one only where something is sent.
    fn of_v1(method: &Method, model: &str) -> Self {
        let verb = model.rsplit_once(':').filter(|_| *method == Method::POST);
        match verb {
            Some((model, "predict")) => Self::V1Predict(model.to_owned()),
            Some((model, "explain")) => Self::V1Explain(model.to_owned()),
            _ => Self::V1Model(model.to_owned()),
        }
    }

    fn method(&self) -> Method {
        match self {
            Self::V1Predict(_)
            | Self::V1Explain(_)
            | Self::V2Model {
                wanted: V2Wanted::Infer,
                ..
            } => Method::POST,
            Self::Alive
            | Self::V1Models
            | Self::V1Model(_)
            | Self::V2Server
            | Self::V2Live
            | Self::V2Ready
            | Self::V2Models
            | Self::V2Model { .. } => Method::GET,
        }
    }
}

impl V2Wanted {
    fn of(rest: &[&str]) -> Option<Self> {
        match rest {
            [] => Some(Self::Metadata),
            ["ready"] => Some(Self::Ready),
            ["infer"] => Some(Self::Infer),
            _ => None,
        }
    }
}

fn text(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// An answer in JSON.
pub(crate) fn json_response(body: &impl Serialize) -> Response<Bytes> {
    let body = serde_json::to_vec(body).expect("what is answered has names for keys");
    let mut response = Response::new(Bytes::from(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_the_protocols_say() {
        let of_model = |version: Option<&str>, wanted| Route::V2Model {
            model: "m".to_owned(),
            version: version.map(str::to_owned),
            wanted,
        };
        for (method, path, route) in [
            ("GET", "/", Ok(Route::Alive)),
            ("GET", "/v1/models", Ok(Route::V1Models)),
            ("GET", "/v1/models/m", Ok(Route::V1Model("m".to_owned()))),
            (
                "POST",
                "/v1/models/m:predict",
                Ok(Route::V1Predict("m".to_owned())),
            ),
            (
                "POST",
                "/v1/models/a%3Ab:predict",
                Ok(Route::V1Predict("a:b".to_owned())),
            ),
            (
                "GET",
                "/v1/models/m:predict",
                Ok(Route::V1Model("m:predict".to_owned())),
            ),
            ("POST", "/v1/models/m", Err(Refusal::Method(Method::GET))),
            (
                "POST",
                "/v1/models/m:explain",
                Ok(Route::V1Explain("m".to_owned())),
            ),
            ("GET", "/v2", Ok(Route::V2Server)),
            ("GET", "/v2/health/live", Ok(Route::V2Live)),
            ("GET", "/v2/health/ready", Ok(Route::V2Ready)),
            ("GET", "/v2/models", Ok(Route::V2Models)),
            (
                "GET",
                "/v2/models/m",
                Ok(of_model(None, V2Wanted::Metadata)),
            ),
            (
                "GET",
                "/v2/models/m/ready",
                Ok(of_model(None, V2Wanted::Ready)),
            ),
            (
                "POST",
                "/v2/models/m/infer",
                Ok(of_model(None, V2Wanted::Infer)),
            ),
            (
                "GET",
                "/v2/models/m/versions/2",
                Ok(of_model(Some("2"), V2Wanted::Metadata)),
            ),
            (
                "POST",
                "/v2/models/m/versions/2/infer",
                Ok(of_model(Some("2"), V2Wanted::Infer)),
            ),
            (
                "GET",
                "/v2/models/m/infer",
                Err(Refusal::Method(Method::POST)),
            ),
            ("GET", "/v2/models/m/versions", Err(Refusal::NoRoute)),
            ("GET", "/v2/nothing", Err(Refusal::NoRoute)),
            ("GET", "/v2/models/%FF", Err(Refusal::NoRoute)),
        ] {
            let method = method.parse().unwrap();
            assert_eq!(Route::of(&method, path), route, "{method} {path}");
        }
    }
}
