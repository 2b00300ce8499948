//! Lists of any table: conditions, order and pages, as one query each.
//!
//! A table says which fields its lists have. Every order ends in the row's number, which is the order in which the
//! rows were made, so a place in a list is never ambiguous and a page never repeats or skips a row. Rows are chosen by
//! their numbers first, so that only those of the page are read whole.

use coracle_model::{
    Comparison, ListPlace, ListQuery, Operand, Page, Predicate, Sort, SortValue, Timestamp,
};
use rusqlite::types::Value as Parameter;
use rusqlite::{Row, params_from_iter};

use crate::database::Reading;
use crate::error::StoreError;
use crate::store::Store;

/// What is known of a table that is listed.
pub(crate) struct Listing {
    /// What is listed, for messages: `Run`.
    pub(crate) noun: &'static str,
    /// The table, whose column `number` is the order in which rows were made.
    pub(crate) table: &'static str,
    /// The columns that are read.
    pub(crate) columns: &'static str,
    /// The column with tags, which are filtered by as `tags.KEY`.
    pub(crate) tags: Option<&'static str>,
    /// The fields by which it is sorted and filtered.
    pub(crate) fields: &'static [Field],
}

/// A field of a list.
pub(crate) struct Field {
    /// As it is asked for.
    pub(crate) name: &'static str,
    /// What stands for it in a query.
    pub(crate) expression: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, in whose order upper and lower case are alike.
    Text,
    /// Microseconds since 1970; what has not happened counts as 0. Compared in whole seconds, as KFP keeps times.
    Time,
}

impl Field {
    pub(crate) const fn text(name: &'static str, expression: &'static str) -> Self {
        Self {
            name,
            expression,
            kind: Kind::Text,
        }
    }

    pub(crate) const fn time(name: &'static str, expression: &'static str) -> Self {
        Self {
            name,
            expression,
            kind: Kind::Time,
        }
    }
}

impl Field {
    /// What stands for it in a comparison.
    fn compared(&self) -> String {
        match self.kind {
            Kind::Text => self.expression.to_owned(),
            Kind::Time => format!("(ifnull({}, 0) / 1000000)", self.expression),
        }
    }
}

/// A query in the making.
struct Query {
    conditions: Vec<String>,
    parameters: Vec<Parameter>,
}

impl Store {
    /// A page of a list.
    ///
    /// # Errors
    /// [`StoreError::NoSuchField`] and [`StoreError::BadComparison`]; when the database cannot be read.
    pub(crate) fn list<T>(
        &self,
        listing: &Listing,
        query: &ListQuery,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Page<T>, StoreError> {
        let sorted = listing.sorted(&query.sort)?;
        let mut asked = Query::new(listing, &query.predicates)?;
        self.read("read a list", |reading| {
            let total = asked.count(reading, listing)?;
            if let Some(place) = &query.after {
                asked.begin_after(sorted, &query.sort, place);
            }
            let mut rows = asked.rows(reading, listing, sorted, query, read)?;
            let more = rows.len() > query.limit;
            rows.truncate(query.limit);
            let next = rows.last().map(|(_, place)| place.clone()).filter(|_| more);
            Ok(Page {
                items: rows.into_iter().map(|(item, _)| item).collect(),
                total,
                next,
            })
        })
    }
}

impl Listing {
    fn sorted(&self, sort: &Sort) -> Result<&Field, StoreError> {
        self.field(&sort.field)
            .ok_or_else(|| StoreError::NoSuchField {
                noun: self.noun,
                field: sort.field.clone(),
                to: "sort by",
            })
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Query {
    fn new(listing: &Listing, predicates: &[Predicate]) -> Result<Self, StoreError> {
        let mut query = Self {
            conditions: vec!["TRUE".to_owned()],
            parameters: Vec::new(),
        };
        for predicate in predicates {
            query.add(listing, predicate)?;
        }
        Ok(query)
    }

    fn add(&mut self, listing: &Listing, predicate: &Predicate) -> Result<(), StoreError> {
        let tag = predicate.field.strip_prefix("tags.").zip(listing.tags);
        let (expression, kind) = match (listing.field(&predicate.field), tag) {
            (Some(field), _) => (field.compared(), field.kind),
            (None, Some((key, column))) => {
                self.parameters.push(key.to_owned().into());
                let values = format!("json_each({column}, '$.value')");
                (
                    format!("(SELECT value FROM {values} WHERE key = ?)"),
                    Kind::Text,
                )
            }
            (None, None) => {
                return Err(StoreError::NoSuchField {
                    noun: listing.noun,
                    field: predicate.field.clone(),
                    to: "filter by",
                });
            }
        };
        let operands = operands(kind, &predicate.operand);
        let condition = condition(predicate.comparison, &expression, operands.as_deref());
        self.conditions
            .push(condition.ok_or_else(|| StoreError::BadComparison {
                field: predicate.field.clone(),
            })?);
        self.parameters.extend(operands.unwrap_or_default());
        Ok(())
    }

    fn count(&self, reading: &Reading<'_>, listing: &Listing) -> rusqlite::Result<u64> {
        let query = format!(
            "SELECT count(*) FROM {} WHERE {}",
            listing.table,
            self.conditions.join(" AND ")
        );
        let count: i64 = reading
            .prepare_cached(&query)?
            .query_row(params_from_iter(&self.parameters), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    fn begin_after(&mut self, sorted: &Field, sort: &Sort, place: &ListPlace) {
        let sign = if sort.descending { '<' } else { '>' };
        self.conditions
            .push(format!("({}, number) {sign} (?, ?)", order(sorted)));
        self.parameters.push(match &place.value {
            SortValue::Text(text) => text.clone().into(),
            SortValue::Integer(number) => (*number).into(),
            SortValue::Real(number) => (*number).into(),
            SortValue::None => Parameter::Null,
        });
        self.parameters.push(place.number.into());
    }

    fn rows<T>(
        &self,
        reading: &Reading<'_>,
        listing: &Listing,
        sorted: &Field,
        query: &ListQuery,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<(T, ListPlace)>> {
        let direction = if query.sort.descending { "DESC" } else { "ASC" };
        let order = order(sorted);
        let limit = i64::try_from(query.limit + 1).unwrap_or(i64::MAX);
        let Listing { columns, table, .. } = listing;
        let conditions = self.conditions.join(" AND ");
        let in_order = format!("ORDER BY {order} {direction}, number {direction}");
        let query = format!(
            "SELECT {columns}, number AS place_number, {order} AS place_value FROM {table} WHERE number IN
            (SELECT number FROM {table} WHERE {conditions} {in_order} LIMIT {limit}) {in_order}"
        );
        let mut statement = reading.prepare_cached(&query)?;
        let rows = statement.query_map(params_from_iter(&self.parameters), |row| {
            let place = ListPlace {
                value: sort_value(row.get("place_value")?),
                number: row.get("place_number")?,
            };
            Ok((read(row)?, place))
        })?;
        rows.collect()
    }
}

fn order(field: &Field) -> String {
    match field.kind {
        Kind::Text => format!("{} COLLATE NOCASE", field.expression),
        Kind::Time => format!("ifnull({}, 0)", field.expression),
    }
}

/// What an item has to fit; none when the two sides cannot be compared like that.
fn condition(
    comparison: Comparison,
    expression: &str,
    operands: Option<&[Parameter]>,
) -> Option<String> {
    let operands = operands?;
    let with = |operator: &str| (operands.len() == 1).then(|| format!("{expression} {operator} ?"));
    match comparison {
        Comparison::Equals => with("="),
        Comparison::NotEquals => with("<>"),
        Comparison::Greater => with(">"),
        Comparison::GreaterOrEqual => with(">="),
        Comparison::Less => with("<"),
        Comparison::LessOrEqual => with("<="),
        Comparison::In => {
            let places = vec!["?"; operands.len()].join(", ");
            Some(format!("{expression} IN ({places})"))
        }
        Comparison::Contains => {
            (operands.len() == 1).then(|| format!("instr(lower({expression}), lower(?)) > 0"))
        }
    }
}

/// What a field is compared with, as [`Field::compared`] gives it; none when the two cannot be compared.
fn operands(kind: Kind, operand: &Operand) -> Option<Vec<Parameter>> {
    let one = |text: &str| match kind {
        Kind::Text => Some(text.to_owned().into()),
        Kind::Time => second(text).map(Into::into),
    };
    let number = |number: &i64| match kind {
        Kind::Text => number.to_string().into(),
        Kind::Time => (*number).into(),
    };
    match operand {
        Operand::Text(text) => Some(vec![one(text)?]),
        Operand::Texts(texts) => texts.iter().map(|text| one(text)).collect(),
        Operand::Integer(value) => Some(vec![number(value)]),
        Operand::Integers(values) => Some(values.iter().map(number).collect()),
        Operand::Time(time) => Some(vec![number(&time.as_second())]),
    }
}

/// The second since 1970 that a text stands for: a time, or the number itself.
fn second(text: &str) -> Option<i64> {
    let time = text.parse().ok().map(|time: Timestamp| time.as_second());
    time.or_else(|| text.parse().ok())
}

fn sort_value(value: Parameter) -> SortValue {
    match value {
        Parameter::Text(text) => SortValue::Text(text),
        Parameter::Integer(number) => SortValue::Integer(number),
        Parameter::Real(number) => SortValue::Real(number),
        Parameter::Null | Parameter::Blob(_) => SortValue::None,
    }
}
