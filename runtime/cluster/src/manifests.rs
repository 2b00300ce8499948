//! The text of a file of objects, as `kubectl apply -f` takes it.

use serde_json::Value;

/// Why a text holds no objects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is neither YAML nor JSON.
    #[error("{0}")]
    Text(String),
    /// A document is something else than an object.
    #[error("document {0} is no object")]
    NotAnObject(usize),
}

/// The objects of a text: one a document, those of a `List` one by one. Empty documents are passed over.
///
/// # Errors
/// A text that cannot be read, and a document that is no object.
pub fn read(text: &str) -> Result<Vec<Value>, ManifestError> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| {
        // What follows shows the lines, and in them there may be a secret.
        let message = error.to_string();
        ManifestError::Text(message.lines().next().unwrap_or_default().to_owned())
    })?;
    let mut objects = Vec::new();
    for (number, document) in documents.into_iter().enumerate() {
        match document {
            Value::Null => {}
            Value::Object(mut fields) => {
                let is_list = fields
                    .get("kind")
                    .and_then(Value::as_str)
                    .is_some_and(|kind| kind.ends_with("List"));
                match fields.remove("items") {
                    Some(Value::Array(items)) if is_list => objects.extend(items),
                    Some(items) => {
                        fields.insert("items".to_owned(), items);
                        objects.push(Value::Object(fields));
                    }
                    None => objects.push(Value::Object(fields)),
                }
            }
            _ => return Err(ManifestError::NotAnObject(number + 1)),
        }
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Result<Vec<String>, ManifestError> {
        let kind = |object: Value| object["kind"].as_str().unwrap_or_default().to_owned();
        Ok(read(text)?.into_iter().map(kind).collect())
    }

    #[test]
    fn documents_and_lists_are_taken_apart() {
        let text = "---\nkind: A\n---\n\n---\nkind: List\nitems: [{kind: B}, {kind: C}]\n";
        assert_eq!(kinds(text).unwrap(), ["A", "B", "C"]);
        assert_eq!(kinds(r#"{"kind": "A", "items": [1]}"#).unwrap(), ["A"]);
        assert_eq!(kinds("").unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_object_is_refused_without_its_lines() {
        assert_eq!(
            kinds("kind: A\n---\njust words\n"),
            Err(ManifestError::NotAnObject(2))
        );
        let Err(ManifestError::Text(message)) = kinds("password: [secret\n") else {
            panic!("it is no YAML");
        };
        assert!(!message.contains("secret"), "{message}");
    }
}
