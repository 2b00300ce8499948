//! Models that are fetched: with which credentials, by the secrets of a service account or by those that `storage` names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coracle_objects::kind;
use coracle_plan::kind::serving::shipped_runtimes;
use serde_json::{Map, Value, json};

use crate::cluster::Cluster;

/// Keys of a secret with their values.
type Data<'a> = &'a [(&'a str, &'a str)];

fn secret(cluster: &mut Cluster, name: &str, annotations: &Value, data: Data<'_>) {
    let data: Map<String, Value> = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), STANDARD.encode(value).into()))
        .collect();
    let metadata = json!({ "name": name, "annotations": annotations });
    cluster.make(
        kind::secrets(),
        json!({ "metadata": metadata, "data": data }),
    );
}

fn account(cluster: &mut Cluster, name: &str, secrets: &[&str]) {
    let secrets: Vec<Value> = secrets.iter().map(|name| json!({ "name": name })).collect();
    cluster.make(
        kind::service_accounts(),
        json!({ "metadata": { "name": name }, "secrets": secrets }),
    );
}

fn serve(cluster: &mut Cluster, model: Value, more: Value) {
    for runtime in shipped_runtimes() {
        cluster.make(kind::cluster_serving_runtimes(), Value::Object(runtime));
    }
    let mut predictor = json!({ "model": { "modelFormat": { "name": "sklearn" } } });
    let merge = |into: &mut Value, from: Value| {
        let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) else {
            panic!("no objects")
        };
        into.extend(from);
    };
    merge(&mut predictor["model"], model);
    merge(&mut predictor, more);
    cluster.make(
        kind::inference_services(),
        json!({ "metadata": { "name": "iris" }, "spec": { "predictor": predictor } }),
    );
    cluster.settle();
}

/// What fetches the model, and the volumes of its pod.
fn fetcher(cluster: &Cluster) -> (Value, Value) {
    let deployment = cluster.object(kind::deployments(), "iris-predictor");
    let pod = &deployment["spec"]["template"]["spec"];
    (pod["initContainers"][0].clone(), pod["volumes"].clone())
}

/// Its variables but those for Hugging Face that it always has: names with values, or with the keys of secrets.
fn variables(cluster: &Cluster) -> Vec<String> {
    let (fetcher, _) = fetcher(cluster);
    let all = fetcher["env"].as_array().unwrap().iter();
    let own = all.filter(|one| {
        let name = one["name"].as_str().unwrap();
        name == "HF_TOKEN" || !name.starts_with("HF_")
    });
    own.map(|one| {
        let name = one["name"].as_str().unwrap();
        match one["value"].as_str() {
            Some(value) => format!("{name}={value}"),
            None => {
                let key = &one["valueFrom"]["secretKeyRef"];
                let [secret, key] = ["name", "key"].map(|field| key[field].as_str().unwrap());
                format!("{name} of {secret}/{key}")
            }
        }
    })
    .collect()
}

fn failure(cluster: &Cluster) -> String {
    let service = cluster.object(kind::inference_services(), "iris");
    let said = &service["status"]["modelStatus"]["lastFailureInfo"]["message"];
    said.as_str().unwrap_or_default().to_owned()
}

fn s3() -> Value {
    json!({ "storageUri": "s3://bucket/iris" })
}

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
];

#[test]
fn secrets_of_the_account_become_variables_and_files() {
    let cases: [(Data<'_>, &[&str], &str); 6] = [
        (
            &KEYS,
            &[
                "AWS_ACCESS_KEY_ID of s/AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY of s/AWS_SECRET_ACCESS_KEY",
            ],
            "",
        ),
        (
            &[("gcloud-application-credentials.json", "{}")],
            &["GOOGLE_APPLICATION_CREDENTIALS=/var/secrets/gcloud-application-credentials.json"],
            "/var/secrets/",
        ),
        (
            &[("AZ_CLIENT_ID", "a"), ("AZURE_CLIENT_SECRET", "b")],
            &[
                "AZURE_TENANT_ID of s/AZURE_TENANT_ID",
                "AZURE_CLIENT_ID of s/AZ_CLIENT_ID",
                "AZURE_CLIENT_SECRET of s/AZURE_CLIENT_SECRET",
            ],
            "",
        ),
        (
            &[("https-host", "models.org"), ("headers", "a: b")],
            &["models.org-headers=a: b"],
            "",
        ),
        (
            &[("HDFS_NAMENODE", "a")],
            &[],
            "/var/secrets/kserve-hdfscreds",
        ),
        (&[("HF_TOKEN", "a")], &["HF_TOKEN of s/HF_TOKEN"], ""),
    ];
    for (data, expected, place) in cases {
        Cluster::tell(|cluster| {
            secret(cluster, "s", &json!({}), data);
            account(cluster, "sa", &["s"]);
            serve(cluster, s3(), json!({ "serviceAccountName": "sa" }));
            assert_eq!(variables(cluster), expected);
            let (fetcher, volumes) = fetcher(cluster);
            assert_eq!(fetcher["args"], json!(["s3://bucket/iris", "/mnt/models"]));
            let mounts = fetcher["volumeMounts"].as_array().unwrap();
            let mounted = mounts.iter().find(|mount| mount["mountPath"] == place);
            assert_eq!(mounted.is_some(), !place.is_empty(), "{place}");
            if let Some(mount) = mounted {
                let volumes = volumes.as_array().unwrap();
                let volume = volumes
                    .iter()
                    .find(|volume| volume["name"] == mount["name"]);
                assert_eq!(volume.unwrap()["secret"]["secretName"], "s");
            }
        });
    }
}

#[test]
fn annotations_say_where_s3_is() {
    Cluster::tell(|cluster| {
        let annotations = json!({
            "serving.kserve.io/s3-endpoint": "minio.team:9000",
            "serving.kserve.io/s3-usehttps": "0",
            "serving.kserve.io/s3-region": "here",
            "serving.kserve.io/s3-verifyssl": "",
            "serving.kserve.io/s3-cabundle": "/trusted/ca.crt",
            "serving.kserve.io/s3-cabundle-configmap": "certificates",
        });
        let data = [KEYS[0], KEYS[1], ("S3_USE_ACCELERATE", "true")];
        secret(cluster, "s", &annotations, &data);
        account(cluster, "default", &["s"]);
        serve(cluster, s3(), json!({}));
        assert_eq!(
            variables(cluster)[2..],
            [
                "S3_USE_HTTPS=0",
                "S3_ENDPOINT=minio.team:9000",
                "AWS_ENDPOINT_URL=http://minio.team:9000",
                "AWS_DEFAULT_REGION=here",
                "S3_USE_ACCELERATE=true",
                "AWS_CA_BUNDLE=/trusted/ca.crt",
                "AWS_CA_BUNDLE_CONFIGMAP=certificates",
                "CA_BUNDLE_CONFIGMAP_NAME=certificates",
                "CA_BUNDLE_VOLUME_MOUNT_POINT=/trusted",
            ]
        );
        let (fetcher, _) = fetcher(cluster);
        assert_eq!(fetcher["volumeMounts"][1]["mountPath"], "/trusted");
    });
}

#[test]
fn a_key_tells_the_storage_of_a_path() {
    let cases: [(Value, Data<'_>, &str, &[&str]); 4] = [
        (
            json!({ "key": "mine", "path": "/iris" }),
            &[("mine", r#"{"type":"s3","bucket":"b"}"#)],
            "s3://b/iris",
            &["STORAGE_CONFIG of storage-config/mine"],
        ),
        (
            json!({ "path": "iris", "parameters": { "type": "s3", "bucket": "c" } }),
            &[("default_s3", r#"{"type":"s3","bucket":"b"}"#)],
            "s3://c/iris",
            &[
                "STORAGE_CONFIG of storage-config/default_s3",
                r#"STORAGE_OVERRIDE_CONFIG={"bucket":"c","type":"s3"}"#,
            ],
        ),
        (
            json!({ "path": "iris" }),
            &[("default", r#"{"type":"hdfs"}"#)],
            "hdfs://iris",
            &["STORAGE_CONFIG of storage-config/default"],
        ),
        (
            json!({ "path": "iris", "parameters": { "type": "webhdfs" } }),
            &[],
            "webhdfs://iris",
            &[r#"STORAGE_OVERRIDE_CONFIG={"type":"webhdfs"}"#],
        ),
    ];
    for (storage, data, uri, expected) in cases {
        Cluster::tell(|cluster| {
            secret(cluster, "storage-config", &json!({}), data);
            serve(cluster, json!({ "storage": storage }), json!({}));
            assert_eq!(failure(cluster), "");
            let (fetcher, _) = fetcher(cluster);
            assert_eq!(fetcher["args"][0], uri);
            assert_eq!(variables(cluster), expected);
            let deployment = cluster.object(kind::deployments(), "iris-predictor");
            let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
            assert_eq!(
                annotations["internal.serving.kserve.io/storage-spec"],
                "true"
            );
        });
    }
}

#[test]
fn what_keeps_a_model_from_being_fetched_is_told() {
    let keyed = |key: &str| json!({ "storage": { "key": key, "path": "m" } });
    let with_account = json!({ "serviceAccountName": "sa" });
    for (model, more, why) in [
        (
            keyed("other"),
            json!({}),
            "specified storage key other not found in storage secret storage-config",
        ),
        (
            keyed("odd"),
            json!({}),
            "storage type must be one of [s3, hdfs, webhdfs]. storage type [ftp] is not supported",
        ),
        (
            keyed("bare"),
            json!({}),
            "format [s3] requires a bucket but one wasn't found in storage data or parameters",
        ),
        (
            json!({ "storage": { "path": "m" } }),
            json!({}),
            "unable to determine storage type",
        ),
        (
            json!({ "storageUri": "s3://b/m", "storage": { "path": "m" } }),
            json!({}),
            "must provide only one of storageUri and storage.path",
        ),
        (s3(), with_account, "secrets \"gone\" not found"),
    ] {
        Cluster::tell(|cluster| {
            let entries = [("odd", r#"{"type":"ftp"}"#), ("bare", r#"{"type":"s3"}"#)];
            secret(cluster, "storage-config", &json!({}), &entries);
            account(cluster, "sa", &["gone"]);
            serve(cluster, model.clone(), more.clone());
            assert_eq!(failure(cluster), why);
            assert!(cluster.names(kind::deployments()).is_empty(), "{why}");
        });
    }
}

#[test]
fn a_service_may_name_the_secret() {
    Cluster::tell(|cluster| {
        secret(cluster, "others", &json!({}), &[("HF_TOKEN", "a")]);
        account(cluster, "default", &[]);
        let annotation = json!({ "serving.kserve.io/storageSecretName": "others" });
        serve(cluster, s3(), json!({ "annotations": annotation }));
        assert_eq!(variables(cluster), ["HF_TOKEN of others/HF_TOKEN"]);
    });
}
