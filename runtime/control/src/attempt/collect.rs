//! From what a step left behind to its outputs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coracle_model::{Failure, FailureCode, Outputs};
use coracle_plan::Launch;
use coracle_spec::executor::{self, ExecutorOutput, OutputError};
use coracle_spec::pipeline::Component;
use coracle_step::{check_links, read_text};
use coracle_store::{Home, Store};

/// The outputs of a step that ended well; artifacts get their ids.
pub(crate) fn collect(
    home: &Home,
    store: &Store,
    component: &Component,
    launch: &Launch,
) -> Result<Outputs, Failure> {
    let returned = returned(home, launch)?;
    let files = output_files(launch)?;
    if let Some(directory) = &launch.layout.artifacts {
        check_links(directory)?;
    }
    let mut outputs =
        executor::collect_outputs(component, &launch.executor_input, returned.as_ref(), &files)
            .map_err(|error| output_failure(&error))?;
    for artifact in outputs.artifacts.values_mut().flatten() {
        artifact.id = Some(store.next_artifact_id());
    }
    Ok(outputs)
}

fn returned(home: &Home, launch: &Launch) -> Result<Option<ExecutorOutput>, Failure> {
    let Some(directory) = &launch.layout.artifacts else {
        return Ok(None);
    };
    let file = directory.join("output_metadata.json");
    debug_assert!(home.artifacts().is_absolute() || file.is_relative());
    let Some(text) = read_text(directory, &file)? else {
        return Ok(None);
    };
    executor::read_executor_output(&text)
        .map(Some)
        .map_err(|error| Failure::new(FailureCode::BadOutput, error.to_string()))
}

fn output_files(launch: &Launch) -> Result<BTreeMap<String, Option<String>>, Failure> {
    let directory = &launch.layout.outputs;
    let read = |name: &String| {
        let text = read_text(directory, &directory.join(name))?;
        Ok((name.clone(), text))
    };
    launch
        .executor_input
        .outputs
        .parameters
        .keys()
        .map(read)
        .collect()
}

/// Where an artifact that a step put elsewhere is to be copied: what to copy, and to where.
pub(crate) fn custom_paths(home: &Home, outputs: &Outputs) -> Vec<(String, PathBuf)> {
    let artifacts = outputs.artifacts.values().flatten();
    artifacts
        .filter_map(|artifact| {
            Some((
                artifact.custom_path.clone()?,
                home.artifact_path(&artifact.uri)?,
            ))
        })
        .filter(|(custom, place)| Path::new(custom) != place)
        .collect()
}

fn output_failure(error: &OutputError) -> Failure {
    let message = error.to_string();
    match error {
        OutputError::Missing { .. } => Failure::new(FailureCode::MissingOutput, message).with_hint(
            "write the file the step is given for it, or remove the output from the component",
        ),
        _ => Failure::new(FailureCode::BadOutput, message),
    }
}
