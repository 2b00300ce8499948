//! Sending a pipeline to a server of Kubeflow Pipelines, and asking what became of it.

use std::time::Duration;

use coracle_control::TaskKind;
use coracle_model::{
    Recurrence, RemotePlace, RemoteRequest, RemoteRun as Remembered, RemoteSight, RemoteStage,
    RunId, Schedule, Timestamp,
};
use coracle_spec::cron::Cron;
use coracle_store::{Ordered, RemoteOrder, Store};
use sha2::{Digest as _, Sha256};

use super::remote_runs::follow;
use super::remote_server::RemoteServer;
use super::workflow::workflow;
use crate::error::AppError;
use crate::pipelines::read_definition;
use crate::runs::{check_parameters, read_parameters, usual_name};
use crate::view::{
    CancelRemoteRun, CreateRemoteRun, CreatedRemoteRun, RemoteEvents, RemoteRecurrence,
    RemoteRhythm, RemoteRun, RemoteRunList,
};
use crate::workbench::Workbench;

/// How long an answer waits for something new.
const WAIT: Duration = Duration::from_secs(20);

/// The experiment of what names none, as KFP's client has it.
const USUAL_EXPERIMENT: &str = "Default";

impl Workbench {
    /// Has a pipeline run elsewhere: it is kept before anything is sent, and sent and followed from then on, over any break. An equal
    /// wish that is still open is that one.
    ///
    /// # Errors
    /// A definition, parameters or a rhythm that KFP would refuse; a protected context that is not confirmed; a server that cannot be reached now, is none, or does not accept the
    /// credentials; and nobody who would follow the run here.
    pub async fn create_remote_run(
        &self,
        request: CreateRemoteRun,
    ) -> Result<CreatedRemoteRun, AppError> {
        let supervisor = self.inner.supervisor.get().ok_or(AppError::NoWorkbench)?;
        if let RemotePlace::Context { name, .. } = &request.place {
            self.confirmed(name, request.confirm.as_deref())?;
        }
        let now = self.inner.clock.now();
        let (order, diagnostics) =
            crate::workbench::off_runtime(move || accept(request, now)).await?;
        RemoteServer::reach(self, &order).await?;
        let id = order.run.id;
        let ordered = self
            .ask_store(move |store| Ok(store.order_remote_run(&order)?))
            .await?;
        let (id, known) = match ordered {
            Ordered::New => {
                supervisor.spawn(TaskKind::Timer, follow(self.clone(), id));
                (id, false)
            }
            Ordered::Again(id) => {
                supervisor.spawn(TaskKind::Timer, follow(self.clone(), id));
                (id, true)
            }
            Ordered::Known(id) => (id, true),
        };
        Ok(CreatedRemoteRun {
            run: self.remote_run(id.to_string()).await?,
            known,
            diagnostics,
        })
    }

    /// What was sent to clusters, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn remote_runs(&self) -> Result<RemoteRunList, AppError> {
        self.ask_store(|store| {
            let runs = store.remote_runs()?;
            Ok(RemoteRunList {
                runs: runs.into_iter().map(Into::into).collect(),
            })
        })
        .await
    }

    /// A run on a cluster, by its id here or there, or the beginning of one.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub async fn remote_run(&self, name: String) -> Result<RemoteRun, AppError> {
        self.ask_store(move |store| find(store, &name).map(Into::into))
            .await
    }

    /// What was heard of a run after an event. Where there is nothing new and the run is not over, it is waited for.
    ///
    /// # Errors
    /// As [`Workbench::remote_run`].
    pub async fn remote_events(&self, name: String, after: i64) -> Result<RemoteEvents, AppError> {
        let clock = &self.inner.clock;
        let deadline = clock.steady().after(WAIT);
        let mut touched = self.store().touched();
        loop {
            if let Some(touched) = &mut touched {
                touched.borrow_and_update();
            }
            let name = name.clone();
            let heard = self
                .ask_store(move |store| {
                    let run = find(store, &name)?;
                    // The run is read first: what is told of it afterwards is no older.
                    let events = store.remote_events(run.id, after)?;
                    Ok(RemoteEvents {
                        run: run.into(),
                        events,
                    })
                })
                .await?;
            let Some(touched) = &mut touched else {
                return Ok(heard);
            };
            if !heard.events.is_empty() || heard.run.stage.is_final() {
                return Ok(heard);
            }
            // All of them are cancel-safe.
            tokio::select! {
                _ = touched.changed() => {}
                () = clock.sleep_until(deadline) => return Ok(heard),
                () = self.stopping().cancelled() => return Err(AppError::stopping()),
            }
        }
    }

    /// Asks the server of a run to stop it; that it has stopped is heard as everything is that becomes of it.
    ///
    /// # Errors
    /// As [`Workbench::remote_run`]; a protected context that is not confirmed, a run that is not there yet or is over, and one that
    /// begins others; and what the server said.
    pub async fn cancel_remote_run(
        &self,
        name: String,
        request: CancelRemoteRun,
    ) -> Result<(), AppError> {
        let order = self
            .ask_store(move |store| {
                let run = find(store, &name)?;
                Ok(store.remote_order(run.id)?)
            })
            .await?;
        let order = order.ok_or_else(|| AppError::NotFound {
            what: "run on a cluster",
            name: "that".to_owned(),
            hint: "`coracle follow` lists those there are".to_owned(),
        })?;
        let run = &order.run;
        if let RemotePlace::Context { name, .. } = &run.place {
            self.confirmed(name, request.confirm.as_deref())?;
        }
        let there = stoppable(run)?;
        RemoteServer::reach(self, &order)
            .await?
            .stop(run.id, there)
            .await
    }

    /// Another token for the server of a run.
    ///
    /// # Errors
    /// As [`Workbench::remote_run`].
    pub async fn put_remote_token(&self, name: String, token: String) -> Result<(), AppError> {
        self.ask_store(move |store| {
            let run = find(store, &name)?;
            Ok(store.put_remote_token(run.id, &token)?)
        })
        .await
    }
}

/// The id there of a run that can be stopped.
fn stoppable(run: &Remembered) -> Result<&str, AppError> {
    let name = &run.request.display_name;
    if run.request.recurrence.is_some() {
        return Err(AppError::request(
            format!("`{name}` begins runs again and again, and is none itself"),
            "switch it off, or delete it, where it is",
        ));
    }
    if run.stage.is_final() {
        return Err(AppError::request(
            format!("`{name}` is over and cannot be stopped"),
            "nothing is left to stop",
        ));
    }
    run.remote_id.as_deref().ok_or_else(|| {
        AppError::request(
            format!("`{name}` is not there yet"),
            "stop it once it was sent; `coracle follow` tells",
        )
    })
}

/// A run by its id here or there, or the beginning of one.
pub(super) fn find(store: &Store, name: &str) -> Result<Remembered, AppError> {
    let named = |run: &Remembered| {
        let there = run.remote_id.as_deref().unwrap_or_default();
        run.id.to_string().starts_with(name) || there.starts_with(name)
    };
    let mut found = store.remote_runs()?;
    found.retain(|run| !name.is_empty() && named(run));
    if found.len() > 1 {
        return Err(AppError::Ambiguous {
            what: "run",
            name: name.to_owned(),
            candidates: found.iter().map(|run| run.id.to_string()).collect(),
        });
    }
    found.pop().ok_or_else(|| AppError::NotFound {
        what: "run on a cluster",
        name: name.to_owned(),
        hint: "`coracle follow` lists those there are".to_owned(),
    })
}

/// What is kept of a request that can be carried out, and warnings about the file.
fn accept(
    request: CreateRemoteRun,
    now: Timestamp,
) -> Result<(RemoteOrder, Vec<coracle_model::Diagnostic>), AppError> {
    let bytes = request.definition.0;
    let (definition, warnings) = read_definition(&bytes, &request.file_name)?;
    let parameters = read_parameters(&definition.spec, request.parameters)?;
    check_parameters(&definition.spec, &parameters)?;
    let recurrence = request.recurrence.map(accept_recurrence).transpose()?;
    let named = request.display_name;
    let display_name = named
        .clone()
        .unwrap_or_else(|| usual_name(&definition.spec, now));
    let wish = RemoteRequest {
        pipeline: definition.spec.name.to_string(),
        file_name: request.file_name,
        display_name,
        experiment: request
            .experiment
            .unwrap_or_else(|| USUAL_EXPERIMENT.to_owned()),
        namespace: request.namespace,
        parameters,
        pipeline_root: request.pipeline_root,
        recurrence,
        workflow: request.workflow,
    };
    if let Some(on) = &wish.workflow {
        if let RemotePlace::Endpoint(_) = request.place {
            return Err(AppError::request(
                "an endpoint is that of Kubeflow Pipelines, and Argo Workflows are a cluster's",
                "name a context",
            ));
        }
        workflow(&definition, &wish, on)?;
    }
    // A name that was made of the time makes no other wish of an equal one.
    let compared = RemoteRequest {
        display_name: named.unwrap_or_default(),
        ..wish.clone()
    };
    let compared = serde_json::to_vec(&(&request.place, &compared))
        .map_err(|error| AppError::request(error.to_string(), "use numbers that JSON can say"))?;
    let digest = Sha256::new()
        .chain_update(Sha256::digest(&bytes))
        .chain_update(&compared);
    let order = RemoteOrder {
        run: Remembered {
            id: RunId::random(),
            place: request.place,
            request: wish,
            stage: RemoteStage::Sending,
            remote_id: None,
            sight: RemoteSight::default(),
            problem: None,
            created_at: now,
            seen_at: None,
        },
        token: request.token,
        definition: bytes,
        digest: hex::encode(digest.finalize()),
    };
    Ok((order, warnings))
}

/// A rhythm that can be carried out.
pub(super) fn accept_recurrence(asked: RemoteRecurrence) -> Result<Recurrence, AppError> {
    if !(1..=10).contains(&asked.max_concurrency) {
        return Err(AppError::Concurrency(asked.max_concurrency.into()));
    }
    let schedule = match asked.rhythm {
        RemoteRhythm::Cron(text) => {
            text.parse::<Cron>().map_err(AppError::Cron)?;
            Schedule::Cron(text)
        }
        RemoteRhythm::EverySeconds(0) => return Err(AppError::Interval(0)),
        RemoteRhythm::EverySeconds(seconds) => Schedule::Periodic(seconds),
    };
    Ok(Recurrence {
        schedule,
        catch_up: asked.catch_up,
        max_concurrency: asked.max_concurrency,
    })
}
