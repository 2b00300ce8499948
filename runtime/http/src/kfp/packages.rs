//! Pipelines and versions made of a package that is fetched from a URL.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use coracle_app::{AppError, Package, Workbench};

use super::fault::Fault;
use super::json::{self, Object};
use super::pipelines::{self, Given, PipelineMessage};
use super::versions::{self, GivenVersion, VersionMessage};
use super::write::Message;

/// `POST /pipelines/create`: a pipeline and its first version.
pub(super) async fn create_pipeline(
    State(workbench): State<Workbench>,
    body: Bytes,
) -> Result<Response, Fault> {
    let doing = "Failed to create a pipeline";
    let (mut given, version) = json::read_body(&body, read)?;
    given
        .check("Pipeline", pipelines::LONGEST_NAME)
        .map_err(|fault| {
            fault.wrap(
                "Failed to create a pipeline due to pipeline conversion error: Failed to convert API pipeline to \
                 model pipeline",
            )
        })?;
    let url = version.package_url.unwrap_or_default();
    if !is_url(&url) {
        return Err(Fault::invalid(format!("invalid pipeline spec URL: {url}")).wrap(doing));
    }
    let fetched = workbench.fetch_package(url).await;
    let package = fetched.map_err(|error| Fault::from(error).wrap(doing))?;
    if given.name.is_empty() && given.display_name.is_empty() {
        given.name.clone_from(&package.file_name);
    }
    let made = workbench.upload_pipeline(given.named(), package).await;
    let pipeline = made.map_err(|error| not_made(error).wrap(doing))?;
    Ok(Message(PipelineMessage::from(pipeline)).into_response())
}

fn read(object: Object<'_>) -> Result<(Given, GivenVersion), Fault> {
    let (mut pipeline, mut version) = (Given::default(), GivenVersion::default());
    object.read(|name, member| {
        match name {
            "pipeline" => {
                if let Some(object) = member.object()? {
                    pipeline = pipelines::read(object)?;
                }
            }
            "pipeline_version" => {
                if let Some(object) = member.object()? {
                    version = versions::read(object)?;
                }
            }
            _ => return Err(member.unknown()),
        }
        Ok(())
    })?;
    Ok((pipeline, version))
}

/// `POST /pipelines/{pipeline}/versions`: a version of a pipeline.
pub(super) async fn create_version(
    State(workbench): State<Workbench>,
    Path(pipeline): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let given = json::read_body(&body, versions::read)?;
    let refuse = |why: &str| {
        let message = format!("Failed to create a pipeline version. {why}");
        Err(Fault::invalid(message))
    };
    let url = match given.package_url {
        None => return refuse("Package URL is nil"),
        Some(url) if url.is_empty() => return refuse("Package URL is empty"),
        Some(url) => url,
    };
    if given.pipeline_id.is_empty() {
        return refuse("Parent pipeline id is empty");
    }
    let checked = given
        .of_pipeline
        .check("PipelineVersion", versions::LONGEST_NAME);
    checked.map_err(|fault| {
        fault.wrap(
            "Failed to create a pipeline version due to conversion error: Failed to convert API pipeline version to \
             model pipeline version",
        )
    })?;
    let doing = "Failed to create a pipeline version. Check error stack";
    let new = given.of_pipeline.named();
    if new.name.is_empty() {
        return Err(Fault::invalid("name is required").wrap(doing));
    }
    if !is_url(&url) {
        return Err(Fault::invalid(format!(
            "Failed to create a pipeline version due to invalid pipeline spec URI. PipelineSpecURI: {url}. Please \
             specify a valid URL"
        ))
        .wrap(doing));
    }
    let fetched = workbench.fetch_package(url).await;
    let package = Package {
        code_source_url: given.code_source_url,
        ..fetched.map_err(|error| Fault::from(error).wrap(doing))?
    };
    let made = workbench
        .upload_pipeline_version(pipeline, new, package)
        .await;
    let version = made.map_err(|error| not_made(error).wrap(doing))?;
    Ok(Message(VersionMessage::from(version)).into_response())
}

fn not_made(error: AppError) -> Fault {
    let of_definition = matches!(error, AppError::Definition { .. });
    let fault = Fault::from(error);
    if of_definition {
        return fault.wrap(
            "Failed to create a pipeline and a pipeline version due to template creation error",
        );
    }
    fault
}

/// Whether a text has a scheme and something behind it.
fn is_url(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty())
}
