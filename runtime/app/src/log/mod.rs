//! What steps wrote: of one attempt or of a whole run, all at once or as it is written.
//!
//! ```text
//! query ──► attempts ──► whole: one after another, each from its file ─┐
//!                   └──► live:  all at once, new ones as they begin ───┴─► pieces ──► raw bytes or lines
//!
//! cursor ──► at work ──► interleave: lines among the events of the run, each with the next cursor
//! ```

mod at_work;
mod attempts;
mod interleave;
mod live;
mod piece;
mod send;
mod split;
mod whole;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

pub(crate) use interleave::interleaved;

use crate::error::AppError;
use crate::view::{LogFormat, LogQuery};
use crate::workbench::Workbench;

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
        let wanted = self
            .ask_store(move |store| attempts::wanted(store, &home, &name, &asked))
            .await?;
        let one = wanted.is_one();
        let pieces = if query.follow && !wanted.over {
            live::pieces(self.clone(), wanted)
        } else {
            whole::pieces(wanted)
        };
        Ok(match query.format {
            LogFormat::Raw if one => send::bytes(pieces).boxed(),
            LogFormat::Raw => send::bytes_with_headers(pieces).boxed(),
            LogFormat::Lines => send::lines(pieces).boxed(),
        })
    }
}
