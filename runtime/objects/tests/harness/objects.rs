//! Bodies, metadata, patches and applies.

use coracle_model::Timestamp;
use coracle_objects::apply::{self, Force, Manager};
use coracle_objects::decode::{self, Body, Decoded, FieldValidation};
use coracle_objects::meta::{self, NewObject};
use coracle_objects::patch::{Patch, PatchKind};
use coracle_objects::{FieldError, Object, ObjectExt as _, Status};
use serde_json::{Value, json};

use super::{Case, missing, object_type, refusal, resources};

fn validation(case: &Case, options: &str) -> Result<FieldValidation, Status> {
    FieldValidation::parse(case.given("validation"), options)
}

fn new_object() -> NewObject<'static> {
    NewObject {
        namespace: "recorded",
        uid: "uid",
        now: Timestamp::UNIX_EPOCH,
        random: [0; 5],
    }
}

/// A refusal for faults of fields, when there are any.
fn faults(errors: &[FieldError], kind: &str, name: &str) -> Result<(), Status> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(
        resources::of(kind).group,
        kind,
        name,
        errors,
    ))
}

fn made(case: &Case) -> Result<Decoded, Status> {
    let kind = case.text("kind");
    let bytes = case.bytes();
    let body = Body {
        content_type: case.given("content").or(Some("application/json")),
        bytes: &bytes,
    };
    let validation = validation(case, "CreateOptions")?;
    let mut decoded = decode::object(body, object_type(kind), validation)?;
    decoded.warnings.extend(meta::warnings(&decoded.object));
    meta::prepare_for_create(&mut decoded.object, &new_object())?;
    if !resources::of(kind).built_in {
        decoded
            .object
            .metadata_mut()
            .insert("generation".to_owned(), 1.into());
    }
    let object = &decoded.object;
    let errors = [
        meta::validate(object, resources::of(kind)),
        decode::validate(object, object_type(kind)),
    ];
    faults(&errors.concat(), kind, object.name())?;
    Ok(decoded)
}

pub(super) fn create(case: &Case) -> Vec<String> {
    match (made(case), case.status()) {
        (Err(status), _) => refusal(case, &status),
        (Ok(decoded), 201) => {
            let mut found = warnings(case, &decoded);
            found.extend(accepted(case, decoded.object));
            found
        }
        // What a built-in kind's own rules refuse is not read otherwise.
        (Ok(_), 422) if case.text("kind") != "Gadget" && !is_about_metadata(case) => Vec::new(),
        (Ok(_), status) => vec![format!(
            "recorded {status} {}, here accepted",
            case.answer()["message"]
        )],
    }
}

fn is_about_metadata(case: &Case) -> bool {
    let causes = case.answer()["details"]["causes"].as_array();
    let fields = causes
        .into_iter()
        .flatten()
        .map(|cause| cause["field"].as_str().unwrap_or_default());
    fields
        .into_iter()
        .any(|field| field.starts_with("metadata"))
}

fn warnings(case: &Case, decoded: &Decoded) -> Vec<String> {
    let have = json!(decoded.warnings);
    let want = case.warnings();
    // Deprecations are the kind's own.
    let of_yaml = want.to_string().contains("yaml: ");
    let own = |warning: &Value| !warning.as_str().unwrap_or_default().contains("field \"");
    let only_own =
        want.as_array().is_some_and(|all| all.iter().all(own)) && decoded.warnings.is_empty();
    if have == want || of_yaml || only_own {
        Vec::new()
    } else {
        vec![format!("warnings: recorded {want}, here {have}")]
    }
}

fn accepted(case: &Case, mut object: Object) -> Vec<String> {
    let metadata = object.metadata_mut();
    for field in [
        "uid",
        "creationTimestamp",
        "managedFields",
        "resourceVersion",
        "generation",
    ] {
        metadata.remove(field);
    }
    let mut found = Vec::new();
    // What stands in `stringData` is put into `data`, by the kind.
    if object.remove("stringData").is_some() {
        object.remove("data");
    }
    missing(&Value::Object(object), case.answer(), "", &mut found);
    found
}

pub(super) fn metadata(case: &Case) -> Vec<String> {
    create(case)
}

fn replaced(case: &Case) -> Result<Object, Status> {
    let kind = case.text("kind");
    let resource = resources::of(kind);
    let old = case
        .object("before")
        .expect("an update has a stored object");
    let bytes = case.bytes();
    let body = Body {
        content_type: Some("application/json"),
        bytes: &bytes,
    };
    let mut new = decode::object(body, object_type(kind), FieldValidation::Warn)?.object;
    meta::check_path(&new, "recorded", "u")?;
    meta::check_replaced(&new, &old, resource)?;
    meta::prepare_for_update(&mut new, &old, "u")?;
    let errors = meta::validate_update(&new, &old, resource);
    faults(&errors, kind, "u")?;
    let manager = Manager {
        name: "hand",
        subresource: "",
        reset_fields: resets(kind),
        now: Timestamp::UNIX_EPOCH,
    };
    apply::track_update(Some(&old), &mut new, object_type(kind), &manager);
    Ok(new)
}

pub(super) fn replace(case: &Case) -> Vec<String> {
    match (replaced(case), case.status()) {
        (Err(status), _) => refusal(case, &status),
        (Ok(new), 200) => {
            let mut found = accepted(case, new.clone());
            found.extend(managers(case, &new));
            found
        }
        (Ok(_), status) => vec![format!(
            "recorded {status} {}, here accepted",
            case.answer()["message"]
        )],
    }
}

fn resets(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "Gadget" => &[&["status"]],
        _ => &[],
    }
}

fn patched(case: &Case, bytes: &[u8]) -> Result<Decoded, Status> {
    let kind = case.text("kind");
    let old = case.object("before").expect("a patch has a stored object");
    let validation = validation(case, "PatchOptions")?;
    let content_type = case.given("content");
    let patch_kind = PatchKind::of(content_type, object_type(kind))?;
    let body = Body {
        content_type,
        bytes,
    };
    let patch = Patch::read(body, patch_kind)?;
    let mut decoded = patch.apply(&old, object_type(kind), validation)?;
    let new = &mut decoded.object;
    meta::check_path(new, "recorded", "p")?;
    meta::check_version(new, &old, resources::of(kind))?;
    meta::prepare_for_update(new, &old, "p")?;
    let errors = [
        meta::validate_update(new, &old, resources::of(kind)),
        decode::validate_update(new, &old, object_type(kind)),
    ];
    faults(&errors.concat(), kind, "p")?;
    let manager = Manager {
        name: "hand",
        subresource: "",
        reset_fields: resets(kind),
        now: Timestamp::UNIX_EPOCH,
    };
    apply::track_update(Some(&old), new, object_type(kind), &manager);
    Ok(decoded)
}

pub(super) fn patch(case: &Case) -> Vec<String> {
    let mut bytes = case.bytes();
    if bytes.is_empty() && case.fields["body"].is_null() {
        let operation = r#"{"op":"add","path":"/data/n0","value":"1"},"#;
        let operations = case.fields["operations"].as_u64().unwrap_or_default();
        let all = operation.repeat(usize::try_from(operations).unwrap_or_default());
        bytes = format!("[{}]", all.trim_end_matches(',')).into_bytes();
    }
    match (patched(case, &bytes), case.status()) {
        (Err(status), _) => refusal(case, &status),
        (Ok(decoded), 200) => {
            let mut found = warnings(case, &decoded);
            let new = decoded.object;
            found.extend(accepted(case, new.clone()));
            // Defaults that the kind fills in again are no part of this.
            if case.text("kind") != "PodTemplate" {
                found.extend(managers(case, &new));
            }
            found
        }
        (Ok(_), 422) if case.text("kind") == "PodTemplate" => Vec::new(),
        (Ok(_), status) => vec![format!(
            "recorded {status} {}, here accepted",
            case.answer()["message"]
        )],
    }
}

/// The managers without times, for which nobody waits.
fn told(object: &Value) -> Value {
    let entries = object["metadata"]["managedFields"].as_array().cloned();
    let entries = entries.unwrap_or_default().into_iter().map(|mut entry| {
        let timed = entry
            .as_object_mut()
            .and_then(|entry| entry.remove("time"))
            .is_some();
        json!([entry, timed])
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(ToString::to_string);
    entries.into()
}

fn managers(case: &Case, object: &Object) -> Vec<String> {
    let (have, want) = (told(&Value::Object(object.clone())), told(case.answer()));
    if have == want {
        return Vec::new();
    }
    vec![format!("managers: recorded {want}\n        here {have}")]
}

/// The object of a write, with the fields that the kind fills in as they were recorded.
fn managed(case: &Case) -> Result<Object, Status> {
    let kind = case.text("kind");
    let object_type = object_type(kind);
    let before = case.object("before");
    let manager = Manager {
        name: case.text("manager"),
        subresource: "",
        reset_fields: resets(kind),
        now: Timestamp::UNIX_EPOCH,
    };
    let bytes = case.bytes();
    let body = |content_type| Body {
        content_type: Some(content_type),
        bytes: &bytes,
    };
    let how = case.text("how");
    if let "apply" | "force" = how {
        let force = if how == "force" {
            Force::Yes
        } else {
            Force::No
        };
        let read = apply::configuration(
            body("application/apply-patch+yaml"),
            object_type,
            FieldValidation::Warn,
        )?;
        let mut new = apply::apply(before.as_ref(), &read.object, object_type, &manager, force)?;
        if let Some(before) = &before {
            meta::prepare_for_update(&mut new, before, before.name())?;
        }
        let old = before.unwrap_or_default();
        let errors = decode::validate_update(&new, &old, object_type);
        faults(&errors, kind, new.name())?;
        return Ok(new);
    }
    // The recorded object stands for what the body and the kind's defaults make.
    let mut new = case.answer().as_object().cloned().unwrap_or_default();
    let brought = match how {
        "POST" | "PUT" => {
            decode::object(body("application/json"), object_type, FieldValidation::Warn)?.object
        }
        content_type => {
            let kind = PatchKind::of(Some(content_type), object_type)?;
            let patch = Patch::read(body(content_type), kind)?;
            let old = before.clone().unwrap_or_default();
            patch
                .apply(&old, object_type, FieldValidation::Warn)?
                .object
        }
    };
    let metadata = new.metadata_mut();
    match brought.at(&["metadata", "managedFields"]) {
        Some(entries) => metadata.insert("managedFields".to_owned(), entries.clone()),
        None => metadata.remove("managedFields"),
    };
    apply::track_update(before.as_ref(), &mut new, object_type, &manager);
    Ok(new)
}

pub(super) fn manage(case: &Case) -> Vec<String> {
    match (managed(case), case.status()) {
        (Err(status), _) => refusal(case, &status),
        (Ok(new), 200 | 201) => {
            let mut found = managers(case, &new);
            found.extend(accepted(case, new));
            found
        }
        (Ok(_), 422) => Vec::new(),
        (Ok(_), status) => vec![format!(
            "recorded {status} {}, here accepted",
            case.answer()["message"]
        )],
    }
}
