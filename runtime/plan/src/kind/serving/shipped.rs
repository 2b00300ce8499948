//! The runtimes that are there from the start: those that KServe ships, under their names.

use coracle_objects::{Object, kind};
use serde_json::{Value, json};

/// A format and its versions, and how it is rated among the runtimes that serve it.
struct Format {
    name: &'static str,
    versions: &'static [&'static str],
    /// None: it is served only to those who ask for the runtime by name.
    priority: Option<i64>,
}

/// A runtime, as far as it differs from the others.
struct Shipped {
    name: &'static str,
    image: &'static str,
    formats: &'static [Format],
    protocols: &'static [&'static str],
    command: &'static [&'static str],
    arguments: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    metrics_port: &'static str,
    /// For images that would run as root otherwise.
    user: Option<i64>,
    /// Whether its processes share memory.
    shares_memory: bool,
}

const SHIPPED: Shipped = Shipped {
    name: "",
    image: "",
    formats: &[],
    protocols: &["v1", "v2"],
    command: &[],
    arguments: &[
        "--model_name={{.Name}}",
        "--model_dir=/mnt/models",
        "--http_port=8080",
    ],
    variables: &[],
    metrics_port: "8080",
    user: None,
    shares_memory: false,
};

const fn format(name: &'static str, versions: &'static [&'static str], priority: i64) -> Format {
    Format {
        name,
        versions,
        priority: Some(priority),
    }
}

const RUNTIMES: [Shipped; 10] = [
    Shipped {
        name: "kserve-huggingfaceserver",
        image: "kserve/huggingfaceserver:v0.16.0",
        formats: &[format("huggingface", &["1"], 1)],
        protocols: &["v2", "v1"],
        arguments: &["--model_name={{.Name}}"],
        variables: &[("LMCACHE_USE_EXPERIMENTAL", "True")],
        shares_memory: true,
        ..SHIPPED
    },
    Shipped {
        name: "kserve-lgbserver",
        image: "kserve/lgbserver:v0.16.0",
        formats: &[format("lightgbm", &["3", "4"], 1)],
        arguments: &[
            "--model_name={{.Name}}",
            "--model_dir=/mnt/models",
            "--http_port=8080",
            "--nthread=1",
        ],
        ..SHIPPED
    },
    Shipped {
        name: "kserve-mlserver",
        image: "docker.io/seldonio/mlserver:1.7.1",
        formats: &[
            format("sklearn", &["0", "1"], 2),
            format("xgboost", &["1", "2"], 2),
            format("lightgbm", &["3", "4"], 2),
            format("mlflow", &["1", "2"], 1),
        ],
        protocols: &["v2"],
        arguments: &[],
        variables: &[
            ("MLSERVER_MODEL_IMPLEMENTATION", "{{.Labels.modelClass}}"),
            ("MLSERVER_HTTP_PORT", "8080"),
            ("MLSERVER_GRPC_PORT", "9000"),
            ("MODELS_DIR", "/mnt/models"),
        ],
        ..SHIPPED
    },
    Shipped {
        name: "kserve-paddleserver",
        image: "kserve/paddleserver:v0.16.0",
        formats: &[format("paddle", &["2"], 1)],
        ..SHIPPED
    },
    Shipped {
        name: "kserve-pmmlserver",
        image: "kserve/pmmlserver:v0.16.0",
        formats: &[format("pmml", &["3", "4"], 1)],
        ..SHIPPED
    },
    Shipped {
        name: "kserve-sklearnserver",
        image: "kserve/sklearnserver:v0.16.0",
        formats: &[format("sklearn", &["1"], 1)],
        ..SHIPPED
    },
    Shipped {
        name: "kserve-tensorflow-serving",
        image: "tensorflow/serving:2.6.2",
        formats: &[format("tensorflow", &["1", "2"], 2)],
        protocols: &["v1", "grpc-v1"],
        command: &["/usr/bin/tensorflow_model_server"],
        arguments: &[
            "--model_name={{.Name}}",
            "--port=9000",
            "--rest_api_port=8080",
            "--model_base_path=/mnt/models",
            "--rest_api_timeout_in_ms=60000",
        ],
        user: Some(1000),
        ..SHIPPED
    },
    Shipped {
        name: "kserve-torchserve",
        image: "pytorch/torchserve-kfs:0.9.0",
        formats: &[format("pytorch", &["1"], 2)],
        protocols: &["v1", "v2", "grpc-v2"],
        arguments: &[
            "torchserve",
            "--start",
            "--model-store=/mnt/models/model-store",
            "--ts-config=/mnt/models/config/config.properties",
        ],
        variables: &[("TS_SERVICE_ENVELOPE", "{{.Labels.serviceEnvelope}}")],
        metrics_port: "8082",
        user: Some(1000),
        ..SHIPPED
    },
    Shipped {
        name: "kserve-tritonserver",
        image: "nvcr.io/nvidia/tritonserver:23.05-py3",
        formats: &[
            format("tensorrt", &["8"], 1),
            format("tensorflow", &["1", "2"], 1),
            format("onnx", &["1"], 1),
            Format {
                name: "pytorch",
                versions: &["1"],
                priority: None,
            },
            format("triton", &["2"], 1),
        ],
        protocols: &["v2", "grpc-v2"],
        arguments: &[
            "tritonserver",
            "--model-store=/mnt/models",
            "--grpc-port=9000",
            "--http-port=8080",
            "--allow-grpc=true",
            "--allow-http=true",
        ],
        metrics_port: "8002",
        user: Some(1000),
        ..SHIPPED
    },
    Shipped {
        name: "kserve-xgbserver",
        image: "kserve/xgbserver:v0.16.0",
        formats: &[format("xgboost", &["1", "2"], 1)],
        arguments: &[
            "--model_name={{.Name}}",
            "--model_dir=/mnt/models",
            "--http_port=8080",
            "--nthread=1",
        ],
        ..SHIPPED
    },
];

/// The `ClusterServingRuntime`s that are there from the start.
pub fn shipped_runtimes() -> Vec<Object> {
    RUNTIMES
        .iter()
        .filter_map(|shipped| object(shipped).as_object().cloned())
        .collect()
}

fn object(shipped: &Shipped) -> Value {
    let formats = shipped.formats.iter().flat_map(|format| {
        format.versions.iter().map(move |version| {
            let mut told = json!({ "name": format.name, "version": version });
            if let Some(priority) = format.priority {
                told["autoSelect"] = true.into();
                told["priority"] = priority.into();
            }
            told
        })
    });
    let mut security = json!({
        "allowPrivilegeEscalation": false,
        "privileged": false,
        "runAsNonRoot": true,
        "capabilities": { "drop": ["ALL"] },
    });
    if let Some(user) = shipped.user {
        security["runAsUser"] = user.into();
    }
    let share = json!({ "cpu": "1", "memory": "2Gi" });
    let mut container = json!({
        "name": "kserve-container",
        "image": shipped.image,
        "securityContext": security,
        "resources": { "requests": share, "limits": share },
    });
    for (field, words) in [("command", shipped.command), ("args", shipped.arguments)] {
        if !words.is_empty() {
            container[field] = words.into();
        }
    }
    if !shipped.variables.is_empty() {
        let variables = shipped.variables.iter();
        container["env"] = variables
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
    }
    let mut spec = json!({
        "annotations": {
            "prometheus.kserve.io/port": shipped.metrics_port,
            "prometheus.kserve.io/path": "/metrics",
        },
        "supportedModelFormats": formats.collect::<Vec<_>>(),
        "protocolVersions": shipped.protocols,
    });
    if shipped.shares_memory {
        container["volumeMounts"] = json!([{ "name": "devshm", "mountPath": "/dev/shm" }]);
        spec["volumes"] = json!([{ "name": "devshm", "emptyDir": { "medium": "Memory" } }]);
    }
    spec["containers"] = json!([container]);
    let resource = kind::cluster_serving_runtimes();
    json!({
        "apiVersion": resource.group_version().to_string(),
        "kind": resource.kind,
        "metadata": { "name": shipped.name },
        "spec": spec,
    })
}
