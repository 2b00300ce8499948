//! Inference graphs: several model servers that answer as one.
//!
//! ```text
//!   Sequence   one after another; each is given the request, or what the last one answered
//!   Switch     the first whose condition the request meets
//!   Splitter   one, by its weight
//!   Ensemble   all at once: { name or number of the step: its answer }
//! ```
//!
//! A step is another node, a model server by its name, or the URL of one. What is said where something goes wrong is what KServe's
//! router says.

use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::{BoxFuture, join_all};
use serde_json::{Map, Value, json};

use super::front::Front;
use super::request::own_request;
use super::sinks::IsEvent;

/// The node that a request comes to first.
const ROOT: &str = "root";

/// How deep nodes lead to nodes before that is taken for a circle.
const DEEPEST: usize = 32;

/// The longest request or answer on its way through a graph.
const LONGEST: usize = 64 * 1024 * 1024;

/// A graph that answers a request.
pub(super) struct Graph<'a> {
    front: &'a Front,
    namespace: &'a str,
    name: &'a str,
    nodes: &'a Map<String, Value>,
    /// How long one step may take.
    step_limit: Option<Duration>,
    /// Where it is asked by an event, so are its steps.
    event: Option<IsEvent>,
}

/// What a step or node answered.
#[derive(Debug, Clone)]
struct Answer {
    code: StatusCode,
    body: Bytes,
}

/// Why a graph has no answer.
struct Broken {
    code: StatusCode,
    cause: String,
}

impl<'a> Graph<'a> {
    /// A graph by its `spec`; none where that has no nodes.
    pub(super) fn new(
        front: &'a Front,
        (namespace, name): (&'a str, &'a str),
        spec: &'a Value,
        event: Option<IsEvent>,
    ) -> Option<Self> {
        let seconds = spec.pointer("/routerTimeouts/serviceClient");
        Some(Self {
            front,
            namespace,
            name,
            nodes: spec.get("nodes")?.as_object()?,
            step_limit: seconds.and_then(Value::as_u64).map(Duration::from_secs),
            event,
        })
    }

    /// What the graph answers.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let asked = to_bytes(request.into_body(), LONGEST).await;
        let answered = match asked {
            Ok(asked) => self.node(ROOT, asked, 0).await,
            Err(error) => Err(Broken {
                code: StatusCode::BAD_REQUEST,
                cause: error.to_string(),
            }),
        };
        match answered {
            Ok(Answer { code, body }) => {
                let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
                let mut response = (code, body).into_response();
                if is_json {
                    let json = HeaderValue::from_static("application/json");
                    response.headers_mut().insert(header::CONTENT_TYPE, json);
                }
                response
            }
            Err(Broken { code, cause }) => {
                let said = json!({ "error": "Failed to process request", "cause": cause });
                (code, axum::Json(said)).into_response()
            }
        }
    }

    fn node<'s>(
        &'s self,
        name: &'s str,
        asked: Bytes,
        depth: usize,
    ) -> BoxFuture<'s, Result<Answer, Broken>> {
        Box::pin(async move {
            if depth > DEEPEST {
                return Err(Broken::here(format!(
                    "the nodes of {:?} lead in a circle",
                    self.name
                )));
            }
            let Some(node) = self.nodes.get(name) else {
                return Err(Broken::here(format!("there is no node {name:?}")));
            };
            let steps = node["steps"].as_array().map_or(&[][..], Vec::as_slice);
            match text(node, "routerType") {
                "Sequence" => self.sequence(steps, asked, depth).await,
                "Ensemble" => self.ensemble(steps, asked, depth).await,
                "Switch" => match switched(steps, &asked) {
                    Some(step) => self.step(step, asked, depth).await,
                    None => Err(Broken {
                        code: StatusCode::NOT_FOUND,
                        cause: "None of the routes matched with the switch condition".to_owned(),
                    }),
                },
                "Splitter" => {
                    let whose = format!("{} {name}", self.name);
                    let place = self.front.turns().next(self.namespace, &whose);
                    match split(steps, place) {
                        Some(step) => self.step(step, asked, depth).await,
                        None => Err(Broken::here("the weights leave a request over".to_owned())),
                    }
                }
                other => Err(Broken::here(format!("invalid route type: {other}"))),
            }
        })
    }

    async fn sequence(
        &self,
        steps: &[Value],
        asked: Bytes,
        depth: usize,
    ) -> Result<Answer, Broken> {
        let mut last = Answer {
            code: StatusCode::OK,
            body: Bytes::new(),
        };
        for (number, step) in steps.iter().enumerate() {
            let condition = text(step, "condition");
            if !condition.is_empty() {
                let Some(meets) = meets(&last.body, condition) else {
                    return Err(Broken::here("invalid response".to_owned()));
                };
                if !meets {
                    last.code = StatusCode::OK;
                    return Ok(last);
                }
            }
            let given = if number > 0 && text(step, "data") == "$response" {
                last.body.clone()
            } else {
                asked.clone()
            };
            let given = if step["mapPredictionsToInstances"] == true {
                as_instances(given)
            } else {
                given
            };
            last = self.step(step, given, depth).await?;
            if is_hard(step) && !last.code.is_success() {
                return Ok(last);
            }
        }
        Ok(last)
    }

    async fn ensemble(
        &self,
        steps: &[Value],
        asked: Bytes,
        depth: usize,
    ) -> Result<Answer, Broken> {
        let all = steps
            .iter()
            .map(|step| self.step(step, asked.clone(), depth));
        let mut merged = Map::new();
        for (number, (step, answer)) in steps.iter().zip(join_all(all).await).enumerate() {
            let answer = answer?;
            let body: Map<String, Value> = serde_json::from_slice(&answer.body)
                .map_err(|error| Broken::here(error.to_string()))?;
            if is_hard(step) && !answer.code.is_success() {
                return Ok(answer);
            }
            let name = match text(step, "name") {
                "" => number.to_string(),
                name => name.to_owned(),
            };
            merged.insert(name, body.into());
        }
        Ok(Answer {
            code: StatusCode::OK,
            body: Value::from(merged).to_string().into(),
        })
    }

    async fn step(&self, step: &Value, asked: Bytes, depth: usize) -> Result<Answer, Broken> {
        let node = text(step, "nodeName");
        if !node.is_empty() {
            return self.node(node, asked, depth + 1).await;
        }
        let asking = self.ask(step, asked);
        match self.step_limit {
            None => asking.await,
            Some(limit) => tokio::time::timeout(limit, asking)
                .await
                .unwrap_or_else(|_| {
                    Err(Broken::here(format!(
                        "no answer within {} s",
                        limit.as_secs()
                    )))
                }),
        }
    }

    /// Asks a model server.
    async fn ask(&self, step: &Value, asked: Bytes) -> Result<Answer, Broken> {
        let workbench = self.front.workbench();
        let name = text(step, "serviceName");
        let (namespace, name, path) = if name.is_empty() {
            let url = text(step, "serviceUrl");
            let found = url.parse().ok().and_then(|uri: Uri| {
                let (namespace, name) = workbench.model_server_at(uri.host()?)?;
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
                Some((namespace, name, path.to_owned()))
            });
            found.ok_or_else(|| {
                Broken::here(format!("{url:?} is not the address of a model server here"))
            })?
        } else {
            let path = workbench
                .predict_path(self.namespace, name)
                .ok_or_else(|| {
                    let namespace = self.namespace;
                    Broken::here(format!(
                        "there is no inference service {name:?} in the namespace {namespace:?}"
                    ))
                })?;
            (self.namespace.to_owned(), name.to_owned(), path)
        };
        let uri = format!("/serving/{namespace}/{name}{path}")
            .parse()
            .map_err(|error| Broken::here(format!("{path:?}: {error}")))?;
        let mut request = own_request(uri, asked);
        if let Some(event) = self.event {
            request.extensions_mut().insert(event);
        }
        let answered = self
            .front
            .ask_server(&namespace, &name, &path, request)
            .await;
        let code = answered.status();
        let body = to_bytes(answered.into_body(), LONGEST).await;
        let body = body.map_err(|error| Broken::here(error.to_string()))?;
        Ok(Answer { code, body })
    }
}

impl Broken {
    fn here(cause: String) -> Self {
        Self {
            code: StatusCode::INTERNAL_SERVER_ERROR,
            cause,
        }
    }
}

fn text<'a>(step: &'a Value, field: &str) -> &'a str {
    step.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn is_hard(step: &Value) -> bool {
    text(step, "dependency") == "Hard"
}

/// Whether a text meets a condition of GJSON; none where it is no JSON.
fn meets(body: &Bytes, condition: &str) -> Option<bool> {
    let body = str::from_utf8(body)
        .ok()
        .filter(|body| gjson::valid(body))?;
    Some(gjson::get(body, condition).exists())
}

fn switched<'a>(steps: &'a [Value], asked: &Bytes) -> Option<&'a Value> {
    let mut steps = steps.iter();
    steps.find(|step| meets(asked, text(step, "condition")) == Some(true))
}

fn split(steps: &[Value], place: u64) -> Option<&Value> {
    let mut end = 0;
    steps.iter().find(|step| {
        end += step["weight"].as_u64().unwrap_or(0);
        place < end
    })
}

/// What was predicted, as what is to be predicted for next; anything else as it is.
fn as_instances(given: Bytes) -> Bytes {
    let read = serde_json::from_slice::<Map<String, Value>>(&given).ok();
    let predictions = read.and_then(|mut read| read.remove("predictions"));
    match predictions {
        Some(Value::Array(predictions)) if !predictions.is_empty() => {
            json!({ "instances": predictions }).to_string().into()
        }
        _ => given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_condition_that_is_met_is_taken() {
        let steps = [
            json!({ "condition": "instances.#(intval>10)" }),
            json!({ "condition": "[@this].#(source==\"client\")" }),
            json!({ "condition": "instances" }),
        ];
        let check = |asked: Value, step: Option<usize>| {
            let asked: Bytes = asked.to_string().into();
            assert_eq!(switched(&steps, &asked), step.map(|step| &steps[step]));
        };
        check(json!({ "instances": [{ "intval": 11 }] }), Some(0));
        check(json!({ "source": "client", "instances": [] }), Some(1));
        check(json!({ "instances": [{ "intval": 1 }] }), Some(2));
        check(json!({ "inputs": [] }), None);
        assert_eq!(switched(&steps, &Bytes::from("no JSON")), None);
    }

    #[test]
    fn weights_share_out_a_hundred_places() {
        let steps = [json!({ "weight": 20 }), json!({ "weight": 80 })];
        let first = (0..100).filter(|place| split(&steps, *place) == Some(&steps[0]));
        assert_eq!(first.count(), 20);
        assert_eq!(split(&steps[..1], 20), None);
    }

    #[test]
    fn predictions_become_instances() {
        let check = |given: &str, becomes: &str| {
            assert_eq!(as_instances(given.to_owned().into()), becomes);
        };
        check(
            r#"{"predictions":[1,2],"model":"m"}"#,
            r#"{"instances":[1,2]}"#,
        );
        check(r#"{"predictions":[]}"#, r#"{"predictions":[]}"#);
        check("no JSON", "no JSON");
    }
}
