//! Finding a workbench, or being one.
//!
//! ```text
//!   look:    one that runs, else what is stored is looked at in this process
//!   change:  one that runs, else this process takes the home for a moment
//!   work:    one that runs, else this process is one, or starts one in the background
//! ```
//!
//! Either way the commands talk to it in the same words; see `client/`.

mod background;
mod find;
mod own;
mod session;

pub(crate) use own::Own;
pub use session::{Session, Wanted};
