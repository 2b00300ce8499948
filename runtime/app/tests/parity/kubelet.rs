//! What a kubelet has a container be, by the manifest alone, and what Docker was told: both in the same words.

use std::collections::BTreeMap;

use coracle_host::Workload;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// What the manifest refers to, and who its pod is.
pub(crate) struct Surroundings<'a> {
    /// The data of the config map and of the Secret.
    pub(crate) settings: &'a BTreeMap<String, String>,
    pub(crate) keys: &'a BTreeMap<String, String>,
    /// The pod's own metadata.
    pub(crate) metadata: &'a Value,
}

/// A container as its manifest has it.
pub(crate) fn by_manifest(pod: &Value, container: &Value, around: &Surroundings<'_>) -> Value {
    let environment = environment(container, around);
    let filled = |field: &str| -> Vec<Value> {
        let words = container[field].as_array().into_iter().flatten();
        words
            .map(|word| expanded(text(word), &environment).into())
            .collect()
    };
    let (of_pod, own) = (&pod["securityContext"], &container["securityContext"]);
    let of_either = |field: &str| own.get(field).or(of_pod.get(field)).and_then(Value::as_u64);
    let user = of_either("runAsUser").map(|user| match of_either("runAsGroup") {
        Some(group) => format!("{user}:{group}"),
        None => user.to_string(),
    });
    let mut groups: Vec<u64> = of_pod["supplementalGroups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .collect();
    groups.extend(of_pod["fsGroup"].as_u64());
    groups.sort_unstable();
    groups.dedup();
    let amount = |list: &str, name: &str| {
        container["resources"][list]
            .get(name)
            .map(|amount| thousandths(text(amount)))
    };
    let memory = amount("limits", "memory").map(|memory| memory / 1000);
    let cpu = amount("requests", "cpu").or(amount("limits", "cpu"));
    json!({
        "image": format!("sha256:{}", hex::encode(Sha256::digest(text(&container["image"])))),
        "command": filled("command"),
        "args": filled("args"),
        "environment": environment,
        "directory": text(&container["workingDir"]),
        "user": user,
        "groups": groups.iter().map(u64::to_string).collect::<Vec<_>>(),
        "read-only root": own["readOnlyRootFilesystem"] == true,
        "privileged": own["privileged"] == true,
        "no new privileges": own["allowPrivilegeEscalation"] == false,
        "added capabilities": own["capabilities"].get("add").cloned().unwrap_or(json!([])),
        "dropped capabilities": own["capabilities"].get("drop").cloned().unwrap_or(json!([])),
        "input": [container["stdin"] == true, container["stdinOnce"] == true, container["tty"] == true],
        "memory": memory,
        "memory with swap": memory,
        "thousandths of a cpu": amount("limits", "cpu"),
        "weight": cpu.map(|cpu| (cpu * 1024 / 1000).max(2)),
        "mounts": mounts(pod, container),
        "restarted by Docker": false,
    })
}

/// The same as Docker was told it. Variables that the manifest does not speak of are left out where anybody may add them.
pub(crate) fn by_docker(
    body: &Value,
    workload: &Workload,
    is_added: impl Fn(&str) -> bool,
) -> Value {
    let host = &body["HostConfig"];
    let list = |value: &Value| -> Value {
        if value.is_null() {
            json!([])
        } else {
            value.clone()
        }
    };
    let variables = body["Env"].as_array().into_iter().flatten();
    let environment: BTreeMap<_, _> = variables
        .filter_map(|variable| text(variable).split_once('='))
        .filter(|(name, _)| !is_added(name))
        .collect();
    let cpu = host["CpuQuota"]
        .as_i64()
        .map(|quota| quota * 1000 / host["CpuPeriod"].as_i64().unwrap());
    let options = list(&host["SecurityOpt"]);
    let mounts = host["Mounts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|mount| {
            assert_eq!(mount["Type"] == "tmpfs", mount["Source"].is_null());
            let size = mount["TmpfsOptions"]["SizeBytes"].clone();
            (
                text(&mount["Target"]).to_owned(),
                json!([mount["ReadOnly"], mount["Type"], size]),
            )
        });
    assert_eq!(
        host["NetworkMode"],
        format!("container:{}", workload.sandbox.as_ref().unwrap())
    );
    json!({
        "image": body["Image"],
        "command": list(&body["Entrypoint"]),
        "args": list(&body["Cmd"]),
        "environment": environment,
        "directory": text(&body["WorkingDir"]),
        "user": body["User"],
        "groups": list(&host["GroupAdd"]),
        "read-only root": host["ReadonlyRootfs"],
        "privileged": host["Privileged"],
        "no new privileges": options.as_array().unwrap().contains(&json!("no-new-privileges")),
        "added capabilities": list(&host["CapAdd"]),
        "dropped capabilities": list(&host["CapDrop"]),
        "input": [body["OpenStdin"], body["StdinOnce"], body["Tty"]],
        "memory": host["Memory"],
        "memory with swap": host["MemorySwap"],
        "thousandths of a cpu": cpu,
        "weight": host["CpuShares"],
        "mounts": mounts.collect::<BTreeMap<_, _>>(),
        "restarted by Docker": !host["RestartPolicy"].is_null(),
    })
}

/// Each mount by its path: whether it cannot be written to, what kind it is, and how large at most.
fn mounts(pod: &Value, container: &Value) -> BTreeMap<String, Value> {
    let list = container["volumeMounts"].as_array().into_iter().flatten();
    let mut mounts: BTreeMap<_, _> = list
        .map(|mount| {
            let volume = volume(pod, text(&mount["name"]));
            // What several share lies on the disk here: docs/kubernetes-api.md.
            let memory =
                volume["emptyDir"]["medium"] == "Memory" && is_mounted_once(pod, &mount["name"]);
            let size = volume["emptyDir"]
                .get("sizeLimit")
                .map(|size| thousandths(text(size)) / 1000);
            // Volumes of objects' content cannot be written to, whatever the mount says.
            let is_content = ["configMap", "secret", "downwardAPI", "projected"]
                .iter()
                .any(|kind| volume.get(*kind).is_some());
            let fixed = is_content || volume["persistentVolumeClaim"]["readOnly"] == true;
            let read_only = fixed || mount["readOnly"] == true;
            let told = json!([
                read_only,
                if memory { "tmpfs" } else { "bind" },
                size.filter(|_| memory)
            ]);
            (text(&mount["mountPath"]).to_owned(), told)
        })
        .collect();
    let message = container.get("terminationMessagePath").map(text);
    mounts.insert(
        message.unwrap_or("/dev/termination-log").to_owned(),
        json!([false, "bind", null]),
    );
    // The account's token, which every API server has mounted.
    mounts.insert(
        "/var/run/secrets/kubernetes.io/serviceaccount".to_owned(),
        json!([true, "bind", null]),
    );
    mounts
}

/// The files of each volume that are mounted, without the part that a mount asks for: the same for all who mount it.
pub(crate) fn roots(container: &Value, workload: &Workload) -> Vec<(String, String)> {
    let list = container["volumeMounts"].as_array().into_iter().flatten();
    list.filter_map(|mount| {
        let target = text(&mount["mountPath"]);
        let mounted = workload
            .mounts
            .iter()
            .find(|mount| mount.target == target)
            .unwrap();
        let coracle_host::MountSource::Host(path) = &mounted.source else {
            return None;
        };
        let path = path.display().to_string();
        let root = match mount.get("subPath").map(text) {
            Some(part) => path
                .strip_suffix(&format!("/{part}"))
                .unwrap_or_else(|| panic!("{path} is not {part}"))
                .to_owned(),
            None => path,
        };
        Some((text(&mount["name"]).to_owned(), root))
    })
    .collect()
}

fn is_mounted_once(pod: &Value, volume: &Value) -> bool {
    let lists = ["initContainers", "containers"]
        .into_iter()
        .filter_map(|list| pod[list].as_array());
    let mounts = lists
        .flatten()
        .filter_map(|container| container["volumeMounts"].as_array())
        .flatten();
    mounts.filter(|mount| &mount["name"] == volume).count() == 1
}

fn volume<'a>(pod: &'a Value, name: &str) -> &'a Value {
    let volumes = pod["volumes"].as_array().unwrap();
    volumes
        .iter()
        .find(|volume| volume["name"] == name)
        .unwrap()
}

fn environment(container: &Value, around: &Surroundings<'_>) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for source in container["envFrom"].as_array().into_iter().flatten() {
        let prefix = text(&source["prefix"]);
        let data = match (source.get("configMapRef"), source.get("secretRef")) {
            (Some(_), _) => around.settings,
            (_, Some(secret)) if secret["name"] == crate::objects::SECRET => around.keys,
            _ => continue,
        };
        environment.extend(
            data.iter()
                .map(|(key, value)| (format!("{prefix}{key}"), value.clone())),
        );
    }
    for variable in container["env"].as_array().into_iter().flatten() {
        let from = &variable["valueFrom"];
        let of_key = |field: &str, data: &BTreeMap<String, String>| {
            from.get(field)
                .map(|key| data.get(text(&key["key"])).cloned())
        };
        let of_field = || {
            from.get("fieldRef")
                .map(|field| Some(field_of(around.metadata, text(&field["fieldPath"]))))
        };
        let value = of_key("configMapKeyRef", around.settings)
            .or_else(|| of_key("secretKeyRef", around.keys))
            .or_else(of_field)
            .unwrap_or_else(|| Some(expanded(text(&variable["value"]), &environment)));
        if let Some(value) = value {
            environment.insert(text(&variable["name"]).to_owned(), value);
        }
    }
    environment
}

/// `metadata.labels['tier']`.
fn field_of(metadata: &Value, path: &str) -> String {
    let path = path.strip_prefix("metadata.").unwrap();
    let (map, key) = path.split_once("['").unwrap();
    text(&metadata[map][key.strip_suffix("']").unwrap()]).to_owned()
}

/// `$(NAME)` where there is such a variable; `$$` for a dollar.
fn expanded(written: &str, variables: &BTreeMap<String, String>) -> String {
    let mut filled = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        rest = if let Some(after) = after.strip_prefix('$') {
            filled.push('$');
            after
        } else if let Some((name, after)) = after
            .strip_prefix('(')
            .and_then(|after| after.split_once(')'))
        {
            match variables.get(name) {
                Some(value) => filled.push_str(value),
                None => filled.push_str(&format!("$({name})")),
            }
            after
        } else {
            filled.push('$');
            after
        };
    }
    filled + rest
}

/// An amount in thousandths.
fn thousandths(amount: &str) -> u64 {
    let units: [(&str, u64); 8] = [
        ("Ki", 1000 << 10),
        ("Mi", 1000 << 20),
        ("Gi", 1000 << 30),
        ("k", 1_000_000),
        ("M", 1_000_000_000),
        ("G", 1_000_000_000_000),
        ("m", 1),
        ("", 1000),
    ];
    let (number, unit) = units
        .iter()
        .find_map(|(suffix, unit)| Some((amount.strip_suffix(suffix)?, *unit)))
        .unwrap();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part: u64 = format!("{part:0<3}").parse().unwrap();
    whole.parse::<u64>().unwrap() * unit + part * unit / 1000
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn texts(map: &Value) -> BTreeMap<String, String> {
    let empty = Map::new();
    let map = map.as_object().unwrap_or(&empty);
    map.iter()
        .map(|(name, value)| (name.clone(), text(value).to_owned()))
        .collect()
}
