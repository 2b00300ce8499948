//! Bringing a database to the form that this version reads and writes.
//!
//! Each table brings its own migrations. They are applied in the order of their dates, once, all in one
//! transaction, and their names are kept in the file. A migration only adds: what an older version wrote
//! stays where it is. Whether an older version may open the file afterwards is said by each migration; the
//! ones that it may not open raise the file's format, which stands in SQLite's `user_version` so that it can
//! be read before anything else.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::table;

/// One step from an older form of a table to a newer one.
pub(crate) struct Migration {
    /// When it was written, as `2026-08-01`; the order of migrations.
    pub(crate) date: &'static str,
    /// What it does, unique among all.
    pub(crate) name: &'static str,
    /// Columns to add to tables that are there already.
    pub(crate) columns: &'static [Column],
    /// Statements that do no harm when they are run again.
    pub(crate) sql: &'static str,
    /// What versions that do not know it may do.
    pub(crate) older: Older,
}

/// A column that a table did not have from the start.
pub(crate) struct Column {
    /// The table.
    pub(crate) table: &'static str,
    /// The column.
    pub(crate) name: &'static str,
    /// Its type, and what stands in it in rows that are there already.
    pub(crate) definition: &'static str,
}

impl Column {
    /// Adds the column when the table lacks it.
    fn add(&self, connection: &Connection) -> rusqlite::Result<()> {
        if connection.column_exists(None, self.table, self.name)? {
            return Ok(());
        }
        let Self {
            table,
            name,
            definition,
        } = self;
        connection.execute_batch(&format!(
            "ALTER TABLE {table} ADD COLUMN {name} {definition}"
        ))
    }
}

impl Migration {
    fn apply(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.columns
            .iter()
            .try_for_each(|column| column.add(connection))?;
        connection.execute_batch(self.sql)
    }
}

/// Whether a version that does not know a migration may open a file that has it.
pub(crate) enum Older {
    /// It may: it reads and writes correctly without knowing.
    MayOpen,
    /// It may not: the file has this format from then on.
    MayNot(Format),
}

/// The format of a database: a number that grows when older versions could no longer use the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Format(pub i64);

impl Format {
    /// The newest format that this version reads and writes.
    pub const KNOWN: Self = Self(4);
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The format of a database; 0 for one that is still empty.
pub(crate) fn format_of(connection: &Connection) -> rusqlite::Result<Format> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map(Format)
}

/// The migrations that a database lacks, oldest first.
pub(crate) fn pending(connection: &Connection) -> rusqlite::Result<Vec<&'static Migration>> {
    let recorded = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'",
            [],
            |_| Ok(()),
        )
        .optional()?;
    let applied: Vec<String> = match recorded {
        Some(()) => connection
            .prepare("SELECT name FROM migrations")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?,
        None => Vec::new(),
    };
    let mut missing: Vec<&Migration> = table::migrations().collect();
    missing.retain(|migration| !applied.iter().any(|name| name == migration.name));
    missing.sort_by_key(|migration| migration.date);
    Ok(missing)
}

/// Applies the migrations that a database lacks. One that lacks none is not written to.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    if pending(connection)?.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, date TEXT NOT NULL) STRICT",
    )?;
    let mut format = format_of(&transaction)?;
    for migration in pending(&transaction)? {
        migration.apply(&transaction)?;
        transaction.execute(
            "INSERT INTO migrations (name, date) VALUES (?1, ?2)",
            [migration.name, migration.date],
        )?;
        format = match migration.older {
            Older::MayOpen => format,
            Older::MayNot(raised) => format.max(raised),
        };
    }
    transaction.pragma_update(None, "user_version", format.0)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(connection: &Connection) -> Vec<(String, String)> {
        let mut statement = connection
            .prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name")
            .unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn names_are_unique_and_formats_known() {
        let mut names: Vec<&str> = table::migrations()
            .map(|migration| migration.name)
            .collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for migration in table::migrations() {
            assert_eq!(
                migration.date.len(),
                "2026-08-01".len(),
                "{}",
                migration.name
            );
            assert!(
                matches!(
                    migration.older,
                    Older::MayOpen | Older::MayNot(Format(1..=4))
                ),
                "{}",
                migration.name
            );
        }
    }

    #[test]
    fn migrating_again_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let first = schema(&connection);
        assert_eq!(format_of(&connection).unwrap(), Format::KNOWN);
        migrate(&mut connection).unwrap();
        assert_eq!(schema(&connection), first);
        for migration in table::migrations() {
            migration.apply(&connection).unwrap();
        }
        assert_eq!(schema(&connection), first);
    }

    #[test]
    fn migrations_cut_short_leave_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        // A view where a table is to be: the statement that makes its index fails, after other tables were made.
        connection
            .execute_batch("CREATE VIEW runs AS SELECT 1 AS state")
            .unwrap();
        migrate(&mut connection).unwrap_err();
        assert_eq!(schema(&connection).len(), 1);
        assert_eq!(format_of(&connection).unwrap(), Format(0));
        connection.execute_batch("DROP VIEW runs").unwrap();
        migrate(&mut connection).unwrap();
    }
}
