//! The store as others use it: on real files and real SQLite, in several processes where that matters.

mod found;
mod hard_times;
mod kill;
mod lists;
mod models;
mod property;
mod record;
mod remove;
mod rows;
mod scale;
mod support;
mod touched;
