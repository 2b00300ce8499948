//! The query of a request, as API servers read it: names may stand several times, and the first counts.

use axum::http::Uri;
use coracle_apiserver::{ListOptions, Selectors, WriteOptions};
use coracle_objects::apply::Manager;
use coracle_objects::decode::FieldValidation;
use coracle_objects::meta::{self, DryRun};
use coracle_objects::select::{FieldSelector, LabelSelector};
use coracle_objects::{FieldError, FieldPath, Resource, Status, page};

/// The names and values of a query.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the query of a request.
    pub(super) fn of(uri: &Uri) -> Self {
        let text = uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(text.as_bytes());
        Self {
            pairs: pairs.into_owned().collect(),
        }
    }

    /// All names and values.
    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        let pairs = self.pairs.iter();
        pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// The first value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The values of a name.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let of_name = self.pairs.iter().filter(|(found, _)| found == name);
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// A switch: on when it is there and says neither `false` nor `0`.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| !matches!(value, "0" | "false"))
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// How something is to be written. `options` is the kind that a refusal names, such as `CreateOptions`.
    ///
    /// # Errors
    /// 422 for values that may not be.
    pub(super) fn write_options(
        &self,
        options: &str,
        user_agent: Option<&str>,
    ) -> Result<WriteOptions, Status> {
        let field_manager = self.get("fieldManager").unwrap_or_default();
        meta::check_field_manager(field_manager, options)?;
        Ok(WriteOptions {
            dry_run: DryRun::parse(&self.all("dryRun"), options)?,
            validation: self.field_validation(options)?,
            field_manager: field_manager.to_owned(),
            client: Manager::name_of(user_agent),
            force: self.get("force").map(|_| self.is_on("force")),
        })
    }

    fn field_validation(&self, options: &str) -> Result<FieldValidation, Status> {
        match self.get("fieldValidation") {
            Some("Ignore") => Ok(FieldValidation::Ignore),
            None | Some("" | "Warn") => Ok(FieldValidation::Warn),
            Some("Strict") => Ok(FieldValidation::Strict),
            Some(other) => {
                let path = FieldPath::new("fieldValidation");
                let words = ["", "Ignore", "Strict", "Warn"];
                let error = FieldError::not_supported(path, other, &words);
                Err(Status::invalid("meta.k8s.io", options, "", &[error]))
            }
        }
    }

    /// Which objects are meant.
    ///
    /// # Errors
    /// 400 for selectors that are none.
    pub(super) fn selectors(&self, resource: &Resource) -> Result<Selectors, Status> {
        Ok(Selectors {
            labels: LabelSelector::parse(self.get("labelSelector").unwrap_or_default())?,
            fields: FieldSelector::parse(self.get("fieldSelector").unwrap_or_default(), resource)?,
        })
    }

    /// How a list is read.
    ///
    /// # Errors
    /// 400 for selectors, limits and tokens that are none.
    pub(super) fn list_options(&self, resource: &Resource) -> Result<ListOptions, Status> {
        let token = self.get("continue").filter(|token| !token.is_empty());
        let asked = self.get("resourceVersion");
        let version = page::version(asked, token.is_some())?;
        let matching = self.get("resourceVersionMatch");
        page::check_version_match(matching, asked, token.is_some())?;
        Ok(ListOptions {
            selectors: self.selectors(resource)?,
            limit: page::limit(self.get("limit"))?,
            continue_token: token.map(str::to_owned),
            exact_version: version.filter(|_| matching == Some("Exact")),
        })
    }
}
