//! Asking the servers of notebooks whether anybody uses them, and noting what they say.

use std::sync::Arc;
use std::time::Duration;

use coracle_apiserver::{ApiServer, Place};
use coracle_host::clock::Clock;
use coracle_host::{Connection, Engine};
use coracle_objects::{Object, ObjectExt as _, Status, kind};
use coracle_plan::kind::culling::{self, Activity, Culling, Mark};
use coracle_plan::kind::notebook::{NAME_LABEL, STOPPED, prefix, server_port};
use coracle_spec::kind::pod::PodUid;
use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{PodSandboxes, PodTokens};
use crate::supervisor::{Supervisor, TaskKind};

/// How long a server may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How much of an answer is read.
const LONGEST_ANSWER: u64 = 1 << 20;

/// What notebooks are watched with.
pub struct CullingSetting {
    /// When they are stopped.
    pub culling: Culling,
    /// The objects.
    pub api: ApiServer,
    /// Where pods are.
    pub sandboxes: PodSandboxes,
    /// What leads to them.
    pub engine: Arc<dyn Engine>,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// By what a server knows the workbench, where it asks.
    pub tokens: PodTokens,
}

/// Watches notebooks until the shutdown.
pub fn watch_notebooks(setting: CullingSetting, supervisor: &Supervisor) {
    supervisor.spawn(TaskKind::Timer, async move {
        loop {
            for notebook in setting.api.all(kind::notebooks(), None) {
                setting.look_at(&notebook.body).await;
            }
            let clock = &setting.clock;
            let next = clock.steady().after(setting.culling.period);
            clock.sleep_until(next).await;
        }
    });
}

impl CullingSetting {
    async fn look_at(&self, notebook: &Object) {
        let (namespace, name) = (notebook.namespace(), notebook.name());
        let pod = format!("{name}-0");
        let pod = self.api.find(kind::pods(), namespace, &pod);
        let pod = pod.filter(|pod| pod.body.label(NAME_LABEL) == Some(name) && runs(&pod.body));
        let now = self.clock.now();
        let marks = match pod {
            Some(pod) if notebook.annotation(STOPPED).is_none() => {
                if !culling::is_due(notebook, self.culling, now) {
                    return;
                }
                let activity = self.ask(notebook, &PodUid::from(pod.body.uid())).await;
                culling::note(notebook, activity, self.culling, now)
            }
            Some(_) | None => culling::forget(),
        };
        let (api, notebook) = (self.api.clone(), notebook.clone());
        let written = tokio::task::spawn_blocking(move || write(&api, &notebook, &marks)).await;
        if let Ok(Err(status)) = written {
            tracing::warn!(%status, "whether a notebook is used was not noted");
        }
    }

    async fn ask(&self, notebook: &Object, pod: &PodUid) -> Activity {
        let kernels = self.get(notebook, pod, "kernels").await;
        let terminals = self.get(notebook, pod, "terminals").await;
        Activity::read(&kernels, &terminals)
    }

    /// What the server says; nothing when it does not.
    async fn get(&self, notebook: &Object, pod: &PodUid, what: &str) -> Vec<u8> {
        let Some(sandbox) = self.sandboxes.of(pod) else {
            return Vec::new();
        };
        let path = format!(
            "{}/api/{what}",
            prefix(notebook.namespace(), notebook.name())
        );
        let asked = async {
            let connection = self.engine.connect(&sandbox, server_port(notebook)).await;
            get(connection.ok()?, &path, &(self.tokens)(pod)).await
        };
        let answer = tokio::time::timeout(ANSWER_LIMIT, asked).await;
        answer.ok().flatten().unwrap_or_default()
    }
}

/// The body of an answer of 200. An HTTP/1.0 client is told everything at once.
async fn get(mut connection: Box<dyn Connection>, path: &str, token: &str) -> Option<Vec<u8>> {
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: token {token}\r\nAccept: application/json\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    let mut limited = connection.take(LONGEST_ANSWER);
    limited.read_to_end(&mut answer).await.ok()?;
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    let status = answer.split(|byte| *byte == b' ').nth(1)?;
    (status == b"200").then(|| answer[end + 4..].to_vec())
}

fn runs(pod: &Object) -> bool {
    let statuses = pod.list_at(&["status", "containerStatuses"]);
    let first = statuses.first();
    first.is_some_and(|status| status["state"]["running"].is_object())
}

fn write(api: &ApiServer, notebook: &Object, marks: &[Mark]) -> Result<(), Status> {
    let place = Place::of(kind::notebooks(), notebook.namespace(), notebook.name());
    let change = |object: &mut Object| {
        let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
        let Some(metadata) = metadata else { return };
        let sets = marks.iter().any(|(_, value)| value.is_some());
        if !sets && !metadata.contains_key("annotations") {
            return;
        }
        let annotations = metadata
            .entry("annotations")
            .or_insert_with(|| Map::new().into());
        let Some(annotations) = annotations.as_object_mut() else {
            return;
        };
        for (name, value) in marks {
            match value {
                Some(value) => drop(annotations.insert((*name).to_owned(), value.as_str().into())),
                None => drop(annotations.remove(*name)),
            }
        }
    };
    api.amend(&place, notebook.uid(), change).map(|_| ())
}
