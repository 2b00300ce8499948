//! Making things on a server, each so that it can be asked for again after any break without being made twice.

use coracle_model::{RemoteRequest, RemoteSight, RunId, Schedule};
use http::Method;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::error::KfpError;
use super::message::{
    Experiment, ExperimentList, NewRecurring, NewRun, Pipeline, PipelineList, RecurringList,
    RecurringName, Run, RunList, RunName, RuntimeConfig, Version, VersionList, VersionReference,
};
use super::server::KfpServer;

/// As many as a list gives at once.
const PAGE: &str = "200";

/// A file with a definition.
#[derive(Debug, Clone, Copy)]
pub struct PipelineFile<'a> {
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The file's name, whose ending says how its bytes are read.
    pub file_name: &'a str,
    /// Its bytes, which are sent as they are.
    pub bytes: &'a [u8],
}

/// A version that is on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionThere {
    /// Its pipeline.
    pub pipeline_id: String,
    /// The version.
    pub version_id: String,
    /// Whether it was uploaded now.
    pub uploaded: bool,
}

/// A run or a recurring run that is on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// Whether it was there already.
    pub found: bool,
}

impl KfpServer {
    /// The version with exactly these bytes, which is uploaded where it is missing.
    ///
    /// # Errors
    /// What the server said.
    pub async fn version(&self, file: PipelineFile<'_>) -> Result<VersionThere, KfpError> {
        let pipeline_id = self.pipeline(file.pipeline).await?;
        let digest = hex::encode(Sha256::digest(file.bytes));
        let name = format!("{}-{}", file.pipeline, &digest[..12]);
        let mark = format!("sha256:{digest}");
        let there = |version_id, uploaded| VersionThere {
            pipeline_id: pipeline_id.clone(),
            version_id,
            uploaded,
        };
        if let Some(found) = self.find_version(&pipeline_id, &name, &mark).await? {
            return Ok(there(found, false));
        }
        let boundary = format!("coracle-{digest}");
        let uploaded = self
            .ask::<Version>(
                Method::POST,
                "/pipelines/upload_version",
                &[
                    ("pipelineid", pipeline_id.as_str()),
                    ("name", &name),
                    ("description", &mark),
                ],
                &format!("multipart/form-data; boundary={boundary}"),
                multipart(&boundary, &file),
            )
            .await;
        match uploaded {
            Ok(version) => Ok(there(version.pipeline_version_id, true)),
            // Whoever else sends the same may have been first, or an answer was lost.
            Err(error) => match self.find_version(&pipeline_id, &name, &mark).await {
                Ok(Some(found)) => Ok(there(found, false)),
                Ok(None) | Err(_) => Err(error),
            },
        }
    }

    /// The experiment of a name, which is made where it is missing.
    ///
    /// # Errors
    /// What the server said.
    pub async fn experiment(&self, name: &str) -> Result<String, KfpError> {
        if let Some(found) = self.find_experiment(name).await? {
            return Ok(found);
        }
        let body = json!({"display_name": name, "namespace": self.namespace().unwrap_or_default()});
        let made: Result<Experiment, _> = self.post("/experiments", &body).await;
        match made {
            Ok(made) => Ok(made.experiment_id),
            Err(error) => match self.find_experiment(name).await {
                Ok(Some(found)) => Ok(found),
                Ok(None) | Err(_) => Err(error),
            },
        }
    }

    /// The run of a key, which is made where it is missing.
    ///
    /// # Errors
    /// What the server said.
    pub async fn run(
        &self,
        key: RunId,
        experiment: &str,
        version: &VersionThere,
        request: &RemoteRequest,
    ) -> Result<Made, KfpError> {
        if let Some(id) = self.find_run(key, experiment).await? {
            return Ok(Made { id, found: true });
        }
        let body = NewRun {
            // Servers that take it cannot make the run twice, even where an answer is lost on the way.
            run_id: key.to_string(),
            display_name: &request.display_name,
            description: &mark(key),
            experiment_id: experiment,
            pipeline_version_reference: reference(version),
            runtime_config: config(request),
        };
        let made: Result<RunName, _> = self.post("/runs", &body).await;
        match made {
            Ok(made) => Ok(Made {
                id: made.run_id,
                found: false,
            }),
            Err(error) => match self.find_run(key, experiment).await {
                Ok(Some(id)) => Ok(Made { id, found: true }),
                Ok(None) | Err(_) => Err(error),
            },
        }
    }

    /// The recurring run of a key, which is made where it is missing.
    ///
    /// # Errors
    /// What the server said.
    pub async fn recurring_run(
        &self,
        key: RunId,
        experiment: &str,
        version: &VersionThere,
        request: &RemoteRequest,
    ) -> Result<Made, KfpError> {
        if let Some(id) = self.find_recurring(key, experiment).await? {
            return Ok(Made { id, found: true });
        }
        let recurrence = request.recurrence.as_ref();
        let trigger = match recurrence.map(|recurrence| &recurrence.schedule) {
            Some(Schedule::Cron(cron)) => json!({"cron_schedule": {"cron": cron}}),
            Some(Schedule::Periodic(seconds)) => {
                json!({"periodic_schedule": {"interval_second": seconds.to_string()}})
            }
            Some(Schedule::Once) | None => json!({}),
        };
        let body = NewRecurring {
            display_name: &request.display_name,
            description: &mark(key),
            experiment_id: experiment,
            pipeline_version_reference: reference(version),
            runtime_config: config(request),
            mode: "ENABLE",
            max_concurrency: recurrence
                .map_or(1, |found| found.max_concurrency)
                .to_string(),
            no_catchup: recurrence.is_some_and(|found| !found.catch_up),
            namespace: self.namespace(),
            trigger,
        };
        let made: Result<RecurringName, _> = self.post("/recurringruns", &body).await;
        match made {
            Ok(made) => Ok(Made {
                id: made.recurring_run_id,
                found: false,
            }),
            Err(error) => match self.find_recurring(key, experiment).await {
                Ok(Some(id)) => Ok(Made { id, found: true }),
                Ok(None) | Err(_) => Err(error),
            },
        }
    }

    /// A run as it is now.
    ///
    /// # Errors
    /// What the server said.
    pub async fn look(&self, run: &str) -> Result<RemoteSight, KfpError> {
        let run: Run = self.get(&format!("/runs/{run}"), &[]).await?;
        Ok(run.into())
    }

    /// Stops a run. One that has ended already is left as it is, and refused.
    ///
    /// # Errors
    /// What the server said.
    pub async fn stop(&self, run: &str) -> Result<(), KfpError> {
        let _: serde_json::Value = self
            .post(&format!("/runs/{run}:terminate"), &json!({}))
            .await?;
        Ok(())
    }

    async fn pipeline(&self, name: &str) -> Result<String, KfpError> {
        if let Some(found) = self.find_pipeline(name).await? {
            return Ok(found);
        }
        let mut body = json!({"name": name, "display_name": name});
        if let Some(namespace) = self.namespace() {
            body["namespace"] = namespace.into();
        }
        let made: Result<Pipeline, _> = self.post("/pipelines", &body).await;
        match made {
            Ok(made) => Ok(made.pipeline_id),
            Err(error) => match self.find_pipeline(name).await {
                Ok(Some(found)) => Ok(found),
                Ok(None) | Err(_) => Err(error),
            },
        }
    }

    async fn find_pipeline(&self, name: &str) -> Result<Option<String>, KfpError> {
        let query = self.query(filter("name", "EQUALS", name));
        let list: PipelineList = self.get("/pipelines", &pairs(&query)).await?;
        let mut found = list.pipelines.into_iter();
        Ok(found.next().map(|pipeline| pipeline.pipeline_id))
    }

    async fn find_version(
        &self,
        pipeline: &str,
        name: &str,
        mark: &str,
    ) -> Result<Option<String>, KfpError> {
        let query = [
            ("filter", filter("name", "EQUALS", name)),
            ("page_size", PAGE.to_owned()),
        ];
        let path = format!("/pipelines/{pipeline}/versions");
        let list: VersionList = self.get(&path, &pairs(&query)).await?;
        let found = list.pipeline_versions.into_iter();
        let mut found = found.filter(|version| version.description.contains(mark));
        Ok(found.next().map(|version| version.pipeline_version_id))
    }

    async fn find_experiment(&self, name: &str) -> Result<Option<String>, KfpError> {
        let query = self.query(filter("display_name", "EQUALS", name));
        let list: ExperimentList = self.get("/experiments", &pairs(&query)).await?;
        let mut found = list.experiments.into_iter();
        Ok(found.next().map(|experiment| experiment.experiment_id))
    }

    async fn find_run(&self, key: RunId, experiment: &str) -> Result<Option<String>, KfpError> {
        let mark = mark(key);
        let query = [
            ("experiment_id", experiment.to_owned()),
            ("filter", filter("description", "IS_SUBSTRING", &mark)),
            ("page_size", PAGE.to_owned()),
        ];
        let list: RunList = self.get("/runs", &pairs(&query)).await?;
        let mut found = list
            .runs
            .into_iter()
            .filter(|run| run.description.contains(&mark));
        Ok(found.next().map(|run| run.run_id))
    }

    async fn find_recurring(
        &self,
        key: RunId,
        experiment: &str,
    ) -> Result<Option<String>, KfpError> {
        let mark = mark(key);
        let query = [
            ("experiment_id", experiment.to_owned()),
            ("filter", filter("description", "IS_SUBSTRING", &mark)),
            ("page_size", PAGE.to_owned()),
        ];
        let list: RecurringList = self.get("/recurringruns", &pairs(&query)).await?;
        let found = list.recurring_runs.into_iter();
        let mut found = found.filter(|run| run.description.contains(&mark));
        Ok(found.next().map(|run| run.recurring_run_id))
    }

    fn query(&self, filter: String) -> [(&'static str, String); 3] {
        [
            ("namespace", self.namespace().unwrap_or_default().to_owned()),
            ("filter", filter),
            ("page_size", PAGE.to_owned()),
        ]
    }
}

/// What a run or a recurring run is found by.
fn mark(key: RunId) -> String {
    format!("sent by Coracle as {key}")
}

fn filter(key: &str, operation: &str, value: &str) -> String {
    json!({"predicates": [{"key": key, "operation": operation, "string_value": value}]}).to_string()
}

fn pairs<'a>(query: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

fn reference(version: &VersionThere) -> VersionReference<'_> {
    VersionReference {
        pipeline_id: &version.pipeline_id,
        pipeline_version_id: &version.version_id,
    }
}

fn config(request: &RemoteRequest) -> RuntimeConfig<'_> {
    RuntimeConfig {
        parameters: &request.parameters,
        pipeline_root: request.pipeline_root.as_deref(),
    }
}

/// The one field that KFP's uploads have. The boundary is made of the content's own digest, so that it cannot stand in it.
fn multipart(boundary: &str, file: &PipelineFile<'_>) -> Vec<u8> {
    let name: String = file
        .file_name
        .chars()
        .map(|c| {
            if c.is_control() || "\"\\".contains(c) {
                '_'
            } else {
                c
            }
        })
        .collect();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"uploadfile\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    [
        head.as_bytes(),
        file.bytes,
        format!("\r\n--{boundary}--\r\n").as_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_out_byte_for_byte() {
        let file = PipelineFile {
            pipeline: "p",
            file_name: "a\"b\r\n.yaml",
            bytes: b"x: \"\xff\"\r\n",
        };
        let sent = multipart("B", &file);
        let expected = b"--B\r\nContent-Disposition: form-data; name=\"uploadfile\"; filename=\"a_b__.yaml\"\r\n\
            Content-Type: application/octet-stream\r\n\r\nx: \"\xff\"\r\n\r\n--B--\r\n";
        assert_eq!(sent, expected);
    }
}
