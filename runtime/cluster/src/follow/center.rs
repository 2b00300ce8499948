//! Where everything that is heard of a workload comes together, until it is over.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use serde_json::Value;
use tokio::sync::mpsc;

use super::container::{Told, containers};
use super::log::{Listener, LogKey, first, follow_log};
use super::news::{WorkloadEnd, WorkloadNews};
use super::requests::{Api, Failure, FollowError};
use super::source::{Heard, Seen, Source, Unheard, Watched};
use super::state::{Ending, state, text};
use super::told::ToldEvents;
use super::turns::Turns;
use super::watch::{Collection, watch};
use super::workload::{Workload, WorkloadKind, pods_of};
use crate::contexts::Connection;

/// How many news wait for a slow listener before the cluster is made to wait.
pub(super) const WAITING: usize = 256;

/// Follows a workload of a namespace. The stream ends after [`WorkloadNews::Ended`]; whoever drops it has stopped everything.
///
/// # Errors
/// A workload that is not there, and a cluster that cannot be asked.
pub async fn follow(
    connection: &Connection,
    namespace: &str,
    workload: Workload,
) -> Result<impl Stream<Item = WorkloadNews> + Send + use<>, FollowError> {
    let api = Arc::new(Api::new(connection));
    let path = workload.kind.collection(namespace);
    let object = api.get(&format!("{path}/{}", workload.name)).await;
    let object = object.map_err(|failure| match failure {
        Failure::Missing => FollowError::Missing {
            workload: workload.to_string(),
            namespace: namespace.to_owned(),
        },
        other => FollowError::Cluster(api.explain(other)),
    })?;
    // Lines have a way of their own: while the center waits for room on its way it lets no log go on.
    let (tell, mut told) = mpsc::channel(WAITING);
    let (tell_line, mut lines) = mpsc::channel(WAITING);
    let work = run(
        api,
        namespace.to_owned(),
        workload,
        object,
        (tell, tell_line),
    );
    let work = stream::once(work).filter_map(|_| async { None });
    let told = stream::poll_fn(move |context| told.poll_recv(context));
    let lines = stream::poll_fn(move |context| lines.poll_recv(context));
    Ok(stream::select(stream::select(told, lines), work))
}

/// Tells all that is heard, to the end.
async fn run(
    api: Arc<Api>,
    namespace: String,
    workload: Workload,
    object: Value,
    listeners: (mpsc::Sender<WorkloadNews>, mpsc::Sender<WorkloadNews>),
) -> Result<(), Unheard> {
    let (to_center, mut heard) = mpsc::channel(WAITING);
    let pods = Collection {
        path: WorkloadKind::Pod.collection(&namespace),
        selector: Some(pods_of(&workload, &object)),
    };
    let itself = Collection {
        path: workload.kind.collection(&namespace),
        selector: Some(("fieldSelector", format!("metadata.name={}", workload.name))),
    };
    let events = Collection {
        path: format!("/api/v1/namespaces/{namespace}/events"),
        selector: None,
    };
    let last_pods = Collection {
        path: pods.path.clone(),
        selector: pods.selector.clone(),
    };
    let last_events = Collection {
        path: events.path.clone(),
        selector: None,
    };
    let mut center = Center::new(
        api.clone(),
        namespace,
        workload,
        &object,
        listeners,
        to_center,
    );
    let mut watches = FuturesUnordered::new();
    let mut watching = Vec::new();
    for (what, collection) in [
        (Watched::Workload, itself),
        (Watched::Pods, pods),
        (Watched::Events, events),
    ] {
        let source = center.source();
        watching.push(source.number);
        watches.push(watch(&api, what, collection, source));
    }
    let ending = loop {
        // All three are cancel-safe: what was not taken is there the next time.
        tokio::select! {
            Some(heard) = heard.recv() => {
                if let Some(ending) = center.take(heard).await? {
                    break ending;
                }
            }
            Some(()) = watches.next(), if !watches.is_empty() => {}
            Some(()) = center.logs.next(), if !center.logs.is_empty() => {}
        }
    };
    drop(watches);
    while let Ok(heard) = heard.try_recv() {
        center.take_of_log(heard).await?;
    }
    for source in watching {
        center.broken.remove(&source);
    }
    if ending.end == WorkloadEnd::Refused {
        center.leave_logs("it is no longer followed").await?;
    } else {
        center.takes_new_pods = ending.end != WorkloadEnd::Deleted;
        // Each watch is as far as it is: what the others told before the end is asked for once more.
        for (what, collection) in [(Watched::Pods, last_pods), (Watched::Events, last_events)] {
            center.look(what, &collection).await?;
        }
    }
    center.await_logs(&mut heard, ending.end).await?;
    center.tell_end(ending).await
}

/// What is known of a pod.
#[derive(Default)]
struct Pod {
    state: Option<(String, Option<String>)>,
    containers: HashMap<String, Told>,
    /// Containers whose logs are followed, or were.
    begun: HashSet<String>,
}

pub(super) struct Center {
    pub(super) api: Arc<Api>,
    namespace: String,
    workload: Workload,
    uid: String,
    pub(super) tell: mpsc::Sender<WorkloadNews>,
    /// Who hears the lines.
    pub(super) listener: Listener,
    to_center: mpsc::Sender<Heard>,
    sources: u64,
    pub(super) logs: FuturesUnordered<BoxFuture<'static, ()>>,
    /// What was told of the workload last.
    told: Option<String>,
    pods: HashMap<String, Pod>,
    events: ToldEvents,
    /// Sources whose connection is broken.
    pub(super) broken: BTreeSet<u64>,
    /// Whether it was told that the cluster does not answer, and not yet that it does.
    is_away: bool,
    /// Whether pods that were not seen before are the workload's.
    takes_new_pods: bool,
}

impl Center {
    fn new(
        api: Arc<Api>,
        namespace: String,
        workload: Workload,
        object: &Value,
        (tell, tell_line): (mpsc::Sender<WorkloadNews>, mpsc::Sender<WorkloadNews>),
        to_center: mpsc::Sender<Heard>,
    ) -> Self {
        let uid = uid(object);
        Self {
            api,
            namespace,
            workload,
            events: ToldEvents::about(uid.clone()),
            uid,
            tell,
            listener: Listener {
                tell: tell_line,
                lines: Arc::default(),
                turns: Turns::new(),
            },
            to_center,
            sources: 0,
            logs: FuturesUnordered::new(),
            told: None,
            pods: HashMap::new(),
            broken: BTreeSet::new(),
            is_away: false,
            takes_new_pods: true,
        }
    }

    pub(super) fn source(&mut self) -> Source {
        self.sources += 1;
        Source::new(self.sources, self.to_center.clone())
    }

    pub(super) async fn tell(&mut self, news: WorkloadNews) -> Result<(), Unheard> {
        self.tell.send(news).await.map_err(|_| Unheard)
    }

    /// Takes in what was heard. How it ended, once it has.
    pub(super) async fn take(&mut self, heard: Heard) -> Result<Option<Ending>, Unheard> {
        match heard {
            Heard::Broken(source, message) => {
                self.broken.insert(source);
                self.away(message).await?;
            }
            Heard::Mended(source) => {
                self.broken.remove(&source);
                self.back().await?;
            }
            Heard::Refused(Watched::Events, reason) => {
                let what = "what the cluster tells of it".to_owned();
                self.tell(WorkloadNews::NotTold { what, reason }).await?;
            }
            Heard::Refused(Watched::Workload | Watched::Pods, message) => {
                return Ok(Some(Ending {
                    end: WorkloadEnd::Refused,
                    reason: None,
                    message: Some(message),
                }));
            }
            Heard::Seen(Watched::Workload, seen) => return self.workload(seen).await,
            Heard::Seen(Watched::Pods, seen) => self.see_pods(seen).await?,
            Heard::Seen(Watched::Events, seen) => self.see_events(seen).await?,
        }
        Ok(None)
    }

    pub(super) async fn away(&mut self, message: String) -> Result<(), Unheard> {
        if std::mem::replace(&mut self.is_away, true) {
            return Ok(());
        }
        self.tell(WorkloadNews::Trouble { message }).await
    }

    pub(super) async fn back(&mut self) -> Result<(), Unheard> {
        if !self.broken.is_empty() || !std::mem::take(&mut self.is_away) {
            return Ok(());
        }
        self.tell(WorkloadNews::Back).await
    }

    async fn workload(&mut self, seen: Seen) -> Result<Option<Ending>, Unheard> {
        let is_it = |object: &Value, me: &Self| uid(object) == me.uid;
        let object = match seen {
            // Another of the name is not the one that is followed.
            Seen::All(objects) => objects.into_iter().find(|object| is_it(object, self)),
            Seen::One(object) if !is_it(&object, self) => None,
            Seen::One(object) => Some(object),
            Seen::Gone(object) if !is_it(&object, self) => return Ok(None),
            Seen::Gone(_) => None,
        };
        let Some(object) = object else {
            return Ok(Some(Ending {
                end: WorkloadEnd::Deleted,
                reason: None,
                message: None,
            }));
        };
        let now = state(self.workload.kind, &object);
        if self.told.as_ref() != Some(&now.told) && self.workload.kind != WorkloadKind::Pod {
            let state = now.told.clone();
            self.tell(WorkloadNews::State { state }).await?;
            self.told = Some(now.told);
        }
        Ok(now.end)
    }

    pub(super) async fn see_pods(&mut self, seen: Seen) -> Result<(), Unheard> {
        match seen {
            Seen::All(pods) => {
                for pod in pods {
                    self.see_pod(&pod).await?;
                }
            }
            Seen::One(pod) => self.see_pod(&pod).await?,
            Seen::Gone(pod) => {
                let deleted = WorkloadNews::Pod {
                    pod: name(&pod),
                    state: "Deleted".to_owned(),
                    message: None,
                };
                self.tell(deleted).await?;
            }
        }
        Ok(())
    }

    async fn see_pod(&mut self, object: &Value) -> Result<(), Unheard> {
        let (uid, pod) = (uid(object), name(object));
        let is_another = self.workload.kind == WorkloadKind::Pod && uid != self.uid;
        if is_another || !(self.takes_new_pods || self.pods.contains_key(&uid)) {
            return Ok(());
        }
        for event in self.events.know(&uid) {
            self.tell(event).await?;
        }
        let mut known = self.pods.remove(&uid).unwrap_or_default();
        let status = &object["status"];
        let phase = text(&status["phase"]).unwrap_or_else(|| "Pending".to_owned());
        let now = (
            phase,
            text(&status["message"]).or_else(|| unscheduled(status)),
        );
        if known.state.as_ref() != Some(&now) {
            known.state = Some(now.clone());
            let (state, message) = now;
            self.tell(WorkloadNews::Pod {
                pod: pod.clone(),
                state,
                message,
            })
            .await?;
        }
        for container in containers(object) {
            if let Some(now) = container.told
                && known.containers.get(&container.name) != Some(&now)
            {
                known.containers.insert(container.name.clone(), now.clone());
                let news = WorkloadNews::Container {
                    pod: pod.clone(),
                    container: container.name.clone(),
                    state: now.state,
                    message: now.message,
                };
                self.tell(news).await?;
            }
            // What was there before it was seen has a log too.
            for id in [container.last_id, container.id].into_iter().flatten() {
                if known.begun.insert(id.clone()) {
                    self.begin_log(object, &container.name, id);
                }
            }
        }
        self.pods.insert(uid, known);
        Ok(())
    }

    fn begin_log(&mut self, pod: &Value, container: &str, id: String) {
        let collection = WorkloadKind::Pod.collection(&self.namespace);
        let key = LogKey {
            pod_path: format!("{collection}/{}", name(pod)),
            pod: name(pod),
            pod_uid: uid(pod),
            container: container.to_owned(),
            id,
        };
        let first = first(&key, pod);
        let (api, listener, source) = (self.api.clone(), self.listener.clone(), self.source());
        let log = async move { follow_log(&api, &key, first, &listener, source).await };
        self.logs.push(log.boxed());
    }

    pub(super) async fn see_events(&mut self, seen: Seen) -> Result<(), Unheard> {
        let events = match seen {
            Seen::All(events) => events,
            Seen::One(event) => vec![event],
            // Events go by themselves after an hour.
            Seen::Gone(_) => Vec::new(),
        };
        for event in self.events.take(events) {
            self.tell(event).await?;
        }
        Ok(())
    }
}

/// Why the scheduler has no place for a pod.
fn unscheduled(status: &Value) -> Option<String> {
    let conditions = status["conditions"].as_array()?;
    let waits =
        |condition: &&Value| condition["type"] == "PodScheduled" && condition["status"] == "False";
    text(&conditions.iter().find(waits)?["message"])
}

fn uid(object: &Value) -> String {
    text(&object["metadata"]["uid"]).unwrap_or_default()
}

fn name(object: &Value) -> String {
    text(&object["metadata"]["name"]).unwrap_or_default()
}
