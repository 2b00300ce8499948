//! Secrets and config maps as steps see them: variables, files, and `$(NAME)` in texts.

use std::collections::BTreeMap;
use std::path::Path;

use coracle_apiserver::ApiServer;
use coracle_model::{Failure, FailureCode, SecretVariable};
use coracle_plan::{PIPELINES_NAMESPACE, PlannedVariable};

use crate::entries;

/// The variables of a step, those from the store looked up and references to earlier ones filled in.
pub(crate) fn environment(
    api: &ApiServer,
    variables: &[PlannedVariable],
) -> Result<BTreeMap<String, String>, Failure> {
    let mut environment = BTreeMap::new();
    for variable in variables {
        match variable {
            PlannedVariable::Literal { name, value } => {
                let value = expand(value, &environment);
                environment.insert(name.clone(), value);
            }
            PlannedVariable::Own { name, value } => {
                environment.insert(name.clone(), value.clone());
            }
            PlannedVariable::Stored(stored) => {
                if let Some(value) = look_up(api, stored)? {
                    environment.insert(stored.variable.clone(), value);
                }
            }
        }
    }
    Ok(environment)
}

fn look_up(api: &ApiServer, stored: &SecretVariable) -> Result<Option<String>, Failure> {
    let Some(data) = read(api, stored.secret, &stored.name, stored.optional)? else {
        return Ok(None);
    };
    match data.get(&stored.key) {
        Some(value) => Ok(Some(String::from_utf8_lossy(value).into_owned())),
        None if stored.optional => Ok(None),
        None => {
            let why = format!("has no key `{}`", stored.key);
            Err(missing(stored.secret, &stored.name, &why))
        }
    }
}

/// Writes a secret or config map as files, one a key. False when it is missing and may be.
pub(crate) fn write_files(
    api: &ApiServer,
    secret: bool,
    name: &str,
    optional: bool,
    target: &Path,
) -> Result<bool, Failure> {
    let Some(data) = read(api, secret, name, optional)? else {
        return Ok(false);
    };
    let write = || {
        fs_err::create_dir_all(target)?;
        data.iter()
            .try_for_each(|(key, value)| fs_err::write(target.join(key), value))
    };
    write()
        .map(|()| true)
        .map_err(|error: std::io::Error| Failure::new(FailureCode::Internal, error.to_string()))
}

fn read(
    api: &ApiServer,
    secret: bool,
    name: &str,
    optional: bool,
) -> Result<Option<BTreeMap<String, Vec<u8>>>, Failure> {
    let found = if secret {
        entries::secret(api, PIPELINES_NAMESPACE, name)
    } else {
        entries::config_map(api, PIPELINES_NAMESPACE, name)
    };
    match found {
        Some(entries) => Ok(Some(
            entries.data.into_iter().chain(entries.binary).collect(),
        )),
        None if optional => Ok(None),
        None => Err(missing(secret, name, "is not there")),
    }
}

fn missing(secret: bool, name: &str, why: &str) -> Failure {
    let word = if secret { "secret" } else { "config-map" };
    let failure = Failure::new(
        FailureCode::MissingResource,
        format!("{word} `{name}` {why}"),
    );
    failure.with_hint(format!(
        "make it with `coracle {word} set {name} KEY=VALUE`"
    ))
}

/// Fills in `$(NAME)` as Kubernetes does: a name that is set is replaced, any other stays, and `$$(NAME)` stands for
/// `$(NAME)`.
pub(crate) fn expand(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("$(") {
        let Some(length) = rest[start + 2..].find(')') else {
            break;
        };
        let (name, after) = (&rest[start + 2..start + 2 + length], start + 3 + length);
        let escaped = rest[..start].ends_with('$');
        match environment.get(name) {
            Some(value) if !escaped => {
                expanded.push_str(&rest[..start]);
                expanded.push_str(value);
            }
            Some(_) => {
                expanded.push_str(&rest[..start - 1]);
                expanded.push_str(&rest[start..after]);
            }
            None => {
                // Only the opening is passed over: a name that is set may stand inside what looked like one.
                expanded.push_str(&rest[..start + 2]);
                rest = &rest[start + 2..];
                continue;
            }
        }
        rest = &rest[after..];
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use coracle_apiserver::Place;
    use coracle_model::Timestamp;
    use coracle_objects::kind;
    use coracle_store::{Objects, Store};
    use serde_json::{Value, json};

    use super::*;

    /// The API with a secret and a config map in the namespace of pipelines, and a secret in another.
    fn api() -> ApiServer {
        let objects = Objects::open(Store::open_in_memory().unwrap()).unwrap();
        let api = ApiServer::new(objects, Arc::new(|| Timestamp::UNIX_EPOCH), "test");
        let make = |resource, namespace, body: Value| {
            let place = Place::of(resource, namespace, "");
            let object = body.as_object().unwrap();
            api.create_object(&place, object, "test").unwrap();
        };
        for namespace in ["default", "other"] {
            let body = json!({ "metadata": { "name": namespace } });
            make(kind::namespaces(), "", body);
        }
        let secret =
            |name: &str| json!({ "metadata": { "name": name }, "data": { "word": "aHVzaA==" } });
        make(kind::secrets(), "default", secret("hush"));
        make(kind::secrets(), "other", secret("elsewhere"));
        let settings = json!({
            "metadata": { "name": "settings" },
            "data": { "colour": "red" },
            "binaryData": { "raw": "AP8=" },
        });
        make(kind::config_maps(), "default", settings);
        api
    }

    fn variable(secret: bool, name: &str, key: &str, optional: bool) -> PlannedVariable {
        PlannedVariable::Stored(SecretVariable {
            variable: "WORD".to_owned(),
            secret,
            name: name.to_owned(),
            key: key.to_owned(),
            optional,
        })
    }

    #[test]
    fn variables_come_from_objects_and_later_ones_refer_to_them() {
        let refers = PlannedVariable::Literal {
            name: "SAYS".to_owned(),
            value: "say $(WORD)".to_owned(),
        };
        let seen =
            |variable| environment(&api(), &[variable, refers.clone()]).unwrap()["SAYS"].clone();
        assert_eq!(seen(variable(true, "hush", "word", false)), "say hush");
        assert_eq!(
            seen(variable(false, "settings", "colour", false)),
            "say red"
        );
        assert_eq!(seen(variable(true, "hush", "absent", true)), "say $(WORD)");
        assert_eq!(seen(variable(true, "absent", "word", true)), "say $(WORD)");
    }

    #[test]
    fn what_is_missing_is_named_and_how_to_make_it() {
        let refused = |secret, name: &str, key: &str| {
            let failure = environment(&api(), &[variable(secret, name, key, false)]).unwrap_err();
            assert_eq!(failure.code, FailureCode::MissingResource);
            (failure.message, failure.hint.unwrap())
        };
        let (message, hint) = refused(true, "elsewhere", "word");
        assert_eq!(message, "secret `elsewhere` is not there");
        assert_eq!(
            hint,
            "make it with `coracle secret set elsewhere KEY=VALUE`"
        );
        let (message, _) = refused(false, "settings", "size");
        assert_eq!(message, "config-map `settings` has no key `size`");
    }

    #[test]
    fn files_are_the_keys_of_an_object() {
        let root = tempfile::tempdir().unwrap();
        let written = |secret, name: &str, optional| {
            write_files(&api(), secret, name, optional, &root.path().join(name))
        };
        assert_eq!(written(false, "settings", false), Ok(true));
        let read = |key: &str| fs_err::read(root.path().join("settings").join(key)).unwrap();
        assert_eq!(
            (read("colour"), read("raw")),
            (b"red".to_vec(), vec![0, 255])
        );
        assert_eq!(written(true, "settings", true), Ok(false));
        assert!(written(true, "settings", false).is_err());
    }

    #[test]
    fn references_are_filled_in_as_kubernetes_does() {
        let environment = BTreeMap::from([("USER_NAME".to_owned(), "ada".to_owned())]);
        let check = |text: &str, expected: &str| assert_eq!(expand(text, &environment), expected);
        check("hello $(USER_NAME)!", "hello ada!");
        check("$(MISSING) $(USER_NAME)", "$(MISSING) ada");
        check("$$(USER_NAME)", "$(USER_NAME)");
        check("$(ls $(USER_NAME))", "$(ls ada)");
        check("costs 5$ $(", "costs 5$ $(");
    }
}
