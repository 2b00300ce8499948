//! The images that objects name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::leaves::{Step, children, pattern};
use super::rules::names_image;

/// The images that objects name, as they name them.
pub fn images(objects: &[Value]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for object in objects {
        let kind = object["kind"].as_str().unwrap_or_default();
        gather(kind, &mut Vec::new(), object, &mut found);
    }
    found
}

fn gather(kind: &str, path: &mut Vec<Step>, value: &Value, found: &mut BTreeSet<String>) {
    if let Value::String(text) = value
        && names_image(kind, &pattern(path))
    {
        found.insert(text.clone());
    }
    for (step, child) in children(value) {
        path.push(step);
        gather(kind, path, child, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn images_are_those_that_pods_are_made_of() {
        let pod = json!({"kind": "Pod", "metadata": {"labels": {"image": "no"}}, "spec": {
            "initContainers": [{"image": "b:1"}], "containers": [{"image": "a:1"}, {"image": "a:1"}],
        }});
        let map = json!({"kind": "ConfigMap", "data": {"image": "no"}});
        let found: Vec<_> = images(&[pod, map]).into_iter().collect();
        assert_eq!(found, ["a:1", "b:1"]);
    }
}
