//! The log of one container, from its beginning to its end, over any break.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{self, Instant};

use super::container::containers;
use super::lines::{Lines, Part};
use super::news::WorkloadNews;
use super::place::LogPlace;
use super::requests::{Api, Failure, Next};
use super::source::{Source, Unheard};
use super::turns::{Turn, Turns};

/// A container may say nothing for as long as it likes; after this time the connection is made anew, in case its other end is gone.
const SILENCE: Duration = Duration::from_secs(60);

/// How much of a line is told at once, in bytes. All lines that wait for a listener (`center::WAITING`) may be as long, which makes 64 MiB.
const LONGEST: usize = 256 << 10;

/// One run of a container: started again, it is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogKey {
    /// The pod's path in the API.
    pub(super) pod_path: String,
    pub(super) pod: String,
    pub(super) pod_uid: String,
    pub(super) container: String,
    /// As the runtime calls it.
    pub(super) id: String,
}

/// Who hears the lines.
#[derive(Clone)]
pub(super) struct Listener {
    pub(super) tell: mpsc::Sender<WorkloadNews>,
    /// How many lines there were of all logs.
    pub(super) lines: Arc<AtomicU64>,
    /// Who may read now.
    pub(super) turns: Turns,
}

/// Which log the server is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// That of the container that runs, for as long as it writes.
    Follow,
    /// That of the container that ran last, as it is.
    Rest,
    /// That of the one before, as it is.
    RestOfPrevious,
}

/// How reading stopped.
enum Stopped {
    /// The server gave all that it had.
    End,
    Broken(String),
    /// Nothing came for a while.
    Silent,
    /// Others wait to be read.
    Turn,
    /// The server does not have the log at this moment.
    NotNow,
    Refused(String),
}

/// What is to be done about a log next.
#[derive(Debug, PartialEq, Eq)]
enum Onward {
    Read(Reading),
    Missing(&'static str),
}

/// What a container's log is read as at first, by what its pod says of it.
pub(super) fn first(key: &LogKey, pod: &Value) -> Reading {
    match next(key, Some(pod)) {
        Onward::Read(reading) => reading,
        Onward::Missing(_) => Reading::Follow,
    }
}

/// Tells every line of a container once and in order.
pub(super) async fn follow_log(
    api: &Api,
    key: &LogKey,
    first: Reading,
    listener: &Listener,
    mut source: Source,
) {
    let read = read_to_end(api, key, first, listener, &mut source).await;
    if let Ok(Some(reason)) = read {
        let what = format!("the log of {} in {}", key.container, key.pod);
        // Where nobody listens any more there is nobody to tell.
        let _ = listener
            .tell
            .send(WorkloadNews::NotTold { what, reason })
            .await;
    }
    let _ = source.mended().await;
}

/// Reads until all is told. What is left out is told with its reason.
async fn read_to_end(
    api: &Api,
    key: &LogKey,
    first: Reading,
    listener: &Listener,
    source: &mut Source,
) -> Result<Option<String>, Unheard> {
    let mut place = LogPlace::default();
    let mut reading = first;
    let mut turn = listener.turns.next().await;
    loop {
        let stopped = read(api, key, listener, &mut place, reading, source, &mut turn).await?;
        // Whoever waits for something else lets others read.
        drop(turn);
        match stopped {
            Stopped::End if reading != Reading::Follow => return Ok(None),
            Stopped::End | Stopped::Silent => source.moment().await,
            Stopped::Turn => {}
            Stopped::NotNow => source.pause().await,
            Stopped::Broken(reason) => source.broken(reason).await?,
            Stopped::Refused(reason) => return Ok(Some(reason)),
        }
        let pod = loop {
            turn = listener.turns.next().await;
            let found = api.get(&key.pod_path).await;
            match found {
                Ok(pod) => break Some(pod),
                Err(Failure::Missing) => break None,
                Err(Failure::Lost(reason)) => {
                    drop(turn);
                    source.broken(reason).await?;
                }
                Err(Failure::Outdated) => {
                    drop(turn);
                    source.moment().await;
                }
                Err(Failure::Refused { message, .. }) => return Ok(Some(message)),
            }
        };
        match next(key, pod.as_ref()) {
            Onward::Read(next) => reading = next,
            Onward::Missing(reason) => return Ok(Some(reason.to_owned())),
        }
    }
}

/// What to read, by what the pod says of its container now.
fn next(key: &LogKey, pod: Option<&Value>) -> Onward {
    let Some(pod) = pod.filter(|pod| pod["metadata"]["uid"] == key.pod_uid.as_str()) else {
        return Onward::Missing("the pod was removed before its log was read to the end");
    };
    let mut found = containers(pod).into_iter();
    let found = found.find(|container| container.name == key.container);
    let is_mine = |id: &Option<String>| id.as_deref() == Some(key.id.as_str());
    match found {
        Some(container) if is_mine(&container.id) && container.has_ended => {
            Onward::Read(Reading::Rest)
        }
        Some(container) if is_mine(&container.id) => Onward::Read(Reading::Follow),
        Some(container) if is_mine(&container.last_id) => Onward::Read(Reading::RestOfPrevious),
        _ => Onward::Missing(
            "it was started again more than once before its log was read to the end",
        ),
    }
}

async fn read(
    api: &Api,
    key: &LogKey,
    listener: &Listener,
    place: &mut LogPlace,
    reading: Reading,
    source: &mut Source,
    turn: &mut Turn<'_>,
) -> Result<Stopped, Unheard> {
    let address = address(key, reading, place);
    let opened = time::timeout(SILENCE, api.open(&address)).await;
    let mut content = match opened {
        Err(_) => return Ok(Stopped::Silent),
        Ok(Ok(content)) => content,
        // 400: the container is not there yet, or not any more; the pod will say.
        Ok(Err(Failure::Missing | Failure::Outdated | Failure::Refused { code: 400, .. })) => {
            return Ok(Stopped::NotNow);
        }
        Ok(Err(Failure::Refused { message, .. })) => return Ok(Stopped::Refused(message)),
        Ok(Err(Failure::Lost(reason))) => return Ok(Stopped::Broken(reason)),
    };
    source.mended().await?;
    let mut lines = Lines::up_to(LONGEST);
    let mut is_sure = false;
    let mut silent_since = Instant::now();
    loop {
        // What ends by itself is read to its end, and a line of which a part was told to the line's: read anew, all of it came again.
        let gives_way = reading == Reading::Follow && !lines.is_within_parts();
        if gives_way && turn.is_over() {
            return Ok(Stopped::Turn);
        }
        let silent_at = silent_since + SILENCE;
        let until = match gives_way {
            true => silent_at.min(turn.ends()),
            false => silent_at,
        };
        let next = content.next(until - Instant::now()).await;
        if matches!(next, Next::Silent) && Instant::now() < silent_at {
            continue;
        }
        silent_since = Instant::now();
        if !is_sure && matches!(next, Next::Piece(_) | Next::End) {
            if let Some(stopped) = mistaken(api, key, reading, source).await {
                return Ok(stopped);
            }
            is_sure = true;
        }
        match next {
            Next::Piece(piece) => {
                for part in lines.push(&piece) {
                    tell(key, listener, place, &part).await?;
                }
            }
            Next::End if reading == Reading::Follow => return Ok(Stopped::End),
            Next::End => {
                // Its last line may lack an end, which only now is known to be no cut.
                if let Some(part) = lines.finish() {
                    tell(key, listener, place, &part).await?;
                }
                return Ok(Stopped::End);
            }
            Next::Broken(reason) => return Ok(Stopped::Broken(reason)),
            Next::Silent => return Ok(Stopped::Silent),
        }
    }
}

/// A server is asked for a container's log by its name. Was the container started again meanwhile, what comes is of another run: then
/// nothing of it is taken.
async fn mistaken(api: &Api, key: &LogKey, reading: Reading, source: &Source) -> Option<Stopped> {
    // The node tells the server of a new container at once, and after the one that it answers by itself.
    source.moment().await;
    let pod = match api.get(&key.pod_path).await {
        Ok(pod) => Some(pod),
        Err(Failure::Missing) => None,
        Err(Failure::Lost(reason)) => return Some(Stopped::Broken(reason)),
        Err(Failure::Outdated) => return Some(Stopped::NotNow),
        Err(Failure::Refused { message, .. }) => return Some(Stopped::Refused(message)),
    };
    match (reading, next(key, pod.as_ref())) {
        (Reading::Follow, Onward::Read(Reading::Follow | Reading::Rest)) => None,
        // What comes of a pod that has gone since is its own: a new one of the name is not there that soon.
        (Reading::Follow | Reading::Rest, _) if pod.is_none() => None,
        (reading, Onward::Read(now)) if reading == now => None,
        (_, Onward::Read(_) | Onward::Missing(_)) => Some(Stopped::NotNow),
    }
}

fn address(key: &LogKey, reading: Reading, place: &mut LogPlace) -> String {
    let since = place.go_on().map(|since| since.to_string());
    let mut query = vec![
        ("container", key.container.as_str()),
        ("timestamps", "true"),
    ];
    match reading {
        Reading::Follow => query.push(("follow", "true")),
        Reading::Rest => {}
        Reading::RestOfPrevious => query.push(("previous", "true")),
    }
    if let Some(since) = &since {
        query.push(("sinceTime", since));
    }
    // Texts alone can always be said.
    let query = serde_urlencoded::to_string(&query).unwrap_or_default();
    format!("{}/log?{query}", key.pod_path)
}

async fn tell(
    key: &LogKey,
    listener: &Listener,
    place: &mut LogPlace,
    part: &Part,
) -> Result<(), Unheard> {
    let Some(text) = place.take(part) else {
        return Ok(());
    };
    listener.lines.fetch_add(1, Ordering::Relaxed);
    let line = WorkloadNews::Line {
        pod: key.pod.clone(),
        container: key.container.clone(),
        text,
        is_continued: part.number > 0,
    };
    listener.tell.send(line).await.map_err(|_| Unheard)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> LogKey {
        LogKey {
            pod_path: "/api/v1/namespaces/n/pods/p".to_owned(),
            pod: "p".to_owned(),
            pod_uid: "u".to_owned(),
            container: "main".to_owned(),
            id: "c://1".to_owned(),
        }
    }

    fn pod(uid: &str, id: &str, last: Option<&str>, state: &str) -> Value {
        json!({"metadata": {"uid": uid}, "status": {"containerStatuses": [{
            "name": "main", "containerID": id, "state": {state: {}}, "lastState": {"terminated": {"containerID": last}}}]}})
    }

    #[test]
    fn what_is_read_next_is_what_the_pod_still_has_of_the_container() {
        let of = |pod: Option<Value>| next(&key(), pod.as_ref());
        assert_eq!(
            of(Some(pod("u", "c://1", None, "running"))),
            Onward::Read(Reading::Follow)
        );
        assert_eq!(
            of(Some(pod("u", "c://1", None, "terminated"))),
            Onward::Read(Reading::Rest)
        );
        assert_eq!(
            of(Some(pod("u", "c://1", Some("c://1"), "waiting"))),
            Onward::Read(Reading::Rest)
        );
        assert_eq!(
            of(Some(pod("u", "c://2", Some("c://1"), "running"))),
            Onward::Read(Reading::RestOfPrevious)
        );
        for gone in [
            None,
            Some(pod("u", "c://3", Some("c://2"), "running")),
            Some(pod("other", "c://1", None, "running")),
        ] {
            assert!(matches!(of(gone), Onward::Missing(_)));
        }
    }

    #[test]
    fn a_log_is_read_on_from_before_the_last_line() {
        let mut place = LogPlace::default();
        assert_eq!(
            address(&key(), Reading::Follow, &mut place),
            "/api/v1/namespaces/n/pods/p/log?container=main&timestamps=true&follow=true"
        );
        place.take(&Part {
            bytes: b"2026-01-02T03:04:05.678Z hello".to_vec(),
            number: 0,
        });
        assert_eq!(
            address(&key(), Reading::RestOfPrevious, &mut place),
            "/api/v1/namespaces/n/pods/p/log?container=main&timestamps=true&previous=true&sinceTime=2026-01-02T03%3A04%3A04Z"
        );
    }
}
