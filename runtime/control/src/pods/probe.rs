//! Asking containers how they are, and doing what is to be done in them after a start or before an end.

use std::net::IpAddr;
use std::time::Duration;

use coracle_host::{EngineError, ExecRequest};
use coracle_plan::pod::{ContainerTry, HookWork, PodObservation, ProbeAnswer, ProbeWork};
use coracle_spec::kind::pod::{Handler, Hook, HttpGet};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connection::Destination;
use super::grpc;
use super::hands::Hands;

/// How much of a command's output is kept for a message.
const MOST_OUTPUT: usize = 10 << 10;

/// How long a status line may be.
const MOST_STATUS: usize = 4 << 10;

impl Hands {
    pub(super) async fn probe(self, work: ProbeWork) {
        let asked = self.ask(&work.which, &work.handler, work.pod_ip);
        let answer = match self.in_time(asked, work.timeout).await {
            Some(answer) => answer,
            None => ProbeAnswer::Failure(too_late(&work.handler, work.pod_ip, work.timeout)),
        };
        self.tell(PodObservation::Probed {
            which: work.which,
            kind: work.kind,
            answer,
        });
    }

    pub(super) async fn run_hook(self, work: HookWork) {
        let HookWork {
            which,
            kind,
            hook,
            pod_ip,
            timeout,
        } = work;
        let done = async {
            match &hook {
                Hook::Nothing => Ok(()),
                Hook::Sleep { seconds } => {
                    self.wait_out(*seconds).await;
                    Ok(())
                }
                Hook::Handler(handler) => match self.ask(&which, handler, pod_ip).await {
                    ProbeAnswer::Success => Ok(()),
                    ProbeAnswer::Failure(why) | ProbeAnswer::Unasked(why) => Err(why),
                },
            }
        };
        let result = match timeout {
            None => done.await,
            Some(timeout) => {
                let over = self.in_time(done, timeout).await;
                over.unwrap_or_else(|| Err(format!("not done in {} s", timeout.as_secs())))
            }
        };
        self.tell(PodObservation::Hooked {
            which,
            kind,
            result,
        });
    }

    async fn ask(
        &self,
        which: &ContainerTry,
        handler: &Handler,
        pod_ip: Option<IpAddr>,
    ) -> ProbeAnswer {
        let asked = match handler {
            Handler::Http(get) => self.get(get, pod_ip).await,
            Handler::Tcp { host, port } => {
                let destination = Destination::of(host, port, pod_ip);
                match destination {
                    Ok(destination) => self.connect(&destination).await.map(drop),
                    Err(fault) => return ProbeAnswer::Unasked(fault),
                }
            }
            Handler::Grpc { port, service } => {
                let port = coracle_spec::kind::pod::Port::Number(*port);
                match Destination::of("", &port, pod_ip) {
                    Ok(destination) => self.check_health(&destination, service).await,
                    Err(fault) => return ProbeAnswer::Unasked(fault),
                }
            }
            Handler::Exec { command } => return self.exec(which, command).await,
        };
        match asked {
            Ok(()) => ProbeAnswer::Success,
            Err(why) => ProbeAnswer::Failure(why),
        }
    }

    async fn exec(&self, which: &ContainerTry, command: &[String]) -> ProbeAnswer {
        let request = ExecRequest {
            command: command.to_vec(),
            ..ExecRequest::default()
        };
        let name = self.workload_name(which);
        let mut session = match self.engine.exec(&name, &request).await {
            Ok(session) => session,
            Err(error @ (EngineError::NotRunning { .. } | EngineError::Gone { .. })) => {
                return ProbeAnswer::Failure(error.to_string());
            }
            Err(error) => return ProbeAnswer::Unasked(error.to_string()),
        };
        let mut output = Vec::new();
        while let Some(Ok(piece)) = session.output.next().await {
            let room = MOST_OUTPUT.saturating_sub(output.len());
            output.extend_from_slice(&piece.bytes[..piece.bytes.len().min(room)]);
        }
        match session.control.wait().await {
            Ok(0) => ProbeAnswer::Success,
            Ok(code) => {
                let output = String::from_utf8_lossy(&output).trim_end().to_owned();
                let silent = output.is_empty();
                ProbeAnswer::Failure(if silent {
                    format!("exit code {code}")
                } else {
                    output
                })
            }
            Err(error) => ProbeAnswer::Unasked(error.to_string()),
        }
    }

    async fn get(&self, get: &HttpGet, pod_ip: Option<IpAddr>) -> Result<(), String> {
        let destination = Destination::of(&get.host, &get.port, pod_ip)?;
        let url = url(get, &destination);
        let failed = |why: String| format!("Get {url:?}: {why}");
        let mut connection = self.connect(&destination).await.map_err(failed)?;
        if get.https {
            // No certificate would be looked at, and no client for TLS is here: that somebody listens has to do.
            return Ok(());
        }
        let request = request(get, &destination)?;
        let exchange = async {
            connection.write_all(request.as_bytes()).await?;
            let mut head = Vec::new();
            while !head.contains(&b'\n') && head.len() < MOST_STATUS {
                if connection.read_buf(&mut head).await? == 0 {
                    break;
                }
            }
            Ok::<_, std::io::Error>(head)
        };
        let head = exchange.await.map_err(|error| failed(error.to_string()))?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let status =
            status_of(&head).ok_or_else(|| failed("malformed HTTP response".to_owned()))?;
        if (200..400).contains(&status) {
            Ok(())
        } else {
            Err(format!("HTTP probe failed with statuscode: {status}"))
        }
    }

    async fn check_health(&self, destination: &Destination, service: &str) -> Result<(), String> {
        let connection = self.connect(destination).await?;
        let authority = format!("{}:{}", destination.shown_host, destination.port);
        match grpc::check(connection, &authority, service).await {
            Ok(grpc::Health::Serving) => Ok(()),
            Ok(health) => Err(format!(
                "service unhealthy (responded with {:?})",
                health.as_str()
            )),
            Err(error) => Err(format!("error: health rpc probe failed: {error}")),
        }
    }

    async fn in_time<T>(&self, task: impl Future<Output = T>, time: Duration) -> Option<T> {
        // Both may be dropped: a session that is dropped ends its program.
        tokio::select! {
            done = task => Some(done),
            () = self.pause(time) => None,
        }
    }
}

fn too_late(handler: &Handler, pod_ip: Option<IpAddr>, timeout: Duration) -> String {
    let seconds = timeout.as_secs();
    match handler {
        Handler::Exec { command } => {
            format!(
                "command timed out: {:?} timed out after {seconds}s",
                command.join(" ")
            )
        }
        Handler::Http(get) => {
            let shown = Destination::of(&get.host, &get.port, pod_ip).map(|to| url(get, &to));
            let shown = shown.unwrap_or_default();
            format!(
                "Get {shown:?}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            )
        }
        Handler::Tcp { port, .. } => format!("dial tcp :{port}: i/o timeout"),
        Handler::Grpc { port, .. } => {
            format!("timeout: failed to connect service \":{port}\" within {seconds}s")
        }
    }
}

fn url(get: &HttpGet, to: &Destination) -> String {
    let scheme = if get.https { "https" } else { "http" };
    format!("{scheme}://{}:{}{}", to.shown_host, to.port, path(get))
}

fn path(get: &HttpGet) -> String {
    if get.path.starts_with('/') {
        get.path.clone()
    } else {
        format!("/{}", get.path)
    }
}

fn request(get: &HttpGet, to: &Destination) -> Result<String, String> {
    let path = path(get);
    let mut headers = vec![
        ("Host".to_owned(), format!("{}:{}", to.shown_host, to.port)),
        ("User-Agent".to_owned(), "kube-probe/1.34".to_owned()),
        ("Accept".to_owned(), "*/*".to_owned()),
    ];
    for (name, value) in &get.headers {
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    headers.push(("Connection".to_owned(), "close".to_owned()));
    let lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let breaks = |text: &str| text.contains(['\r', '\n']);
    if breaks(&path) || path.contains(' ') || lines.iter().any(|line| breaks(line)) {
        return Err("the request cannot be written on a line each".to_owned());
    }
    Ok(format!(
        "GET {path} HTTP/1.1\r\n{}\r\n\r\n",
        lines.join("\r\n")
    ))
}

fn status_of(head: &str) -> Option<u16> {
    let mut words = head.lines().next()?.split(' ');
    words
        .next()
        .filter(|version| version.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use coracle_spec::kind::pod::Port;

    use super::*;

    fn get(headers: &[(&str, &str)], path: &str) -> HttpGet {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        HttpGet {
            host: String::new(),
            port: Port::Number(80),
            path: path.to_owned(),
            https: false,
            headers: headers.collect(),
        }
    }

    #[test]
    fn requests_are_as_they_were_described() {
        let pod_ip = Some("10.0.0.1".parse().unwrap());
        let to = Destination::of("", &Port::Number(80), pod_ip).unwrap();
        let written = request(&get(&[("host", "x"), ("A", "b")], "ok?x=1"), &to).unwrap();
        assert!(written.starts_with("GET /ok?x=1 HTTP/1.1\r\n"), "{written}");
        assert!(written.contains("\r\nhost: x\r\nA: b\r\n") && !written.contains("10.0.0.1"));
        assert!(written.ends_with("\r\n\r\n"));
        assert!(request(&get(&[("A", "b\r\nC: d")], "/"), &to).is_err());
        assert!(request(&get(&[], "/ HTTP/1.1\r\nX: y"), &to).is_err());
    }

    #[test]
    fn answers_are_read_by_their_first_line() {
        assert_eq!(status_of("HTTP/1.1 204 No Content\r\n"), Some(204));
        assert_eq!(status_of("HTTP/1.0 500 x"), Some(500));
        assert_eq!(status_of("SSH-2.0-x\r\n"), None);
        assert_eq!(status_of(""), None);
    }
}
