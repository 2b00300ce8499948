//! Which run is meant, and all that its server tells of it.

use coracle_cluster::argo::{ArgoCluster, ArgoError, WorkflowRun};
use coracle_cluster::contexts::{Connection, Patience};
use coracle_cluster::kfp::{KfpError, KfpServer};
use coracle_cluster::there::{DefinitionThere, RunThere};
use coracle_model::{RemotePlace, RemoteRun, RunId};
use coracle_spec::pipeline::from_json;
use coracle_step::decode_definition;
use coracle_store::RemoteOrder;

use super::super::pipelines::find;
use crate::error::AppError;
use crate::pipelines::read_definition;
use crate::view::ImportRun;
use crate::workbench::{Workbench, off_runtime};

/// A run that was found, with who told of it.
pub(super) struct Found {
    /// The run.
    pub(super) run: RunThere,
    /// Where it ran.
    pub(super) place: RemotePlace,
    /// Who has its artifacts.
    pub(super) server: Server,
    /// The text of its definition.
    pub(super) definition: String,
}

/// Who has the artifacts of a run.
pub(super) enum Server {
    /// A server of Kubeflow Pipelines.
    Kfp(KfpServer),
    /// A volume of a cluster.
    Argo(Box<WorkflowRun>, Connection),
}

/// Where a run is looked for.
struct Wanted {
    place: RemotePlace,
    token: Option<String>,
    namespace: Option<String>,
    /// What it is asked for by there.
    name: String,
    runs_by: RunsBy,
}

/// What carried a run out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RunsBy {
    Kfp,
    Argo,
    /// That has to be found out.
    Any,
}

impl Workbench {
    /// The run that is meant, with all that is told of it.
    ///
    /// # Errors
    /// A run or a server that is not there, and a definition that cannot be read.
    pub(super) async fn find_there(&self, request: &ImportRun) -> Result<Found, AppError> {
        let order = self.sent_from_here(request).await?;
        let wanted = wanted(request, order.as_ref())?;
        let (run, server) = match &wanted.place {
            RemotePlace::Endpoint(url) => {
                let token = wanted.token.as_deref();
                let server = KfpServer::at(url, token, wanted.namespace.clone()).await?;
                of_kfp(server, &wanted).await?
            }
            RemotePlace::Context { name, kubeconfig } => {
                self.in_context(name, kubeconfig.as_deref(), &wanted)
                    .await?
            }
        };
        let told = run.definition.clone();
        let definition = off_runtime(move || text(order, told)).await?;
        Ok(Found {
            run,
            place: wanted.place,
            server,
            definition,
        })
    }

    /// The order of a run that was sent from here.
    async fn sent_from_here(&self, request: &ImportRun) -> Result<Option<RemoteOrder>, AppError> {
        let (name, place) = (request.run.clone(), request.place.clone());
        self.ask_store(move |store| {
            let found = match find(store, &name) {
                Ok(found) if place.as_ref().is_none_or(|place| same(place, &found.place)) => found,
                // It may be another run of the server that is named.
                Ok(_) => return Ok(None),
                Err(AppError::NotFound { .. } | AppError::Ambiguous { .. }) if place.is_some() => {
                    return Ok(None);
                }
                Err(AppError::NotFound { what, name, .. }) => {
                    let hint = "say where it is: `--context CONTEXT` or `--kfp-endpoint URL`; `coracle follow` lists those that were sent from here";
                    return Err(AppError::NotFound {
                        what,
                        name,
                        hint: hint.to_owned(),
                    });
                }
                Err(error) => return Err(error),
            };
            Ok(store.remote_order(found.id)?)
        })
        .await
    }

    async fn in_context(
        &self,
        context: &str,
        kubeconfig: Option<&str>,
        wanted: &Wanted,
    ) -> Result<(RunThere, Server), AppError> {
        let target = self.cluster_target(kubeconfig, Some(context)).await?;
        let namespace = wanted.namespace.clone();
        // Only what is an id can be one of Kubeflow Pipelines.
        let may_be_kfp = wanted.runs_by != RunsBy::Argo && wanted.name.parse::<RunId>().is_ok();
        if may_be_kfp || wanted.runs_by == RunsBy::Kfp {
            let connection = target.connect(Patience::REQUESTS).await?;
            let found = match KfpServer::through(connection, namespace.clone()).await {
                Ok(server) => of_kfp(server, wanted).await,
                Err(error) => Err(error.into()),
            };
            match found {
                Err(AppError::Kfp(KfpError::Gone { .. } | KfpError::NotKfp { .. }))
                    if wanted.runs_by == RunsBy::Any => {}
                found => return found,
            }
        }
        let connection = target.connect(Patience::REQUESTS).await?;
        let argo = ArgoCluster::through(connection, namespace).await?;
        let found = argo.whole_run(&wanted.name).await;
        let found = found.map_err(|error| match error {
            ArgoError::Gone { .. } => AppError::NotFound {
                what: "run on that cluster",
                name: wanted.name.clone(),
                hint: "name the run's id, or its workflow, and the namespace that it is in"
                    .to_owned(),
            },
            error => error.into(),
        })?;
        let streams = target.connect(Patience::STREAMS).await?;
        let server = Server::Argo(Box::new(found.clone()), streams);
        Ok((found.run, server))
    }
}

async fn of_kfp(server: KfpServer, wanted: &Wanted) -> Result<(RunThere, Server), AppError> {
    let id = wanted.name.parse().map_err(|_| {
        AppError::request(
            format!("`{}` is no id of a run", wanted.name),
            "give the whole id that the run has there",
        )
    })?;
    let run = server.whole_run(id).await?;
    Ok((run, Server::Kfp(server)))
}

fn wanted(request: &ImportRun, order: Option<&RemoteOrder>) -> Result<Wanted, AppError> {
    let Some(RemoteOrder { run, token, .. }) = order else {
        let place = request.place.clone();
        return Ok(Wanted {
            place: place.expect("a run that was not sent from here is looked for at a place"),
            token: request.token.clone(),
            namespace: request.namespace.clone(),
            name: request.run.clone(),
            runs_by: RunsBy::Any,
        });
    };
    Ok(Wanted {
        place: request.place.clone().unwrap_or_else(|| run.place.clone()),
        token: request.token.clone().or_else(|| token.clone()),
        namespace: request
            .namespace
            .clone()
            .or_else(|| run.request.namespace.clone()),
        name: name_there(run)?,
        runs_by: match run.request.workflow {
            Some(_) => RunsBy::Argo,
            None => RunsBy::Kfp,
        },
    })
}

fn name_there(run: &RemoteRun) -> Result<String, AppError> {
    if run.request.recurrence.is_some() {
        return Err(AppError::request(
            format!("`{}` is a recurring run, which has no end", run.id),
            "name one of the runs that it began there",
        ));
    }
    run.remote_id.clone().ok_or_else(|| {
        AppError::request(
            format!("the run `{}` never came to be on {}", run.id, run.place),
            "`coracle follow RUN` says why",
        )
    })
}

/// Whether two places are one, whatever kubeconfig they were named with.
fn same(one: &RemotePlace, other: &RemotePlace) -> bool {
    one.to_string() == other.to_string()
}

/// The definition's text: what was sent from here, byte for byte, or as it is told.
fn text(order: Option<RemoteOrder>, told: DefinitionThere) -> Result<String, AppError> {
    if let Some(order) = order {
        let (definition, _) = read_definition(&order.definition, &order.run.request.file_name)?;
        return Ok(definition.text);
    }
    let text = match told {
        DefinitionThere::Packed(packed) => decode_definition(&packed).map_err(|error| {
            AppError::request(
                format!(
                    "the definition in the workflow is damaged: {}",
                    crate::error::with_causes(&error)
                ),
                "send the pipeline again; what is left of this run cannot be brought here",
            )
        })?,
        DefinitionThere::Json(json) => from_json(&json),
    };
    let (definition, _) = read_definition(text.as_bytes(), "pipeline.yaml")?;
    Ok(definition.text)
}
