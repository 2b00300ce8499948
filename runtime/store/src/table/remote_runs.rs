//! Runs on clusters: what was sent, with all that is needed to send it again, and what was heard of it.

use coracle_model::{
    RemoteEvent, RemoteNews, RemotePlace, RemoteProblem, RemoteRequest, RemoteRun, RemoteSight,
    RemoteStage, RunId, Timestamp,
};
use rusqlite::{OptionalExtension as _, Row};

use crate::column::{Columns as _, json, micros};
use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Migration, Older};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    date: "2026-11-28",
    name: "runs on clusters",
    columns: &[],
    sql: "
        CREATE TABLE IF NOT EXISTS remote_runs (
            id TEXT PRIMARY KEY,
            place TEXT NOT NULL,
            token TEXT, -- what the server asks for, which only this database's user can read
            request TEXT NOT NULL,
            definition BLOB NOT NULL, -- the file, byte for byte
            digest TEXT NOT NULL, -- equal for equal wishes
            stage TEXT NOT NULL,
            remote_id TEXT,
            sight TEXT NOT NULL,
            problem TEXT,
            created_at INTEGER NOT NULL,
            seen_at INTEGER
        ) STRICT;
        CREATE INDEX IF NOT EXISTS remote_runs_by_digest ON remote_runs (digest, stage);
        CREATE TABLE IF NOT EXISTS remote_events (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            run TEXT NOT NULL,
            at INTEGER NOT NULL,
            news TEXT NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS remote_events_by_run ON remote_events (run, number);
    ",
    older: Older::MayOpen,
}];

/// A run on a cluster with what only its sending needs.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteOrder {
    /// The run.
    pub run: RemoteRun,
    /// What the server asks for.
    pub token: Option<String>,
    /// The file, byte for byte.
    pub definition: Vec<u8>,
    /// Equal for equal wishes.
    pub digest: String,
}

/// Whether an order is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordered {
    /// It is kept from now on.
    New,
    /// An equal one is still open, which this is.
    Known(RunId),
    /// It is an equal recurring run that was sent before: it is looked for again, and made anew where it is gone.
    Again(RunId),
}

impl Store {
    /// Keeps an order before anything is sent, unless an equal one is still open: that one goes on, with the token of this one.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn order_remote_run(&self, order: &RemoteOrder) -> Result<Ordered, StoreError> {
        self.write("keep a run for a cluster", |writing| {
            let recurs = order.run.request.recurrence.is_some();
            let known: Option<(RunId, RemoteStage)> = writing
                .prepare_cached(
                    "SELECT id, stage FROM remote_runs
                    WHERE digest = ?1 AND (stage IN ('SENDING', 'SENT') OR (?2 AND stage = 'DONE'))",
                )?
                .query_row((&order.digest, recurs), |row| {
                    Ok((row.word("id")?, row.word("stage")?))
                })
                .optional()?;
            if let Some((known, stage)) = known {
                writing.execute(
                    "UPDATE remote_runs SET token = ?2 WHERE id = ?1",
                    (known.to_string(), &order.token),
                )?;
                if !stage.is_final() {
                    return Ok(Ordered::Known(known));
                }
                writing.execute(
                    "UPDATE remote_runs SET stage = 'SENDING', remote_id = NULL WHERE id = ?1",
                    [known.to_string()],
                )?;
                return Ok(Ordered::Again(known));
            }
            let run = &order.run;
            writing.execute(
                "INSERT INTO remote_runs
                (id, place, token, request, definition, digest, stage, remote_id, sight, problem, created_at, seen_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                (
                    run.id.to_string(),
                    json(&run.place),
                    &order.token,
                    json(&run.request),
                    &order.definition,
                    &order.digest,
                    run.stage.as_str(),
                    &run.remote_id,
                    json(&run.sight),
                    run.problem.as_ref().map(json),
                    micros(run.created_at),
                    run.seen_at.map(micros),
                ),
            )?;
            Ok(Ordered::New)
        })
    }

    /// Keeps how a run is from now on, and what was heard of it, both or neither.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn record_remote_run(
        &self,
        run: &RemoteRun,
        news: &[RemoteNews],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write("keep what was heard of a run", |writing| {
            writing.execute(
                "UPDATE remote_runs SET stage = ?2, remote_id = ?3, sight = ?4, problem = ?5, seen_at = ?6
                WHERE id = ?1",
                (
                    run.id.to_string(),
                    run.stage.as_str(),
                    &run.remote_id,
                    json(&run.sight),
                    run.problem.as_ref().map(json),
                    run.seen_at.map(micros),
                ),
            )?;
            writing.add_remote_news(run.id, news, at)
        })
    }

    /// Keeps another token for a run.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and the like.
    pub fn put_remote_token(&self, run: RunId, token: &str) -> Result<(), StoreError> {
        self.write("keep a token", |writing| {
            writing.execute(
                "UPDATE remote_runs SET token = ?2 WHERE id = ?1",
                (run.to_string(), token),
            )?;
            Ok(())
        })
    }

    /// A run with all that is needed to send it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn remote_order(&self, run: RunId) -> Result<Option<RemoteOrder>, StoreError> {
        self.read("read a run on a cluster", |reading| {
            reading
                .prepare_cached("SELECT * FROM remote_runs WHERE id = ?1")?
                .query_row([run.to_string()], |row| {
                    Ok(RemoteOrder {
                        run: run_of(row)?,
                        token: row.get("token")?,
                        definition: row.get("definition")?,
                        digest: row.get("digest")?,
                    })
                })
                .optional()
        })
    }

    /// The runs on clusters, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn remote_runs(&self) -> Result<Vec<RemoteRun>, StoreError> {
        self.read("list runs on clusters", |reading| {
            reading
                .prepare_cached("SELECT * FROM remote_runs ORDER BY created_at DESC, id")?
                .query_map([], run_of)?
                .collect()
        })
    }

    /// What was heard of a run after an event.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn remote_events(&self, run: RunId, after: i64) -> Result<Vec<RemoteEvent>, StoreError> {
        self.read("read what was heard of a run", |reading| {
            reading
                .prepare_cached(
                    "SELECT number, at, news FROM remote_events WHERE run = ?1 AND number > ?2 ORDER BY number",
                )?
                .query_map((run.to_string(), after), |row| {
                    Ok(RemoteEvent {
                        number: row.get("number")?,
                        at: row.time("at")?,
                        news: row.json("news")?,
                    })
                })?
                .collect()
        })
    }
}

impl Writing<'_> {
    fn add_remote_news(
        &self,
        run: RunId,
        news: &[RemoteNews],
        at: Timestamp,
    ) -> Result<(), Refusal> {
        let mut insert =
            self.prepare_cached("INSERT INTO remote_events (run, at, news) VALUES (?1, ?2, ?3)")?;
        for heard in news {
            insert.execute((run.to_string(), micros(at), json(heard)))?;
        }
        Ok(())
    }
}

fn run_of(row: &Row<'_>) -> rusqlite::Result<RemoteRun> {
    Ok(RemoteRun {
        id: row.word("id")?,
        place: row.json::<RemotePlace>("place")?,
        request: row.json::<RemoteRequest>("request")?,
        stage: row.word::<RemoteStage>("stage")?,
        remote_id: row.get("remote_id")?,
        sight: row.json::<RemoteSight>("sight")?,
        problem: row.maybe_json::<RemoteProblem>("problem")?,
        created_at: row.time("created_at")?,
        seen_at: row.maybe_time("seen_at")?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use coracle_model::{Recurrence, RemoteState, Schedule};

    use super::*;

    fn order(digest: &str) -> RemoteOrder {
        RemoteOrder {
            run: RemoteRun {
                id: RunId::random(),
                place: RemotePlace::Endpoint("http://c".to_owned()),
                request: RemoteRequest {
                    pipeline: "p".to_owned(),
                    file_name: "p.yaml".to_owned(),
                    display_name: "p 1".to_owned(),
                    experiment: "Default".to_owned(),
                    namespace: None,
                    parameters: BTreeMap::from([("n".to_owned(), 3.0.into())]),
                    pipeline_root: None,
                    recurrence: None,
                    workflow: None,
                },
                stage: RemoteStage::Sending,
                remote_id: None,
                sight: RemoteSight::default(),
                problem: None,
                created_at: Timestamp::UNIX_EPOCH,
                seen_at: None,
            },
            token: None,
            definition: b"a\0b".to_vec(),
            digest: digest.to_owned(),
        }
    }

    #[test]
    fn an_equal_wish_is_the_same_run_until_that_one_is_over() {
        let store = Store::open_in_memory().unwrap();
        let (first, mut again, other) = (order("x"), order("x"), order("y"));
        again.token = Some("t".to_owned());
        assert_eq!(store.order_remote_run(&first).unwrap(), Ordered::New);
        let known = Ordered::Known(first.run.id);
        assert_eq!(store.order_remote_run(&again).unwrap(), known);
        assert_eq!(store.order_remote_run(&other).unwrap(), Ordered::New);
        let kept = store.remote_order(first.run.id).unwrap().unwrap();
        let token = again.token.clone();
        assert_eq!(
            kept,
            RemoteOrder {
                token,
                ..first.clone()
            }
        );
        for stage in [RemoteStage::Done, RemoteStage::Refused] {
            let over = RemoteRun {
                stage,
                ..first.run.clone()
            };
            store
                .record_remote_run(&over, &[], Timestamp::UNIX_EPOCH)
                .unwrap();
            let mut anew = order("x");
            assert_eq!(store.order_remote_run(&anew).unwrap(), Ordered::New);
            anew.run.stage = RemoteStage::Done;
            store
                .record_remote_run(&anew.run, &[], Timestamp::UNIX_EPOCH)
                .unwrap();
        }
        assert_eq!(store.remote_runs().unwrap().len(), 4);
    }

    #[test]
    fn an_equal_recurring_run_stays_one() {
        let store = Store::open_in_memory().unwrap();
        let recurring = |digest| {
            let mut order = order(digest);
            order.run.request.recurrence = Some(Recurrence {
                schedule: Schedule::Periodic(60),
                catch_up: true,
                max_concurrency: 1,
            });
            order
        };
        let first = recurring("x");
        assert_eq!(store.order_remote_run(&first).unwrap(), Ordered::New);
        let done = RemoteRun {
            stage: RemoteStage::Done,
            remote_id: Some("there".to_owned()),
            ..first.run.clone()
        };
        store
            .record_remote_run(&done, &[], Timestamp::UNIX_EPOCH)
            .unwrap();
        let again = store.order_remote_run(&recurring("x")).unwrap();
        assert_eq!(again, Ordered::Again(first.run.id));
        let kept = store.remote_order(first.run.id).unwrap().unwrap().run;
        assert_eq!((kept.stage, kept.remote_id), (RemoteStage::Sending, None));
    }

    #[test]
    fn news_are_told_in_order_and_once() {
        let store = Store::open_in_memory().unwrap();
        let (one, other) = (order("x").run, order("y").run);
        let state = |state| RemoteNews::Run { state, error: None };
        let news = [state(RemoteState::Pending), state(RemoteState::Running)];
        for (run, news) in [(&one, &news[..1]), (&other, &news[1..]), (&one, &news[1..])] {
            store
                .record_remote_run(run, news, Timestamp::UNIX_EPOCH)
                .unwrap();
        }
        let told = store.remote_events(one.id, 0).unwrap();
        let said: Vec<_> = told.iter().map(|event| event.news.clone()).collect();
        assert_eq!(said, news);
        assert_eq!(
            store.remote_events(one.id, told[0].number).unwrap(),
            told[1..]
        );
        assert!(
            store
                .remote_events(one.id, told[1].number)
                .unwrap()
                .is_empty()
        );
    }
}
