//! A store of one bucket, in memory, that can be told to misbehave. It answers as S3's reference says; signatures are not looked at.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use coracle_bucket::{Access, Bucket, Trusted};

/// What a store does instead of what it should, once.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It answers with this status and this word.
    Answer(u16, &'static str),
    /// It sends so many bytes of the object, and breaks off.
    CutAnswer(usize),
    /// It hears so many bytes of the body, and breaks off.
    CutRequest(usize),
}

/// An object: its bytes, and the checksum that stands beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Object>,
    /// Parts by their upload's key and number.
    pub(crate) parts: BTreeMap<(String, u16), Vec<u8>>,
    checksums: BTreeMap<String, String>,
    /// What to do to the next requests of a method.
    pub(crate) faults: VecDeque<(&'static str, Fault)>,
    /// Methods and paths that were asked, with how many bytes came.
    pub(crate) asked: Vec<(String, String, usize)>,
}

/// A store.
pub(crate) struct Store {
    pub(crate) state: Arc<Mutex<State>>,
    address: String,
}

impl Store {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // A client that goes is none of a store's failures.
                thread::spawn(move || answer(&client, &state));
            }
        });
        Self { state, address }
    }

    pub(crate) fn bucket(&self) -> Bucket {
        Bucket::new(self.access()).unwrap()
    }

    pub(crate) fn access(&self) -> Access {
        Access {
            endpoint: self.address.clone(),
            bucket: "b".to_owned(),
            region: "us-east-1".to_owned(),
            key_id: "id".to_owned(),
            secret: "very-secret".to_owned(),
            token: None,
            is_in_path: true,
            trusted: Trusted::Machine,
        }
    }

    /// Has the next request of a method meet a fault.
    pub(crate) fn fail(&self, method: &'static str, fault: Fault) {
        self.state.lock().unwrap().faults.push_back((method, fault));
    }

    pub(crate) fn object(&self, key: &str) -> Option<Object> {
        self.state.lock().unwrap().objects.get(key).cloned()
    }

    /// How many bytes came by requests of a method.
    pub(crate) fn received(&self, method: &str) -> usize {
        let state = self.state.lock().unwrap();
        let of_method = state.asked.iter().filter(|(asked, ..)| asked == method);
        of_method.map(|(.., bytes)| bytes).sum()
    }
}

struct Request {
    method: String,
    key: String,
    query: String,
    headers: BTreeMap<String, String>,
}

fn read_head(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = path.strip_prefix("/b")?.trim_start_matches('/').to_owned();
    let query = query.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    Some(Request {
        method,
        key,
        query,
        headers,
    })
}

fn answer(client: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut reader = BufReader::new(client);
    while let Some(request) = read_head(&mut reader) {
        let length = request.headers.get("content-length");
        let length: usize = length.map_or(0, |text| text.parse().unwrap());
        let fault = {
            let mut state = state.lock().unwrap();
            let is_next = |(method, _): &(&str, Fault)| *method == request.method;
            let first = state.faults.iter().position(is_next);
            first.and_then(|first| state.faults.remove(first))
        };
        let fault = fault.map(|(_, fault)| fault);
        let mut body = vec![
            0;
            match fault {
                Some(Fault::CutRequest(bytes)) => bytes.min(length),
                _ => length,
            }
        ];
        reader.read_exact(&mut body).ok()?;
        let mut state = state.lock().unwrap();
        state
            .asked
            .push((request.method.clone(), request.key.clone(), body.len()));
        let (status, headers, mut said) = match &fault {
            Some(Fault::CutRequest(_)) => {
                client.shutdown(Shutdown::Both).ok()?;
                return None;
            }
            Some(Fault::Answer(status, code)) => {
                let said = format!("<Error><Code>{code}</Code><Message>so it is</Message></Error>");
                (*status, String::new(), said.into_bytes())
            }
            _ => done(&mut state, &request, body),
        };
        drop(state);
        let mut head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: ");
        write!(head, "{}\r\n\r\n", said.len()).unwrap();
        (&*client).write_all(head.as_bytes()).ok()?;
        if let Some(Fault::CutAnswer(bytes)) = fault {
            said.truncate(bytes);
            (&*client).write_all(&said).ok()?;
            client.shutdown(Shutdown::Both).ok()?;
            return None;
        }
        if request.method != "HEAD" {
            (&*client).write_all(&said).ok()?;
        }
    }
    None
}

fn done(state: &mut State, request: &Request, body: Vec<u8>) -> (u16, String, Vec<u8>) {
    let key = request.key.clone();
    let sha256 = request.headers.get("x-amz-meta-sha256").cloned();
    let of_query = |name: &str| {
        let mut pairs = request
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    };
    let part: Option<u16> = of_query("partNumber").map(|number| number.parse().unwrap());
    match (request.method.as_str(), part) {
        ("PUT", Some(number)) => {
            state.parts.insert((key, number), body);
            (200, format!("etag: \"{number}\"\r\n"), vec![])
        }
        ("PUT", None) => {
            let object = Object {
                bytes: body,
                sha256,
            };
            state.objects.insert(key, object);
            (200, "etag: \"whole\"\r\n".to_owned(), vec![])
        }
        ("POST", _) if of_query("uploadId").is_none() => {
            state
                .checksums
                .insert(key.clone(), sha256.unwrap_or_default());
            let said = format!(
                "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                <Bucket>b</Bucket><Key>{key}</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            );
            (200, String::new(), said.into_bytes())
        }
        ("POST", _) => {
            let parts = std::mem::take(&mut state.parts);
            let object = Object {
                bytes: parts.into_values().flatten().collect(),
                sha256: state.checksums.get(&key).cloned(),
            };
            state.objects.insert(key, object);
            let said = "<CompleteMultipartUploadResult><ETag>\"many\"</ETag></CompleteMultipartUploadResult>";
            (200, String::new(), said.into())
        }
        ("DELETE", _) => {
            match of_query("uploadId") {
                Some(_) => state.parts.clear(),
                None => drop(state.objects.remove(&key)),
            }
            (204, String::new(), vec![])
        }
        ("GET", _) if key.is_empty() => {
            let mut said = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>false</IsTruncated>".to_owned();
            for (key, object) in &state.objects {
                let size = object.bytes.len();
                write!(
                    said,
                    "<Contents><Key>{key}</Key><Size>{size}</Size></Contents>"
                )
                .unwrap();
            }
            said.push_str("</ListBucketResult>");
            (200, String::new(), said.into_bytes())
        }
        (_, _) => match state.objects.get(&key) {
            None => (
                404,
                String::new(),
                b"<Error><Code>NoSuchKey</Code></Error>".to_vec(),
            ),
            Some(object) => {
                let range = request.headers.get("range");
                let from = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
                let from: usize = from.map_or(0, |from| from.parse().unwrap());
                let status = if range.is_some() { 206 } else { 200 };
                let sha256 = object.sha256.as_deref();
                let mut headers = "etag: \"whole\"\r\n".to_owned();
                if let Some(sha256) = sha256 {
                    write!(headers, "x-amz-meta-sha256: {sha256}\r\n").unwrap();
                }
                (status, headers, object.bytes[from..].to_vec())
            }
        },
    }
}
