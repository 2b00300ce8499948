//! How the words of the workbench stand in columns: times as microseconds, states as KFP's words, and
//! what has structure as JSON with a version.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Row, Statement};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version of the JSON in columns. Version 1 of a value is the model's own serde form; the tests below
/// hold its look. A change in a form that older text does not read as needs a version 2 and a conversion.
const JSON_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    value: T,
}

/// A time as it is stored: whole microseconds since 1970, UTC.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A time as it reads back after having been stored.
pub(crate) fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond())
        .expect("what a time has in microseconds is a time again")
}

/// A structured value as the text of a column.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(&Versioned {
        version: JSON_VERSION,
        value,
    })
    .expect("the model's types hold only what JSON can say, with texts as keys")
}

/// Reads columns into the model's types, with the column's name in the error.
pub(crate) trait Columns {
    /// A time.
    fn time(&self, column: &str) -> rusqlite::Result<Timestamp>;
    /// A time or none.
    fn maybe_time(&self, column: &str) -> rusqlite::Result<Option<Timestamp>>;
    /// A word or id.
    fn word<T: FromStr<Err: Display>>(&self, column: &str) -> rusqlite::Result<T>;
    /// A word or id, or none.
    fn maybe_word<T: FromStr<Err: Display>>(&self, column: &str) -> rusqlite::Result<Option<T>>;
    /// Text that any of the model's text ids takes.
    fn text<T: From<String>>(&self, column: &str) -> rusqlite::Result<T>;
    /// Such text or none.
    fn maybe_text<T: From<String>>(&self, column: &str) -> rusqlite::Result<Option<T>>;
    /// JSON.
    fn json<T: DeserializeOwned>(&self, column: &str) -> rusqlite::Result<T>;
    /// JSON or none.
    fn maybe_json<T: DeserializeOwned>(&self, column: &str) -> rusqlite::Result<Option<T>>;
}

impl Columns for Row<'_> {
    fn time(&self, column: &str) -> rusqlite::Result<Timestamp> {
        Timestamp::from_microsecond(self.get(column)?)
            .map_err(|error| unreadable(self, column, error))
    }

    fn maybe_time(&self, column: &str) -> rusqlite::Result<Option<Timestamp>> {
        let micros: Option<i64> = self.get(column)?;
        micros.map(|_| self.time(column)).transpose()
    }

    fn word<T: FromStr<Err: Display>>(&self, column: &str) -> rusqlite::Result<T> {
        let text: String = self.get(column)?;
        text.parse()
            .map_err(|error: T::Err| unreadable(self, column, error.to_string()))
    }

    fn maybe_word<T: FromStr<Err: Display>>(&self, column: &str) -> rusqlite::Result<Option<T>> {
        let text: Option<String> = self.get(column)?;
        text.map(|_| self.word(column)).transpose()
    }

    fn text<T: From<String>>(&self, column: &str) -> rusqlite::Result<T> {
        self.get::<_, String>(column).map(T::from)
    }

    fn maybe_text<T: From<String>>(&self, column: &str) -> rusqlite::Result<Option<T>> {
        Ok(self.get::<_, Option<String>>(column)?.map(T::from))
    }

    fn json<T: DeserializeOwned>(&self, column: &str) -> rusqlite::Result<T> {
        let text = self.get_ref(column)?.as_str()?;
        let versioned: Versioned<T> =
            serde_json::from_str(text).map_err(|error| unreadable(self, column, error))?;
        if versioned.version != JSON_VERSION {
            let problem = format!(
                "version {} of the JSON in it is not known",
                versioned.version
            );
            return Err(unreadable(self, column, problem));
        }
        Ok(versioned.value)
    }

    fn maybe_json<T: DeserializeOwned>(&self, column: &str) -> rusqlite::Result<Option<T>> {
        let text: Option<&str> = self.get_ref(column)?.as_str_or_null()?;
        text.map(|_| self.json(column)).transpose()
    }
}

fn unreadable(
    row: &Row<'_>,
    column: &str,
    problem: impl Into<Box<dyn Error + Send + Sync>>,
) -> rusqlite::Error {
    let statement: &Statement<'_> = row.as_ref();
    let index = statement.column_index(column).unwrap_or_default();
    let problem = format!("column `{column}`: {}", problem.into());
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, problem.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use coracle_model::{Artifact, ArtifactId, ArtifactType, Failure, FailureCode, Outputs, Value};
    use proptest::prelude::*;
    use rusqlite::Connection;
    use std::collections::BTreeMap;

    fn through_sqlite<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
        let connection = Connection::open_in_memory().unwrap();
        connection.query_row("SELECT ?1 AS it", [text], |row| row.json("it"))
    }

    /// Files of the first version have this text in them; it has to read as the same values for ever.
    #[test]
    fn version_one_reads_back() {
        let text = r#"{"version":1,"value":{"parameters":{"n":3,"s":"x"},"artifacts":{"model":[{
            "id":7,"name":"model","artifact_type":{"schemaTitle":"system.Model","schemaVersion":"0.0.1"},
            "uri":"minio://b/k","metadata":{"accuracy":0.5}}]}}}"#;
        let model = Artifact {
            id: Some(ArtifactId(7)),
            name: "model".to_owned(),
            artifact_type: ArtifactType {
                schema_title: "system.Model".to_owned(),
                schema_version: "0.0.1".to_owned(),
                instance_schema: String::new(),
            },
            uri: "minio://b/k".into(),
            metadata: BTreeMap::from([("accuracy".to_owned(), Value::Number(0.5))]),
            custom_path: None,
            sha256: None,
        };
        let expected = Outputs {
            parameters: BTreeMap::from([
                ("n".to_owned(), Value::Number(3.0)),
                ("s".to_owned(), "x".into()),
            ]),
            artifacts: BTreeMap::from([("model".to_owned(), vec![model])]),
        };
        assert_eq!(through_sqlite::<Outputs>(text).unwrap(), expected);
        assert_eq!(
            through_sqlite::<Outputs>(&json(&expected)).unwrap(),
            expected
        );
        let failure =
            r#"{"version":1,"value":{"code":"out_of_memory","message":"`train` used 2 GiB"}}"#;
        let expected = Failure::new(FailureCode::OutOfMemory, "`train` used 2 GiB");
        assert_eq!(through_sqlite::<Failure>(failure).unwrap(), expected);
    }

    #[test]
    fn another_version_is_told_with_its_column() {
        let error = through_sqlite::<Value>(r#"{"version":2,"value":1}"#)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`it`") && error.contains("version 2"),
            "{error}"
        );
        assert!(through_sqlite::<Value>("{}").is_err());
    }

    proptest! {
        #[test]
        fn numbers_and_texts_are_kept_exactly(number in any::<f64>().prop_filter("finite", |it| it.is_finite()), text in ".*") {
            let value: Value = [Value::Number(number), Value::String(text)].into_iter().collect();
            prop_assert_eq!(through_sqlite::<Value>(&json(&value)).unwrap(), value);
        }

        #[test]
        fn times_are_kept_to_the_microsecond(second in -10_000_000_000i64..100_000_000_000, nanosecond in 0i32..1_000_000_000) {
            let at = Timestamp::new(second, nanosecond).unwrap();
            let back = whole_micros(at);
            prop_assert_eq!(whole_micros(back), back);
            prop_assert!((at.as_nanosecond() - back.as_nanosecond()).abs() < 1000);
        }
    }
}
