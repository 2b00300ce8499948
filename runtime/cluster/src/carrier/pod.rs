//! The pod that opens a claim.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::open::{Access, Opening};

/// Where the claim is in the pod.
pub(super) const DATA: &str = "/data";

/// The pod's only container.
pub(super) const CONTAINER: &str = "carrier";

/// Where the program lies in its image.
pub(super) const PROGRAM: &str = "/coracle-step";

/// The user of Kubeflow's notebooks, and the group that their volumes are given to.
const USER: i64 = 1000;
const GROUP: i64 = 100;

/// How much of a digest makes names different.
const DIGEST: usize = 6;

/// As whom the pod runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    /// Root, without what root may do but with files: they go where they belong, and belong to whom they did.
    Root,
    /// Whom the Pod Security Standard `restricted` lets be.
    Restricted,
}

/// The pod's name. One claim has one carrier at a time.
pub(super) fn name(claim: &str) -> String {
    let digest = Sha256::digest(claim);
    format!("coracle-carrier-{}", hex::encode(&digest[..DIGEST]))
}

/// Where pods that use the claim are: the node, and what is tolerated there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Beside {
    pub(super) node: String,
    pub(super) tolerations: Value,
}

/// The pod, as it is sent.
pub(super) fn pod(opening: &Opening, user: User, beside: Option<&Beside>) -> Value {
    let reads = opening.access == Access::Read;
    let seconds = opening.deadline.as_secs().max(1);
    let mut capabilities = json!({"drop": ["ALL"]});
    let mut security = json!({
        "runAsNonRoot": true, "runAsUser": USER, "runAsGroup": GROUP, "fsGroup": GROUP,
        "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"},
    });
    if user == User::Root {
        capabilities["add"] = json!(["CHOWN", "DAC_OVERRIDE", "FOWNER"]);
        security = json!({"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}});
    }
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name(&opening.claim),
            "namespace": opening.namespace,
            "labels": {
                "app.kubernetes.io/managed-by": "coracle",
                "coracle.dev/role": "carrier",
                "sidecar.istio.io/inject": "false",
            },
            "annotations": {"coracle.dev/claim": opening.claim, "sidecar.istio.io/inject": "false"},
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": seconds,
            // The program that holds the pod open heeds no signal.
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "securityContext": security,
            "containers": [{
                "name": CONTAINER,
                "image": opening.image,
                "command": [PROGRAM, "hold", "--seconds", seconds.to_string()],
                "resources": {
                    "requests": {"cpu": "50m", "memory": "64Mi"},
                    "limits": {"cpu": "1", "memory": "256Mi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": capabilities,
                },
                "volumeMounts": [{"name": "data", "mountPath": DATA, "readOnly": reads}],
            }],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": opening.claim, "readOnly": reads}}],
        },
    });
    if let Some(filling) = &opening.filling {
        let own = pod["spec"]["containers"][0].clone();
        let mut first = own;
        first["name"] = json!("filling");
        first["command"] = json!([PROGRAM]);
        first["args"] = json!(filling.words);
        first["env"] = filling.env.clone();
        first["volumeMounts"] = json!([{"name": "data", "mountPath": DATA}]);
        pod["spec"]["initContainers"] = json!([first]);
        pod["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    }
    if let Some(beside) = beside {
        pod["spec"]["affinity"] = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchFields": [
                {"key": "metadata.name", "operator": "In", "values": [beside.node]}]}]}}});
        if beside.tolerations.is_array() {
            pod["spec"]["tolerations"] = beside.tolerations.clone();
        }
    }
    pod
}

/// The place of a pod that uses the claim, of those of its namespace. A volume that one node at a time may have is there.
pub(super) fn beside(pods: &[Value], claim: &str) -> Option<Beside> {
    let uses = |pod: &&Value| {
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        let ended = matches!(
            pod["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        );
        let mut claims = volumes.map(|volume| &volume["persistentVolumeClaim"]["claimName"]);
        !ended && pod["spec"]["nodeName"].is_string() && claims.any(|name| name == claim)
    };
    let pod = pods.iter().find(uses)?;
    Some(Beside {
        node: pod["spec"]["nodeName"].as_str()?.to_owned(),
        tolerations: pod["spec"]["tolerations"].clone(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn opening() -> Opening {
        Opening {
            namespace: "n".to_owned(),
            claim: "c".repeat(200),
            filling: None,
            image: "i:1".to_owned(),
            access: Access::Read,
            deadline: Duration::from_secs(60),
            within: Duration::from_secs(60),
        }
    }

    #[test]
    fn a_claim_that_is_only_read_cannot_be_written_and_long_names_are_short() {
        let pod = pod(&opening(), User::Restricted, None);
        assert!(pod["metadata"]["name"].as_str().unwrap().len() <= 63);
        let spec = &pod["spec"];
        assert_eq!(
            spec["volumes"][0]["persistentVolumeClaim"]["readOnly"],
            true
        );
        assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
        assert_eq!(spec["activeDeadlineSeconds"], 60);
    }

    #[test]
    fn what_fills_a_volume_writes_it_and_who_reads_it_cannot() {
        let filling = super::super::open::Filling {
            words: vec!["gather".to_owned()],
            env: json!([{"name": "KEY"}]),
        };
        let opening = Opening {
            filling: Some(filling),
            ..opening()
        };
        let spec = pod(&opening, User::Restricted, None)["spec"].clone();
        assert_eq!(spec["volumes"], json!([{"name": "data", "emptyDir": {}}]));
        let (first, main) = (&spec["initContainers"][0], &spec["containers"][0]);
        assert_eq!(
            (&first["args"][0], &first["env"][0]["name"]),
            (&json!("gather"), &json!("KEY"))
        );
        assert_eq!(first["volumeMounts"][0]["readOnly"], Value::Null);
        assert_eq!(main["volumeMounts"][0]["readOnly"], true);
        assert_eq!(main["env"], Value::Null, "the key stays with what needs it");
        assert_eq!(first["securityContext"], main["securityContext"]);
    }

    #[test]
    fn the_pod_goes_where_the_claim_is_in_use() {
        let using = |node: Value, phase: &str| {
            json!({"spec": {"nodeName": node, "tolerations": [{"key": "gpu"}],
                "volumes": [{"emptyDir": {}}, {"persistentVolumeClaim": {"claimName": "c"}}]}, "status": {"phase": phase}})
        };
        let waits = using(Value::Null, "Pending");
        let ended = using(json!("a"), "Succeeded");
        assert_eq!(beside(&[waits.clone(), ended.clone()], "c"), None);
        let found = beside(&[waits, ended, using(json!("b"), "Running")], "c").unwrap();
        assert_eq!(found.node, "b");
        let pod = pod(&opening(), User::Root, Some(&found));
        assert_eq!(pod["spec"]["tolerations"][0]["key"], "gpu");
    }
}
