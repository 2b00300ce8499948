//! Versions of pipelines. As in KFP's server, a version is found by its own id alone; the pipeline in the path of one is
//! not looked at.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use coracle_app::{AppError, VersionDetail, Workbench};
use serde::Serialize;
use serde_json::value::RawValue;

use super::fault::Fault;
use super::json::{self, Object};
use super::list::{Asked, List, Unfit};
use super::pipelines::Given;
use super::query::Query;
use super::write::{Empty, Message, is_empty, time};

/// Bytes of the longest name of a version.
pub(super) const LONGEST_NAME: usize = 127;

const LIST: List = List {
    noun: "PipelineVersion",
    key: "pipeline_versions",
    fields: &[
        "id",
        "pipeline_version_id",
        "name",
        "display_name",
        "created_at",
        "status",
        "description",
        "pipeline_spec",
    ],
    tagged: true,
};

#[derive(Serialize)]
pub(super) struct VersionMessage {
    pipeline_id: String,
    pipeline_version_id: String,
    display_name: String,
    #[serde(skip_serializing_if = "is_empty")]
    description: String,
    created_at: String,
    #[serde(skip_serializing_if = "is_empty")]
    package_url: Option<PackageUrl>,
    #[serde(skip_serializing_if = "is_empty")]
    code_source_url: String,
    #[serde(skip_serializing_if = "is_empty")]
    pipeline_spec: Option<Box<RawValue>>,
    name: String,
    #[serde(skip_serializing_if = "is_empty")]
    tags: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct PackageUrl {
    pipeline_url: String,
}

impl From<VersionDetail> for VersionMessage {
    fn from(detail: VersionDetail) -> Self {
        let version = detail.version;
        let package_url = Some(version.package_url).filter(|url| !url.is_empty());
        Self {
            pipeline_id: version.pipeline.to_string(),
            pipeline_version_id: version.id.to_string(),
            display_name: version.display_name,
            description: version.description,
            created_at: time(version.created_at),
            package_url: package_url.map(|pipeline_url| PackageUrl { pipeline_url }),
            code_source_url: version.code_source_url,
            pipeline_spec: detail
                .definition
                .and_then(|json| RawValue::from_string(json).ok()),
            name: version.name,
            tags: version.tags,
        }
    }
}

/// What a request says of a version.
#[derive(Default)]
pub(super) struct GivenVersion {
    pub(super) of_pipeline: Given,
    pub(super) pipeline_id: String,
    pub(super) code_source_url: String,
    pub(super) package_url: Option<String>,
}

pub(super) fn read(object: Object<'_>) -> Result<GivenVersion, Fault> {
    let mut given = GivenVersion::default();
    object.read(|name, member| {
        match name {
            "pipeline_id" => given.pipeline_id = member.text()?,
            "name" => given.of_pipeline.name = member.text()?,
            "display_name" => given.of_pipeline.display_name = member.text()?,
            "description" => given.of_pipeline.description = member.text()?,
            "tags" => {
                given.of_pipeline.clears_tags = member.is_empty_map();
                given.of_pipeline.tags = member.text_map()?;
            }
            "code_source_url" => given.code_source_url = member.text()?,
            "package_url" => given.package_url = member.object()?.map(read_url).transpose()?,
            "pipeline_version_id" => drop(member.text()?),
            "created_at" => drop(member.time()?),
            "pipeline_spec" | "error" => drop(member.structure()?),
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok(given)
}

fn read_url(object: Object<'_>) -> Result<String, Fault> {
    let mut url = String::new();
    object.read(|name, member| {
        match name {
            "pipeline_url" => url = member.text()?,
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok(url)
}

pub(super) async fn list(
    State(workbench): State<Workbench>,
    Path(pipeline): Path<String>,
    query: Query,
) -> Result<Response, Fault> {
    let asked = Asked::read(&query)?;
    let unfit = |unfit: Unfit| match unfit {
        Unfit::Asked(fault) => fault.wrap(format!(
            "Failed to list pipeline versions due invalid list options: {}",
            asked.shown()
        )),
        Unfit::Tags(fault) => {
            fault.wrap("Failed to list pipeline versions due to invalid tag filter in filter spec")
        }
    };
    let ask = async |query| {
        let found = workbench.pipeline_versions(pipeline.clone(), query).await;
        found.map_err(|error| not_listed(error, &pipeline))
    };
    LIST.answer::<_, VersionMessage>(&asked, unfit, ask).await
}

fn not_listed(error: AppError, pipeline: &str) -> Fault {
    let fault = match &error {
        AppError::NotFound { .. } => Fault::from(error)
            .wrap(format!("Failed to get a pipeline with id {pipeline}"))
            .wrap(format!("Failed to get namespace for pipeline id {pipeline}"))
            .wrap(format!(
                "Failed to list pipeline versions due to error fetching the namespace for pipeline {pipeline}"
            )),
        _ => error.into(),
    };
    fault.wrap(format!(
        "Failed to list pipeline versions for pipeline {pipeline}"
    ))
}

pub(super) async fn show(
    State(workbench): State<Workbench>,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let found = workbench.pipeline_version(id.clone()).await;
    let version = found.map_err(|error| {
        Fault::from(error)
            .wrap(format!("Failed to get a pipeline version with id {id}"))
            .wrap(format!("Failed to get a pipeline version {id}"))
    })?;
    Ok(Message(VersionMessage::from(version)).into_response())
}

pub(super) async fn patch(
    State(workbench): State<Workbench>,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (display_name, tags) = json::read_body(&body, read)?.of_pipeline.changes();
    let patched = workbench
        .patch_pipeline_version(id.clone(), display_name, tags)
        .await;
    let version = patched.map_err(|error| {
        Fault::from(error).wrap(format!(
            "Failed to update pipeline version {id}. Check error stack"
        ))
    })?;
    Ok(Message(VersionMessage::from(version)).into_response())
}

pub(super) async fn remove(
    State(workbench): State<Workbench>,
    Path((pipeline, id)): Path<(String, String)>,
) -> Result<Empty, Fault> {
    let done = workbench.delete_pipeline_version(id.clone()).await;
    done.map_err(|error| {
        Fault::from(error)
            .wrap(format!(
                "Failed to delete pipeline version with id {id} as it was not found"
            ))
            .wrap(format!(
                "Failed to delete a pipeline version id {id} under pipeline id {pipeline}. Check error stack"
            ))
    })?;
    Ok(Empty)
}
