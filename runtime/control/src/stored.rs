//! Secrets and config maps as steps see them: variables, files, and `$(NAME)` in texts.

use std::collections::BTreeMap;
use std::path::Path;

use coracle_model::{Failure, FailureCode, SecretVariable};
use coracle_plan::PlannedVariable;
use coracle_store::{ConfigKind, Configs, Home};

/// The variables of a step, those from the store looked up and references to earlier ones filled in.
pub(crate) fn environment(
    home: &Home,
    variables: &[PlannedVariable],
) -> Result<BTreeMap<String, String>, Failure> {
    let configs = Configs::new(home);
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
                if let Some(value) = look_up(&configs, stored)? {
                    environment.insert(stored.variable.clone(), value);
                }
            }
        }
    }
    Ok(environment)
}

fn look_up(configs: &Configs, stored: &SecretVariable) -> Result<Option<String>, Failure> {
    let Some(data) = read(configs, stored.secret, &stored.name, stored.optional)? else {
        return Ok(None);
    };
    match data.get(&stored.key) {
        Some(value) => Ok(Some(String::from_utf8_lossy(value).into_owned())),
        None if stored.optional => Ok(None),
        None => Err(missing(
            stored.secret,
            &format!("{}` has no key `{}", stored.name, stored.key),
            &stored.name,
        )),
    }
}

/// Writes a secret or config map as files, one a key. False when it is missing and may be.
pub(crate) fn write_files(
    home: &Home,
    secret: bool,
    name: &str,
    optional: bool,
    target: &Path,
) -> Result<bool, Failure> {
    let Some(data) = read(&Configs::new(home), secret, name, optional)? else {
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
    configs: &Configs,
    secret: bool,
    name: &str,
    optional: bool,
) -> Result<Option<BTreeMap<String, Vec<u8>>>, Failure> {
    let kind = if secret {
        ConfigKind::Secret
    } else {
        ConfigKind::ConfigMap
    };
    match configs.get(kind, name) {
        Ok(Some(data)) => Ok(Some(data)),
        Ok(None) if optional => Ok(None),
        Ok(None) => Err(missing(
            secret,
            &format!("{name}` is not in the local store of `{}s", word(secret)),
            name,
        )),
        Err(error) => Err(Failure::new(
            FailureCode::MissingResource,
            error.to_string(),
        )),
    }
}

fn missing(secret: bool, what: &str, name: &str) -> Failure {
    let word = word(secret);
    Failure::new(FailureCode::MissingResource, format!("{word} `{what}`")).with_hint(format!(
        "make it with `coracle {word} set {name} KEY=VALUE`"
    ))
}

fn word(secret: bool) -> &'static str {
    if secret { "secret" } else { "config-map" }
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
    use super::*;

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
