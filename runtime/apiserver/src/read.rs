//! Reading: one object, or those that are selected, in pages.

use std::sync::Arc;

use coracle_objects::page::Continue;
use coracle_objects::select::{FieldSelector, LabelSelector};
use coracle_objects::{Object, Reason, Resource, Status, page};
use coracle_store::StoredObject;

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
        let found = self.objects.list(&resource_key(resource), namespace);
        let begin = options
            .continue_token
            .as_deref()
            .map(Continue::decode)
            .transpose()?;
        if let Some(begin) = &begin
            && begin.resource_version > found.version
        {
            return Err(page::expired(
                &Continue {
                    resource_version: found.version,
                    after: begin.after.clone(),
                }
                .encode(),
            ));
        }
        let mut selected = found
            .objects
            .into_iter()
            .filter(|object| {
                begin
                    .as_ref()
                    .is_none_or(|begin| page_key(object) > begin.after)
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
        let version = begin.map_or(found.version, |begin| begin.resource_version);
        let continue_token = match objects.last() {
            Some(last) if remaining > 0 => Continue {
                resource_version: version,
                after: page_key(last),
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

/// What orders the objects of a list: their place in it.
fn page_key(object: &StoredObject) -> String {
    if object.key.namespace.is_empty() {
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
