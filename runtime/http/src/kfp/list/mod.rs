//! What is asked of a list: filter, order and page, checked in the order in which KFP's server checks them.

mod filter;
mod token;

use axum::response::{IntoResponse, Response};
use coracle_model::{ListPlace, ListQuery, Page, Predicate, Sort};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fault::Fault;
use super::query::Query;
use super::write::Message;
pub(super) use filter::Unfit;
use token::Token;

/// A list that can be asked for.
pub(super) struct List {
    /// What is listed, as messages name it: `Experiment`.
    pub(super) noun: &'static str,
    /// The name of the list in answers: `experiments`.
    pub(super) key: &'static str,
    /// The fields by which it is sorted and filtered.
    pub(super) fields: &'static [&'static str],
    /// Whether it is filtered by tags, too.
    pub(super) tagged: bool,
}

/// A page as it is written.
struct Listed<M> {
    key: &'static str,
    items: Vec<M>,
    total_size: u64,
    next_page_token: String,
}

impl<M: Serialize> Serialize for Listed<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.items.is_empty() {
            map.serialize_entry(self.key, &self.items)?;
        }
        if self.total_size > 0 {
            map.serialize_entry("total_size", &self.total_size)?;
        }
        if !self.next_page_token.is_empty() {
            map.serialize_entry("next_page_token", &self.next_page_token)?;
        }
        map.end()
    }
}

/// What was asked, as it was given.
pub(super) struct Asked {
    page_token: String,
    page_size: i64,
    sort_by: String,
    filter: String,
}

/// The items of a page that nobody said the size of.
const USUAL_PAGE: usize = 20;

/// The items of the largest page.
const LARGEST_PAGE: usize = 200;

/// The order that nobody asked for.
const USUAL_ORDER: &str = "created_at";

impl Asked {
    pub(super) fn read(query: &Query) -> Result<Self, Fault> {
        Ok(Self {
            page_token: query.text("page_token")?,
            page_size: query.int32("page_size")?,
            sort_by: query.text("sort_by")?,
            filter: query.text("filter")?,
        })
    }

    /// All of it in one line, as some messages begin.
    pub(super) fn shown(&self) -> String {
        let Self {
            page_token,
            page_size,
            sort_by,
            filter,
        } = self;
        format!(
            "pageToken: {page_token}, pageSize: {page_size}, sortBy: {sort_by}, filter: {filter}"
        )
    }
}

impl List {
    /// The query for what is asked.
    fn query(&self, asked: &Asked) -> Result<ListQuery, Unfit> {
        let (sort, predicates, after) = if asked.page_token.is_empty() {
            let predicates = filter::read(&asked.filter, self.tagged)?;
            page_size(asked)?;
            let sort = self.sort(&asked.sort_by)?;
            self.check_keys(&predicates)?;
            (sort, predicates, None)
        } else {
            page_size(asked)?;
            self.continued(asked)?
        };
        Ok(ListQuery {
            predicates,
            sort,
            after,
            limit: page_size(asked)?,
        })
    }

    /// Answers what is asked: `unfit` puts a mistake in it into the words of this list, and `ask` gets the page.
    pub(super) async fn answer<T, M: From<T> + Serialize>(
        &self,
        asked: &Asked,
        unfit: impl FnOnce(Unfit) -> Fault,
        ask: impl AsyncFnOnce(ListQuery) -> Result<Page<T>, Fault>,
    ) -> Result<Response, Fault> {
        let query = self.query(asked).map_err(unfit)?;
        let page = ask(query.clone()).await?;
        let next_page_token = self.next_token(query, &page);
        let items = page.items.into_iter().map(M::from).collect();
        Ok(Message(Listed {
            key: self.key,
            items,
            total_size: page.total,
            next_page_token,
        })
        .into_response())
    }

    /// The token of the page after one; empty when there is none.
    fn next_token<T>(&self, query: ListQuery, page: &Page<T>) -> String {
        let token = page.next.clone().map(|after| Token {
            list: self.noun.to_owned(),
            sort: query.sort,
            predicates: query.predicates,
            after: Some(after),
        });
        token.map(|token| token.write()).unwrap_or_default()
    }

    fn continued(&self, asked: &Asked) -> Result<(Sort, Vec<Predicate>, Option<ListPlace>), Unfit> {
        let Some(token) = Token::read(&asked.page_token)? else {
            let sort = self.sort(&asked.sort_by)?;
            return Ok((sort, filter::read(&asked.filter, self.tagged)?, None));
        };
        if token.list != self.noun {
            let (of, noun) = (&token.list, self.noun);
            let cause = format!("it continues a list of {of}, not of {noun}");
            return Err(Fault::invalid_because("Invalid page token", cause).into());
        }
        if !asked.sort_by.is_empty() || !asked.filter.is_empty() {
            let predicates = filter::read(&asked.filter, self.tagged)?;
            let sort = self.sort(&asked.sort_by)?;
            self.check_keys(&predicates)?;
            if predicates != token.predicates || sort != token.sort {
                return Err(Fault::invalid(
                    "page token does not match the supplied sort by and/or filtering criteria. Either specify the \
                     same criteria or leave the latter empty if page token is specified",
                )
                .into());
            }
        }
        Ok((token.sort, token.predicates, token.after))
    }

    fn sort(&self, sort_by: &str) -> Result<Sort, Fault> {
        let lower = sort_by.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let (field, descending) = match words.as_slice() {
            [] => (USUAL_ORDER, false),
            [field] | [field, "asc"] => (*field, false),
            [field, "desc"] => (*field, true),
            [..] => {
                return Err(Fault::invalid(format!(
                    "Received invalid sort by format {sort_by:?}. Supported format: \"field_name\", \
                     \"field_name desc\", or \"field_name asc\""
                )));
            }
        };
        if !self.fields.contains(&field) {
            let noun = self.noun;
            return Err(Fault::invalid(format!(
                "Invalid sorting field: {field:?} on listable type {noun}"
            )));
        }
        Ok(Sort {
            field: field.to_owned(),
            descending,
        })
    }

    fn check_keys(&self, predicates: &[Predicate]) -> Result<(), Fault> {
        let known = |field: &str| {
            self.fields.contains(&field) || (self.tagged && field.starts_with(filter::TAGS))
        };
        match predicates.iter().find(|predicate| !known(&predicate.field)) {
            Some(predicate) => Err(Fault::invalid(format!(
                "no support for filtering on unrecognized field {:?}",
                predicate.field
            ))),
            None => Ok(()),
        }
    }
}

fn page_size(asked: &Asked) -> Result<usize, Fault> {
    match usize::try_from(asked.page_size) {
        Ok(0) => Ok(USUAL_PAGE),
        Ok(size) => Ok(size.min(LARGEST_PAGE)),
        Err(_) => {
            let size = asked.page_size;
            Err(Fault::invalid(format!(
                "The page size should be greater than 0. Got {size}"
            )))
        }
    }
}
