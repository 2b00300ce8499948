//! Lowers a compiled pipeline: `lower PIPELINE.yaml [PARAMETERS.json]` writes the workflow, or says why there is none.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program to look at workflows with"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;

use coracle_model::{Value, WorkflowSettings, WorkflowStore};
use coracle_workflow::{Settings, lower};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let file = words.first().ok_or("which pipeline?")?;
    let reading = coracle_spec::pipeline::read(&fs_err::read(file)?, file);
    let definition = reading
        .definition
        .ok_or_else(|| format!("{:#?}", reading.diagnostics))?;
    let parameters = match words
        .get(1)
        .map(|text| Value::from_json(text))
        .transpose()?
    {
        Some(Value::Struct(members)) => members.into_iter().collect(),
        Some(_) => return Err("the parameters are no map".into()),
        None => BTreeMap::new(),
    };
    let settings = Settings {
        display_name: definition.spec.name.to_string(),
        parameters,
        pipeline_root: None,
        on: WorkflowSettings {
            step_image: "coracle.test/coracle-step:dev".to_owned(),
            image_pull_policy: Some("IfNotPresent".to_owned()),
            service_account: std::env::var("SERVICE_ACCOUNT").ok(),
            image_pull_secrets: Vec::new(),
            store: WorkflowStore::Claim(
                std::env::var("CLAIM").unwrap_or_else(|_| "coracle-runs".to_owned()),
            ),
        },
        file_system_group: None,
        recurrence: None,
    };
    let lowering = lower(&definition, &settings);
    for finding in &lowering.findings {
        eprintln!("{:?} {}: {}", finding.parity, finding.place, finding.reason);
    }
    let Some(workflow) = lowering.workflow else {
        return Ok(ExitCode::FAILURE);
    };
    println!("{workflow:#}");
    Ok(ExitCode::SUCCESS)
}
