//! The instances of several requests for predictions are put together into one, as the `batcher` of a part wants.
//!
//! ```text
//!   request ─► instances ─┐                                       ┌─► its predictions ─► client
//!   request ─► instances ─┼─► a batch: full, or has waited ─► one ┤
//!   request ─► instances ─┘   long enough                         └─► its predictions ─► client
//! ```

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use coracle_app::Batcher;
use coracle_gateway::proxy::Spawn;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::batch::{Asked, Batch, Said};
use super::front::Failure;

/// How many bytes a batch is sent with at once, however few its instances are.
const FULL_BYTES: usize = 8 << 20;

/// What one who asked is answered.
pub(super) type Share = Result<Said, Failure>;

/// What a batch was answered.
pub(super) type Answered = Result<(StatusCode, Bytes), Failure>;

/// The batches of all servers that others can still join.
#[derive(Clone)]
pub(super) struct Batches {
    open: Arc<Mutex<HashMap<Key, Open>>>,
    spawn: Spawn,
}

/// What requests of one batch have in common: what is asked, and all that stands in their bodies beside the instances.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    uri: Uri,
    beside: String,
}

/// A batch that waits, and who waits for it.
struct Open {
    id: Uuid,
    batch: Batch,
    takers: Vec<oneshot::Sender<Share>>,
}

impl Batches {
    pub(super) fn new(spawn: Spawn) -> Self {
        Self {
            open: Arc::default(),
            spawn,
        }
    }

    /// Joins the batch of such requests, or begins one, and waits for this one's share of the answer. `ask` sends the batch where
    /// it falls to this one: when it is full, or was begun by it.
    pub(super) async fn join<F>(
        &self,
        uri: Uri,
        asked: Asked,
        batcher: Batcher,
        ask: impl FnOnce(Bytes) -> F + Send + 'static,
    ) -> Share
    where
        F: Future<Output = Answered> + Send + 'static,
    {
        let (taker, share) = oneshot::channel();
        let key = Key {
            uri,
            beside: asked.beside(),
        };
        match self.add(&key, asked, taker, batcher.most) {
            Added::Begun(id) => {
                let begun = Begun {
                    batches: self.clone(),
                    key,
                    id,
                };
                (self.spawn)(Box::pin(async move {
                    tokio::time::sleep(batcher.latency).await;
                    if let Some(open) = begun.close() {
                        open.send(ask).await;
                    }
                }));
            }
            Added::Joined => {}
            Added::Filled(open) => (self.spawn)(Box::pin(open.send(ask))),
        }
        share.await.unwrap_or_else(|_| {
            Err(Failure {
                code: StatusCode::SERVICE_UNAVAILABLE,
                said: "the workbench shuts down".to_owned(),
            })
        })
    }

    fn add(&self, key: &Key, asked: Asked, taker: oneshot::Sender<Share>, most: usize) -> Added {
        let mut all = self.all();
        let (mut place, is_new) = match all.entry(key.clone()) {
            Entry::Occupied(place) => (place, false),
            Entry::Vacant(place) => {
                let open = Open {
                    id: Uuid::new_v4(),
                    batch: Batch::new(&asked),
                    takers: Vec::new(),
                };
                (place.insert_entry(open), true)
            }
        };
        let open = place.get_mut();
        open.batch.add(asked);
        open.takers.push(taker);
        if open.batch.instances() >= most || open.batch.bytes() >= FULL_BYTES {
            return Added::Filled(place.remove());
        }
        if is_new {
            Added::Begun(open.id)
        } else {
            Added::Joined
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch that waits for others to join. Nobody does once this is gone, and who waits for it hears of that.
struct Begun {
    batches: Batches,
    key: Key,
    id: Uuid,
}

impl Begun {
    /// Takes the batch, unless it was full before.
    fn close(&self) -> Option<Open> {
        let mut all = self.batches.all();
        all.get(&self.key).filter(|open| open.id == self.id)?;
        all.remove(&self.key)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.close();
    }
}

/// What a request did to the batches.
enum Added {
    /// It began one.
    Begun(Uuid),
    Joined,
    /// It filled one, which nobody else joins.
    Filled(Open),
}

impl Open {
    /// Has the batch answered, and gives everybody their share.
    async fn send<F>(self, ask: impl FnOnce(Bytes) -> F + Send)
    where
        F: Future<Output = Answered> + Send,
    {
        let answered = ask(self.batch.body()).await;
        let shares = self.batch.share_out(answered, &self.id.to_string());
        for (taker, share) in self.takers.into_iter().zip(shares) {
            // Who has gone does not miss it.
            let _ = taker.send(share);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;
    use serde_json::{Value, json};
    use tokio::runtime::Handle;
    use tokio::time::Instant;

    use super::*;

    const LATENCY: Duration = Duration::from_millis(50);

    /// Batches whose server gives each instance back, and what it was asked.
    #[derive(Clone)]
    struct Bench {
        batches: Batches,
        asked: Arc<Mutex<Vec<Value>>>,
    }

    impl Bench {
        fn new() -> Self {
            let spawn: Spawn = Arc::new(|task| {
                Handle::current().spawn(task);
            });
            Self {
                batches: Batches::new(spawn),
                asked: Arc::default(),
            }
        }

        async fn ask(&self, path: &'static str, body: Value, most: usize) -> Value {
            let asked = self.asked.clone();
            let serve = |body: Bytes| async move {
                let body: Value = serde_json::from_slice(&body).unwrap();
                let predictions = body["instances"].clone();
                asked.lock().unwrap().push(body);
                Ok((
                    StatusCode::OK,
                    json!({ "predictions": predictions }).to_string().into(),
                ))
            };
            let read = Asked::read(body.to_string().as_bytes()).unwrap();
            let batcher = Batcher {
                most,
                latency: LATENCY,
            };
            let uri = Uri::from_static(path);
            let share = self.batches.join(uri, read, batcher, serve).await;
            serde_json::to_value(share.unwrap_or_else(|_| panic!("no share"))).unwrap()
        }

        fn asked(&self) -> Vec<Value> {
            self.asked.lock().unwrap().clone()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_at_once_are_one_and_everybody_gets_their_own() {
        let bench = Bench::new();
        let began = Instant::now();
        let asking = (0..10).map(|number| {
            let instances: Vec<_> = (0..=number % 3).map(|row| json!([number, row])).collect();
            let bench = bench.clone();
            async move {
                let body = json!({ "instances": instances.clone() });
                let said = bench.ask("/iris:predict", body, 32).await;
                assert_eq!(said["predictions"], json!(instances));
                said["batchId"].clone()
            }
        });
        let ids = join_all(asking).await;
        assert!(
            ids.iter()
                .all(|id| id == &ids[0] && !id.as_str().unwrap().is_empty())
        );
        assert_eq!(bench.asked().len(), 1);
        assert_eq!(bench.asked()[0]["instances"].as_array().unwrap().len(), 19);
        assert_eq!(began.elapsed(), LATENCY);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_batch_does_not_wait_and_the_next_one_waits_for_itself() {
        let bench = Bench::new();
        let began = Instant::now();
        let three =
            (0..3).map(|number| bench.ask("/m:predict", json!({ "instances": [number] }), 3));
        join_all(three).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        tokio::time::sleep(LATENCY / 2).await;
        let began = Instant::now();
        let many = json!({ "instances": [1, 2] });
        assert_eq!(
            bench.ask("/m:predict", many, 3).await["predictions"],
            json!([1, 2])
        );
        assert_eq!(began.elapsed(), LATENCY);
        let many = json!({ "instances": [1, 2, 3, 4, 5] });
        bench.ask("/m:predict", many, 3).await;
        let sizes = bench.asked();
        let sizes = sizes
            .iter()
            .map(|body| body["instances"].as_array().unwrap().len());
        assert_eq!(sizes.collect::<Vec<_>>(), [3, 2, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_of_it_when_the_workbench_shuts_down() {
        let tasks = Arc::new(Mutex::new(Vec::new()));
        let kept = tasks.clone();
        let spawn: Spawn = Arc::new(move |task| kept.lock().unwrap().push(task));
        let batches = Batches::new(spawn);
        let read = Asked::read(br#"{"instances": [1]}"#).unwrap();
        let batcher = Batcher {
            most: 32,
            latency: LATENCY,
        };
        let nobody = |_| async { panic!("nobody is asked") };
        let uri = Uri::from_static("/m:predict");
        let joined = batches.join(uri, read, batcher, nobody);
        let (share, ()) = tokio::join!(joined, async { tasks.lock().unwrap().clear() });
        assert_eq!(
            share.map(|_| ()).unwrap_err().code,
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert!(batches.all().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_asks_the_same_is_put_together() {
        let bench = Bench::new();
        let one = json!({ "instances": [1] });
        let named = json!({ "instances": [2], "signature_name": "other" });
        tokio::join!(
            bench.ask("/a:predict", one.clone(), 32),
            bench.ask("/b:predict", one.clone(), 32),
            bench.ask("/a:predict", named.clone(), 32),
            bench.ask("/a:predict", json!({ "instances": [3] }), 32),
        );
        let mut asked: Vec<_> = bench.asked().iter().map(Value::to_string).collect();
        asked.sort();
        let expected = [json!({ "instances": [1, 3] }), one, named];
        assert_eq!(asked, expected.map(|body| body.to_string()));
    }
}
