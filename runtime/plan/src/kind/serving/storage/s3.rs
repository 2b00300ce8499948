//! Where S3 is and how it is spoken with: annotations of whoever has the credentials, as variables.

use coracle_objects::{Object, ObjectExt as _};
use serde_json::{Value, json};

use super::secret::Secret;

/// What annotations of S3 begin with.
const PREFIX: &str = "serving.kserve.io/s3-";

/// The annotations by the ends of their names, each with its variable, which is also the name in a secret.
const SETTINGS: [(&str, &str); 9] = [
    ("usehttps", USE_HTTPS),
    ("endpoint", ENDPOINT),
    ("verifyssl", "S3_VERIFY_SSL"),
    ("useanoncredential", "awsAnonymousCredential"),
    ("region", "AWS_DEFAULT_REGION"),
    ("usevirtualbucket", "S3_USER_VIRTUAL_BUCKET"),
    ("useaccelerate", "S3_USE_ACCELERATE"),
    ("cabundle", super::CA_BUNDLE),
    ("cabundle-configmap", super::CA_BUNDLE_CONFIG_MAP),
];

const USE_HTTPS: &str = "S3_USE_HTTPS";
const ENDPOINT: &str = "S3_ENDPOINT";
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// The variables of who has these annotations, and of a secret's own values where they say nothing.
pub(super) fn variables(annotated: &Object, secret: Option<&Secret>) -> Vec<Value> {
    let value = |setting: &str, variable: &str| {
        let annotation = annotated.annotation(&format!("{PREFIX}{setting}"));
        let annotation = annotation.map(str::to_owned);
        annotation.or_else(|| secret?.text(variable))
    };
    let is_plain = value("usehttps", USE_HTTPS).as_deref() == Some("0");
    let scheme = if is_plain { "http" } else { "https" };
    let mut variables = Vec::new();
    for (setting, variable) in SETTINGS {
        let Some(told) = value(setting, variable).filter(|told| !told.is_empty()) else {
            continue;
        };
        variables.push(json!({ "name": variable, "value": told }));
        if variable == ENDPOINT {
            let url = format!("{scheme}://{told}");
            variables.push(json!({ "name": ENDPOINT_URL, "value": url }));
        }
    }
    variables
}
