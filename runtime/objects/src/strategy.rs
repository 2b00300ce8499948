//! What is particular to a kind: its defaults, its rules, how it is shown.

use coracle_model::Timestamp;
use serde_json::Value;

use crate::field::FieldError;
use crate::meta::{self, PropagationPolicy};
use crate::object::Object;
use crate::status::Status;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its heading: `Ready`.
    pub name: &'static str,
    /// The type of its cells: `string`, `integer`, `date`.
    pub kind: &'static str,
    /// `name` for the first column.
    pub format: &'static str,
    /// What it tells.
    pub description: &'static str,
    /// 0 for always; above for `-o wide`.
    pub priority: i32,
}

/// A cell of a table: a text, a number or null.
pub type Cell = Value;

/// What is particular to a kind. The default of each method is what a kind without rules of its own does.
///
/// The order is that of an API server: a body is decoded and [`Strategy::set_defaults`] fills it in; [`Strategy::admit`]
/// adds to it; then [`Strategy::prepare_for_create`] or [`Strategy::prepare_for_update`] drop what a client may not set; then the
/// validation says what is wrong.
pub trait Strategy: Sync {
    /// Fills in the defaults.
    fn set_defaults(&self, object: &mut Object) {
        let _ = object;
    }

    /// What an API server's admission adds to a new object, or refuses it for with another status than 422. Between
    /// the defaults and [`Strategy::prepare_for_create`], when `metadata` is complete. What other objects
    /// decide, such as pod defaults, comes before it.
    ///
    /// # Errors
    /// 403 for what may not be asked for.
    fn admit(&self, object: &mut Object) -> Result<(), Status> {
        let _ = object;
        Ok(())
    }

    /// Why an object is not taken although nothing in it is wrong by its type: the word of the admission webhook that its kind has on
    /// a cluster. After the validation, of new objects and of changed ones.
    ///
    /// # Errors
    /// 403, with the webhook's name.
    fn permit(&self, new: &Object, old: Option<&Object>) -> Result<(), Status> {
        let _ = (new, old);
        Ok(())
    }

    /// Drops what a client may not set when it makes one, such as `status`, and fills in what the server decides.
    fn prepare_for_create(&self, object: &mut Object) {
        let _ = object;
    }

    /// What is wrong with a new object, beyond its metadata.
    fn validate(&self, object: &Object) -> Vec<FieldError> {
        let _ = object;
        Vec::new()
    }

    /// Drops from `new` what a client may not change, such as `status`.
    fn prepare_for_update(&self, new: &mut Object, old: &Object) {
        let _ = (new, old);
    }

    /// What is wrong with a change, beyond metadata.
    fn validate_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let _ = old;
        self.validate(new)
    }

    /// Keeps of `new` only its status (and what else the status part may change).
    fn prepare_for_status_update(&self, new: &mut Object, old: &Object) {
        let status = new.remove("status");
        let metadata = new.remove("metadata");
        *new = old.clone();
        new.extend(status.map(|status| ("status".to_owned(), status)));
        new.extend(metadata.map(|metadata| ("metadata".to_owned(), metadata)));
    }

    /// What is wrong with a change of the status.
    fn validate_status_update(&self, new: &Object, old: &Object) -> Vec<FieldError> {
        let _ = (new, old);
        Vec::new()
    }

    /// Whether a change from `old` to `new` counts up `metadata.generation`; no kind without a spec has one.
    fn counts_generation(&self) -> bool {
        true
    }

    /// Whether a client may replace an object without saying which version of it was seen.
    fn takes_unconditional_updates(&self) -> bool {
        true
    }

    /// For how many seconds a deleted object goes on: what the client asked for, where the kind heeds it. Most kinds
    /// are gone at once.
    fn grace_period(&self, object: &Object, asked: Option<i64>) -> i64 {
        let _ = (object, asked);
        0
    }

    /// Whether objects are deleted with a grace, of which the client hears even where it is 0.
    fn deletes_gracefully(&self) -> bool {
        false
    }

    /// Whether a deleted object stays although it has no finalizers in its metadata: namespaces have others.
    fn is_held(&self, object: &Object) -> bool {
        let _ = object;
        false
    }

    /// What else is written into an object that is marked as deleted.
    fn prepare_for_deletion(&self, object: &mut Object) {
        let _ = object;
    }

    /// What becomes of what a deleted object owns, when the client does not say.
    fn default_propagation(&self, object: &Object) -> PropagationPolicy {
        let _ = object;
        PropagationPolicy::Background
    }

    /// Whether the answer to a deletion is the object, although it is gone; of most kinds it is a `Status`.
    fn answers_deleted(&self) -> bool {
        false
    }

    /// Whether a name is one that an object of this kind may have: the fault, when it is not.
    ///
    /// # Errors
    /// The fault: most kinds take subdomains.
    fn check_name(&self, name: &str) -> Result<(), String> {
        meta::check_dns_subdomain(name)
    }

    /// The fields beyond `metadata.name` and `metadata.namespace` that a field selector may name, with their values.
    fn selectable_fields(&self, object: &Object) -> Vec<(&'static str, String)> {
        let _ = object;
        Vec::new()
    }

    /// The names of those fields.
    fn selectable_field_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// What `Warning` headers tell a client that sends this object: fields and versions that are out of use.
    fn warnings(&self, object: &Object) -> Vec<String> {
        let _ = object;
        Vec::new()
    }

    /// The columns of a table of these objects.
    fn columns(&self) -> &'static [Column];

    /// The cells of an object's row, one a column.
    fn cells(&self, object: &Object, now: Timestamp) -> Vec<Cell>;
}
