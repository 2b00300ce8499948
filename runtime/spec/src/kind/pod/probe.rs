//! How a container is asked how it is, and what is done at its beginning and end.

use std::fmt;

use serde::Deserialize;

use super::wire;

/// A question that is asked again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// How it is asked.
    pub handler: Handler,
    /// Not before this time after the container's start.
    pub initial_delay_seconds: u64,
    /// How often.
    pub period_seconds: u64,
    /// How long an answer may take.
    pub timeout_seconds: u64,
    /// How many good answers in a row make it good.
    pub success_threshold: u32,
    /// How many bad answers in a row make it bad.
    pub failure_threshold: u32,
    /// How long the container may then take to end, when not as long as the pod says.
    pub termination_grace_period_seconds: Option<u64>,
}

/// How a container is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handler {
    /// By a request, answered from 200 to 399.
    Http(HttpGet),
    /// By a connection.
    Tcp {
        /// The host, when not the pod.
        host: String,
        /// The port.
        port: Port,
    },
    /// By a command in it that ends with 0.
    Exec {
        /// The command.
        command: Vec<String>,
    },
    /// By gRPC's health protocol.
    Grpc {
        /// The port.
        port: u16,
        /// The service that is asked for.
        service: String,
    },
}

/// What is done at a container's beginning or end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// A handler of a probe.
    Handler(Handler),
    /// Time passes.
    Sleep {
        /// How much.
        seconds: u64,
    },
    /// Nothing that is known here.
    Nothing,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpGet {
    /// The host, when not the pod.
    pub host: String,
    /// The port.
    pub port: Port,
    /// The path.
    pub path: String,
    /// Whether over TLS; the certificate is not looked at.
    pub https: bool,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
}

/// A port by number or by the name that the container gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    /// Its number.
    Number(u16),
    /// Its name.
    Name(String),
}

impl fmt::Display for Port {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Name(name) => name.fmt(formatter),
        }
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(source)?;
        let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
        let text = || value.as_str().map(|text| Self::Name(text.to_owned()));
        number
            .map(Self::Number)
            .or_else(text)
            .ok_or_else(|| serde::de::Error::custom(format!("{value} is no port")))
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireHandler {
    http_get: Option<WireHttpGet>,
    tcp_socket: Option<WireTcp>,
    exec: Option<WireExec>,
    grpc: Option<WireGrpc>,
    sleep: Option<WireSleep>,
}

#[derive(Deserialize)]
struct WireHttpGet {
    #[serde(default)]
    host: String,
    port: Port,
    #[serde(default)]
    path: String,
    #[serde(default)]
    scheme: String,
    #[serde(default, rename = "httpHeaders")]
    headers: Vec<WireHeader>,
}

#[derive(Deserialize)]
struct WireHeader {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct WireTcp {
    #[serde(default)]
    host: String,
    port: Port,
}

#[derive(Deserialize)]
struct WireExec {
    #[serde(default)]
    command: Vec<String>,
}

#[derive(Deserialize)]
struct WireGrpc {
    port: u16,
    #[serde(default)]
    service: String,
}

#[derive(Deserialize)]
struct WireSleep {
    #[serde(deserialize_with = "wire::seconds")]
    seconds: u64,
}

impl WireHandler {
    fn read(self) -> Option<Handler> {
        let http = self.http_get.map(|get| {
            Handler::Http(HttpGet {
                host: get.host,
                port: get.port,
                path: get.path,
                https: get.scheme.eq_ignore_ascii_case("https"),
                headers: get
                    .headers
                    .into_iter()
                    .map(|header| (header.name, header.value))
                    .collect(),
            })
        });
        let tcp = self.tcp_socket.map(|tcp| Handler::Tcp {
            host: tcp.host,
            port: tcp.port,
        });
        let exec = self.exec.map(|exec| Handler::Exec {
            command: exec.command,
        });
        let grpc = self.grpc.map(|grpc| Handler::Grpc {
            port: grpc.port,
            service: grpc.service,
        });
        http.or(tcp).or(exec).or(grpc)
    }
}

/// A probe as it is written beside its handler.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireTimes {
    #[serde(deserialize_with = "wire::seconds")]
    initial_delay_seconds: u64,
    #[serde(deserialize_with = "wire::seconds")]
    period_seconds: u64,
    #[serde(deserialize_with = "wire::seconds")]
    timeout_seconds: u64,
    success_threshold: u32,
    failure_threshold: u32,
    termination_grace_period_seconds: Option<u64>,
}

impl<'de> Deserialize<'de> for Probe {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(source)?;
        let handler: WireHandler =
            serde_json::from_value(value.clone()).map_err(serde::de::Error::custom)?;
        let times: WireTimes = serde_json::from_value(value).map_err(serde::de::Error::custom)?;
        let handler = handler
            .read()
            .ok_or_else(|| serde::de::Error::custom("a probe without a handler"))?;
        // Zero stands for Kubernetes' own defaults.
        let or = |given: u64, default| if given == 0 { default } else { given };
        let threshold = |given: u32, default| if given == 0 { default } else { given };
        Ok(Self {
            handler,
            initial_delay_seconds: times.initial_delay_seconds,
            period_seconds: or(times.period_seconds, 10),
            timeout_seconds: or(times.timeout_seconds, 1),
            success_threshold: threshold(times.success_threshold, 1),
            failure_threshold: threshold(times.failure_threshold, 3),
            termination_grace_period_seconds: times.termination_grace_period_seconds,
        })
    }
}

impl<'de> Deserialize<'de> for Hook {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let wire = WireHandler::deserialize(source)?;
        if let Some(sleep) = &wire.sleep {
            return Ok(Self::Sleep {
                seconds: sleep.seconds,
            });
        }
        Ok(wire.read().map_or(Self::Nothing, Self::Handler))
    }
}
