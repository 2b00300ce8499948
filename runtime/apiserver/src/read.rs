//! Reading: one object, or those that are selected, in pages.

use std::sync::Arc;

use coracle_objects::page::Continue;
use coracle_objects::select::{FieldSelector, LabelSelector};
use coracle_objects::{Object, Reason, Resource, Status, page};
use coracle_store::{Page, StoredObject};

use crate::place::{Place, resource_key};
use crate::server::ApiServer;

/// Which objects of a resource are meant.
#[derive(Debug, Clone, Default)]
pub struct Selectors {
    /// By their labels.
    pub labels: LabelSelector,
    /// By some of their fields.
    pub fields: FieldSelector,
}

/// How a list is read.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Which objects.
    pub selectors: Selectors,
    /// The most that are answered; none for all.
    pub limit: Option<usize>,
    /// Where an earlier list is gone on with.
    pub continue_token: Option<String>,
    /// The version of which the list is to be; none for the newest.
    pub exact_version: Option<u64>,
}

/// A list of one moment.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The objects, by namespace and name.
    pub objects: Vec<Arc<StoredObject>>,
    /// The moment: a watch from there on misses nothing.
    pub version: u64,
    /// Where the next page begins; empty at the end.
    pub continue_token: String,
    /// How many follow; none when that is not known, as with selectors.
    pub remaining: Option<u64>,
}

impl Selectors {
    /// Whether they select an object.
    pub fn match_object(&self, object: &Object, resource: &Resource) -> bool {
        self.labels.matches(object) && self.fields.matches(object, resource)
    }

    fn select_all(&self) -> bool {
        self.labels == LabelSelector::default() && self.fields == FieldSelector::default()
    }
}

impl ApiServer {
    /// An object as it is now.
    ///
    /// # Errors
    /// 404.
    pub fn get(&self, place: &Place<'_>) -> Result<Arc<StoredObject>, Status> {
        self.objects.get(&place.key()).ok_or_else(|| {
            Status::not_found(place.resource.group, place.resource.plural, place.name)
        })
    }

    /// The objects of a resource in a namespace, or in all.
    ///
    /// # Errors
    /// 400 and 410 for a token that is none or too old.
    pub fn list(
        &self,
        resource: &'static Resource,
        namespace: Option<&str>,
        options: &ListOptions,
    ) -> Result<Listing, Status> {
        let begin = options
            .continue_token
            .as_deref()
            .map(Continue::decode)
            .transpose()?;
        let at = begin.as_ref().and_then(|begin| begin.resource_version);
        let found = self.page(resource, namespace, at.or(options.exact_version))?;
        let key = |object: &StoredObject| page_key(object, namespace.is_some());
        let after = begin.map(|begin| split_key(&begin.after, namespace.is_some()));
        let mut selected = found
            .objects
            .into_iter()
            .filter(|object| {
                let place = (object.key.namespace.as_str(), object.key.name.as_str());
                after
                    .as_ref()
                    .is_none_or(|(namespace, name)| match namespace {
                        Some(namespace) => place > (namespace, name),
                        None => place.1 > name.as_str(),
                    })
            })
            .filter(|object| options.selectors.match_object(&object.body, resource));
        let Some(limit) = options.limit else {
            return Ok(Listing {
                objects: selected.collect(),
                version: found.version,
                ..Listing::default()
            });
        };
        let objects: Vec<_> = selected.by_ref().take(limit).collect();
        let remaining = selected.count() as u64;
        // All pages tell of the moment of the first.
        let version = found.version;
        let continue_token = match objects.last() {
            Some(last) if remaining > 0 => Continue {
                resource_version: Some(version),
                after: key(last),
            }
            .encode(),
            Some(_) | None => String::new(),
        };
        let remaining = Some(remaining).filter(|left| *left > 0 && options.selectors.select_all());
        Ok(Listing {
            objects,
            version,
            continue_token,
            remaining,
        })
    }
}

impl ApiServer {
    /// The objects as they are, or as they were at a version.
    fn page(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        version: Option<u64>,
    ) -> Result<Page, Status> {
        let key = resource_key(resource);
        let Some(version) = version else {
            return Ok(self.objects.list(&key, namespace));
        };
        let current = self.objects.version();
        if version > current {
            return Err(page::too_new(version, current));
        }
        let found = self.objects.list_at(&key, namespace, version);
        found.map_err(|_| page::expired())
    }
}

/// The namespace and name after which a page begins; the namespace is none where all are of one.
fn split_key(after: &str, one_namespace: bool) -> (Option<String>, String) {
    match after.split_once('/').filter(|_| !one_namespace) {
        Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
        None => (None, after.to_owned()),
    }
}

/// What orders the objects of a list: their name, with their namespace before it where they may be of several.
fn page_key(object: &StoredObject, one_namespace: bool) -> String {
    if one_namespace || object.key.namespace.is_empty() {
        object.key.name.clone()
    } else {
        format!("{}/{}", object.key.namespace, object.key.name)
    }
}

/// What the store's refusal is to a client.
pub(crate) fn store_fault(error: &coracle_store::StoreError) -> Status {
    tracing::error!(%error, "the objects cannot be written");
    Status::new(
        Reason::InternalError,
        format!("Internal error occurred: {error}"),
    )
}
