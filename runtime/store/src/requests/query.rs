//! Reading the log.

use std::time::Duration;

use coracle_model::Timestamp;
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::exchange::{Exchange, ExchangeFilter, KeptExchange, Message};

/// How much is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Select {
    pub(super) bodies: bool,
    pub(super) most: usize,
}

const HEAD: &str = "number, id, namespace, server, revision, at, took, method, path, code,
    request_headers, request_size, answer_headers, answer_size,
    request IS NOT NULL AND answer IS NOT NULL";

/// Exchanges of a model server, newest first.
pub(super) fn list(
    connection: &Connection,
    namespace: &str,
    server: &str,
    filter: &ExchangeFilter,
    select: Select,
) -> rusqlite::Result<Vec<KeptExchange>> {
    let mut conditions = vec!["namespace = ?", "server = ?"];
    let mut values: Vec<Value> = vec![namespace.to_owned().into(), server.to_owned().into()];
    let mut fit = |condition: &'static str, value: Option<Value>| {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    };
    let micros = |took: Duration| i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
    fit("number < ?", filter.before.map(Value::from));
    fit("number > ?", filter.after.map(Value::from));
    fit("revision = ?", filter.revision.clone().map(Value::from));
    fit(
        "code >= ?",
        filter.least_code.map(|code| i64::from(code).into()),
    );
    fit(
        "code <= ?",
        filter.most_code.map(|code| i64::from(code).into()),
    );
    fit(
        "took >= ?",
        filter.least_took.map(|took| micros(took).into()),
    );
    fit(
        "at >= ?",
        filter.since.map(|since| since.as_microsecond().into()),
    );
    // Bodies come last: what does not fit otherwise is not read.
    fit(
        "instr(lower(id || ' ' || path || ' ' || coalesce(CAST(request AS TEXT), '') || ' '
            || coalesce(CAST(answer AS TEXT), '')), lower(?)) > 0",
        filter.text.clone().map(Value::from),
    );
    values.push(i64::try_from(select.most).unwrap_or(i64::MAX).into());
    let bodies = if select.bodies {
        ", request, answer"
    } else {
        ", NULL, NULL"
    };
    let query = format!(
        "SELECT {HEAD}{bodies} FROM exchanges WHERE {} ORDER BY number DESC LIMIT ?",
        conditions.join(" AND ")
    );
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    rows.collect()
}

/// One exchange of a model server.
pub(super) fn get(
    connection: &Connection,
    namespace: &str,
    server: &str,
    number: i64,
) -> rusqlite::Result<Option<KeptExchange>> {
    let query = format!(
        "SELECT {HEAD}, request, answer FROM exchanges WHERE number = ?1 AND namespace = ?2 AND server = ?3"
    );
    connection
        .prepare_cached(&query)?
        .query_row(params![number, namespace, server], read)
        .optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptExchange> {
    let headers = |column: usize| -> rusqlite::Result<Vec<(String, String)>> {
        serde_json::from_str(&row.get::<_, String>(column)?).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
        })
    };
    let count = |column: usize| row.get::<_, i64>(column).map(i64::unsigned_abs);
    let at = Timestamp::from_microsecond(row.get(5)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(5, Type::Integer, error.into())
    })?;
    let exchange = Exchange {
        id: row.get(1)?,
        namespace: row.get(2)?,
        server: row.get(3)?,
        revision: row.get(4)?,
        at,
        took: Duration::from_micros(count(6)?),
        method: row.get(7)?,
        path: row.get(8)?,
        code: row.get(9)?,
        request: Message {
            headers: headers(10)?,
            size: count(11)?,
            body: row.get(15)?,
        },
        answer: Message {
            headers: headers(12)?,
            size: count(13)?,
            body: row.get(16)?,
        },
    };
    Ok(KeptExchange {
        number: row.get(0)?,
        exchange,
        is_whole: row.get(14)?,
    })
}
