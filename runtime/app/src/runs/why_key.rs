//! Which parts of a cache key changed. Pure: two documents in, differences out.

use std::collections::{BTreeMap, BTreeSet};

use coracle_model::Value;
use coracle_plan::CacheKey;

use crate::view::KeyChange;

/// The longest value that is shown as a whole, in characters.
const LONGEST: usize = 200;

/// The parts that are not the same in two cache keys, as they were recorded.
pub(super) fn changes(before: &str, after: &str) -> Vec<KeyChange> {
    let read = |document: &str| serde_json::from_str::<CacheKey>(document).ok();
    match (read(before), read(after)) {
        (Some(before), Some(after)) => compare(&before, &after),
        // A key of another version says nothing that could be told apart.
        (None, _) | (_, None) => vec![changed("the form of the cache key", None, None)],
    }
}

fn compare(before: &CacheKey, after: &CacheKey) -> Vec<KeyChange> {
    let mut found = Vec::new();
    let user = |key: &CacheKey| {
        key.user_key
            .as_ref()
            .map(|(component, key)| format!("{component}: {key}"))
    };
    found.extend(part(
        "the cache key in the definition",
        user(before),
        user(after),
    ));
    found.extend(entries(
        "input parameter",
        &before.input_parameters,
        &after.input_parameters,
        value_text,
    ));
    found.extend(entries(
        "input artifact",
        &before.input_artifacts,
        &after.input_artifacts,
        |ids| ids.join(", "),
    ));
    found.extend(image(before, after));
    found.extend(command(&before.command, &after.command));
    found.extend(entries(
        "output parameter",
        &before.output_parameters,
        &after.output_parameters,
        Clone::clone,
    ));
    found.extend(entries(
        "output artifact",
        &before.output_artifacts,
        &after.output_artifacts,
        |(kind, metadata)| {
            let metadata: Value = metadata.clone().into_iter().collect();
            format!(
                "{}{} {}",
                kind.schema_title,
                kind.instance_schema,
                metadata.to_json()
            )
            .trim()
            .to_owned()
        },
    ));
    found.extend(part(
        "mounted volumes",
        list_text(&before.volumes),
        list_text(&after.volumes),
    ));
    found
}

/// The image by its name, or, where the name stayed, by what it stands for.
fn image(before: &CacheKey, after: &CacheKey) -> Option<KeyChange> {
    if before.image != after.image {
        return Some(changed(
            "image",
            Some(before.image.clone()),
            Some(after.image.clone()),
        ));
    }
    let name = format!("image digest of `{}`", after.image);
    part(
        &name,
        before.image_digest.clone(),
        after.image_digest.clone(),
    )
}

/// The command from the first argument that is not as it was; the code of a lightweight component is one argument,
/// of which the first line that changed is shown.
fn command(before: &[String], after: &[String]) -> Option<KeyChange> {
    let place =
        (0..before.len().max(after.len())).find(|place| before.get(*place) != after.get(*place))?;
    let (old, new) = (before.get(place), after.get(place));
    let (Some(old), Some(new)) = (old, new) else {
        return Some(changed(
            "command",
            old.map(|text| shown(text)),
            new.map(|text| shown(text)),
        ));
    };
    let line = old
        .lines()
        .zip(new.lines())
        .position(|(old, new)| old != new);
    let line = line.unwrap_or_else(|| old.lines().count().min(new.lines().count()));
    let of = |text: &str| text.lines().nth(line).map(shown);
    let several = old.lines().count() > 1 || new.lines().count() > 1;
    let name = if several {
        format!("command, line {} of its code", line + 1)
    } else {
        "command".to_owned()
    };
    Some(changed(&name, of(old), of(new)))
}

fn entries<T: PartialEq>(
    what: &str,
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
    text: impl Fn(&T) -> String,
) -> Vec<KeyChange> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    let show = |value: Option<&T>| value.map(|value| shown(&text(value)));
    differing
        .map(|name| {
            changed(
                &format!("{what} `{name}`"),
                show(before.get(name)),
                show(after.get(name)),
            )
        })
        .collect()
}

fn part(name: &str, before: Option<String>, after: Option<String>) -> Option<KeyChange> {
    (before != after).then(|| changed(name, before, after))
}

fn changed(part: &str, before: Option<String>, after: Option<String>) -> KeyChange {
    KeyChange {
        part: part.to_owned(),
        before,
        after,
    }
}

fn value_text(value: &Value) -> String {
    value.to_json()
}

fn list_text(list: &[String]) -> Option<String> {
    (!list.is_empty()).then(|| list.join(", "))
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        format!("{short}…")
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(json: &str) -> String {
        let key: CacheKey = serde_json::from_str(json).unwrap();
        key.document()
    }

    fn told(before: &str, after: &str) -> Vec<String> {
        let told = changes(&key(before), &key(after)).into_iter();
        told.map(|change| {
            let side = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            format!(
                "{}: {} -> {}",
                change.part,
                side(change.before),
                side(change.after)
            )
        })
        .collect()
    }

    #[test]
    fn parameters_and_artifacts_are_named_one_by_one() {
        let before = r#"{"inputParameters":{"epochs":3,"lr":0.5,"old":"x"},"inputArtifacts":{"data":["4"]}}"#;
        let after = r#"{"inputParameters":{"epochs":5,"lr":0.5,"new":true},"inputArtifacts":{"data":["9"]}}"#;
        assert_eq!(
            told(before, after),
            [
                "input parameter `epochs`: 3 -> 5",
                "input parameter `new`: - -> true",
                "input parameter `old`: \"x\" -> -",
                "input artifact `data`: 4 -> 9",
            ]
        );
    }

    #[test]
    fn an_image_changes_by_name_or_by_digest() {
        let image =
            |name: &str, digest: &str| format!(r#"{{"image":"{name}","imageDigest":"{digest}"}}"#);
        let same_name = told(
            &image("python:3.11", "sha256:1"),
            &image("python:3.11", "sha256:2"),
        );
        assert_eq!(
            same_name,
            ["image digest of `python:3.11`: sha256:1 -> sha256:2"]
        );
        let renamed = told(
            &image("python:3.11", "sha256:1"),
            &image("python:3.12", "sha256:2"),
        );
        assert_eq!(renamed, ["image: python:3.11 -> python:3.12"]);
    }

    #[test]
    fn code_is_compared_line_by_line() {
        let before = r#"{"command":["sh","-c","def f():\n    return 1\n"]}"#;
        let after = r#"{"command":["sh","-c","def f():\n    return 2\n"]}"#;
        assert_eq!(
            told(before, after),
            ["command, line 2 of its code:     return 1 ->     return 2"]
        );
        let longer = r#"{"command":["sh","-c","def f():\n    return 1\n","extra"]}"#;
        assert_eq!(told(before, longer), ["command: - -> extra"]);
        assert_eq!(told(before, before), Vec::<String>::new());
    }
}
