//! The files of claims go along with objects: from the volumes that are here, to the claims of the same names there.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use coracle_apiserver::ApiServer;
use coracle_cluster::carrier::{
    Access, Account, CarriedClaim, Carrier, CarrierProblem, Existing, Opening, Stopped,
};
use coracle_cluster::contexts::Patience;
use coracle_store::{Home, Volumes};
use serde_json::Value;

use super::sources;
use crate::error::AppError;
use crate::view::{DeployData, DeploymentPlace, LeftOut, LocalClaim, ObjectSources};
use crate::workbench::{Workbench, off_runtime};

/// The namespace of objects here that name none.
const USUAL_NAMESPACE: &str = "default";

/// How long a pod may take to run: a node may have to be started for it.
const RUNS_WITHIN: Duration = Duration::from_secs(180);

/// How long a pod lives that nobody removes: some minutes for checksums, and its bytes at the pace of a slow disk.
const LIVES_AT_LEAST: Duration = Duration::from_secs(20 * 60);
const BYTES_A_SECOND: u64 = 1 << 20;

/// A claim whose volume is here.
pub(super) struct ClaimHere {
    name: String,
    /// Its namespace there.
    namespace: String,
    folder: PathBuf,
}

/// The claims that objects are or use, whose volumes are here. Objects that name no namespace go to the one that is given.
///
/// # Errors
/// As of [`sources::translated`].
pub(super) fn claims_here(
    api: &ApiServer,
    home: &Home,
    sources: &ObjectSources,
    namespace_there: &str,
) -> Result<Vec<ClaimHere>, AppError> {
    let mut known = BTreeSet::new();
    let mut claims = Vec::new();
    for object in sources::objects(api, sources)? {
        let named = object["metadata"]["namespace"].as_str();
        let here = named.or(sources.namespace.as_deref());
        let there = sources.into.as_deref().or(named);
        let namespace = there.unwrap_or(namespace_there).to_owned();
        let volumes = Volumes::of_namespace(home, here.unwrap_or(USUAL_NAMESPACE));
        for name in claims_of(&object) {
            if let Some(folder) = volumes.path(&name)
                && known.insert((namespace.clone(), name.clone()))
            {
                claims.push(ClaimHere {
                    name,
                    namespace: namespace.clone(),
                    folder,
                });
            }
        }
    }
    Ok(claims)
}

/// The names of claims that an object is, mounts, or has a model in.
fn claims_of(object: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if object["kind"] == "PersistentVolumeClaim" {
        names.extend(object["metadata"]["name"].as_str().map(str::to_owned));
    }
    gather(object, &mut names);
    names
}

fn gather(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let mounted = fields.get("persistentVolumeClaim");
            let mounted = mounted.and_then(|claim| claim["claimName"].as_str());
            names.extend(mounted.map(str::to_owned));
            fields.values().for_each(|value| gather(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, names)),
        // Where a model server finds its model.
        Value::String(text) => {
            let name = text
                .strip_prefix("pvc://")
                .and_then(|rest| rest.split('/').next());
            names.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How much is in a claim's volume here.
///
/// # Errors
/// A folder that cannot be read.
pub(super) fn survey(claim: ClaimHere) -> Result<LocalClaim, AppError> {
    let found = coracle_carry::survey(&claim.folder)
        .map_err(|error| AppError::request(error.to_string(), "see who may read the volume"))?;
    let left_out = found.left_out.into_iter();
    Ok(LocalClaim {
        claim: claim.name,
        namespace: claim.namespace,
        folder: claim.folder,
        files: found.files,
        bytes: found.bytes,
        left_out: left_out.map(|(path, why)| LeftOut { path, why }).collect(),
    })
}

/// Why what uses the claims is not sent.
pub(super) fn what_stopped(carried: &[CarriedClaim]) -> Option<String> {
    let stopped = carried.iter().find(|one| one.problem.is_some())?;
    Some(format!(
        "the files of the claim `{}` did not all go over",
        stopped.claim
    ))
}

impl Workbench {
    /// Has a claim there hold what its volume here holds.
    pub(super) async fn carry(
        &self,
        place: &DeploymentPlace,
        data: &DeployData,
        claim: ClaimHere,
    ) -> CarriedClaim {
        let (name, namespace) = (claim.name.clone(), claim.namespace.clone());
        let (files, problem) = match self.put(place, data, claim).await {
            Ok(Ok(files)) => (files, None),
            Ok(Err(stopped)) => (stopped.account, Some(CarrierProblem::from(&stopped.why))),
            Err(error) => (Account::default(), Some(problem(&error))),
        };
        CarriedClaim {
            claim: name,
            namespace,
            files,
            problem,
        }
    }

    async fn put(
        &self,
        place: &DeploymentPlace,
        data: &DeployData,
        claim: ClaimHere,
    ) -> Result<Result<Account, Stopped>, AppError> {
        let here = off_runtime(move || survey(claim)).await?;
        let target = self
            .cluster_target(place.kubeconfig.as_deref(), place.context.as_deref())
            .await?;
        let connection = target.connect(Patience::STREAMS).await?;
        let opening = Opening {
            namespace: here.namespace,
            claim: here.claim,
            filling: None,
            image: data.step_image.clone(),
            access: Access::Write,
            deadline: LIVES_AT_LEAST + Duration::from_secs(here.bytes / BYTES_A_SECOND),
            within: RUNS_WITHIN,
        };
        let existing = match data.overwrite {
            true => Existing::Replace,
            false => Existing::Keep,
        };
        let carrier = match Carrier::open(connection, &opening).await {
            Ok(carrier) => carrier,
            Err(why) => return Ok(Err(Stopped::from(why))),
        };
        let put = carrier.put(&here.folder, "", existing).await;
        // What went over is there, whatever becomes of the pod, which has a deadline.
        if let Err(error) = carrier.close().await {
            tracing::warn!(%error, "the pod that opened a claim is left to its deadline");
        }
        Ok(put)
    }
}

fn problem(error: &AppError) -> CarrierProblem {
    let code = match error {
        AppError::Cluster(error) => error.code().to_owned(),
        error => match serde_json::to_value(error.code()) {
            Ok(Value::String(code)) => code,
            _ => String::new(),
        },
    };
    CarrierProblem {
        code,
        message: error.to_string(),
        hint: error.hint().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_found_wherever_an_object_names_them() {
        let claim = json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "a"}});
        assert_eq!(claims_of(&claim), BTreeSet::from(["a".to_owned()]));
        let volumes = json!([{"persistentVolumeClaim": {"claimName": "b"}}, {"emptyDir": {}}]);
        let job = json!({"kind": "Job", "metadata": {"name": "j"},
            "spec": {"template": {"spec": {"volumes": volumes}}}});
        assert_eq!(claims_of(&job), BTreeSet::from(["b".to_owned()]));
        let service = json!({"kind": "InferenceService", "metadata": {"name": "i"},
            "spec": {"predictor": {"model": {"storageUri": "pvc://c/models/1"}}}});
        assert_eq!(claims_of(&service), BTreeSet::from(["c".to_owned()]));
    }
}
