//! What is exported is what kubectl takes.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use coracle_cluster::files::{Secrets, lay_out, write};
use coracle_cluster::objects::DeployOptions;
use serde_json::json;

use crate::bench::{bench, kubeconfig, told};

#[expect(
    clippy::disallowed_methods,
    reason = "kubectl is what is asked here, and it ends by itself"
)]
fn kubectl(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new("kubectl").args(arguments).output()
}

#[tokio::test]
async fn kubectl_applies_the_folder_as_it_is_and_nothing_is_left_to_send() {
    let bench = bench!("kustomize");
    // DEL and NEL are left out: kustomize writes them as they are, and then refuses the one and loses the other.
    let data = json!({
        "word": "yes", "number": "1e3", "octal": "0o17", "old-octal": "017", "time": "12:30:45", "date": "2001-01-01",
        "nothing": "null", "tilde": "~", "empty": "", "script": "set -e\n\necho \"hi\"\n", "tail": "a\n\n", "spaces": " a \n b ",
        "letters": "ä 日本 🚀 \u{2028}", "sign": "=", "merge": "<<", "colon": "a: b # c",
    });
    let mut objects = vec![bench.config_map("a", &data)];
    objects[0]["metadata"]["namespace"] = bench.namespace.as_str().into();
    let directory = tempfile::tempdir().unwrap();
    let layout = lay_out(&objects, &BTreeSet::new(), Secrets::LeftOut).unwrap();
    write(directory.path(), &layout).unwrap();

    let folder = directory.path().to_str().unwrap();
    let config = kubeconfig().unwrap();
    let applied = match kubectl(&[
        "--kubeconfig",
        &config,
        "apply",
        "--server-side",
        "-k",
        folder,
    ]) {
        Ok(applied) => applied,
        Err(error) => {
            eprintln!("skipped: kubectl does not run: {error}");
            bench.end().await;
            return;
        }
    };
    assert!(
        applied.status.success(),
        "{}",
        String::from_utf8_lossy(&applied.stderr)
    );
    assert_eq!(bench.get("configmaps/a").await.unwrap()["data"], data);

    let cluster = bench.cluster();
    let deployed = bench
        .deployment(&cluster)
        .apply(&objects, DeployOptions::default())
        .await
        .unwrap();
    assert_eq!(told(&deployed), ["ConfigMap/a unchanged"]);
    bench.end().await;
}
