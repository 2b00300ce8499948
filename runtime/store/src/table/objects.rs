//! The objects of the Kubernetes API, each as the JSON it is, and the clock that numbers their changes.

use rusqlite::Row;
use serde_json::{Map, Value};

use crate::database::{Refusal, Writing};
use crate::error::StoreError;
use crate::migration::{Format, Migration, Older};
use crate::objects::{ObjectKey, StoredObject};
use crate::store::Store;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
    date: "2026-11-27",
    name: "objects",
    columns: &[],
    // The clock stands apart: the newest change may be a deletion, of which no row is left.
    sql: "
        CREATE TABLE IF NOT EXISTS objects (
            resource TEXT NOT NULL, -- `notebooks.kubeflow.org`
            namespace TEXT NOT NULL, -- empty for what belongs to none
            name TEXT NOT NULL,
            version INTEGER NOT NULL, -- the clock's time of its last change
            body TEXT NOT NULL, -- JSON as the API answers it
            PRIMARY KEY (resource, namespace, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS object_clock (only INTEGER PRIMARY KEY CHECK (only = 0), version INTEGER NOT NULL) STRICT;
        INSERT INTO object_clock (only, version) VALUES (0, 100) ON CONFLICT DO NOTHING;
    ",
    older: Older::MayNot(Format(4)),
},
    Migration {
        date: "2026-11-28",
        name: "secrets_are_objects",
        columns: &[],
        // What files held is taken over from outside; an older version would look for it there.
        sql: "",
        older: Older::MayNot(Format(5)),
    },
];

impl Store {
    /// Every object, and the time of the clock.
    pub(crate) fn objects(&self) -> Result<(Vec<StoredObject>, u64), StoreError> {
        self.read("read the objects", |reading| {
            let version: i64 =
                reading.query_row("SELECT version FROM object_clock", [], |row| row.get(0))?;
            let mut statement =
                reading.prepare("SELECT resource, namespace, name, version, body FROM objects")?;
            let objects = statement.query_map([], object)?.collect::<Result<_, _>>()?;
            Ok((objects, version.unsigned_abs()))
        })
    }
}

impl Writing<'_> {
    pub(crate) fn put_object(&self, object: &StoredObject) -> Result<(), Refusal> {
        let body = serde_json::to_string(&object.body)
            .expect("a map of JSON values can always be written as JSON");
        self.prepare_cached(
            "INSERT INTO objects (resource, namespace, name, version, body) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body",
        )?
        .execute((
            &object.key.resource,
            &object.key.namespace,
            &object.key.name,
            object.version.cast_signed(),
            body,
        ))?;
        Ok(())
    }

    pub(crate) fn drop_object(&self, key: &ObjectKey) -> Result<(), Refusal> {
        self.prepare_cached(
            "DELETE FROM objects WHERE resource = ?1 AND namespace = ?2 AND name = ?3",
        )?
        .execute((&key.resource, &key.namespace, &key.name))?;
        Ok(())
    }

    pub(crate) fn set_object_clock(&self, version: u64) -> Result<(), Refusal> {
        self.prepare_cached("UPDATE object_clock SET version = ?1")?
            .execute([version.cast_signed()])?;
        Ok(())
    }
}

fn object(row: &Row<'_>) -> rusqlite::Result<StoredObject> {
    let body: String = row.get("body")?;
    let body: Map<String, Value> = serde_json::from_str(&body).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(4, rusqlite::types::Type::Text, error.into())
    })?;
    let version: i64 = row.get("version")?;
    Ok(StoredObject {
        key: ObjectKey {
            resource: row.get("resource")?,
            namespace: row.get("namespace")?,
            name: row.get("name")?,
        },
        version: version.unsigned_abs(),
        body,
    })
}
