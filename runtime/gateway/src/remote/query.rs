//! What requests say in their query.

use super::refusal::Refusal;

/// Which of a command's streams the client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// The client will write.
    pub stdin: bool,
    /// The client will read what the command says.
    pub stdout: bool,
    /// The client will read what the command complains about, apart from the rest.
    pub stderr: bool,
    /// The command gets a terminal; what it says and complains about is one then.
    pub tty: bool,
}

/// The query of exec and attach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandQuery {
    /// Which container of the pod, if it matters.
    pub container: Option<String>,
    /// The command and its arguments; empty for attach.
    pub command: Vec<String>,
    /// What of it the client wants.
    pub streams: Streams,
}

impl CommandQuery {
    /// Reads the query of a request.
    pub fn read(query: &str) -> Result<Self, Refusal> {
        let mut read = Self {
            container: None,
            command: Vec::new(),
            streams: Streams {
                stdin: false,
                stdout: false,
                stderr: false,
                tty: false,
            },
        };
        let streams = &mut read.streams;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "container" => {
                    read.container = Some(value.into_owned()).filter(|it| !it.is_empty());
                }
                "command" => read.command.push(value.into_owned()),
                "stdin" => streams.stdin = truth(&value),
                "stdout" => streams.stdout = truth(&value),
                "stderr" => streams.stderr = truth(&value),
                "tty" => streams.tty = truth(&value),
                _ => {}
            }
        }
        // A terminal has one output.
        streams.stderr &= !streams.tty;
        if streams.stdin || streams.stdout || streams.stderr {
            Ok(read)
        } else {
            Err(Refusal::bad(
                "you must specify at least 1 of stdin, stdout, stderr",
            ))
        }
    }
}

/// As the API server reads a flag: a name without a value is a yes.
fn truth(value: &str) -> bool {
    value != "0" && !value.eq_ignore_ascii_case("false")
}

/// The ports that a port-forward over a WebSocket asks for, in the order of their channels.
pub(super) fn ports(query: &str) -> Result<Vec<u16>, Refusal> {
    /// Each takes two channels, whose numbers are bytes.
    const MOST_PORTS: usize = 64;
    let mut ports = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "ports" && name != "port" {
            continue;
        }
        for text in value.split(',') {
            ports.push(port(text)?);
        }
    }
    match ports.len() {
        0 => Err(Refusal::bad("query parameter \"port\" is required")),
        1..=MOST_PORTS => Ok(ports),
        _ => Err(Refusal::bad(format!(
            "query parameter \"port\" may be given {MOST_PORTS} times at most"
        ))),
    }
}

/// A port as text.
pub(super) fn port(text: &str) -> Result<u16, Refusal> {
    match text.parse() {
        Ok(0) => Err(Refusal::bad(format!("port \"{text}\" must be > 0"))),
        Ok(port) => Ok(port),
        Err(error) => Err(Refusal::bad(format!(
            "unable to parse \"{text}\" as a port: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_with_its_streams() {
        let read = CommandQuery::read(
            "command=sh&command=-c&command=echo+%22a%26b%22&container=main&stdin=true&stdout=1&stderr&tty=false",
        );
        let expected = CommandQuery {
            container: Some("main".to_owned()),
            command: ["sh", "-c", "echo \"a&b\""].map(str::to_owned).to_vec(),
            streams: Streams {
                stdin: true,
                stdout: true,
                stderr: true,
                tty: false,
            },
        };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn a_terminal_has_one_output() {
        let read = CommandQuery::read("tty=true&stdout=true&stderr=true").unwrap();
        assert!(!read.streams.stderr);
    }

    #[test]
    fn a_command_without_streams_is_refused() {
        for query in ["", "command=ls", "command=ls&stdin=false&stdout=0"] {
            let refusal = CommandQuery::read(query).unwrap_err();
            assert_eq!(refusal.status, 400, "{query}");
        }
    }

    #[test]
    fn ports_are_read_or_refused() {
        assert_eq!(ports("ports=80"), Ok(vec![80]));
        assert_eq!(ports("ports=80&ports=443,8080"), Ok(vec![80, 443, 8080]));
        for query in ["", "ports=", "ports=0", "ports=65536", "ports=80,a"] {
            assert!(ports(query).is_err(), "{query}");
        }
    }
}
