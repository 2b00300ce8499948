//! Whether what a model is asked still looks like what it was trained on, and whether its answers are right.
//!
//! ```text
//! training data ─► read ─► Table ─► Profile ──────┐
//!                                                 ├─► Observed ─► Drift
//! requests, answers ─► read ─► Table, predictions ┘
//! predictions with labels ────────────────────────► Accuracy
//! ```
//!
//! | file | what it is for |
//! |---|---|
//! | `cell.rs`, `table.rs` | values and columns of them |
//! | `read/` | columns out of CSV, JSON rows, and bodies of KServe's two protocols |
//! | `profile/` | what is kept of training data: a few kilobytes, whatever its size |
//! | `observed.rs` | what was seen of requests, counted as the profile counts |
//! | `drift.rs`, `psi.rs`, `chance.rs`, `ks.rs` | how far the two are apart, and whether that says anything |
//! | `accuracy.rs` | predictions beside what was right |
//!
//! Everything is a function of values: this crate must not know where requests are kept, who is served, or what time it is.
//! Whatever the bytes, nothing panics, and what has more than [`MOST_FEATURES`] features, as an image has, is told so at its
//! first row.
#![forbid(unsafe_code)]

mod accuracy;
mod cell;
mod chance;
mod drift;
mod ks;
mod observed;
mod profile;
mod psi;
mod read;
mod table;

pub use accuracy::{Accuracy, ClassAccuracy, Task};
pub use cell::Cell;
pub use drift::{Bin, Drift, FeatureDrift, Ks, Range, Thresholds, Verdict};
pub use observed::{Mismatch, Observed};
pub use profile::{Categorical, Distribution, FeatureProfile, Numeric, Profile, ProfileError};
pub use read::{Message, Unread, features, of_csv, of_json, predictions};
pub use table::{Column, MOST_FEATURES, Table};
