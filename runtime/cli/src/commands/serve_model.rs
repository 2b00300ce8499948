//! `coracle serve-model`: a model of this machine as an inference service of KServe.

use std::path::{Path, PathBuf};

use coracle_app::view::Health;
use coracle_model::EngineKind;
use serde_json::{Value, json};

use crate::client::{Call, Client, Watch};
use crate::command_error::{CommandError, Exit};
use crate::context::Context;
use crate::model_files::{ModelFiles, ModelFormat, ServedBy, Target};
use crate::output::Format;
use crate::workbench::{Session, Wanted};

/// Where inference services are.
const GROUP: [&str; 4] = ["apis", "serving.kserve.io", "v1beta1", "namespaces"];

/// What a name may be long, so that the names made of it are not too long.
const LONGEST_NAME: usize = 40;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: coracle serve-model models/iris\n\
    The model stays where it is, and has to stay there. `kubectl delete isvc NAME` ends its server.")]
pub(crate) struct Arguments {
    /// The model: a file, or a directory
    path: PathBuf,

    /// What to call it; if left out, made of the file's or the directory's name
    #[arg(long)]
    name: Option<String>,

    /// Its format; if left out, told by its files
    #[arg(long, value_enum)]
    format: Option<ModelFormat>,

    /// The namespace to serve it in
    #[arg(short, long, default_value = "default")]
    namespace: String,

    /// Let it answer so many of a hundred requests, beside the model that is served by that name; without it, it answers all
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..100))]
    canary: Option<u8>,

    /// Do not wait until it answers
    #[arg(long)]
    detach: bool,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    let path = context.surroundings.path(&arguments.path);
    let path = fs_err::canonicalize(&path).unwrap_or(path);
    let name = arguments.name.unwrap_or_else(|| name_of(&path));
    let model = ModelFiles::find(path, arguments.format)?;
    model.check_readable()?;
    if arguments.canary.is_some() && model.format.server() == ServedBy::Workbench {
        let said = format!(
            "models of the format {} are served by the workbench itself, one at a time",
            model.format.as_str()
        );
        return Err(CommandError::usage(said).with_hint(
            "serve it under another name, and compare with `coracle replay NAME --against OTHER`",
        ));
    }
    let mut service = service(&name, &arguments.namespace, &model);
    if let Some(percent) = arguments.canary {
        service["spec"]["predictor"]["canaryTrafficPercent"] = percent.into();
    }
    let session = Session::work(context, Wanted::Background).await?;
    let served = async {
        check_engine(session.client(), model.format).await?;
        let applied = apply(session.client(), &service).await?;
        if arguments.detach {
            return Ok(());
        }
        wait(context, session.client(), &applied, model.format).await
    };
    let served = served.await;
    let url = session.client().url().unwrap_or_default().to_owned();
    session.close().await;
    served?;
    let url = format!("{url}/serving/{}/{name}", arguments.namespace);
    match context.output.format {
        Format::Json => context.output.json(&json!({
            "name": name,
            "namespace": arguments.namespace,
            "format": model.format.as_str(),
            "url": url,
        }))?,
        Format::Text => {
            context.output.data(&format!("{url}\n"))?;
            context.output.note(&example(model.format, &url, &name));
        }
    }
    Ok(Exit::Fine)
}

/// Other servers than the workbench's own are images, which processes of this machine have none of.
async fn check_engine(client: &Client, format: ModelFormat) -> Result<(), CommandError> {
    if format.server() == ServedBy::Workbench {
        return Ok(());
    }
    let health: Health = client.ask(Call::health()).await?;
    if health.engine == Some(EngineKind::Process) {
        return Err(CommandError::failed(
            "unsupported",
            format!(
                "servers of the format {} run in containers, and this workbench runs processes",
                format.as_str()
            ),
        )
        .with_hint("start Docker, then `coracle serve --engine docker`"));
    }
    Ok(())
}

/// Has a service be as it is wanted; what it then is.
async fn apply(client: &Client, service: &Value) -> Result<Value, CommandError> {
    let (namespace, name) = (metadata(service, "namespace"), metadata(service, "name"));
    let segments = [&GROUP[..], &[namespace, "inferenceservices", name]].concat();
    client.ask(Call::apply(segments, service)).await
}

/// Waits until a service answers, and tells meanwhile what takes long.
async fn wait(
    context: &Context,
    client: &Client,
    service: &Value,
    format: ModelFormat,
) -> Result<(), CommandError> {
    let (namespace, name) = (metadata(service, "namespace"), metadata(service, "name"));
    let services = [&GROUP[..], &[namespace, "inferenceservices"]].concat();
    let selector = format!("metadata.name={name}");
    let changes = [("watch", "true"), ("fieldSelector", selector.as_str())];
    let mut changes = watch(client, Call::objects(services).query(&changes)).await?;
    let begun = metadata(service, "resourceVersion");
    let told = [("watch", "true"), ("resourceVersion", begun)];
    let events = Call::objects(["api", "v1", "namespaces", namespace, "events"]).query(&told);
    let mut events = watch(client, events).await?;
    let server = format!("{name}-predictor-");
    loop {
        // Both are cancel-safe.
        tokio::select! {
            changed = changes.next() => match changed? {
                None => return Err(broken_off()),
                Some(service) => if is_ready(&service)? {
                    return Ok(());
                },
            },
            event = events.next() => match event? {
                None => return Err(broken_off()),
                Some(event) => if let Some(news) = news(&event, &server) {
                    context.output.note(news);
                    // One that has just begun knows by now which it has.
                    check_engine(client, format).await?;
                },
            },
        }
    }
}

fn metadata<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

async fn watch(client: &Client, call: Call) -> Result<Watch, CommandError> {
    Ok(Watch::new(client.stream(call).await?))
}

fn broken_off() -> CommandError {
    CommandError::failed(
        "broken_off",
        "the workbench ended the watch; the service is there, and may become ready",
    )
}

/// Whether a service answers as it is now.
fn is_ready(service: &Value) -> Result<bool, CommandError> {
    let status = &service["status"];
    let is_seen = status["observedGeneration"] == service["metadata"]["generation"];
    let failure = &status["modelStatus"]["lastFailureInfo"];
    // What cannot be deployed at all has no generation.
    if failure.is_object() && (is_seen || status["observedGeneration"].is_null()) {
        let said = failure["message"].as_str().unwrap_or_default();
        let name = metadata(service, "name");
        return Err(
            CommandError::failed("not_served", format!("the model is not served: {said}"))
                .with_hint(format!(
                    "`kubectl describe isvc {name}` has more; `kubectl delete isvc {name}` ends it"
                )),
        );
    }
    let conditions = status["conditions"].as_array();
    let is_ready = conditions.is_some_and(|conditions| {
        conditions
            .iter()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    });
    Ok(is_seen && is_ready)
}

/// What an event tells of the image of a server, which is what takes long.
fn news<'a>(event: &'a Value, server: &str) -> Option<&'a str> {
    let about = event["involvedObject"]["name"].as_str()?;
    let reason = event["reason"].as_str()?;
    let is_told = ["Pulling", "Building", "Built", "Failed"].contains(&reason);
    (about.starts_with(server) && is_told)
        .then(|| event["message"].as_str())
        .flatten()
}

/// The inference service of a model.
fn service(name: &str, namespace: &str, model: &ModelFiles) -> Value {
    let path = model.path.display().to_string();
    let mut served = json!({ "modelFormat": { "name": model.format.as_str() } });
    let mut predictor = json!({});
    match &model.target {
        Target::Whole => served["storageUri"] = format!("file://{path}").into(),
        Target::At(_) => {
            let mount =
                json!({ "name": "model", "mountPath": model.target.path(), "readOnly": true });
            served["volumeMounts"] = json!([mount]);
            predictor["volumes"] = json!([{ "name": "model", "hostPath": { "path": path } }]);
        }
    }
    match model.format {
        ModelFormat::Mlflow => {
            served["protocolVersion"] = "v2".into();
            // Its server listens before it has loaded its model.
            let path = format!("/v2/models/{name}/ready");
            served["readinessProbe"] = json!({ "httpGet": { "path": path, "port": 8080 } });
        }
        ModelFormat::Sklearn
        | ModelFormat::Xgboost
        | ModelFormat::Lightgbm
        | ModelFormat::Onnx
        | ModelFormat::Tensorflow
        | ModelFormat::Huggingface => {}
    }
    predictor["model"] = served;
    json!({
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": { "name": name, "namespace": namespace },
        "spec": { "predictor": predictor },
    })
}

/// A request to begin with.
fn example(format: ModelFormat, url: &str, name: &str) -> String {
    let (path, body) = match format {
        ModelFormat::Sklearn
        | ModelFormat::Xgboost
        | ModelFormat::Lightgbm
        | ModelFormat::Onnx
        | ModelFormat::Tensorflow => (
            format!("v1/models/{name}:predict"),
            json!({ "instances": [[1.0, 2.0]] }),
        ),
        ModelFormat::Mlflow => {
            let input =
                json!({ "name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1.0, 2.0] });
            (
                format!("v2/models/{name}/infer"),
                json!({ "inputs": [input] }),
            )
        }
        ModelFormat::Huggingface => (
            "openai/v1/completions".to_owned(),
            json!({ "model": name, "prompt": "Once upon a time" }),
        ),
    };
    format!(
        "ask it with inputs of your model's shape:\n  curl -H 'Content-Type: application/json' {url}/{path} -d '{body}'"
    )
}

/// A name for what lies there, as objects may be called.
fn name_of(path: &Path) -> String {
    let is_plain = |name: &&str| !["", "model", "models"].contains(name);
    let stem = |path: &Path| {
        path.file_stem()
            .and_then(|stem| stem.to_str())
            .map(str::to_owned)
    };
    let own = stem(path).unwrap_or_default();
    // Most models are called `model`; what lies around them says more.
    let around = path.parent().and_then(stem).unwrap_or_default();
    let chosen = [own.as_str(), around.as_str()]
        .into_iter()
        .find(is_plain)
        .unwrap_or("model");
    let written: String = chosen
        .to_lowercase()
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .take(LONGEST_NAME)
        .collect();
    let trimmed = written.trim_matches('-');
    if trimmed.starts_with(|letter: char| letter.is_ascii_lowercase()) {
        trimmed.to_owned()
    } else {
        format!("model-{trimmed}").trim_end_matches('-').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_paths() {
        for (path, name) in [
            ("/m/iris", "iris"),
            ("/m/My Iris_2.pkl", "my-iris-2"),
            ("/m/iris/model.joblib", "iris"),
            ("/models/model", "model"),
            ("/m/2024-07", "model-2024-07"),
        ] {
            assert_eq!(name_of(Path::new(path)), name, "{path}");
        }
    }

    #[test]
    fn a_service_is_ready_when_what_was_applied_is() {
        let service = |generation: u64, status: &str| {
            json!({
                "metadata": { "generation": 2 },
                "status": {
                    "observedGeneration": generation,
                    "conditions": [{ "type": "Ready", "status": status }],
                },
            })
        };
        assert!(is_ready(&service(2, "True")).unwrap());
        assert!(!is_ready(&service(1, "True")).unwrap());
        assert!(!is_ready(&service(2, "False")).unwrap());
        let mut failed = service(2, "False");
        failed["status"]["modelStatus"]["lastFailureInfo"] = json!({ "message": "no such file" });
        let error = is_ready(&failed).unwrap_err();
        assert_eq!(
            error.report.message,
            "the model is not served: no such file"
        );
        failed["status"]["observedGeneration"] = json!(1);
        assert!(
            !is_ready(&failed).unwrap(),
            "it is of what was there before"
        );
    }

    #[test]
    fn a_file_is_mounted_and_a_directory_is_storage() {
        let model = |format, target| ModelFiles {
            format,
            path: PathBuf::from("/m/iris"),
            target,
        };
        let file = service(
            "iris",
            "team",
            &model(ModelFormat::Sklearn, Target::At("model.pkl".to_owned())),
        );
        let predictor = &file["spec"]["predictor"];
        assert_eq!(predictor["volumes"][0]["hostPath"]["path"], "/m/iris");
        assert_eq!(
            predictor["model"]["volumeMounts"][0]["mountPath"],
            "/mnt/models/model.pkl"
        );
        assert!(predictor["model"]["storageUri"].is_null());
        let whole = service("iris", "team", &model(ModelFormat::Mlflow, Target::Whole));
        assert_eq!(
            whole["spec"]["predictor"]["model"]["storageUri"],
            "file:///m/iris"
        );
        assert_eq!(whole["spec"]["predictor"]["model"]["protocolVersion"], "v2");
        assert_eq!(whole["metadata"]["namespace"], "team");
        let onnx = service("iris", "team", &model(ModelFormat::Onnx, Target::Whole));
        assert_eq!(
            onnx["spec"]["predictor"],
            json!({ "model": { "modelFormat": { "name": "onnx" }, "storageUri": "file:///m/iris" } })
        );
    }
}
