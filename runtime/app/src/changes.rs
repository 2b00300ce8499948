//! What is no longer as it was, for pages that show it: in words coarse enough to be few, and none left out.
//!
//! ```text
//! tables written to ──┐
//! objects changed  ───┼──► what changed since the last message ──► { topics, runs }, at most every `PAUSE`
//! the engine chosen ──┘
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use coracle_model::EventCursor;
use coracle_objects::ObjectExt as _;
use coracle_plan::kind::serving::NAME_LABEL;
use coracle_store::TableCounts;
use futures_util::{Stream, stream};
use tokio::sync::watch;

use crate::error::AppError;
use crate::stage::Stage;
use crate::view::Changes;
use crate::workbench::Workbench;

/// The least time between two messages, so that a run of a thousand steps is tens of them. Short of what an eye sees.
const PAUSE: Duration = Duration::from_millis(60);

/// What pages call inference services with everything that was made for them.
const MODEL_SERVERS: &str = "model-servers";

/// Events that are read at once.
const BATCH: usize = 1024;

impl Workbench {
    /// What changes from now on. The first message comes at once and is empty: whoever reads it knows that nothing is
    /// missed from then on. The stream ends when the workbench shuts down.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changes(
        &self,
    ) -> Result<impl Stream<Item = Result<Changes, AppError>> + Send + use<>, AppError> {
        let watcher = Watcher::new(self.clone()).await?;
        let changes = stream::try_unfold((watcher, true), |(mut watcher, is_first)| async move {
            if is_first {
                return Ok(Some((Changes::default(), (watcher, false))));
            }
            Ok(watcher
                .next()
                .await?
                .map(|changes| (changes, (watcher, false))))
        });
        Ok(changes)
    }
}

struct Watcher {
    workbench: Workbench,
    tables: Option<watch::Receiver<TableCounts>>,
    counts: TableCounts,
    cursor: EventCursor,
    objects: watch::Receiver<u64>,
    version: u64,
    stages: watch::Receiver<Stage>,
}

impl Watcher {
    async fn new(workbench: Workbench) -> Result<Self, AppError> {
        let mut tables = workbench.store().touched();
        // Before the cursor is read: what is recorded meanwhile is told twice rather than never.
        let counts = tables
            .as_mut()
            .map(|tables| tables.borrow_and_update().clone());
        let objects = workbench.kubernetes().objects();
        Ok(Self {
            counts: counts.unwrap_or_default(),
            tables,
            objects: objects.clock(),
            version: objects.version(),
            stages: workbench.inner.stage.subscribe(),
            cursor: workbench.last_cursor().await?,
            workbench,
        })
    }

    /// What changed since the last time, once something did. None when the workbench shuts down.
    async fn next(&mut self) -> Result<Option<Changes>, AppError> {
        loop {
            if !self.wait().await {
                return Ok(None);
            }
            tokio::time::sleep(PAUSE).await;
            let mut changes = Changes::default();
            if self.stages.has_changed().unwrap_or(false) {
                self.stages.mark_unchanged();
                changes.topics.insert("health".to_owned());
            }
            self.add_tables(&mut changes).await?;
            self.add_objects(&mut changes);
            if changes != Changes::default() {
                return Ok(Some(changes));
            }
        }
    }

    async fn wait(&mut self) -> bool {
        let stopping = self.workbench.stopping().clone();
        let tables = async {
            match &mut self.tables {
                Some(tables) => tables.changed().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stopping.cancelled() => false,
            changed = tables => changed,
            changed = self.objects.changed() => changed.is_ok(),
            changed = self.stages.changed() => {
                self.stages.mark_changed();
                changed.is_ok()
            }
        }
    }

    async fn add_tables(&mut self, changes: &mut Changes) -> Result<(), AppError> {
        let Some(tables) = &mut self.tables else {
            return Ok(());
        };
        let counts = tables.borrow_and_update().clone();
        let touched: BTreeSet<&str> = counts
            .iter()
            .filter(|(table, count)| self.counts.get(*table) != Some(*count))
            .map(|(table, _)| table.as_str())
            .collect();
        changes.topics.extend(
            touched
                .iter()
                .filter_map(|table| topic(table))
                .map(str::to_owned),
        );
        let has_events = touched.contains("events");
        self.counts = counts;
        if has_events {
            self.add_runs(changes).await?;
        }
        Ok(())
    }

    /// The runs that events tell of.
    async fn add_runs(&mut self, changes: &mut Changes) -> Result<(), AppError> {
        loop {
            let cursor = self.cursor;
            let events = self
                .workbench
                .ask_store(move |store| Ok(store.events_after(cursor, None, BATCH)?))
                .await?;
            let Some(last) = events.last() else {
                return Ok(());
            };
            self.cursor = last.cursor;
            let is_last = events.len() < BATCH;
            changes
                .runs
                .extend(events.into_iter().map(|event| event.run));
            if is_last {
                return Ok(());
            }
        }
    }

    fn add_objects(&mut self, changes: &mut Changes) {
        self.objects.mark_unchanged();
        let objects = self.workbench.kubernetes().objects();
        // Where not all is kept, the oldest that is tells of more than enough.
        let since = match objects.changes(self.version) {
            Err(too_old) => objects.changes(too_old.oldest),
            found => found,
        };
        if let Ok((changed, version)) = since {
            self.version = version;
            for change in &changed {
                let (resource, group) = split(&change.object.key.resource);
                changes.topics.insert(resource.to_owned());
                let is_of_server = change.object.body.label(NAME_LABEL).is_some();
                if is_of_server || (resource, group) == ("inferenceservices", "serving.kserve.io") {
                    changes.topics.insert(MODEL_SERVERS.to_owned());
                }
            }
        }
    }
}

/// `("pods", "")`, and `("notebooks", "kubeflow.org")`.
fn split(resource: &str) -> (&str, &str) {
    resource.split_once('.').unwrap_or((resource, ""))
}

/// What pages call what is in a table. Tasks and attempts belong to a run, which is told by its id.
fn topic(table: &str) -> Option<&'static str> {
    match table {
        "runs" | "run_states" | "removed_runs" => Some("runs"),
        "pipelines" | "pipeline_versions" => Some("pipelines"),
        "experiments" => Some("experiments"),
        "recurring_runs" => Some("recurring"),
        "remote_runs" => Some("remote-runs"),
        "artifacts" | "artifact_uses" | "lineage" => Some("artifacts"),
        "model_profiles" | "model_labels" | "model_standings" => Some(MODEL_SERVERS),
        _ => None,
    }
}
