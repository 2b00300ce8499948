//! Credentials that a service account has: each of its secrets says by its keys what it is for.

use coracle_objects::{Object, ObjectExt as _, kind};
use serde_json::{Value, json};

use super::super::Unfit;
use super::secret::Secret;
use super::{Asker, Credentials, s3};

/// The service account of pods that name none.
const USUAL_ACCOUNT: &str = "default";

/// The annotation of accounts that are given credentials by AWS itself.
const AWS_ROLE: &str = "eks.amazonaws.com/role-arn";

const S3_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const S3_KEY: &str = "AWS_SECRET_ACCESS_KEY";

const GCS_FILE: &str = "gcloud-application-credentials.json";
const GCS_PLACE: &str = "/var/secrets/";

const HTTPS_HOST: &str = "https-host";
const HTTPS_HEADERS: &str = "headers";

const HDFS_NAME_NODE: &str = "HDFS_NAMENODE";
const HDFS_PLACE: &str = "/var/secrets/kserve-hdfscreds";

const HUGGING_FACE_TOKEN: &str = "HF_TOKEN";

const AZURE_STORAGE_KEY: &str = "AZURE_STORAGE_ACCESS_KEY";

/// The keys that each make a secret one for Azure.
const AZURE: [&str; 3] = ["AZ_CLIENT_ID", "AZURE_CLIENT_ID", "AZURE_ACCESS_TOKEN"];

/// The one of Azure's variables that its servers insist on.
const AZURE_TENANT: &str = "AZURE_TENANT_ID";

/// The variables of Azure, with the keys that some of them had before.
const AZURE_VARIABLES: [(&str, Option<&str>); 9] = [
    ("AZURE_SUBSCRIPTION_ID", Some("AZ_SUBSCRIPTION_ID")),
    (AZURE_TENANT, Some("AZ_TENANT_ID")),
    ("AZURE_CLIENT_ID", Some("AZ_CLIENT_ID")),
    ("AZURE_CLIENT_SECRET", Some("AZ_CLIENT_SECRET")),
    (AZURE_STORAGE_KEY, None),
    ("AZURE_ACCESS_TOKEN", None),
    ("AZURE_ACCESS_EXPIRES_ON_SECONDS", None),
    ("AZURE_ACCOUNT_NAME", None),
    ("AZURE_SERVICE_URL", None),
];

/// What the service account of a pod has.
pub(super) fn credentials(asker: &Asker, account: &str) -> Result<Credentials, Unfit> {
    let mut given = Credentials::default();
    let name = if account.is_empty() {
        USUAL_ACCOUNT
    } else {
        account
    };
    let accounts = kind::service_accounts();
    // A pod whose account is not there is refused as such.
    let Some(account) = asker.world.get(accounts, asker.namespace, name) else {
        return Ok(given);
    };
    if account.annotation(AWS_ROLE).is_some() {
        given.variables.extend(s3::variables(&account, None));
    }
    for name in secrets(asker, &account) {
        let secret = Secret::find(asker.world, asker.namespace, &name)
            .ok_or_else(|| Unfit::predictor(format!("secrets \"{name}\" not found")))?;
        add(&mut given, &secret);
    }
    Ok(given)
}

/// The secrets that count: that which the pod names, or those of its account.
fn secrets(asker: &Asker, account: &Object) -> Vec<String> {
    if let Some(named) = asker.named_secret() {
        return vec![named.to_owned()];
    }
    let listed = account.list_at(&["secrets"]).iter();
    listed
        .filter_map(|secret| secret.get("name")?.as_str().map(str::to_owned))
        .collect()
}

fn add(given: &mut Credentials, secret: &Secret) {
    if secret.has(S3_KEY) {
        let keys = [S3_KEY_ID, S3_KEY].map(|key| secret.variable(key, key));
        given.replace(keys);
        given.replace(s3::variables(secret.object(), Some(secret)));
    } else if secret.has(GCS_FILE) {
        given.mount(secret.mounted("user-gcp-sa", GCS_PLACE));
        let file = format!("{GCS_PLACE}{GCS_FILE}");
        let variable = json!({ "name": "GOOGLE_APPLICATION_CREDENTIALS", "value": file });
        given.variables.push(variable);
    } else if AZURE.iter().any(|key| secret.has(key)) {
        given.variables.extend(azure(secret));
    } else if secret.has(AZURE_STORAGE_KEY) {
        let key = secret.variable(AZURE_STORAGE_KEY, AZURE_STORAGE_KEY);
        given.variables.push(key);
    } else if let Some(host) = secret.text(HTTPS_HOST) {
        let headers = secret.text(HTTPS_HEADERS);
        let variable = |headers| json!({ "name": format!("{host}-headers"), "value": headers });
        given.variables.extend(headers.map(variable));
    } else if secret.has(HDFS_NAME_NODE) {
        given.mount(secret.mounted("hdfs-secrets", HDFS_PLACE));
    } else if secret.has(HUGGING_FACE_TOKEN) {
        let token = secret.variable(HUGGING_FACE_TOKEN, HUGGING_FACE_TOKEN);
        given.variables.push(token);
    }
}

fn azure(secret: &Secret) -> Vec<Value> {
    let variables = AZURE_VARIABLES.into_iter().map(|(name, before)| {
        let key = before.filter(|before| secret.has(before)).unwrap_or(name);
        (name, key)
    });
    variables
        .filter(|(_, key)| secret.has(key) || *key == AZURE_TENANT)
        .map(|(name, key)| secret.variable(name, key))
        .collect()
}
