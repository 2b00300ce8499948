//! Tasks that run no container: importers and persistent volume claims.

use std::collections::BTreeMap;

use coracle_model::{Failure, FailureCode, Outputs, TaskKind, Timestamp, Value};
use coracle_spec::executor::{ExecutorInput, ProvisionedOutputs};
use coracle_spec::pipeline::{ImporterSpec, ParameterSource};
use coracle_spec::placeholder;

use crate::history::Finished;
use crate::node::{End, NodeId, Status};
use crate::run::RunPlan;
use crate::step::{ImportRequest, Served, Step};

impl RunPlan {
    pub(crate) fn begin_import(&mut self, id: NodeId, importer: &ImporterSpec, now: Timestamp) {
        if self.ended_before(id, now) {
            return;
        }
        let request = match self.import_request(id, importer) {
            Ok(request) => request,
            Err(failure) => return self.end(id, End::Failed(failure), now),
        };
        self.serve(id, Step::Import(Box::new(request)), now);
    }

    fn import_request(
        &self,
        id: NodeId,
        importer: &ImporterSpec,
    ) -> Result<ImportRequest, Failure> {
        let parameters = &self.inputs_of(id).parameters;
        let uri = match &importer.uri {
            ParameterSource::Constant(value) => self.resolve_constant(id, value, parameters)?,
            ParameterSource::ComponentInput(name) => {
                parameters.get(name).cloned().ok_or_else(|| {
                    Failure::new(
                        FailureCode::BadInput,
                        format!("the importer's input `{name}` was not given"),
                    )
                })?
            }
            ParameterSource::TaskOutput { .. } | ParameterSource::FinalStatus { .. } => Value::Null,
        };
        Ok(ImportRequest {
            task: self.node(id).path.clone(),
            uri: uri.to_text(),
            artifact_type: importer.artifact_type.clone(),
            metadata: self.import_metadata(id, importer)?,
            reimport: importer.reimport,
            download_to_workspace: importer.download_to_workspace,
        })
    }

    fn import_metadata(
        &self,
        id: NodeId,
        importer: &ImporterSpec,
    ) -> Result<BTreeMap<String, Value>, Failure> {
        let input = ExecutorInput {
            parameters: self.inputs_of(id).parameters.clone(),
            defaults: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            outputs: ProvisionedOutputs::default(),
            local_paths: self.policy().paths.local_paths(self.engine()),
        };
        placeholder::resolve_metadata(
            &importer.metadata,
            &input,
            self.facts(),
            &self.task_facts(id),
        )
        .map_err(|error| Failure::new(FailureCode::BadInput, error.to_string()))
    }

    pub(crate) fn begin_volume(&mut self, id: NodeId, kind: TaskKind, now: Timestamp) {
        if self.ended_before(id, now) {
            return;
        }
        let text = |name: &str| {
            self.inputs_of(id)
                .parameters
                .get(name)
                .map(Value::to_text)
                .filter(|text| !text.is_empty())
        };
        let suffixed = || {
            text("pvc_name_suffix")
                .map(|suffix| format!("{}{suffix}", self.facts().job_resource_name))
        };
        let Some(name) = text("pvc_name").or_else(suffixed) else {
            let message = "neither `pvc_name` nor `pvc_name_suffix` was given";
            return self.end(
                id,
                End::Failed(Failure::new(FailureCode::BadInput, message)),
                now,
            );
        };
        let task = self.node(id).path.clone();
        let step = match kind {
            TaskKind::DeleteVolume => Step::DeleteVolume { task, name },
            TaskKind::CreateVolume
            | TaskKind::Dag
            | TaskKind::Loop
            | TaskKind::Iteration
            | TaskKind::Container
            | TaskKind::Importer => Step::CreateVolume {
                task,
                name,
                size: text("size").unwrap_or_default(),
            },
        };
        self.serve(id, step, now);
    }

    fn serve(&mut self, id: NodeId, step: Step, now: Timestamp) {
        self.node_mut(id).started_at.get_or_insert(now);
        self.set_status(id, Status::Serving);
        self.steps.push(step);
    }

    /// Takes over the end of an earlier life of the run, when the task had ended in it.
    fn ended_before(&mut self, id: NodeId, now: Timestamp) -> bool {
        let path = self.node(id).path.clone();
        let Some(past) = self.history.take(&path) else {
            return false;
        };
        self.node_mut(id).started_at = past.started_at;
        match past.finished {
            Some(finished) => {
                self.end_as_before(id, finished, past.ended_at.unwrap_or(now));
                true
            }
            None => false,
        }
    }

    /// Ends a node as it ended in an earlier life.
    pub(crate) fn end_as_before(&mut self, id: NodeId, finished: Finished, at: Timestamp) {
        let end = match finished {
            Finished::Succeeded { outputs, cached } => {
                self.node_mut(id).outputs = outputs;
                End::Succeeded { cached }
            }
            Finished::Failed(failure) => End::Failed(failure),
            Finished::Canceled(failure) => End::Canceled(failure),
        };
        self.end(id, end, at);
    }

    pub(crate) fn served(&mut self, id: NodeId, result: Result<Served, Failure>, now: Timestamp) {
        if self.node(id).status != Status::Serving {
            return;
        }
        let end = match result {
            Ok(served) => {
                self.node_mut(id).outputs = self.served_outputs(id, served);
                End::Succeeded { cached: false }
            }
            Err(failure) => End::Failed(failure),
        };
        self.end(id, end, now);
    }

    fn served_outputs(&self, id: NodeId, served: Served) -> Outputs {
        let component = self.component(id);
        match served {
            Served::Artifact(artifact) => Outputs {
                artifacts: component
                    .output_artifacts
                    .keys()
                    .map(|key| (key.clone(), vec![(*artifact).clone()]))
                    .collect(),
                ..Outputs::default()
            },
            Served::Volume(name) => Outputs {
                parameters: component
                    .output_parameters
                    .keys()
                    .map(|key| (key.clone(), Value::from(name.as_str())))
                    .collect(),
                ..Outputs::default()
            },
        }
    }
}
