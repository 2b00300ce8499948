//! What this machine offers and what is missing, each problem with a fix.
//!
//! It also works where nothing else does: on a home that another workbench uses, without an engine, on a full
//! disk.

mod engines;
mod gpus;
mod places;
mod python;

use coracle_host::machine;

use crate::engine::{choose, docker_settings};
use crate::error::{AppError, with_causes};
use crate::health::VERSION;
use crate::stage::Stage;
use crate::view::{Check, CheckStatus, DoctorReport, EngineChoice, MachineFacts, Places};
use crate::workbench::{Workbench, off_runtime};

impl Workbench {
    /// Looks at everything. Takes as long as the slowest place that is asked.
    ///
    /// # Errors
    /// When the work itself is lost; what is found wrong is in the report.
    pub async fn doctor(&self) -> Result<DoctorReport, AppError> {
        let (engine, engine_gpus) = self.engine_choice().await;
        let survey = off_runtime(|| Ok(coracle_host::gpu::detect())).await?;
        let home = self.home().clone();
        let places = Places {
            data: home.data().into(),
            cache: home.cache().into(),
            runtime: home.runtime().into(),
        };
        // The directories are made where they are missing; the machine is asked about the disk below them.
        let (on_disk, facts) = off_runtime(move || {
            let on_disk = places::check(&home);
            let facts = machine::survey(home.data()).map_err(|error| with_causes(&error));
            Ok((on_disk, facts))
        })
        .await?;
        let database = self
            .ask_store(|store| Ok(places::check_database(store)))
            .await?;
        let python = python::check(&self.inner.config, engine.chosen).await;

        let mut checks = engines::check(&engine);
        checks.extend(on_disk);
        checks.push(database);
        checks.push(machine_check(&facts));
        checks.extend(gpus::check(
            &survey,
            engine_gpus,
            self.inner.gpus.borrow().as_ref(),
        ));
        checks.extend(python);
        Ok(DoctorReport {
            at: self.inner.clock.now(),
            version: VERSION.to_owned(),
            engine,
            machine: facts.ok().map(machine_facts),
            gpus: gpus::present(&survey),
            places,
            checks,
        })
    }

    /// Which engine runs steps, or would, and whether it can give out GPUs.
    async fn engine_choice(&self) -> (EngineChoice, Option<bool>) {
        let inner = self.inner.as_ref();
        let stage = inner.stage.borrow().clone();
        let chosen = match stage {
            Stage::Working(working) => Ok(working.chosen.clone()),
            Stage::Reading | Stage::Starting | Stage::NoEngine(_) | Stage::Failed(_) => {
                choose(&inner.source, &inner.config, &inner.identity, &inner.clock).await
            }
        };
        let tried = engines::tried(&docker_settings(&inner.config, &inner.identity)).await;
        let wanted = inner.config.engine.to_string();
        match chosen {
            Ok(chosen) => {
                let reason = format!("{}: {}", chosen.description.summary, chosen.reason);
                let kind = Some(chosen.description.kind);
                (
                    EngineChoice {
                        wanted,
                        chosen: kind,
                        reason,
                        tried,
                    },
                    Some(chosen.description.gpus),
                )
            }
            Err(error) => (
                EngineChoice {
                    wanted,
                    chosen: None,
                    reason: error.to_string(),
                    tried,
                },
                None,
            ),
        }
    }
}

fn machine_check(facts: &Result<machine::Machine, String>) -> Check {
    match facts {
        Ok(machine) => {
            let message = format!(
                "{} CPU and {} of memory for steps, on {}",
                machine.cpus, machine.memory, machine.os
            );
            fine("machine", message)
        }
        Err(error) => Check {
            name: "machine".to_owned(),
            status: CheckStatus::Warning,
            message: format!("what the machine has is not known: {error}"),
            fix: Some("steps run all the same, and are not held back for memory".to_owned()),
        },
    }
}

fn machine_facts(machine: machine::Machine) -> MachineFacts {
    MachineFacts {
        cpus: machine.cpus,
        memory: machine.memory,
        disk_free: machine.disk_free,
        os: machine.os,
        kernel: machine.kernel,
    }
}

/// A check that came out well.
fn fine(name: &str, message: impl Into<String>) -> Check {
    Check {
        name: name.to_owned(),
        status: CheckStatus::Ok,
        message: message.into(),
        fix: None,
    }
}

/// A check that did not.
fn bad(name: &str, status: CheckStatus, message: impl Into<String>, fix: &str) -> Check {
    Check {
        name: name.to_owned(),
        status,
        message: message.into(),
        fix: Some(fix.to_owned()),
    }
}
