//! The name of the pod of a workflow's node. A workflow's status does not say it; Argo makes it anew from the node each time.

use serde_json::Value;

/// Says how pods of a workflow are named; `v2` where it is left out.
const FORMAT: &str = "workflows.argoproj.io/pod-name-format";

/// How long a name may be before its hash: 253 letters for a Kubernetes name, ten for a hash, one for the line between them.
const LONGEST_BEGINNING: usize = 253 - 10 - 1;

/// The name of a node's pod; none of a node that is not whole.
pub(super) fn pod_name(metadata: &Value, node: &Value) -> Option<String> {
    let workflow = metadata["name"].as_str()?;
    let (id, name) = (node["id"].as_str()?, node["name"].as_str()?);
    let template = node["templateName"].as_str().unwrap_or_default();
    if template.is_empty() || metadata["annotations"][FORMAT] == "v1" {
        return Some(id.to_owned());
    }
    if workflow == name {
        return Some(workflow.to_owned());
    }
    let mut beginning = workflow.to_owned();
    if !name.contains(".inline") {
        beginning.push('-');
        beginning.push_str(template);
    }
    // Names are of ASCII letters.
    beginning.truncate(beginning.floor_char_boundary(LONGEST_BEGINNING));
    Some(format!("{beginning}-{}", fnv1a(name.as_bytes())))
}

/// The hash of Fowler, Noll and Vo, 1a, of 32 bits.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(workflow: &str, annotations: &Value, node: &str, template: &str) -> String {
        let metadata = json!({"name": workflow, "annotations": annotations});
        let node = json!({"id": "w-17", "name": node, "templateName": template});
        pod_name(&metadata, &node).expect("it is whole")
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // From the tables of the hash's authors.
        assert_eq!(fnv1a(b""), 0x811c_9dc5);
        assert_eq!(fnv1a(b"a"), 0xe40c_292c);
        assert_eq!(fnv1a(b"foobar"), 0xbf9c_f968);
    }

    #[test]
    fn a_pod_is_named_by_its_workflow_its_template_and_its_node() {
        let none = json!({});
        let hash = fnv1a(b"w.load");
        assert_eq!(
            named("w", &none, "w.load", "comp"),
            format!("w-comp-{hash}")
        );
        assert_eq!(named("w", &none, "w", "comp"), "w");
        assert_eq!(named("w", &none, "w.load", ""), "w-17");
        assert_eq!(named("w", &json!({FORMAT: "v1"}), "w.load", "comp"), "w-17");
        assert!(named("w", &none, "w.inline", "comp").starts_with("w-"));
        assert!(!named("w", &none, "w.inline", "comp").contains("comp"));
        let long = named("w", &none, "w.load", &"t".repeat(300));
        assert!(
            long.len() <= 253 && long.ends_with(&format!("t-{hash}")),
            "{long}"
        );
    }
}
