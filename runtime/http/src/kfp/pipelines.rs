//! Pipelines. Their versions stand in a file of their own, and so does reading packages.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use coracle_app::{AppError, NewPipeline, Versions, Workbench};
use coracle_model::Pipeline;
use serde::Serialize;

use super::fault::Fault;
use super::json::{self, Object};
use super::list::{Asked, List, Unfit};
use super::query::Query;
use super::verb::Target;
use super::write::{Empty, Message, is_empty, time};

/// Bytes of the longest name of a pipeline.
pub(super) const LONGEST_NAME: usize = 128;

/// Bytes of the longest namespace.
const LONGEST_NAMESPACE: usize = 63;

const LIST: List = List {
    noun: "Pipeline",
    key: "pipelines",
    fields: &[
        "id",
        "pipeline_id",
        "name",
        "display_name",
        "created_at",
        "description",
        "namespace",
    ],
    tagged: true,
};

#[derive(Serialize)]
pub(super) struct PipelineMessage {
    pipeline_id: String,
    display_name: String,
    #[serde(skip_serializing_if = "is_empty")]
    description: String,
    created_at: String,
    name: String,
    #[serde(skip_serializing_if = "is_empty")]
    tags: BTreeMap<String, String>,
}

impl From<Pipeline> for PipelineMessage {
    fn from(pipeline: Pipeline) -> Self {
        Self {
            pipeline_id: pipeline.id.to_string(),
            display_name: pipeline.display_name,
            description: pipeline.description,
            created_at: time(pipeline.created_at),
            name: pipeline.name,
            tags: pipeline.tags,
        }
    }
}

/// What can be said of a pipeline, or of a version of one.
#[derive(Default)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) description: String,
    pub(super) namespace: String,
    pub(super) tags: BTreeMap<String, String>,
    /// Whether the tags are said to be none, and not only left out.
    pub(super) clears_tags: bool,
}

impl Given {
    /// The same with each name standing in for the other.
    pub(super) fn named(self) -> NewPipeline {
        let or = |one: &str, other: &str| {
            if one.is_empty() {
                other.to_owned()
            } else {
                one.to_owned()
            }
        };
        NewPipeline {
            name: or(&self.name, &self.display_name),
            display_name: or(&self.display_name, &self.name),
            description: self.description,
            tags: self.tags,
        }
    }

    /// What is to be changed: the name that people see, and the tags.
    pub(super) fn changes(self) -> (Option<String>, Option<BTreeMap<String, String>>) {
        let display_name = Some(self.display_name).filter(|name| !name.is_empty());
        let tags = Some(self.tags).filter(|tags| self.clears_tags || !tags.is_empty());
        (display_name, tags)
    }

    /// Refuses what is too long.
    pub(super) fn check(&self, what: &str, longest_name: usize) -> Result<(), Fault> {
        let name = if self.name.is_empty() {
            &self.display_name
        } else {
            &self.name
        };
        let too_long = [
            ("Name", name, longest_name),
            ("Namespace", &self.namespace, LONGEST_NAMESPACE),
        ];
        match too_long.iter().find(|(_, text, most)| text.len() > *most) {
            Some((field, _, most)) => Err(Fault::invalid(format!(
                "{what}.{field} length cannot exceed {most}"
            ))),
            None => Ok(()),
        }
    }
}

pub(super) fn read(object: Object<'_>) -> Result<Given, Fault> {
    let mut given = Given::default();
    object.read(|name, member| {
        match name {
            "name" => given.name = member.text()?,
            "display_name" => given.display_name = member.text()?,
            "description" => given.description = member.text()?,
            "namespace" => given.namespace = member.text()?,
            "tags" => {
                given.clears_tags = member.is_empty_map();
                given.tags = member.text_map()?;
            }
            "pipeline_id" => drop(member.text()?),
            "created_at" => drop(member.time()?),
            "error" => drop(member.structure()?),
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok(given)
}

/// `POST /pipelines`: a pipeline without a version.
pub(super) async fn create(
    State(workbench): State<Workbench>,
    body: Bytes,
) -> Result<Response, Fault> {
    let given = json::read_body(&body, read)?;
    given.check("Pipeline", LONGEST_NAME).map_err(|fault| {
        fault.wrap(
            "Failed to create a pipeline as pipeline conversion failed: Failed to convert API \
             pipeline to model pipeline",
        )
    })?;
    let doing = "Failed to create a pipeline due to server error";
    let new = given.named();
    if new.name.is_empty() {
        return Err(Fault::invalid("name is required").wrap(doing));
    }
    let created = workbench.create_pipeline(new).await;
    let pipeline = created.map_err(|error| {
        let taken = matches!(error, AppError::NameTaken { .. });
        let fault = Fault::from(error);
        let fault = if taken {
            fault.wrap("Failed to create a pipeline in PipelineStore")
        } else {
            fault
        };
        fault.wrap(doing)
    })?;
    Ok(Message(PipelineMessage::from(pipeline)).into_response())
}

pub(super) async fn list(
    State(workbench): State<Workbench>,
    query: Query,
) -> Result<Response, Fault> {
    let asked = Asked::read(&query)?;
    let unfit = |unfit: Unfit| match unfit {
        Unfit::Asked(fault) => fault.wrap(format!(
            "Failed to list pipelines due invalid list options: {}",
            asked.shown()
        )),
        Unfit::Tags(fault) => {
            fault.wrap("Failed to list pipelines due to invalid tag filter in filter spec")
        }
    };
    let ask = async |query| {
        workbench.pipelines(query).await.map_err(|error| {
            Fault::from(error).wrap("Failed to list pipelines in namespace . Check error stack")
        })
    };
    LIST.answer::<_, PipelineMessage>(&asked, unfit, ask).await
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Target(id): Target,
) -> Result<Response, Fault> {
    let doing = format!("Failed to get a pipeline {id}. Check error stack");
    if id.is_empty() {
        let fault = Fault::invalid("Failed to get a pipeline. Pipeline id cannot be empty");
        return Err(fault.wrap(doing));
    }
    let found = workbench.pipeline(id.clone()).await;
    let pipeline = found.map_err(|error| {
        Fault::from(error)
            .wrap(format!("Failed to get a pipeline with id {id}"))
            .wrap(doing)
    })?;
    Ok(Message(PipelineMessage::from(pipeline)).into_response())
}

pub(super) async fn show_by_name(
    State(workbench): State<Workbench>,
    Path(name): Path<String>,
    query: Query,
) -> Result<Response, Fault> {
    let namespace = query.text("namespace")?;
    let found = workbench.pipeline_by_name(name.clone()).await;
    let pipeline = found.map_err(|error| {
        let fault = match &error {
            AppError::NotFound { .. } => {
                Fault::not_found("Namespace/Pipeline", &format!("/{name}"))
            }
            _ => error.into(),
        };
        fault
            .wrap(format!("Failed to get a pipeline named {name} in namespace "))
            .wrap(format!(
                "Failed to get a pipeline with name {name} and namespace {namespace}. Check error stack."
            ))
    })?;
    Ok(Message(PipelineMessage::from(pipeline)).into_response())
}

pub(super) async fn patch(
    State(workbench): State<Workbench>,
    Target(id): Target,
    body: Bytes,
) -> Result<Response, Fault> {
    let (display_name, tags) = json::read_body(&body, read)?.changes();
    if id.is_empty() {
        return Err(Fault::invalid(
            "Failed to update a pipeline. Pipeline id cannot be empty",
        ));
    }
    let patched = workbench
        .patch_pipeline(id.clone(), display_name, tags)
        .await;
    let pipeline = patched.map_err(|error| {
        Fault::from(error).wrap(format!("Failed to update pipeline {id}. Check error stack"))
    })?;
    Ok(Message(PipelineMessage::from(pipeline)).into_response())
}

pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Target(id): Target,
    query: Query,
) -> Result<Empty, Fault> {
    let doing = format!("Failed to delete pipeline {id}. Check error stack");
    let versions = if query.boolean("cascade")? {
        Versions::Go
    } else {
        Versions::Keep
    };
    if id.is_empty() {
        let fault = Fault::invalid("Failed to delete a pipeline due missing pipeline id");
        return Err(fault.wrap(doing));
    }
    let done = workbench.delete_pipeline(id.clone(), versions).await;
    done.map_err(|error| {
        let fault = match &error {
            AppError::HasVersions { example, .. } => Fault::invalid(format!(
                "Failed to delete pipeline with id {id} as it has existing pipeline versions (e.g. {example}). Set \
                 cascade=true to delete all versions"
            )),
            AppError::NotFound { .. } => Fault::from(error).wrap(format!(
                "Failed to delete pipeline with id {id} as it was not found"
            )),
            _ => error.into(),
        };
        fault.wrap(doing)
    })?;
    Ok(Empty)
}
