//! A step with a container: its inputs are brought, its program runs, its outputs are read and kept.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use coracle_model::{Failure, FailureCode, Outputs};
use coracle_plan::Launch;
use coracle_spec::executor::{self, OutputError};
use coracle_spec::pipeline::Component;

use crate::execute::Programs;
use crate::judge::{fault, judge};
use crate::outputs_on_disk::{check_links, read_text};
use crate::store::Store;
use crate::tree;

/// The file system of a pod, and the store that it shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pod<'a> {
    pub(crate) root: &'a Path,
    pub(crate) store: &'a Store,
}

impl Pod<'_> {
    /// Where a path of the step is.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside.trim_start_matches('/'))
    }
}

/// Carries out an attempt.
pub(crate) fn carry_out(
    pod: &Pod<'_>,
    programs: &dyn Programs,
    launch: &Launch,
    component: &Component,
) -> Result<Outputs, Failure> {
    let own = own_folder(pod, launch);
    prepare(pod, launch, &own).map_err(|error| fault(&error))?;
    bring(pod, launch)?;
    let command: Vec<String> = launch.command.iter().chain(&launch.args).cloned().collect();
    judge(programs.run(&command, launch, pod.root), &command)?;
    let mut outputs = collect(pod, launch, component, &own)?;
    keep(pod, launch, &mut outputs)?;
    Ok(outputs)
}

/// The folder of the step's own artifacts and of what it returns.
fn own_folder(pod: &Pod<'_>, launch: &Launch) -> PathBuf {
    let file = pod.path(&launch.executor_input.outputs.output_file);
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Makes the folders that the step writes to, or makes them empty again.
fn prepare(pod: &Pod<'_>, launch: &Launch, own: &Path) -> io::Result<()> {
    if own.exists() {
        tree::remove(own)?;
    }
    fs_err::create_dir_all(own)?;
    let outputs = &launch.executor_input.outputs;
    let local = &launch.executor_input.local_paths;
    let artifacts = outputs
        .artifacts
        .values()
        .map(|artifact| local.path_of_uri(artifact.uri.as_str()));
    for path in outputs.parameters.values().cloned().chain(artifacts) {
        if let Some(parent) = pod.path(&path).parent() {
            fs_err::create_dir_all(parent)?;
        }
    }
    Ok(())
}

/// Brings the artifacts that the step is given.
fn bring(pod: &Pod<'_>, launch: &Launch) -> Result<(), Failure> {
    let input = &launch.executor_input;
    for artifact in input.artifacts.values().flatten() {
        let uri = artifact.uri.as_str();
        let mapped = input.local_paths.path_of_uri(uri);
        let places = [
            Some(mapped).filter(|path| path != uri),
            artifact.custom_path.clone(),
        ];
        for place in places.into_iter().flatten() {
            let target = pod.path(&place);
            pod.store
                .fetch(uri, &target)
                .map_err(|error| error.failure())?;
        }
    }
    Ok(())
}

/// Reads what the step left.
fn collect(
    pod: &Pod<'_>,
    launch: &Launch,
    component: &Component,
    own: &Path,
) -> Result<Outputs, Failure> {
    let input = &launch.executor_input;
    let returned = read_text(own, &pod.path(&input.outputs.output_file))?
        .map(|text| executor::read_executor_output(&text))
        .transpose()
        .map_err(|error| Failure::new(FailureCode::BadOutput, error.to_string()))?;
    let mut files = BTreeMap::new();
    for (name, path) in &input.outputs.parameters {
        let file = pod.path(path);
        let folder = file.parent().unwrap_or(pod.root);
        files.insert(name.clone(), read_text(folder, &file)?);
    }
    check_links(own)?;
    executor::collect_outputs(component, input, returned.as_ref(), &files)
        .map_err(|error| bad_output(&error))
}

/// Keeps the artifacts that the step made.
fn keep(pod: &Pod<'_>, launch: &Launch, outputs: &mut Outputs) -> Result<(), Failure> {
    for artifact in outputs.artifacts.values_mut().flatten() {
        let mapped = launch
            .executor_input
            .local_paths
            .path_of_uri(artifact.uri.as_str());
        let place = artifact.custom_path.clone().unwrap_or(mapped);
        let source = pod.path(&place);
        let kept = pod.store.keep(artifact.uri.as_str(), &source);
        kept.map_err(|error| error.failure())?;
    }
    Ok(())
}

fn bad_output(error: &OutputError) -> Failure {
    let code = match error {
        OutputError::Missing { .. } => FailureCode::MissingOutput,
        OutputError::Malformed { .. }
        | OutputError::WrongType { .. }
        | OutputError::OutsideStore { .. } => FailureCode::BadOutput,
    };
    let mut message = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        message = format!("{message}: {cause}");
    }
    Failure::new(code, message)
}
