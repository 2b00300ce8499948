//! What steps wrote: of one attempt or of a whole run, all at once or as it is written.
//!
//! ```text
//! query ──► attempts ──► whole: one after another, each from its file ─┐
//!                   └──► live:  all at once, new ones as they begin ───┴─► pieces ──► raw bytes or lines
//!
//! query ──► attempts ──► page: some lines, or those that have a text; places says where they begin
//!
//! cursor ──► at work ──► interleave: lines among the events of the run, each with the next cursor
//! ```

mod at_work;
mod attempts;
mod interleave;
mod live;
mod page;
mod piece;
mod places;
mod search;
mod send;
mod split;
mod whole;

use bytes::Bytes;
use coracle_host::log::Start;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

pub(crate) use interleave::interleaved;
pub(crate) use places::Shelf;

use attempts::Wanted;
use piece::AttemptName;

use crate::error::AppError;
use crate::view::{LogFormat, LogPosition, LogQuery};
use crate::workbench::{Workbench, off_runtime};

impl Workbench {
    /// What the steps of a run wrote, in the form that the query asks for.
    ///
    /// # Errors
    /// When there is no such run, step, attempt or log.
    pub async fn log(
        &self,
        name: String,
        query: LogQuery,
    ) -> Result<BoxStream<'static, Result<Bytes, AppError>>, AppError> {
        let home = self.home().clone();
        let asked = query.clone();
        let mut wanted = self
            .ask_store(move |store| attempts::wanted(store, &home, &name, &asked))
            .await?;
        let begun = match query.from {
            Some(from) if from > 0 => Some(self.pass_over(&mut wanted, &query, from).await?),
            Some(_) | None => None,
        };
        let one = wanted.is_one();
        let pieces = if query.follow && !wanted.over {
            live::pieces(self.clone(), wanted)
        } else {
            whole::pieces(wanted)
        };
        Ok(match query.format {
            LogFormat::Raw if one => send::bytes(pieces).boxed(),
            LogFormat::Raw => send::bytes_with_headers(pieces).boxed(),
            LogFormat::Lines => send::lines(pieces, begun).boxed(),
        })
    }

    /// Has reading begin at a line; what of the log stands before it.
    async fn pass_over(
        &self,
        wanted: &mut Wanted,
        query: &LogQuery,
        from: u64,
    ) -> Result<(AttemptName, LogPosition), AppError> {
        let (LogFormat::Lines, Some(_), None, None, [log]) = (
            query.format,
            query.attempt,
            query.stream,
            query.tail,
            wanted.logs.as_slice(),
        ) else {
            return Err(AppError::request(
                "only the lines of one attempt can be counted",
                "name the step and the attempt, with `format=lines`, and neither `stream` nor `tail`",
            ));
        };
        let (shelf, log) = (self.inner.shelf.clone(), log.clone());
        let name = log.name.clone();
        let position = off_runtime(move || shelf.look(log)?.position(from)).await?;
        wanted.reading.start = Start::Offset(position.start());
        Ok((name, position))
    }
}
