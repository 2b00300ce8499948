//! Queries of lists: pages, and the ids that items have to fit.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use coracle_app::view::{LineageEdgeKind, LinkPlace, LinkQuery};
use coracle_model::{ArtifactId, RunId, TaskPath};

use crate::body::Asked;
use crate::error::Refusal;
use crate::task_id::read_task_id;

/// What one page holds when nobody says how much.
const USUAL_PAGE: usize = 20;

/// The most that one page holds.
const LARGEST_PAGE: usize = 200;

/// The names and values of a query, in which a name may come several times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Asked(fields) = Asked::from_request_parts(parts, state).await?;
        Ok(Self(fields))
    }
}

impl Fields {
    /// Takes only these names, and those that every list has; `sort_by` and the like only without a value.
    ///
    /// # Errors
    /// A name that is not among them, and an order or filter.
    pub(super) fn only(&self, names: &[&str]) -> Result<(), Refusal> {
        for (name, value) in &self.0 {
            match name.as_str() {
                "namespace" | "page_size" | "page_token" => {}
                "sort_by" | "order_by" | "filter" if value.is_empty() => {}
                name if names.contains(&name) => {}
                name => {
                    return Err(Refusal::request(
                        format!("`{name}` is not read here"),
                        format!("use `page_size`, `page_token` and {names:?} alone"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// How many items a page is to have.
    ///
    /// # Errors
    /// Something that is no number.
    pub(super) fn page_size(&self) -> Result<usize, Refusal> {
        let Some(text) = self.one("page_size") else {
            return Ok(USUAL_PAGE);
        };
        match text.parse() {
            Ok(0) => Ok(USUAL_PAGE),
            Ok(size) => Ok(LARGEST_PAGE.min(size)),
            Err(_) => Err(Refusal::request(
                format!("`{text}` is no `page_size`"),
                format!("give a number up to {LARGEST_PAGE}"),
            )),
        }
    }

    /// Where the page begins, as the page before said.
    ///
    /// # Errors
    /// A token that no page has given.
    pub(super) fn page_token<T>(
        &self,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        self.one("page_token")
            .map(|text| given(text, &read))
            .transpose()
    }

    /// The value of a name that is given once.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.many(name).next()
    }

    /// The links that are asked for.
    ///
    /// # Errors
    /// An id, type or token that cannot be read.
    pub(super) fn links(&self) -> Result<LinkQuery, Refusal> {
        self.only(&["task_ids", "run_ids", "artifact_ids", "type"])?;
        let runs: Result<_, _> = self.many("run_ids").map(run).collect();
        let tasks: Result<_, _> = self.many("task_ids").map(task).collect();
        let artifacts: Result<_, _> = self.many("artifact_ids").map(artifact).collect();
        Ok(LinkQuery {
            runs: runs?,
            tasks: tasks?,
            artifacts: artifacts?,
            kind: self.one("type").map(kind).transpose()?,
            from: self.page_token(read_place)?,
            limit: self.page_size()?,
        })
    }

    fn many(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// The number of an artifact.
pub(super) fn artifact(text: &str) -> Result<ArtifactId, Refusal> {
    given(text, &|text| text.parse().ok().map(ArtifactId))
}

/// The run and path of a task.
pub(super) fn task(text: &str) -> Result<(RunId, TaskPath), Refusal> {
    given(text, &read_task_id)
}

/// A place in a list of links, as text.
pub(super) fn write_place(place: LinkPlace) -> String {
    format!("{}.{}", place.run, place.offset)
}

fn read_place(text: &str) -> Option<LinkPlace> {
    let (run, offset) = text.split_once('.')?;
    Some(LinkPlace {
        run: run.parse().ok()?,
        offset: offset.parse().ok()?,
    })
}

fn run(text: &str) -> Result<RunId, Refusal> {
    given(text, &|text| text.parse().ok())
}

fn kind(text: &str) -> Result<LineageEdgeKind, Refusal> {
    given(text, &|text| match text {
        "INPUT" | "0" => Some(LineageEdgeKind::Input),
        "OUTPUT" | "1" => Some(LineageEdgeKind::Output),
        _ => None,
    })
}

fn given<T>(text: &str, read: &impl Fn(&str) -> Option<T>) -> Result<T, Refusal> {
    read(text).ok_or_else(|| {
        Refusal::request(
            format!("`{text}` is none of this workbench's ids, tokens or types"),
            "use them as an earlier answer gave them",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Fields(pairs.iter().map(owned).collect())
    }

    #[test]
    fn pages_are_bounded() {
        let size = |text: &str| fields(&[("page_size", text)]).page_size().ok();
        assert_eq!(fields(&[]).page_size().ok(), Some(USUAL_PAGE));
        assert_eq!((size("0"), size("7")), (Some(USUAL_PAGE), Some(7)));
        assert_eq!((size("9999"), size("-1")), (Some(LARGEST_PAGE), None));
    }

    #[test]
    fn ids_may_come_several_times() {
        let query = fields(&[
            ("artifact_ids", "1"),
            ("artifact_ids", "2"),
            ("type", "OUTPUT"),
        ]);
        let query = query.links().unwrap();
        assert_eq!(query.artifacts, [ArtifactId(1), ArtifactId(2)]);
        assert_eq!(query.kind, Some(LineageEdgeKind::Output));
        for wrong in [
            ("artifact_ids", "x"),
            ("type", "BOTH"),
            ("page_token", "9"),
            ("filter", "{}"),
            ("nonsense", ""),
        ] {
            assert!(fields(&[wrong]).links().is_err(), "{wrong:?}");
        }
        assert!(
            fields(&[("sort_by", ""), ("namespace", "kubeflow")])
                .links()
                .is_ok()
        );
    }

    #[test]
    fn places_read_back() {
        let place = LinkPlace {
            run: RunId::random(),
            offset: 7,
        };
        assert_eq!(read_place(&write_place(place)), Some(place));
    }
}
